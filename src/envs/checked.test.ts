import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { registerParts } from "../parts/registry.js";
import type { GivenEnvironment } from "./environment.js";
import { createEnvironment } from "./index.js";

/** An honest environment of two agents and two steps, with lies laid over it. */
function honest(
  lies: Record<string, unknown> = {},
  onStep: (env: Record<string, unknown>, t: number) => void = () => undefined,
): GivenEnvironment {
  let t = 0;
  const env: Record<string, unknown> = {
    sizes: { agents: 2, actions: 3, observation: 2, state: 4, episodeLimit: 2 },
    deterministic: true,
    observations: new Float32Array(4),
    state: new Float32Array(4),
    availableActions: new Uint8Array(6).fill(1),
    reward: 0,
    ended: false,
    terminal: false,
    won: false,
    reset: () => ((t = 0), (env["ended"] = env["terminal"] = false), onStep(env, t)),
    step: () => (t++, (env["ended"] = env["terminal"] = t === 2), onStep(env, t)),
    ...lies,
  };
  return env as unknown as GivenEnvironment;
}

let made = 0;
/** What `resolveConfig` says to it. */
function said(create: () => unknown): string {
  const name = `liar${++made}`;
  registerParts({ environments: { [name]: { create } } });
  try {
    resolveConfig({ environment: name });
  } catch (error) {
    expect((error as Error).message).toContain(`environment "${name}"`);
    expect((error as Error).name).toBe("ConfigError");
    return (error as Error).message.replace(name, "NAME");
  }
  return "nothing";
}

const sizes = (changes: object) => ({
  sizes: { agents: 2, actions: 3, observation: 2, state: 4, episodeLimit: 2, ...changes },
});

describe("an environment of one's own", () => {
  it("is accepted when it is honest, and is known by the name of its part", () => {
    expect(said(() => honest())).toBe("nothing");
    registerParts({ environments: { "honest-one": { create: () => honest() } } });
    const env = createEnvironment("honest-one");
    env.reset(3);
    expect([env.name, env.snapshot().environment]).toEqual(["honest-one", "honest-one"]);
    expect(() => env.step([0, 3])).toThrow("honest-one: agent 1 cannot play action 3 now.");
    expect(() => env.step([0])).toThrow("needs one for each of 2 agents");
    env.step([0, 0]);
    env.step([0, 0]);
    expect(() => env.step([0, 0])).toThrow("step after the end");
  });

  it.each<[string, () => unknown, string]>([
    ["is nothing", () => undefined, "made undefined; expected an object"],
    ["has no sizes", () => honest({ sizes: undefined }), "has sizes that are undefined"],
    [
      "has no agents",
      () => honest(sizes({ agents: 0 })),
      "has sizes.agents 0; expected a whole number from 1 to 1,000",
    ],
    [
      "has half an action",
      () => honest(sizes({ actions: 2.5 })),
      "has sizes.actions 2.5; expected a whole number from 1 to 255",
    ],
    ["has too many actions", () => honest(sizes({ actions: 300 })), "has sizes.actions 300"],
    ["lacks step", () => honest({ step: undefined }), "lacks step, a function"],
    [
      "does not say whether it is deterministic",
      () => honest({ deterministic: undefined }),
      "has deterministic undefined",
    ],
    ["saves and cannot restore", () => honest({ save: () => new Uint8Array() }), "has save without restore"],
    [
      "observes a plain list",
      () => honest({ observations: [0, 0, 0, 0] }),
      "has observations that are [0,0,0,0]; expected a Float32Array",
    ],
    [
      "observes less than it says",
      () => honest({ observations: new Float32Array(3) }),
      "has 3 observations at step 0; its sizes say 4",
    ],
    [
      "has a longer state than it says",
      () => honest({ state: new Float32Array(5) }),
      "has 5 entries of state at step 0; its sizes say 4",
    ],
    [
      "observes NaN",
      () => honest({}, (env, t) => ((env["observations"] as Float32Array)[3] = t === 1 ? NaN : 0)),
      "has entry 1 of what agent 1 observes NaN at step 1; expected finite numbers",
    ],
    [
      "has an infinite state",
      () => honest({}, (env) => ((env["state"] as Float32Array)[2] = Infinity)),
      "has entry 2 of the state Infinity at step 0",
    ],
    [
      "offers no action",
      () => honest({}, (env, t) => (env["availableActions"] as Uint8Array).fill(t === 1 ? 0 : 1, 3)),
      "leaves agent 1 no available action at step 1",
    ],
    [
      "has 7 in its mask",
      () => honest({}, (env) => ((env["availableActions"] as Uint8Array)[1] = 7)),
      "has 7 in availableActions of agent 0 at step 0; expected 0 or 1",
    ],
    [
      "has a mask of another size",
      () => honest({ availableActions: new Uint8Array(4) }),
      "has 4 availableActions at step 0; 2 agents with 3 actions have 6",
    ],
    [
      "has a mask of another type",
      () => honest({ availableActions: new Float32Array(6) }),
      "has availableActions that are a Float32Array; expected a Uint8Array",
    ],
    ["rewards with text", () => honest({ reward: "1" }), 'has the reward "1" at step 0; expected a finite number'],
    ["rewards with NaN", () => honest({}, (env, t) => (env["reward"] = t / t)), "has the reward NaN at step 0"],
    ["says that it ended by a number", () => honest({ won: 0 }), "has won 0 at step 0; expected true or false"],
    ["has ended before it began", () => honest({}, (env) => (env["ended"] = true)), "has ended right after reset"],
    [
      "has won without an end",
      () => honest({}, (env, t) => (env["won"] = t === 1)),
      "has won at step 1, but not ended",
    ],
    [
      "goes on past its limit",
      () => honest({}, (env) => (env["ended"] = false)),
      "has not ended after 2 steps; its sizes.episodeLimit says 2",
    ],
    [
      "throws",
      () =>
        honest({
          step: () => {
            throw new Error("out of cheese");
          },
        }),
      "fails in step: out of cheese",
    ],
    [
      "is random and says that it is not",
      () => honest({}, (env, t) => (env["reward"] = t * Math.random())),
      "says that it is deterministic, but two episodes with the same seed and actions differ at step 1",
    ],
  ])("that %s is refused by name before anything runs", (_, create, message) => {
    expect(said(create)).toContain(`environment "NAME" ${message}`);
    expect(said(create)).not.toContain("\n");
  });
});
