import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { LabError } from "../../src/errors.js";
import { tableText } from "../../src/figures/table.js";
import { type CsvRow, parseCsv } from "../../src/results/csv.js";
import { agreement, type ScoresByName } from "../../src/results/agreement.js";

/** Scores of methods or settings under one budget on one map. */
export interface Budgeted {
  /** Name of the budget, such as "3m, qmix, 100000 steps (comparison-3m.csv)". */
  readonly name: string;
  readonly algorithm: string;
  /** Scores of the seeds, by the name of the method or setting. */
  readonly scores: ScoresByName;
}

/**
 * Lists the budgets in a table of runs (`score`) or statistics (`mean`), whose rows name the method (`method`) or the
 * setting of an ablation (`setting`, or `column`). Each map, algorithm, set of rules and number of steps is a budget of
 * its own.
 *
 * @throws {LabError} when the table has no such columns
 */
export function budgetsOf(rows: readonly CsvRow[], file: string): Budgeted[] {
  const found = new Map<string, { name: string; algorithm: string; scores: Map<string, number[]> }>();
  for (const row of rows) {
    const score = row["score"] ?? row["mean"];
    const label = row["setting"] ?? row["column"] ?? row["method"];
    if (typeof score !== "number" || label === undefined)
      throw new LabError(
        `${file} has no scores of methods or settings: expected the columns score or mean, and setting, column or method.`,
      );
    // The rows of an ablation count as different methods.
    const name = row["column"] !== undefined && row["row"] !== undefined ? `${row["row"]}, ${label}` : String(label);
    const key = `${row["environment"]}, ${row["algorithm"]}, ${row["steps"]} steps`;
    const budget = found.get(key) ?? {
      name: `${key} (${basename(file)})`,
      algorithm: String(row["algorithm"]),
      scores: new Map<string, number[]>(),
    };
    budget.scores.set(name, [...(budget.scores.get(name) ?? []), score]);
    found.set(key, budget);
  }
  return [...found.values()];
}

/**
 * Makes a table of candidate classroom budgets, the best first, with the agreement of their order of methods with that
 * of the paper's budget, for every map of the paper's budget and the same algorithm.
 *
 * @throws {LabError} when nothing can be compared
 */
export function classroomTable(candidates: readonly Budgeted[], papers: readonly Budgeted[]): string {
  const compared = candidates.flatMap((candidate) =>
    papers
      .filter(({ algorithm }) => algorithm === candidate.algorithm)
      .map((paper) => ({ candidate, paper, ...agreement(candidate.scores, paper.scores) }))
      .filter(({ common }) => common > 1),
  );
  if (compared.length === 0)
    throw new LabError("No candidate shares two methods or settings, and the algorithm, with the paper's budget.");
  const number = (value: number, digits = 2): string => (Number.isNaN(value) ? "" : value.toFixed(digits));
  const order = ({ correlation }: (typeof compared)[number]): number => (Number.isNaN(correlation) ? -2 : correlation);
  return tableText({
    title: "Does a classroom order methods as the paper's budget does?",
    columns: [
      { title: "Classroom" },
      { title: "Paper's budget" },
      ...["In common", "Seeds", "Rank correlation", "95 % interval", "Spread, %"].map((title) => ({
        title,
        align: "right" as const,
      })),
    ],
    rows: compared
      .sort((a, b) => order(b) - order(a))
      .map(({ candidate, paper, common, seeds, correlation, low, high, spread }) => [
        candidate.name,
        paper.name,
        String(common),
        String(seeds),
        number(correlation),
        Number.isNaN(low) ? "" : `${number(low)} to ${number(high)}`,
        number(100 * spread, 1),
      ]),
    note: "Rank correlation: Spearman's, of mean scores, with an interval over resampled seeds of both. Spread: mean distance of two methods' scores in the classroom. Two that are told apart by a few points and a few seeds order methods by chance.",
  });
}

/**
 * Reads budgets of tables.
 * @throws {LabError} naming the file that cannot be used
 */
export function readBudgets(files: readonly string[]): Budgeted[] {
  return files.flatMap((file) => {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      throw new LabError(`Cannot read ${file}.`);
    }
    return budgetsOf(parseCsv(text, file), file);
  });
}
