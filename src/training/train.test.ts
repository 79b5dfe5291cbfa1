import { describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import type { TrainState, TrainingRecord } from "./records.js";
import { collect, withoutCheckpoints } from "./fixtures.js";
import { train } from "./train.js";

/**
 * The settings of a few hundred episodes of the two-step game with every moving part: sparsity, evolution, both
 * buffers, and hybrid targets.
 */
const small: ConfigInput = {
  environment: "two-step",
  method: "mast",
  steps: 600,
  seed: 3,
  warmup: 0,
  targetInterval: 20,
  sparsity: { level: 0.5 },
  topology: { interval: 10 },
  replay: { offlineCapacity: 60, onlineCapacity: 24, offlineBatch: 10, onlineBatch: 6 },
  exploration: { anneal: 300 },
  network: { hidden: 16, embed: 8, hypernetEmbed: 12 },
  evaluation: { interval: 100, episodes: 4, window: 3 },
  log: { interval: 50 },
};

describe("train", () => {
  it("gives the same records and parameters for the same config, and others for another seed", async () => {
    const first = await collect(small);
    expect(await collect(small)).toEqual(first);
    const other = await collect({ ...small, seed: 4 });
    expect(other.at(-1)).not.toEqual(first.at(-1));
  });

  it("goes on bit for bit from every checkpoint", async () => {
    const whole = withoutCheckpoints(await collect(small));
    const checkpointed = await collect(small, { checkpointEvery: 0 });
    expect(withoutCheckpoints(checkpointed)).toEqual(whole);
    const positions = checkpointed.flatMap(({ kind }, i) => (kind === "checkpoint" ? [i] : []));
    expect(positions.length).toBeGreaterThan(100);
    for (const i of [0, 7, 40, 111, positions.length - 1].map((k) => positions[k])) {
      const { state } = checkpointed[i] as { state: TrainState };
      const before = withoutCheckpoints(checkpointed.slice(0, i));
      const after = await collect(small, { resume: state });
      expect([...before, ...after]).toEqual(whole);
    }
  }, 120_000);

  it.each<[string, ConfigInput, number]>([
    [
      "a single buffer",
      {
        method: "rlx2",
        replay: {
          offlineCapacity: 60,
          offlineBatch: 16,
          onlineCapacity: 24,
          dynamic: { interval: 7, threshold: 0.1, minimum: 0.3, drop: 0.4 },
        },
      },
      16,
    ],
    // The online buffer would hold more than the offline one if it did not keep as much.
    [
      "both buffers",
      {
        replay: {
          offlineCapacity: 60,
          onlineCapacity: 40,
          offlineBatch: 10,
          onlineBatch: 6,
          dynamic: { interval: 9, threshold: 0.1, minimum: 0.3, drop: 0.6 },
        },
      },
      40,
    ],
  ])("goes on bit for bit where %s forgot the oldest play, as RLx2's does", async (_, forgets, least) => {
    const { replay, ...rest } = small;
    const forgetful: ConfigInput = { ...rest, ...forgets };
    const whole = withoutCheckpoints(await collect(forgetful));
    const checkpointed = await collect(forgetful, { checkpointEvery: 0 });
    const states = checkpointed.flatMap((record, i) =>
      record.kind === "checkpoint" ? [{ i, state: record.state }] : [],
    );
    // The buffer shrinks again and again, never below what is sampled from it.
    const sizes = states.map(({ state }) => state.replay.indices.length);
    const drops = sizes.flatMap((size, k) => (k > 0 && size < sizes[k - 1] ? [k] : []));
    expect(drops.length).toBeGreaterThan(3);
    expect(Math.min(...sizes.slice(drops[0]))).toBe(least);
    // The checkpoints are from before a drop, from after it, and far from any.
    for (const { i, state } of [25, drops[0] - 1, drops[0], drops.at(-1)!, drops.at(-1)! + 3].map((k) => states[k])) {
      expect([
        ...withoutCheckpoints(checkpointed.slice(0, i)),
        ...(await collect(forgetful, { resume: state })),
      ]).toEqual(whole);
    }
  });

  it("stops at the end of the episode when asked, with a checkpoint that continues the run", async () => {
    const whole = withoutCheckpoints(await collect(small));
    const controller = new AbortController();
    const before: TrainingRecord[] = [];
    for await (const record of train(resolveConfig(small), { signal: controller.signal })) {
      before.push(record);
      if (record.kind === "evaluation" && record.step === 300) controller.abort();
    }
    const last = before.at(-1)!;
    if (last.kind !== "checkpoint") throw new Error(`the last record is a ${last.kind}`);
    const after = await collect(small, { resume: last.state });
    expect([...withoutCheckpoints(before), ...after]).toEqual(whole);
  });

  it("keeps the number of connections of every layer, evolves them at every interval and shares them with the target", async () => {
    const records = await collect(small);
    const topologies = records.filter((record) => record.kind === "topology");
    expect(topologies.length).toBeGreaterThan(20);
    for (const { layers, masks } of topologies) {
      layers.forEach(({ name, nonzeros, dropped, grown }, i) => {
        expect(nonzeros).toBe(topologies[0].layers[i].nonzeros);
        expect(grown).toBe(dropped);
        expect(masks.get(name)!.reduce((sum, bit) => sum + bit, 0)).toBe(nonzeros);
      });
    }
    expect(topologies.slice(1, 10).some(({ layers }) => layers.some(({ grown }) => grown > 0))).toBe(true);
    const end = records.at(-1)!;
    if (end.kind !== "end") throw new Error("no end");
    for (const [name, mask] of end.state.masks) {
      for (const side of ["online", "target", "optimiser"]) {
        const values = end.state.tensors.get(`${side}.${name}`)!;
        expect(values.filter((value, i) => mask[i] === 0 && value !== 0)).toHaveLength(0);
      }
    }
  });

  it("evaluates at every interval from step 0 to the last and scores the mean of the last evaluations", async () => {
    const records = await collect(small);
    const evaluations = records.filter((record) => record.kind === "evaluation");
    expect(evaluations.map(({ step }) => step)).toEqual([0, 100, 200, 300, 400, 500, 600]);
    const end = records.at(-1)!;
    const rates = evaluations.slice(-3).map(({ winRate }) => winRate);
    expect(end.kind === "end" && end.score).toBeCloseTo(rates.reduce((a, b) => a + b) / 3, 12);
  });

  it.each<[string, ConfigInput, number[], number]>([
    ["steps that are no multiple of the interval", { steps: 250 }, [0, 100, 200, 250], 3],
    ["an interval longer than the run", { steps: 90 }, [0, 90], 1],
    ["an interval as long as the run", { steps: 100 }, [0, 100], 1],
    [
      "a window longer than the run",
      { steps: 200, evaluation: { interval: 100, episodes: 4, window: 20 } },
      [0, 100, 200],
      2,
    ],
    ["a single step", { steps: 1 }, [0, 1], 1],
  ])(
    "evaluates and logs the end of a run once with %s, and leaves step 0 out of its score",
    async (_, input, steps, scored) => {
      const records = await collect({ ...small, ...input });
      const evaluations = records.filter((record) => record.kind === "evaluation");
      expect(evaluations.map(({ step }) => step)).toEqual(steps);
      const end = records.at(-1)!;
      if (end.kind !== "end") throw new Error("no end");
      expect(end.evaluations).toBe(scored);
      const rates = evaluations.slice(-scored).map(({ winRate }) => winRate);
      expect(end.score).toBeCloseTo(rates.reduce((a, b) => a + b) / scored, 12);
      const logged = records.filter((record) => record.kind === "train");
      expect(logged.at(-1)!.episode).toBe(end.episode);
      expect(new Set(logged.map(({ episode }) => episode)).size).toBe(logged.length);

      // Training that goes on from its own end has nothing left to say but the end, and from any checkpoint says the
      // same as the whole run.
      expect(await collect({ ...small, ...input }, { resume: end.state })).toEqual([end]);
      const checkpointed = await collect({ ...small, ...input }, { checkpointEvery: 0 });
      const last = checkpointed.findLastIndex(({ kind }) => kind === "checkpoint");
      if (last < 0) return;
      const { state } = checkpointed[last] as { state: TrainState };
      const before = withoutCheckpoints(checkpointed.slice(0, last));
      expect([...before, ...(await collect({ ...small, ...input }, { resume: state }))]).toEqual(records);
    },
  );

  it.each(["dense", "ss", "set", "rigl", "mast"] as const)("learns the two-step game with %s", async (method) => {
    const records = await collect({
      ...small,
      method,
      steps: 6000,
      seed: 1,
      sparsity: { level: method === "dense" ? 0 : 0.5 },
      topology: { interval: 100 },
      replay: { offlineCapacity: 500, onlineCapacity: 128 },
      exploration: { end: 0.5, anneal: 2000 },
      // With this much exploration a long TD(lambda) target values the risky matrix by how it is explored, below the
      // safe 7.
      returns: { lambda: 0.2 },
      evaluation: { interval: 2000, episodes: 4, window: 1 },
      network: { hidden: 32, embed: 16, hypernetEmbed: 16 },
      log: { interval: 1000 },
    });
    const end = records.at(-1)!;
    expect(end.kind === "end" && end.score).toBe(1);
  });

  it("stops at a loss that is not finite and names the step", async () => {
    await expect(collect({ ...small, optimiser: { learningRate: 1e30 } })).rejects.toThrow(/not finite at step \d+/);
  });
});
