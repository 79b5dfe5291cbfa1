import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { LabError } from "../../src/errors.js";
import { tableText } from "../../src/figures/table.js";
import { type CsvRow, parseCsv } from "../../src/results/csv.js";
import { rankCorrelation } from "../../src/results/rank-correlation.js";
import { bootstrapInterval, mean } from "../../src/results/statistics.js";
import { createRandom } from "../../src/random.js";

/** Scores of methods or settings under one budget on one map. */
export interface Budgeted {
  /** Name of the budget, such as "3m, qmix, 100000 steps (comparison-3m.csv)". */
  readonly name: string;
  readonly algorithm: string;
  /** Scores of the seeds, by the name of the method or setting. */
  readonly scores: ReadonlyMap<string, readonly number[]>;
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

/** Agreement of two budgets about the order of methods or settings. */
export interface Agreement {
  /** Number of methods or settings that both have. */
  readonly common: number;
  /** Smallest number of seeds of one of them, in either budget. */
  readonly seeds: number;
  /** Spearman's rank correlation of the mean scores; NaN if all scores of one budget are equal. */
  readonly correlation: number;
  /** 95 % bootstrap interval over the seeds of both; NaN with one seed. */
  readonly low: number;
  readonly high: number;
  /**
   * Mean distance between the scores of two methods under the first budget, which shows how visible differences are in
   * a classroom.
   */
  readonly spread: number;
}

/**
 * Computes how far one budget orders methods as another.
 * @param classroom the budget that is to replace the other
 */
export function agreement(classroom: Budgeted, paper: Budgeted): Agreement {
  const names = [...classroom.scores.keys()].filter((name) => paper.scores.has(name));
  const both = [classroom, paper].map(({ scores }) => names.map((name) => scores.get(name)!));
  const order = (groups: readonly (readonly number[])[]): number =>
    rankCorrelation(groups.slice(0, names.length).map(mean), groups.slice(names.length).map(mean));
  const seeds = Math.min(...both.flat().map(({ length }) => length));
  const enough = names.length > 2;
  const interval =
    enough && seeds > 1
      ? bootstrapInterval(both.flat(), (groups) => finite(order(groups)), { random: createRandom(0, 0) })
      : ([NaN, NaN] as const);
  const means = both[0].map(mean);
  const pairs = means.flatMap((a, i) => means.slice(i + 1).map((b) => Math.abs(a - b)));
  return {
    common: names.length,
    seeds,
    correlation: enough ? order(both.flat()) : NaN,
    low: interval[0],
    high: interval[1],
    spread: pairs.length === 0 ? 0 : mean(pairs),
  };
}

/** A resample in which all scores are equal has no order. */
function finite(correlation: number): number {
  return Number.isNaN(correlation) ? 0 : correlation;
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
      .map((paper) => ({ candidate, paper, ...agreement(candidate, paper) }))
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
