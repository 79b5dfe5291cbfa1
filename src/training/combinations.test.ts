import { describe, expect, it } from "vitest";
import { builtInAlgorithms } from "../algorithms/index.js";
import { METHODS } from "../methods.js";
import type { OpenEngine } from "../networks/engine.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import type { TrainState } from "./records.js";
import { collect, combination, withoutCheckpoints } from "./fixtures.js";

const forgetful: OpenEngine = (shape, parameters, masks) =>
  createSparseEngine(shape, parameters, masks, { remember: false });

// Algorithms that learn from transitions have continuous actions; transitions.test.ts tests them.
const ofEpisodes = Object.entries(builtInAlgorithms).filter(([, { learnsFrom }]) => learnsFrom !== "transitions");

describe.each(ofEpisodes.map(([name]) => name))("%s", (algorithm) => {
  it.each(METHODS)("with %s learns, the same every time, and goes on bit for bit from a checkpoint", async (method) => {
    const input = combination(algorithm, method);
    const whole = await collect(input);
    // An engine that remembers no target values; the others do, and so does the one that goes on from its checkpoint.
    const checkpointed = await collect(input, { checkpointEvery: 0, open: forgetful });
    expect(withoutCheckpoints(checkpointed)).toEqual(whole);
    // The stop lies between two copies to the target networks, and between two evolutions.
    const positions = checkpointed.flatMap(({ kind }, i) => (kind === "checkpoint" ? [i] : []));
    const middle = positions[Math.floor(0.63 * positions.length)];
    const { state } = checkpointed[middle] as { state: TrainState };
    expect([
      ...withoutCheckpoints(checkpointed.slice(0, middle)),
      ...(await collect(input, { resume: state })),
    ]).toEqual(whole);

    // Every network has learned: no parameter is what it was, but where the mask has always pruned.
    const end = whole.at(-1)!;
    const start = checkpointed.find(({ kind }) => kind === "checkpoint") as { state: TrainState };
    if (end.kind !== "end") throw new Error("no end");
    expect(end.update).toBeGreaterThan(60);
    for (const [name, values] of start.state.tensors) {
      if (name.startsWith("optimiser.")) continue;
      expect(end.state.tensors.get(name), name).not.toEqual(values);
    }
    const evolved = whole.filter(({ kind }) => kind === "topology").length > 1;
    expect(evolved).toBe(["set", "rigl", "rlx2", "mast"].includes(method));
  });
});
