import { describe, expect, it } from "vitest";
import { countNonzeros } from "../sparse/mask.js";
import { connectedInputs, relevantInputs, type SupervisedTask, trainSupervised } from "./supervised.js";
import { inputEvolution, supervisedCurves, supervisedTable } from "./supervised-results.js";

const task: SupervisedTask = {
  inputs: 30,
  relevant: 2,
  relation: "sum",
  examples: 200,
  hidden: 8,
  sparsity: 0.9,
  interval: 20,
  updates: 300,
  batch: 32,
  learningRate: 0.003,
};
const FC1 = "agent.fc1.weight";

describe("connectedInputs", () => {
  // A network of three inputs and two units. Input 0 leads to unit 0 and from there, through gate 1 of unit 1 (row 2 +
  // 1), to the output; input 1 ends at unit 1 of the first layer, which no gate reads; input 2 has no connection.
  const masks = new Map([
    [FC1, Uint8Array.from([1, 0, 0, 0, 1, 0])],
    ["agent.rnn.weight_ih", Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])],
    ["agent.fc2.weight", Uint8Array.from([0, 1])],
  ]);

  it("follows connections from the output back to the inputs", () => {
    expect([...connectedInputs(masks, { inputs: 3, hidden: 2 })]).toEqual([1, 0, 0]);
  });

  it("is empty when the unit behind them has no way out", () => {
    expect([
      ...connectedInputs(new Map(masks).set("agent.fc2.weight", Uint8Array.from([1, 0])), { inputs: 3, hidden: 2 }),
    ]).toEqual([0, 0, 0]);
  });
});

describe("a supervised training", () => {
  it("begins with the same mask for all sparse methods, keeps its size, and moves it for SET and RigL only", async () => {
    const [ss, set, rigl] = await Promise.all(
      (["ss", "set", "rigl"] as const).map((method) => trainSupervised({ ...task, updates: 60 }, method, 1)),
    );
    for (const run of [ss, set, rigl]) {
      expect(run.before).toEqual(ss.before);
      // The whole agent has (30 + 2) x 8, twice 24 x 8, and 8 x 1 weights, of which a tenth is kept.
      expect([...run.after.values()].reduce((sum, mask) => sum + countNonzeros(mask), 0)).toBe(
        Math.round(0.1 * (256 + 384 + 8)),
      );
      for (const [name, mask] of run.after) expect(countNonzeros(mask)).toBe(countNonzeros(run.before.get(name)!));
    }
    expect(ss.after).toEqual(ss.before);
    expect(set.after.get(FC1)).not.toEqual(set.before.get(FC1));
    expect(rigl.after.get(FC1)).not.toEqual(set.after.get(FC1));
  });

  it("knows nothing at first and the relation at the end; growing by gradient finds the inputs that matter", async () => {
    const [dense, rigl] = await Promise.all(
      (["dense", "rigl"] as const).map((method) => trainSupervised(task, method, 1)),
    );
    for (const { errors, updates } of [dense, rigl]) {
      expect(updates[0]).toBe(0);
      expect(updates.at(-1)).toBe(300);
      // An untrained network is off by its small offset.
      expect(errors[0]).toBeGreaterThan(0.9);
      expect(errors[0]).toBeLessThan(1.5);
      expect(errors.at(-1)).toBeLessThan(0.25);
    }
    const { start, length } = relevantInputs(task);
    const perInput = (mask: Uint8Array): number[] =>
      Array.from({ length: 32 }, (_, j) => mask.reduce((sum, bit, i) => sum + (i % 32 === j ? bit : 0), 0));
    const counts = perInput(rigl.after.get(FC1)!);
    const relevant = counts.slice(start, start + length).reduce((a, b) => a + b) / length;
    expect(relevant).toBeGreaterThan((3 * counts.reduce((a, b) => a + b)) / 32);
  });

  it("gives the same bits again, and others for another seed", async () => {
    const short = { ...task, updates: 40, interval: 10 };
    const [a, b, c] = [
      await trainSupervised(short, "rigl", 3),
      await trainSupervised(short, "rigl", 3),
      await trainSupervised(short, "rigl", 4),
    ];
    expect(b).toEqual(a);
    expect(c.errors).not.toEqual(a.errors);
  });

  it("stops when it is told to", async () => {
    await expect(trainSupervised(task, "ss", 1, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });

  it("refuses what is impossible, naming it", async () => {
    await expect(trainSupervised({ ...task, relevant: 31 }, "ss", 1)).rejects.toThrow(
      "supervised task: relevant is 31, but there are 30 inputs",
    );
    await expect(trainSupervised({ ...task, examples: 0 }, "ss", 1)).rejects.toThrow(
      "examples is 0; it must be a whole number, at least 1",
    );
    await expect(trainSupervised({ ...task, sparsity: 1 }, "ss", 1)).rejects.toThrow("config: sparsity.level is 1");
    await expect(trainSupervised(task, "tiny", 1)).rejects.toThrow(
      'method is "tiny"; allowed: "dense", "ss", "set", "rigl"',
    );
  });
});

describe("its results", () => {
  it("are a curve, a table and a picture of the first layer", async () => {
    const short = { ...task, updates: 40, interval: 10 };
    const runs = [
      await trainSupervised(short, "dense", 1),
      await trainSupervised(short, "ss", 1),
      await trainSupervised(short, "rigl", 1),
    ];
    const { rows, columns } = supervisedTable(runs);
    expect(rows.map(([method, seeds]) => [method, seeds])).toEqual([
      ["Dense", "1"],
      ["SS", "1"],
      ["RigL", "1"],
    ]);
    expect(columns[3].title).toBe("Connected, of 2");
    expect(rows[0].slice(3)).toEqual(["2.0", "0 %", "6 %"]);
    expect(supervisedCurves(runs).summary).toMatch(/Dense .*, SS .*, RigL/);
    expect(inputEvolution(runs).summary).toMatch(
      /^First layer before and after 40 updates \[8, 32\]: SS: \d+ connections; RigL: \d+ kept/,
    );
    expect(() => inputEvolution(runs, 2)).toThrow("no sparse run with seed 2; there are seeds 1");
  });
});
