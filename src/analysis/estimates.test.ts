import { expect, it } from "vitest";
import { type Config, resolveConfig } from "../config.js";
import type { StoredRun } from "../runs/store.js";
import { estimateTable } from "./estimates.js";

const label = (config: Config): string => config.operator.kind;

/** A complete run of 100 steps, evaluated at 0, 50 and 100. */
function evaluated(
  seed: number,
  kind: "max" | "mellowmax",
  estimated: readonly number[],
  real: readonly number[],
): StoredRun {
  const config = resolveConfig({ seed, steps: 100, method: "rigl", operator: { kind } });
  const metrics = estimated.map((estimatedValue, i) => ({
    kind: "evaluation",
    step: 50 * i,
    estimatedValue,
    trueValue: real[i],
  }));
  const train = { kind: "train", step: 60, estimatedValue: NaN, trueValue: NaN };
  return {
    name: "RUN",
    directory: "",
    state: "complete",
    step: 100,
    config,
    metrics: [...metrics, train],
    summary: {},
  } as unknown as StoredRun;
}

it("compares estimates with the returns that followed, over the second half of the training", () => {
  const runs = [
    evaluated(1, "max", [0, 4, 6], [9, 5, 3]),
    evaluated(2, "max", [0, 8, 8], [9, 5, 5]),
    evaluated(1, "mellowmax", [0, 1, 2], [9, 5, 5]),
  ];
  const { columns, rows } = estimateTable(runs, label, { settings: "Operator" });
  expect(columns[0].title).toBe("Operator");
  expect(rows).toEqual([
    ["max", "2", "6.50 ± 2.12", "4.50 ± 0.71", "+2.00 ± 1.41", "75 %"],
    ["mellowmax", "1", "1.50", "5.00", "-3.50", "0 %"],
  ]);
});

it("begins where it is told", () => {
  const { rows, note } = estimateTable([evaluated(1, "max", [0, 4, 6], [9, 5, 3])], label, { from: 0 });
  expect(rows[0].slice(2)).toEqual(["3.33", "5.67", "-2.33", "33 %"]);
  expect(note).toContain("from step 0 on");
});

it("refuses a run that has no result yet", () => {
  const { summary, ...rest } = evaluated(1, "max", [0], [0]);
  expect(() => estimateTable([{ ...rest, state: "running" }], label)).toThrow(
    "Run RUN is running: only complete runs have results.",
  );
});
