import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../config.js";
import type { Environment } from "../environment.js";
import { createEnvironment } from "../index.js";
import { EpisodeLost } from "../lost.js";
import { seedNoise, uniform } from "./noise.js";

/** The recordings that record.py wrote. */
interface Recording {
  readonly environment: string;
  readonly partition: string;
  readonly observe: string;
  readonly seed: number;
  readonly steps: number;
  readonly every: number;
  readonly ends: readonly number[];
  readonly rewards: string;
  readonly shown: string;
}
const { cases } = JSON.parse(readFileSync(new URL("recordings.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Recording[];
};

function decode(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Gymnasium leaves out what is always zero: the world's rows, and the forces of motors on the root. */
function withoutZeros(state: Float32Array): number[] {
  if (state.length !== 376) return [...state];
  const always = (i: number) =>
    i < 45 || (i >= 55 && i < 185) || (i >= 191 && i < 269) || (i >= 275 && i < 292) || i >= 298;
  for (let i = 0; i < 376; i++) if (!always(i)) expect(state[i]).toBe(0);
  return [...state.filter((_, i) => always(i))];
}

/** The largest difference, relative to the compared value where that is above 1. */
function difference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  return Array.from(ours).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - theirs[i]) / Math.max(1, Math.abs(theirs[i]))),
    0,
  );
}

describe("Gymnasium-Robotics's Multi-Agent MuJoCo", () => {
  it.each(cases)("plays as $environment $partition, $observe", (recording) => {
    const { environment, partition, observe, seed, steps, every, ends } = recording;
    const env = createEnvironment(environment, {
      options: { partition, observe, routing: "joint", torque: "full", contactForces: true },
    });
    const rewards = decode(recording.rewards);
    const shown = decode(recording.shown);
    const { low, high } = env.sizes.box!;
    const random = seedNoise(seed + 1000);
    let episode = 0;
    let at = 0;
    let worst = 0;
    const compare = () => {
      const ours = [...env.observations, ...withoutZeros(env.state)];
      worst = Math.max(worst, difference(ours, shown.subarray(at, at + ours.length)));
      at += ours.length;
    };
    env.reset(seed);
    compare();
    const found: number[] = [];
    for (let step = 1; step <= steps; step++) {
      env.step(Float32Array.from(low, (least, i) => uniform(random, least, high[i])));
      // Gymnasium gives no reward for being alive in the step of the fall; gym did.
      const missing = environment === "humanoid" && env.terminal ? 5 : 0;
      worst = Math.max(worst, difference([env.reward - missing], [rewards[step - 1]]));
      if (step % every === 0) compare();
      if (env.ended) {
        found.push(step);
        env.reset(seed + ++episode);
      }
    }
    expect(at).toBe(shown.length);
    expect(found).toEqual(ends);
    expect(worst).toBeLessThan(1e-6);
  });
});

/** Everything that the environment shows and allows, as text. */
const trace = (env: Environment) => [env.reward, env.ended, env.terminal, ...env.observations, ...env.state].join();

/** Plays random steps from a stream, and shows every moment. */
function play(env: Environment, random: Int32Array, steps: number): string[] {
  const { low, high } = env.sizes.box!;
  return Array.from({ length: steps }, () => {
    env.step(Float32Array.from(low, (least, i) => uniform(random, least, high[i])));
    return trace(env);
  });
}

describe("an environment of Multi-Agent MuJoCo", () => {
  it.each([
    ["humanoid", [2, 9, 18, 376]],
    ["humanoid-standup", [2, 9, 18, 376]],
    ["manyagent-swimmer", [10, 2, 4, 44]],
  ])("%s has the paper's sizes by default", (name, expected) => {
    const { sizes, availableActions } = createEnvironment(name);
    expect([sizes.agents, sizes.actions, sizes.observation, sizes.state]).toEqual(expected);
    expect(sizes.episodeLimit).toBe(1000);
    // The lower body has a number less than the upper one.
    expect(availableActions.indexOf(0)).toBe(sizes.agents === 2 ? 17 : -1);
  });

  it.each(["humanoid-standup", "manyagent-swimmer"])("%s goes on to the bit from what it saved", (name) => {
    const env = createEnvironment(name);
    env.reset(7);
    const random = seedNoise(8);
    play(env, random, 40);
    const saved = env.save!();
    const later = random.slice();
    const shown = trace(env);
    const ahead = play(env, random, 40);
    const other = createEnvironment(name);
    other.restore!(saved);
    expect(trace(other)).toBe(shown);
    expect(play(other, later.slice(), 40)).toEqual(ahead);
    // Restoring an earlier moment works as well, and what was played in between leaves no trace.
    env.restore!(saved);
    expect(play(env, later, 40)).toEqual(ahead);
    env.reset(7);
    expect(play(env, seedNoise(8), 40).at(-1)).toBe(shown);
    expect(() => other.restore!(saved.subarray(8))).toThrow(`${name}: cannot restore ${saved.length - 8} bytes`);
  });

  it("sends the numbers of actions to the motors one after the other, or each to the agent's own joint", () => {
    /** The joints that a torque by one number of one agent accelerates most. */
    const driven = (routing: string, agent: number, number: number) => {
      const env = createEnvironment("humanoid", { options: { routing, torque: "full" } });
      env.reset(1);
      const push = (value: number) => {
        env.reset(1);
        const action = new Float32Array(18);
        action[agent * 9 + number] = value;
        env.step(action);
        return env.state.slice(269, 292);
      };
      const rest = push(0);
      return [...push(0.4)].flatMap((force, i) => (force === rest[i] ? [] : [`${i - 6}: ${(force / 0.4).toFixed(0)}`]));
    };
    // Joint 7 is left_hip_x, which the raw order gives to the upper body; joint 9 is left_hip_y, the lower body's
    // first. Gears are 100, 300 and 25.
    expect(driven("raw", 0, 7)).toEqual(["7: 100"]);
    expect(driven("raw", 1, 0)).toEqual(["9: 300"]);
    expect(driven("raw", 0, 0)).toEqual(["1: 100"]);
    expect(driven("joint", 0, 0)).toEqual(["2: 100"]);
    expect(driven("joint", 0, 8)).toEqual(["16: 25"]);
    expect(driven("joint", 1, 0)).toEqual(["3: 100"]);
    // The ninth number of the lower body does nothing.
    expect(driven("raw", 1, 8)).toEqual([]);
  });

  it("scales torques to the motors' range a second time where that is asked for", () => {
    const lost = (torque: string) => {
      const env = createEnvironment("humanoid-standup", { options: { torque } });
      const at = (value: number) => {
        env.reset(3);
        env.step(new Float32Array(18).fill(value));
        return env.reward - env.state[0] / 0.003 - 1;
      };
      return at(0.4);
    };
    // The cost is 0.1 for each of 17 squares; the height is known to 32 bits.
    expect(lost("full")).toBeCloseTo(-0.1 * 17 * 0.16, 3);
    expect(lost("rescaled")).toBeCloseTo(-0.1 * 17 * 0.0256, 3);
  });

  it("keeps contact forces out of state and reward unless they are asked for", () => {
    const [felt, ignored] = [true, false].map((contactForces) => {
      const env = createEnvironment("humanoid-standup", { options: { contactForces } });
      env.reset(1);
      play(env, seedNoise(1), 20);
      return { forces: env.state.slice(292), before: env.state.slice(0, 292), reward: env.reward };
    });
    expect(ignored.forces.every((force) => force === 0)).toBe(true);
    expect(felt.forces.filter((force) => force !== 0).length).toBeGreaterThan(10);
    expect(felt.before).toEqual(ignored.before);
    const squares = felt.forces.reduce((sum, force) => sum + force * force, 0);
    expect(ignored.reward - felt.reward).toBeCloseTo(Math.min(10, 0.5e-6 * squares), 4);
  });

  it("shows all of the state to each agent where that is asked for", () => {
    const env = createEnvironment("manyagent-swimmer", { options: { partition: "2x2", observe: "full" } });
    env.reset(1);
    expect(env.sizes.observation).toBe(12);
    expect([...env.observations]).toEqual([...env.state, ...env.state]);
  });

  it("ends at its limit, which is no terminal state, and at a fall, which is one", () => {
    const swimmer = createEnvironment("manyagent-swimmer", { options: { partition: "2x1", episodeLimit: 3 } });
    swimmer.reset(1);
    play(swimmer, seedNoise(1), 3);
    expect([swimmer.ended, swimmer.terminal, swimmer.won]).toEqual([true, false, false]);
    expect(() => swimmer.step([0, 0])).toThrow("manyagent-swimmer: step after the end of the episode");
    const walker = createEnvironment("humanoid");
    walker.reset(1);
    while (!walker.ended) walker.step(new Float32Array(18).fill(0.4));
    expect([walker.terminal, walker.state[0] < 1]).toEqual([true, true]);
    // The agent is rewarded for being alive in the step of the fall as well.
    expect(walker.reward).toBeGreaterThan(2);
  });

  it("holds the controls for as many steps of the integrator as it is told", () => {
    const make = (more: object) =>
      createEnvironment("manyagent-swimmer", { options: { partition: "2x1", episodeLimit: 50, ...more } });
    const [short, long] = [make({}), make({ frameSkip: 20 })];
    short.reset(4);
    long.reset(4);
    for (const action of [
      [0.5, -1],
      [-0.25, 1],
    ]) {
      let paid = 0;
      for (let i = 0; i < 5; i++) {
        short.step(action);
        paid += short.reward;
      }
      long.step(action);
      expect(long.state).toEqual(short.state);
      // The speed of a longer step is the mean of the shorter ones'; each costs the effort once.
      expect(long.reward).toBeCloseTo(paid / 5, 10);
    }
  });

  it("is configured as before where frameSkip is not given", () => {
    const optionsOf = (environment?: Record<string, number>) =>
      resolveConfig({ environment: "humanoid", algorithm: "facmac", ...(environment && { options: { environment } }) })
        .options?.environment;
    expect(optionsOf()).not.toHaveProperty("frameSkip");
    expect(optionsOf({ frameSkip: 20 })).toEqual({ ...optionsOf(), frameSkip: 20 });
  });

  it("refuses actions outside of the box, and steps before reset", () => {
    const env = createEnvironment("humanoid");
    expect(() => env.step(new Float32Array(18))).toThrow("humanoid: step before reset: call reset(seed) first.");
    env.reset(1);
    expect(() => env.step(new Float32Array(18).fill(0.5))).toThrow(
      "humanoid: agent 0 cannot play 0.5 as number 0 of its action: allowed is -0.4 to 0.4.",
    );
    expect(() => env.reset(-1)).toThrow("The seed is -1");
  });

  it("loses an episode whose simulation diverges, and plays on after a reset", () => {
    const env = createEnvironment("manyagent-swimmer", { options: { partition: "2x1" } });
    env.reset(1);
    play(env, seedNoise(1), 5);
    const saved = env.save!();
    // No simulation survives this velocity.
    new Float64Array(saved.buffer)[5 + 5] = 1e9;
    env.restore!(saved);
    expect(() => env.step([0, 0])).toThrow(EpisodeLost);
    env.restore!(saved);
    expect(() => env.step([0, 0])).toThrow(
      /^manyagent-swimmer: the simulation diverged in step 6: [^\n]* reset\(seed\) starts a new episode$/,
    );
    expect(() => env.step([0, 0])).toThrow("step before reset");
    env.reset(1);
    const again = play(env, seedNoise(1), 5);
    env.reset(1);
    expect(play(env, seedNoise(1), 5)).toEqual(again);
  });

  it.each([
    [{ partition: "8|9" }, 'options.environment.partition is "8|9"; environment "humanoid" expects 9|8'],
    [{ routing: "wild" }, 'options.environment.routing is "wild"; environment "humanoid" expects "raw" or "joint"'],
    [{ torque: "half" }, 'options.environment.torque is "half"; environment "humanoid" expects "rescaled" or "full"'],
    [
      { observe: "all" },
      'options.environment.observe is "all"; environment "humanoid" expects "own", "k=1" (2, 3, ...)',
    ],
    [{ episodeLimit: 0 }, "options.environment.episodeLimit is 0"],
    [{ frameSkip: 0.5 }, 'options.environment.frameSkip is 0.5; environment "humanoid" expects a whole number'],
    [{ frameSkip: "4" }, 'options.environment.frameSkip is "4"; environment "humanoid" expects a number, such as 5'],
    [{ wind: 1 }, 'has an option "wind", which environment "humanoid" has not'],
  ])("%j is refused before anything runs", (options, message) => {
    expect(() => createEnvironment("humanoid", { options })).toThrow(message);
    const refused = () => resolveConfig({ environment: "humanoid", options: { environment: options } });
    expect(refused).toThrow(message);
    expect(refused).toThrow(/^config: [^\n]*$/);
  });

  it.each(["1x1", "0x3", "3", "101x1", "-1x2"])("a swimmer of %s is refused", (partition) => {
    expect(() => createEnvironment("manyagent-swimmer", { options: { partition } })).toThrow(
      `options.environment.partition is "${partition}"; environment "manyagent-swimmer" expects AxB for A agents of B joints, 2 to 100 joints in all`,
    );
  });

  it("is refused for an algorithm that chooses among discrete actions", () => {
    expect(() => resolveConfig({ environment: "humanoid", algorithm: "vdn" })).toThrow(
      'config: environment "humanoid" has continuous actions, but VDN chooses among discrete ones',
    );
  });

  it("plays in worker threads as it plays here", async () => {
    const options = { partition: "2x1" };
    const program = `
      const { parentPort, workerData } = require("node:worker_threads");
      require("tsx/cjs");
      require(${JSON.stringify(fileURLToPath(new URL("../../node/host.ts", import.meta.url)))});
      const { createEnvironment } = require(${JSON.stringify(fileURLToPath(new URL("../index.ts", import.meta.url)))});
      const env = createEnvironment("manyagent-swimmer", { options: workerData });
      env.reset(1);
      for (let i = 0; i < 5; i++) env.step([0.5, -0.25]);
      parentPort.postMessage(env.state);
    `;
    const states = await Promise.all(
      [1, 2].map(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker(program, { eval: true, workerData: options });
            worker.once("message", resolve).once("error", reject);
          }),
      ),
    );
    const env = createEnvironment("manyagent-swimmer", { options });
    env.reset(1);
    for (let i = 0; i < 5; i++) env.step([0.5, -0.25]);
    expect(states).toEqual([env.state, env.state]);
  });
});
