import { describe, expect, it } from "vitest";
import type { ConfigInput } from "../config.js";
import { ALGORITHMS, METHODS } from "../methods.js";
import type { TrainState } from "./records.js";
import { collect, withoutCheckpoints } from "./fixtures.js";

/** Some 80 updates of small networks on the two-step game, with everything that a method brings, by its own defaults. */
function combination(algorithm: (typeof ALGORITHMS)[number], method: (typeof METHODS)[number]): ConfigInput {
  const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
  const batch = method === "mast" ? { offlineBatch: 10, onlineBatch: 6 } : { offlineBatch: 16, onlineBatch: 0 };
  return {
    environment: "two-step",
    algorithm,
    method,
    steps: 200,
    seed: 5,
    warmup: 0,
    targetInterval: 10,
    ...(method !== "dense" && { sparsity: { level: 0.5 } }),
    topology: { interval: 10 },
    returns: { burnIn: 100 },
    replay: { offlineCapacity: 60, onlineCapacity: 24, ...batch, ...(method === "rlx2" && { dynamic: { interval: 10, minimum: 0 } }) },
    exploration: { anneal: 100 },
    network: { hidden: 12, embed: 6, hypernetEmbed: 8, ...(weighted && { centralEmbed: 10 }) },
    evaluation: { interval: 100, episodes: 3, window: 2 },
    log: { interval: 50 },
  };
}

describe.each(ALGORITHMS)("%s", (algorithm) => {
  it.each(METHODS)("with %s learns, the same every time, and goes on bit for bit from a checkpoint", async (method) => {
    const input = combination(algorithm, method);
    const whole = await collect(input);
    const checkpointed = await collect(input, { checkpointEvery: 0 });
    expect(withoutCheckpoints(checkpointed)).toEqual(whole);
    // Between two copies to the target networks, and between two evolutions.
    const positions = checkpointed.flatMap(({ kind }, i) => (kind === "checkpoint" ? [i] : []));
    const middle = positions[Math.floor(0.63 * positions.length)];
    const { state } = checkpointed[middle] as { state: TrainState };
    expect([...withoutCheckpoints(checkpointed.slice(0, middle)), ...(await collect(input, { resume: state }))]).toEqual(whole);

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
