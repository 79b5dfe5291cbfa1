import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { completeRun } from "../runs/fixtures.js";
import { budgetTable, paperBudgetRuns } from "./budgets.js";
import { comparison3m } from "./comparative.js";
import { keepPaperRuns } from "./fixtures.js";
import { stepLength } from "./step-length.js";
import { lambda } from "./td-lambda.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mast-budgets-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("shows the paper's numbers, ours at its budget as far as they are there, and the given runs", () => {
  const configs = lambda.configs("paper", 2).filter(({ returns, seed }) => returns.lambda < 0.7 || seed === 1);
  keepPaperRuns(folder, configs, ({ returns, seed }) => returns.lambda / 2 + 0.1 * seed);
  expect(paperBudgetRuns([lambda], folder)).toHaveLength(configs.length);
  // In the classroom the order of the first two is another.
  const classroom = lambda
    .configs("classroom", 2)
    .map((config) =>
      completeRun(config, Array<number>(9).fill(config.returns.lambda === 0 ? 0.15 : config.returns.lambda / 2)),
    );
  const { columns, rows, note } = budgetTable(lambda, classroom, folder);
  expect(columns.map(({ title }) => title)).toEqual([
    "",
    "Paper, % of dense",
    "Here, 3s5z, 2,000,000 steps, %",
    "Seeds of 8",
    "Here, 3m, 100,000 steps, %",
    "Seeds",
  ]);
  expect(rows[0]).toEqual(["λ = 0", "91.5", "15.0 ± 7.1", "2", "15.0 ± 0.0", "2"]);
  expect(rows[4]).toEqual(["λ = 0.8", "97.9", "50.0", "1", "40.0 ± 0.0", "2"]);
  // Ranks 1 to 6 beside 2, 1, 3, 4, 5, 6: 1 - 6 * 2 / (6 * 35).
  expect(note).toContain(
    "The order of 6 rows at the paper's budget and here has a rank correlation (Spearman's) of 0.94",
  );
  expect(note).toContain("mean of the last 8 evaluations of 32 episodes");
});

it("takes a comparison's numbers from Table 1, and says when nothing is complete at the paper's budget", () => {
  const classroom = comparison3m.configs("classroom", 1).map((config) => completeRun(config, [0, 0.5, 0.5]));
  const { rows, note } = budgetTable(comparison3m, classroom, folder);
  expect(rows.map((row) => row[1])).toEqual(["100.0", "98.3", "91.6", "96.0", "95.3", "12.1", "100.9"]);
  expect(rows.every((row) => row[2] === "" && row[3] === "0" && row[5] === "1")).toBe(true);
  expect(note).toContain("Too few runs at the paper's budget are complete");
});

it("has no column of the paper where the paper prints no numbers, and a row for each setting of either budget", () => {
  const classroom = stepLength.configs("classroom", 1).map((config) => completeRun(config, [0, 0.5]));
  const { columns, rows } = budgetTable(stepLength, classroom, folder);
  expect(columns).toHaveLength(5);
  expect(rows).toHaveLength(18);
  expect(rows[12]).toEqual(["2 % of the weights, n = 1", "", "0", "50.0", "1"]);
});
