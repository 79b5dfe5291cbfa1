import { describe, expect, it } from "vitest";
import type { Environment } from "../envs/environment.js";
import { EpisodeLost } from "../envs/lost.js";
import { playRandom } from "../envs/play.js";
import { type ConfigInput, resolveConfig } from "../config.js";
import { registerParts } from "../parts/registry.js";
import { createRandom } from "../random.js";
import { collect, recordText, withoutCheckpoints } from "./fixtures.js";
import type { EndRecord, TrainingRecord } from "./records.js";
import { createTransitionBatch, createTransitionBuffer } from "../replay/transitions.js";
import { tdLambdaReturns } from "../targets/returns.js";
import { train } from "./train.js";
import { looksAhead } from "./transitions.js";

/**
 * Two agents each see a number, and a third one that both share; the team loses the square of how far each action is
 * from its number, and of how far their sum is from the shared one.
 */
function createTracking(fails = false) {
  let random = createRandom(1);
  let t = 0;
  let resets = 0;
  const seen = new Float32Array(4);
  const env = {
    name: "tracking",
    sizes: {
      agents: 2,
      actions: 1,
      observation: 2,
      state: 3,
      episodeLimit: 5,
      box: { low: [-1, -1], high: [1, 1] },
    },
    deterministic: true,
    observations: seen,
    state: new Float32Array(3),
    availableActions: Uint8Array.of(1, 1),
    reward: 0,
    ended: true,
    terminal: false,
    won: false,
    look() {
      const [a, b, both] = [0, 1, 2].map(() => 0.6 * (2 * random.float() - 1)) as [number, number, number];
      seen.set([a, both, b, both]);
      env.state.set([a, b, both]);
    },
    reset(seed: number) {
      random = createRandom(seed);
      t = 0;
      resets++;
      env.ended = false;
      env.reward = 0;
      env.look();
    },
    step([x, y]: ArrayLike<number> & Iterable<number>) {
      if (fails && resets === 3 && t === 2) throw new EpisodeLost("tracking: broken");
      env.reward = -((x - seen[0]) ** 2) - (y - seen[2]) ** 2 - 0.5 * (x + y - seen[1]) ** 2;
      t++;
      env.ended = t === 5;
      env.look();
    },
    wins: false,
    snapshot: () => ({ environment: "tracking", step: t, text: "", width: 0, height: 0, terrain: "", units: [] }),
  };
  return env satisfies Environment;
}

/** Returns the same environment, which can be saved at any step. */
function createSaved(): Environment {
  let [seed, actions]: [number, number[][]] = [1, []];
  const env = createTracking();
  return Object.assign(env, {
    reset: ((reset) => (next: number) => {
      [seed, actions] = [next, []];
      reset(next);
    })(env.reset),
    step: ((step) => (jointAction: ArrayLike<number> & Iterable<number>) => {
      actions.push([...jointAction]);
      step(jointAction);
    })(env.step),
    save: () => new TextEncoder().encode(JSON.stringify([seed, actions])),
    restore(saved: Uint8Array) {
      const [savedSeed, savedActions] = JSON.parse(new TextDecoder().decode(saved)) as [number, number[][]];
      env.reset(savedSeed);
      for (const action of savedActions) env.step(action);
    },
  });
}

let made = 0;
registerParts({
  environments: {
    tracking: { create: () => createTracking() },
    "tracking-saved": { create: () => createSaved() },
    // The third that is made is the one that is learned from: the first two are tried when the configuration is made.
    "tracking-broken": { create: () => createTracking(made++ === BROKEN) },
  },
});
/** Environments that are made before the one that training plays in. */
const BROKEN = 3;

const small = {
  environment: "tracking",
  discount: 0,
  targetTau: 0.02,
  warmup: 100,
  optimiser: { learningRate: 5e-3, gradientClip: 10 },
  exploration: { uniform: 200 },
  network: { hidden: 32, embed: 8, hypernetEmbed: 8 },
  evaluation: { interval: 500, episodes: 20 },
  log: { interval: 250 },
} satisfies ConfigInput;
const dense = { method: "dense", replay: { offlineBatch: 32 } } satisfies ConfigInput;
const sparse = (method: string): ConfigInput => ({
  method,
  sparsity: { level: 0.8 },
  ...(method === "ss" ? {} : { topology: { interval: 100 } }),
  replay: method === "mast" ? { offlineBatch: 20, onlineBatch: 12, onlineCapacity: 200 } : { offlineBatch: 32 },
});

const returns = (records: readonly TrainingRecord[]) =>
  records.flatMap((record) => (record.kind === "evaluation" ? [record.episodeReturn] : []));
const textOf = (records: readonly TrainingRecord[]) => withoutCheckpoints(records).map(recordText);

describe("how far targets look ahead", () => {
  it("gives TD(lambda)'s targets as a mean, after T_0", () => {
    const [lambda, gamma] = [0.6, 0.9];
    const returns = { kind: "td-lambda", lambda, n: 3, burnIn: 100 } as const;
    expect(looksAhead({ returns }, 99, createRandom(1))).toBeUndefined();
    expect(looksAhead({ returns: { ...returns, kind: "one-step" } }, 500, createRandom(1))).toBeUndefined();
    expect(looksAhead({ returns: { ...returns, kind: "n-step" } }, 500, createRandom(1))!()).toBe(3);

    // An episode of six steps that is cut off: state t shows t, and is worth value(t).
    const sizes = { agents: 1, actions: 1, observation: 1, state: 1 };
    const buffer = createTransitionBuffer(6, sizes);
    const [rewards, value] = [[1, -2, 0.5, 3, -1, 2], (t: number) => Math.cos(t)];
    const at = (t: number) => Float32Array.of(t);
    rewards.forEach((reward, t) =>
      buffer.add({
        observations: at(t),
        state: at(t),
        actions: at(0),
        reward,
        nextObservations: at(t + 1),
        nextState: at(t + 1),
        terminal: false,
        last: t === 5,
      }),
    );
    const expected = tdLambdaReturns(
      { steps: 6, lanes: 1, lengths: [6], terminal: [0], rewards },
      rewards.map((_, t) => value(t + 1)),
      { gamma, lambda },
    );
    const batch = createTransitionBatch(6, sizes);
    const random = createRandom(2);
    const ahead = looksAhead({ returns }, 100, random)!;
    const draws = 20_000;
    const sums = new Float64Array(6);
    for (let k = 0; k < draws; k++) {
      buffer.sample(batch, random, { discount: gamma, ahead });
      for (let i = 0; i < 6; i++)
        sums[batch.states[2 * i]!]! += batch.rewards[i]! + gamma ** batch.steps[i]! * value(batch.states[2 * i + 1]!);
    }
    // Returns deviate by about 2, so that a mean of 20,000 deviates by about 0.014.
    sums.forEach((sum, t) => expect(Math.abs(sum / draws - expected[t]!), `step ${t}`).toBeLessThan(0.06));
    // One-step targets would not do this.
    expect(Math.abs(rewards[0]! + gamma * value(1) - expected[0]!)).toBeGreaterThan(0.2);
  });
});

describe("training from transitions", () => {
  const chance = playRandom(createTracking(), { episodes: 500 }).meanReturn;

  it.each<[string, ConfigInput]>([
    ["facmac", dense],
    ["comix", dense],
    ["facmac", sparse("mast")],
    ["comix", sparse("mast")],
    ["facmac", sparse("set")],
    ["facmac", sparse("ss")],
  ])("by %s learns what each agent is to do, with %j", async (algorithm, more) => {
    const records = await collect({ ...small, ...more, algorithm, steps: 1500 } as ConfigInput);
    // Play by chance loses some 6 an episode, and a quarter of that is far from it.
    expect(chance).toBeLessThan(-4);
    expect(returns(records).at(-1)!).toBeGreaterThan(chance / 4);
    const grown = records.flatMap((record) =>
      record.kind === "topology" && record.evolution === 1 ? [record.layers] : [],
    );
    if (!more.topology) return expect(grown).toEqual([]);
    const [layers] = grown;
    expect(layers!.reduce((sum, layer) => sum + layer.grown, 0)).toBeGreaterThan(50);
    // Every network's matrices are among them, each once.
    const networks = layers!.map(({ name }) => name.split(".")[0]);
    expect(new Set(networks)).toEqual(
      new Set(algorithm === "comix" ? ["agent", "mixer"] : ["actor", "critic", "mixer"]),
    );
    expect(new Set(layers!.map(({ name }) => name)).size).toBe(layers!.length);
  });

  it("makes tiny networks, whose size is that of the sparse ones", async () => {
    const sizes = await Promise.all(
      [{ ...dense, method: "tiny", sparsity: { level: 0.8 } }, sparse("ss")].map(async (more) => {
        const records = await collect({
          ...small,
          ...more,
          algorithm: "facmac",
          steps: 120,
          evaluation: { interval: 120, episodes: 1 },
        } as ConfigInput);
        const { tensors, masks } = (records.at(-1) as EndRecord).state;
        let count = 0;
        for (const [name, values] of tensors)
          if (name.startsWith("online."))
            count += (masks.get(name.slice(7)) ?? new Uint8Array(values.length).fill(1)).reduce((a, b) => a + b, 0);
        return count;
      }),
    );
    expect(Math.abs(sizes[0]! / sizes[1]! - 1)).toBeLessThan(0.01);
  });

  it("makes the same numbers from the same configuration, and others from another seed", async () => {
    const input = { ...small, ...sparse("mast"), algorithm: "comix", steps: 260 } as ConfigInput;
    const [a, b, c] = await Promise.all([input, input, { ...input, seed: 2 }].map((one) => collect(one)));
    const [x, y, z] = [a!, b!, c!].map((records) => textOf(records).join());
    expect(y === x).toBe(true);
    expect(z === x).toBe(false);
  });

  it.each([
    ["comix", "tracking"],
    ["facmac", "tracking-saved"],
  ])("goes on from a checkpoint of %s in %s bit for bit", async (algorithm, environment) => {
    const input = {
      ...small,
      ...sparse("mast"),
      algorithm,
      environment,
      steps: 333,
      // Targets look ahead over the seam.
      discount: 0.9,
      returns: { burnIn: 150 },
      topology: { interval: 50 },
      evaluation: { interval: 100, episodes: 2 },
    } as ConfigInput;
    const whole = await collect(input, { checkpointEvery: 1e9 });
    const parts: TrainingRecord[] = [];
    let resume: TrainingRecord | undefined;
    const within: boolean[] = [];
    for (let k = 0; k < 6; k++) {
      const stop = new AbortController();
      let records = 0;
      const options = {
        signal: stop.signal,
        ...(resume?.kind === "checkpoint" && { resume: resume.state }),
      };
      resume = undefined;
      for await (const record of train(resolveConfig(input), options)) {
        if (record.kind === "checkpoint") resume = record;
        else parts.push(record);
        if (++records === 3 && k < 5) stop.abort();
      }
      if (resume === undefined) break;
      if (resume?.kind === "checkpoint") within.push(resume.state.progress.playing !== undefined);
    }
    expect(within.length).toBeGreaterThan(2);
    if (environment === "tracking") expect(within.every((open) => !open)).toBe(true);
    const [ours, theirs] = [parts, whole].map((records) => records.slice(0, -1).map(recordText));
    expect(ours!.join("\n") === theirs!.join("\n")).toBe(true);
    expect(parts.at(-1)).toEqual(whole.at(-1));
  });

  it("throws a broken episode away, and goes on", async () => {
    made = 0;
    const records = await collect({
      ...small,
      ...dense,
      environment: "tracking-broken",
      algorithm: "facmac",
      steps: 60,
    } as ConfigInput);
    const end = records.at(-1) as EndRecord;
    expect(end).toMatchObject({ kind: "end", step: 60 });
    expect(end.state.progress.lost).toEqual({ episodes: 1, last: "tracking: broken" });
  });

  it("plays a swimmer", async () => {
    const records = await collect({
      ...small,
      ...dense,
      algorithm: "facmac",
      environment: "manyagent-swimmer",
      options: { environment: { partition: "2x1", episodeLimit: 20 } },
      steps: 130,
      evaluation: { interval: 130, episodes: 2 },
    } as ConfigInput);
    const end = records.at(-1) as EndRecord;
    expect(end).toMatchObject({ kind: "end", step: 130, episode: 6, update: 31 });
    expect(end.score).toBe(returns(records).at(-1));
  });
});
