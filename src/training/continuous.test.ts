import { describe, expect, it } from "vitest";
import type { Environment } from "../envs/environment.js";
import { createEnvironment } from "../envs/index.js";
import { EpisodeLost } from "../envs/lost.js";
import { playRandom } from "../envs/play.js";
import { createRandom } from "../random.js";
import { type ContinuousRecord, type ContinuousTraining, trainContinuous } from "./continuous.js";

/**
 * Two agents see a number each, and a third that both share; the team loses the square of how far each action is from
 * its number, and of how far their sum is.
 */
function createTracking(fails = false): Environment {
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
    snapshot: () => ({ environment: "tracking", step: t, text: "", width: 0, height: 0, terrain: "", units: [] }),
  };
  return env;
}

const small = {
  environment: () => createTracking(),
  hidden: 32,
  embed: 8,
  batch: 32,
  warmup: 100,
  uniform: 200,
  discount: 0,
  learningRate: 5e-3,
  follow: 0.02,
  gradientClip: 10,
  evaluateEvery: 500,
  evaluationEpisodes: 20,
} satisfies Partial<ContinuousTraining>;

async function run(training: ContinuousTraining): Promise<ContinuousRecord[]> {
  const records: ContinuousRecord[] = [];
  for await (const record of trainContinuous(training)) records.push(record);
  return records;
}
const returns = (records: readonly ContinuousRecord[]) =>
  records.flatMap((record) => (record.kind === "evaluation" ? [record.episodeReturn] : []));

describe("training of continuous actions", () => {
  const chance = playRandom(createTracking(), { episodes: 500 }).meanReturn;

  it.each<[ContinuousTraining["algorithm"], Partial<ContinuousTraining>]>([
    ["facmac", {}],
    ["comix", {}],
    ["facmac", { sparsity: 0.8, topology: { grow: "gradient", interval: 100 } }],
    ["comix", { sparsity: 0.8, topology: { grow: "gradient", interval: 100 } }],
    ["facmac", { sparsity: 0.8, topology: { grow: "random", interval: 100 } }],
  ])("%s learns what each agent is to do, with %j", async (algorithm, more) => {
    const records = await run({ ...small, ...more, algorithm, steps: 1500 });
    const last = returns(records).at(-1)!;
    // Chance loses some 6 an episode; a quarter of that is far from it.
    expect(chance).toBeLessThan(-4);
    expect(last).toBeGreaterThan(chance / 4);
    const changes = records.flatMap((record) => (record.kind === "topology" ? [record.changed] : []));
    if (more.topology) expect(changes[0]).toBeGreaterThan(50);
    else expect(changes).toEqual([]);
  });

  it("makes the same numbers from the same options, and others from another seed", async () => {
    const options = {
      ...small,
      algorithm: "comix",
      steps: 260,
      sparsity: 0.5,
      topology: { grow: "gradient", interval: 50 },
    } as const;
    const [a, b, c] = await Promise.all([options, options, { ...options, seed: 2 }].map(run));
    const weights = (records: readonly ContinuousRecord[]) => {
      const end = records.at(-1)!;
      return end.kind === "end" ? [...end.engine.read("online").values()].flatMap((values) => [...values]) : [];
    };
    expect(weights(a).length).toBeGreaterThan(1000);
    expect(weights(b)).toEqual(weights(a));
    expect(weights(c)).not.toEqual(weights(a));
    expect(returns(b)).toEqual(returns(a));
  });

  it("throws a broken episode away, and goes on", async () => {
    let made = 0;
    const environment = () => createTracking(made++ === 0);
    const records = await run({ ...small, algorithm: "facmac", environment, steps: 60 });
    expect(records.at(-1)).toMatchObject({ kind: "end", step: 60, lost: 1 });
  });

  it("plays a swimmer", async () => {
    const environment = () =>
      createEnvironment("manyagent-swimmer", { options: { partition: "2x1", episodeLimit: 20 } });
    const records = await run({ ...small, algorithm: "facmac", environment, steps: 130, evaluationEpisodes: 1 });
    expect(records.at(-1)).toMatchObject({ kind: "end", step: 130, lost: 0 });
  });

  it("refuses discrete actions, and a topology that cannot evolve", async () => {
    await expect(
      run({ ...small, algorithm: "comix", environment: () => createEnvironment("3m"), steps: 10 }),
    ).rejects.toThrow("3m has discrete actions, but comix chooses continuous ones");
    await expect(run({ ...small, algorithm: "comix", topology: { grow: "gradient" }, steps: 10 })).rejects.toThrow(
      'topology.grow is "gradient", but the networks are dense',
    );
  });
});
