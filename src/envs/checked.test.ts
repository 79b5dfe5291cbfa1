import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { registerParts } from "../parts/registry.js";
import type { GivenEnvironment } from "./environment.js";
import { createJointAction } from "./environment.js";
import { createEnvironment } from "./index.js";
import { playRandom, uniformRandom } from "./play.js";

/** An honest environment of two agents and two steps, whose fields a test replaces by lies. */
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
/** Returns the message with which `resolveConfig` refuses it. */
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

  it("scores by its return where it says that no team can win, and is held to that", () => {
    registerParts({ environments: { winless: { create: () => honest({ wins: false }) } } });
    expect(createEnvironment("winless").wins).toBe(false);
    expect(resolveConfig({ environment: "winless" }).evaluation.score).toBe("return");
    // A complete configuration keeps its settings, and another environment has its own.
    const config = resolveConfig({ environment: "winless", steps: 500 });
    expect(resolveConfig(config)).toEqual(config);
    expect(resolveConfig({ ...config, environment: "3m" }).evaluation).not.toHaveProperty("score");
    expect(resolveConfig({ environment: "3m", evaluation: { score: "return" } }).evaluation.score).toBe("return");
    expect(resolveConfig({ environment: "3m", evaluation: { score: "win-rate" } })).toEqual(
      resolveConfig({ environment: "3m" }),
    );
    expect(() => resolveConfig({ environment: "winless", evaluation: { score: "win-rate" } })).toThrow(
      'config: evaluation.score is "win-rate", but in environment "winless" no team can win',
    );
    const winner = (env: Record<string, unknown>, t: number) => void (env["won"] = t === 2);
    expect(said(() => honest({ wins: false }, winner))).toContain("has won at step 2, although its wins is false");
    expect(said(() => honest({ wins: "no" }))).toContain(
      'has wins "no"; expected false if no team can win, otherwise true',
    );
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
      "is declared deterministic, but two episodes with the same seed and actions differ at step 1",
    ],
  ])("that %s is refused by name before anything runs", (_, create, message) => {
    expect(said(create)).toContain(`environment "NAME" ${message}`);
    expect(said(create)).not.toContain("\n");
  });
});

/**
 * An environment that moves two points along a line by continuous actions; the second agent's second number does
 * nothing.
 */
function continuous(lies: Record<string, unknown> = {}): GivenEnvironment {
  const box = { low: [-0.4, -0.4, -1, -1], high: [0.4, 0.4, 2, 2] };
  const played: number[] = [];
  const env = honest({ ...sizes({ actions: 2, box, ...lies }), availableActions: Uint8Array.of(1, 1, 1, 0) });
  const { step } = env;
  return Object.assign(env, {
    played,
    step: (jointAction: ArrayLike<number>) => (played.push(...Array.from(jointAction)), step(jointAction)),
  });
}

describe("an environment of one's own with continuous actions", () => {
  registerParts({ environments: { points: { create: () => continuous() } } });

  it("takes joint actions within its box, and no others", () => {
    const env = createEnvironment("points");
    env.reset(1);
    expect(() => env.step([0, 0])).toThrow("points: got a joint action of 2 numbers, needs 2 for each of 2 agents.");
    expect(() => env.step([0, 0, 0, 2.5])).toThrow(
      "points: agent 1 cannot play 2.5 as number 1 of its action: allowed is -1 to 2.",
    );
    expect(() => env.step([0, NaN, 0, 0])).toThrow("agent 0 cannot play NaN as number 1");
    // The float next to 0.4 is above it, and within the box all the same.
    env.step(Float32Array.of(0.4, -0.4, 2, -1));
    expect(env.ended).toBe(false);
  });

  it("is played at random all over its box", () => {
    const env = createEnvironment("points");
    const policy = uniformRandom(1);
    const jointAction = createJointAction(env.sizes);
    const drawn = Array.from({ length: 4000 }, () => (policy(env, jointAction), [...jointAction]));
    const { low, high } = env.sizes.box!;
    for (let i = 0; i < 4; i++) {
      const values = drawn.map((action) => (action[i] - low[i]) / (high[i] - low[i]));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      // The mean of 4000 uniform draws has a standard deviation of 0.0046.
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
      expect(Math.min(...values)).toBeLessThan(0.01);
      expect(Math.max(...values)).toBeGreaterThan(0.99);
    }
    expect(playRandom(env, { episodes: 3, seed: 5 }).meanLength).toBe(2);
  });

  it("is refused for an algorithm that chooses among discrete actions", () => {
    expect(said(() => continuous())).toBe(
      'config: environment "NAME" has continuous actions, but QMIX chooses among discrete ones: choose algorithm "comix" or "facmac", or an environment with discrete actions, such as "3m"',
    );
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["is no object", { box: 1 }, "has sizes.box 1; expected { low, high }"],
    [
      "is too short",
      { box: { low: [-1], high: [1, 1, 1, 1] } },
      "has sizes.box.low [-1]; expected a list of 4 numbers, 2 for each of 2 agents",
    ],
    [
      "is infinite",
      { box: { low: [-1, -1, -1, -1], high: [1, 1, Infinity, 1] } },
      "has a box from -1 to Infinity for number 0 of agent 1's action; expected two finite numbers",
    ],
    [
      "is upside down",
      { box: { low: [-1, 2, -1, -1], high: [1, 1, 1, 1] } },
      "has a box from 2 to 1 for number 1 of agent 0's action",
    ],
  ])("is refused where its box %s", (_, lies, message) => {
    expect(said(() => continuous(lies))).toContain(`environment "NAME" ${message}`);
  });
});
