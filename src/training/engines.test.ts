import { describe, expect, it } from "vitest";
import type { ConfigInput } from "../config.js";
import { METHODS } from "../methods.js";
import { relativeDistance } from "../networks/distance.js";
import { openBackend } from "../node/tensorflow/backend.js";
import { createVectorisedRuns } from "../networks/tensorflow/engine.js";
import { collect, combination, withoutCheckpoints } from "./fixtures.js";
import type { EndRecord, EvaluationRecord, TrainingRecord, TrainState } from "./records.js";

/** These tests train on either engine to the end, and on one after the other. */

/** The training has some 40 updates, because the cpu backend is slow. */
const short = (...of: Parameters<typeof combination>): ConfigInput => ({ ...combination(...of), steps: 120 });
const onTensorflow = (input: ConfigInput): ConfigInput => ({ ...input, engine: "tensorflow", backend: "cpu" });
const endOf = (records: readonly TrainingRecord[]) => records.at(-1) as EndRecord;
const evaluations = (records: readonly TrainingRecord[]) =>
  records.filter((record): record is EvaluationRecord => record.kind === "evaluation");

/** Requires the same play, the same topology, and the same parameters up to rounding. */
function expectSame(actual: readonly TrainingRecord[], expected: readonly TrainingRecord[], tolerance = 1e-3): void {
  expect(evaluations(actual).map(({ winRate, episodeReturn }) => [winRate, episodeReturn])).toEqual(
    evaluations(expected).map(({ winRate, episodeReturn }) => [winRate, episodeReturn]),
  );
  const [ours, theirs] = [endOf(actual).state, endOf(expected).state];
  expect(ours.masks).toEqual(theirs.masks);
  expect(ours.replay).toEqual(theirs.replay);
  for (const [name, values] of theirs.tensors) {
    expect(relativeDistance(ours.tensors.get(name)!, values), name).toBeLessThanOrEqual(tolerance);
  }
}

describe.each(["qmix", "ow-qmix", "res"] as const)("the tensorflow engine trains %s", (algorithm) => {
  it.each(METHODS)("with %s to where the sparse engine does", async (method) => {
    const input = short(algorithm, method);
    expectSame(await collect(onTensorflow(input)), await collect(input));
  });
});

it.each([
  ["vdn", "rigl"],
  ["iql", "mast"],
  ["vdn", "tiny"],
  ["facmac-discrete", "mast"],
] as const)("the tensorflow engine trains %s with %s to where the sparse engine does", async (algorithm, method) => {
  const input = short(algorithm, method);
  expectSame(await collect(onTensorflow(input)), await collect(input));
});

describe("a checkpoint", () => {
  const input = short("qmix", "mast");
  /** A training and one of its checkpoints. */
  async function checkpointed(
    of: ConfigInput,
  ): Promise<{ whole: TrainingRecord[]; before: TrainingRecord[]; state: TrainState }> {
    const records = await collect(of, { checkpointEvery: 0 });
    const positions = records.flatMap(({ kind }, i) => (kind === "checkpoint" ? [i] : []));
    const middle = positions[Math.floor(0.6 * positions.length)];
    return {
      whole: withoutCheckpoints(records),
      before: withoutCheckpoints(records.slice(0, middle)),
      state: (records[middle] as { state: TrainState }).state,
    };
  }

  it("of the tensorflow engine goes on bit for bit", async () => {
    const { whole, before, state } = await checkpointed(onTensorflow(input));
    expect([...before, ...(await collect(onTensorflow(input), { resume: state }))]).toEqual(whole);
  });

  it("of either engine goes on in the other", async () => {
    for (const [first, second] of [
      [input, onTensorflow(input)],
      [onTensorflow(input), input],
    ]) {
      const { whole, before, state } = await checkpointed(first);
      expectSame([...before, ...(await collect(second, { resume: state }))], whole);
    }
  });
});

describe("vectorised runs", () => {
  it("come to what each comes to alone, whenever they stop", async () => {
    const { tf } = await openBackend("cpu");
    const input = onTensorflow(short("qmix", "mast"));
    // The runs are of different lengths, so that the others continue after the first has ended.
    const inputs = [1, 2, 3].map((seed) => ({ ...input, seed, steps: 60 + 20 * seed }));
    const runs = createVectorisedRuns(tf, inputs.length);
    const vectorised = await Promise.all(inputs.map((one, run) => collect(one, { open: runs.open(run) })));
    for (const [i, one] of inputs.entries()) expectSame(vectorised[i], await collect(one), 1e-4);
  });

  it("do not wait for one that fails", async () => {
    const { tf } = await openBackend("cpu");
    const input = onTensorflow(short("qmix", "mast"));
    const runs = createVectorisedRuns(tf, 2);
    const wild = collect({ ...input, optimiser: { learningRate: 1e30, gradientClip: 1e30 } }, { open: runs.open(0) });
    const fine = collect({ ...input, seed: 6 }, { open: runs.open(1) });
    await expect(wild).rejects.toThrow(/not finite at step \d+/);
    expectSame(await fine, await collect({ ...input, seed: 6 }), 1e-4);
  });
});
