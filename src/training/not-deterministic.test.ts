import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import type { GivenEnvironment } from "../envs/environment.js";
import { registerParts } from "../parts/registry.js";
import { readCheckpoint, writeCheckpoint } from "../runs/checkpoint.js";
import { collect, withoutCheckpoints } from "./fixtures.js";
import { networkPlan } from "./plan.js";
import type { CheckpointRecord, EndRecord, TrainState } from "./records.js";

/**
 * Two agents guess; what they are shown comes from a counter that goes on from episode to episode, whatever the seed,
 * or from Math.random.
 */
function guessing(draw: "counter" | "random", saves: boolean): GivenEnvironment {
  const count = new Uint32Array(1);
  let t = 0;
  let reward = 0;
  const env: GivenEnvironment = {
    sizes: { agents: 2, actions: 2, observation: 3, state: 2, episodeLimit: 4 },
    deterministic: false,
    observations: new Float32Array(6),
    state: new Float32Array(2),
    availableActions: new Uint8Array(4).fill(1),
    get reward() {
      return reward;
    },
    get ended(): boolean {
      return t >= 2 + (count[0] % 3);
    },
    get terminal(): boolean {
      return env.ended;
    },
    get won(): boolean {
      return env.ended && reward > 0;
    },
    reset() {
      t = 0;
      reward = 0;
      if (draw === "counter") count[0] += 1;
      else count[0] = Math.floor(Math.random() * 1000);
      show();
    },
    step(actions: ArrayLike<number>) {
      t++;
      reward = actions[0] === actions[1] ? 1 : 0;
      show();
    },
    ...(saves && {
      save: () => new Uint8Array(count.slice().buffer),
      restore: (saved: Uint8Array) => count.set(new Uint32Array(saved.slice().buffer)),
    }),
  };
  const show = () => {
    env.observations.fill(Math.sin(count[0] + t));
    env.state.fill(Math.cos(count[0] + t));
  };
  return env;
}
registerParts({
  environments: {
    "counts-and-saves": { create: () => guessing("counter", true) },
    "draws-from-math-random": { create: () => guessing("random", false) },
  },
});

const input = (environment: string): ConfigInput => ({
  environment,
  method: "rigl",
  sparsity: { level: 0.5 },
  steps: 200,
  warmup: 0,
  targetInterval: 10,
  topology: { interval: 10 },
  replay: { offlineCapacity: 30, onlineCapacity: 8, offlineBatch: 8, onlineBatch: 0 },
  exploration: { anneal: 100 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 4 },
  evaluation: { interval: 100, episodes: 2, window: 2 },
  log: { interval: 50 },
});

const folder = mkdtempSync(join(tmpdir(), "mast-kept-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** The same state out of a file, as a resumed run gets it. */
function stored(state: TrainState): TrainState {
  const path = join(folder, "checkpoint.safetensors");
  writeCheckpoint(path, { run: "run", state, lengths: {}, seconds: 1 });
  return readCheckpoint(path, ["run"]).state;
}

describe("a training in an environment that is not deterministic", () => {
  it("keeps the data of its episodes and what the environment saves, and goes on bit for bit", async () => {
    const whole = await collect(input("counts-and-saves"), { checkpointEvery: 0 });
    const positions = whole.flatMap(({ kind }, i) => (kind === "checkpoint" ? [i] : []));
    const middle = positions[Math.floor(0.6 * positions.length)];
    const { state } = whole[middle] as CheckpointRecord;
    expect(state.environments).toHaveLength(3);
    const resumed = await collect(input("counts-and-saves"), { resume: stored(state) });
    expect([...withoutCheckpoints(whole.slice(0, middle)), ...resumed]).toEqual(withoutCheckpoints(whole));
    expect((whole.at(-1) as EndRecord).update).toBeGreaterThan(40);
  });

  it("goes on with the stored episodes, where playing them again would give others", async () => {
    const records = await collect(input("draws-from-math-random"), { checkpointEvery: 0 });
    const { state } = records.filter((record): record is CheckpointRecord => record.kind === "checkpoint").at(-1)!;
    const { data, lengths, indices } = state.replay;
    expect(data!.rewards).toHaveLength(lengths.reduce((a, b) => a + b));
    expect(data!.observations).toHaveLength(lengths.reduce((sum, length) => sum + (length + 1) * 6, 0));
    expect(indices).toHaveLength(30);
    expect(state.environments).toBeUndefined();

    // A run that is stopped at once returns what it has: the same episodes, to the bit.
    const [again] = (await collect(input("draws-from-math-random"), {
      resume: stored(state),
      signal: AbortSignal.abort(),
    })) as [CheckpointRecord];
    expect(again.kind).toBe("checkpoint");
    expect(again.state.replay).toEqual(state.replay);
    const on = await collect(input("draws-from-math-random"), { resume: stored(state) });
    expect(on.at(-1)!.kind).toBe("end");
  });

  it("is refused before it begins when its checkpoints would be too large, and says how large they can be", () => {
    const config = resolveConfig(input("counts-and-saves"));
    // An episode takes (4 + 1) steps of 2 x (12 + 2) + 8 bytes, 4 of 2 + 4, and 13.
    expect(networkPlan(config).keptBytes).toBe(30 * (5 * 36 + 4 * 6 + 13));
    expect(networkPlan(resolveConfig({ environment: "two-step" })).keptBytes).toBe(0);
    registerParts({
      environments: {
        "is-huge": {
          create: () => ({
            ...guessing("counter", false),
            sizes: { agents: 2, actions: 2, observation: 3, state: 2, episodeLimit: 50_000 },
          }),
        },
      },
    });
    expect(() => resolveConfig({ environment: "is-huge" })).toThrow(
      'config: replay.offlineCapacity is 5000, but environment "is-huge" is not deterministic and its checkpoints would hold up to 10.5 GB of episodes, where 2 GB fit: give at most 1022',
    );
  });

  it("does not go on from a checkpoint without the data", async () => {
    const { state } = (await collect(input("draws-from-math-random"), { signal: AbortSignal.abort() })).at(
      -1,
    ) as CheckpointRecord;
    const { data: _, ...replay } = state.replay;
    await expect(collect(input("draws-from-math-random"), { resume: { ...state, replay } })).rejects.toThrow(
      "holds no data of its episodes",
    );
  });
});
