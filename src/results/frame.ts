import { LabError } from "../errors.js";
import type { DataFrame } from "danfojs-node";
import { columnsOf, type CsvRow, tableCsv } from "./csv.js";
import type { MethodStatistics } from "./methods.js";
import { scoreEvaluations, summaryOf } from "./scores.js";
import type { StoredRun } from "../runs/store.js";
import { scoreMeasure } from "../training/score.js";

/**
 * Complete runs as tidy rows, one a run: what was trained (environment, method, sparsity, seed, steps), what came of it
 * (score as a share and the number of evaluations that it is the mean of, last win rate, seconds on the clock and of
 * the processor, steps a second, parameters left, size and FLOPs relative to dense) and the commit; and with which
 * engine, where one of them has another than sparse. Where scores of some are returns, `measure` says which, and
 * `lastReturn` stands beside or in the place of the last win rate.
 *
 * @param among runs with which they share a table, and so its columns
 * @throws {Error} when a run is not complete, naming it
 * @example runRows(runs)[0].score;
 */
export function runRows(
  runs: readonly StoredRun[],
  labels: Readonly<Record<string, string>> = {},
  among = runs,
): CsvRow[] {
  const engines = among.some(({ config }) => config.engine !== "sparse");
  const measures = new Set(among.map(({ config }) => scoreMeasure(config)));
  return runs.map((run) => {
    const summary = summaryOf(run);
    const { environment, rules, algorithm, method, sparsity, seed, steps, engine } = run.config;
    const { totalSize, trainFlops, inferenceFlops } = summary.cost.relative;
    return {
      ...labels,
      environment,
      rules,
      algorithm,
      method,
      sparsity: sparsity.level,
      seed,
      steps,
      ...(engines ? { engine } : {}),
      ...(measures.has("return") ? { measure: scoreMeasure(run.config) } : {}),
      score: rounded(summary.score),
      evaluations: scoreEvaluations(run),
      ...(measures.has("win-rate") ? { lastWinRate: rounded(summary.winRates?.at(-1) ?? NaN) } : {}),
      ...(measures.has("return") ? { lastReturn: rounded(summary.returns?.at(-1) ?? NaN) } : {}),
      seconds: rounded(summary.seconds),
      processorSeconds: rounded(summary.processorSeconds ?? NaN),
      stepsPerSecond: Math.round(summary.stepsPerSecond),
      parameters: summary.parameters,
      totalSize: rounded(totalSize),
      trainFlops: rounded(trainFlops),
      inferenceFlops: rounded(inferenceFlops),
      commit: summary.commit ?? "",
    };
  });
}

/**
 * Every evaluation of a run as tidy rows: what was trained, the environment step, and the means over the evaluation's
 * episodes: win rate (a share), return, length in steps, mean Q_tot of what was played and the discounted return that
 * followed. What was not measured is empty.
 *
 * @example evaluationRows(run)[0].winRate;
 */
export function evaluationRows(run: StoredRun, labels: Readonly<Record<string, string>> = {}): CsvRow[] {
  const { environment, rules, algorithm, method, sparsity, seed, steps } = run.config;
  const cell = (value: number): string | number => (Number.isNaN(value) ? "" : rounded(value));
  return run.metrics
    .filter(({ kind }) => kind === "evaluation")
    .map(({ step, episodes, winRate, episodeReturn, episodeLength, estimatedValue, trueValue }) => ({
      ...labels,
      environment,
      rules,
      algorithm,
      method,
      sparsity: sparsity.level,
      seed,
      steps,
      run: run.name,
      step,
      episodes,
      winRate: cell(winRate),
      episodeReturn: cell(episodeReturn),
      episodeLength: cell(episodeLength),
      estimatedValue: cell(estimatedValue),
      trueValue: cell(trueValue),
    }));
}

/**
 * Statistics, or whatever else has words and numbers, as tidy rows: the labels first, then every field that one of them
 * has, numbers with six digits, whole numbers in full. What one does not have is empty.
 *
 * @example tidyRows(reduction.settings, { experiment: "lambda" });
 */
export function tidyRows(rows: readonly object[], labels: Readonly<Record<string, string>> = {}): CsvRow[] {
  const fields = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value: unknown): string | number => (typeof value === "number" ? rounded(value) : String(value ?? ""));
  return rows.map((row) => ({
    ...labels,
    ...Object.fromEntries(fields.map((field) => [field, cell((row as Record<string, unknown>)[field])])),
  }));
}

/**
 * Complete runs as a danfojs frame, a row a run.
 *
 * @throws {Error} when a run is not complete, naming it
 * @example
 * const frame = await runsFrame(runs);
 * frame.groupby(["method"]).col(["score"]).mean().print();
 */
export async function runsFrame(
  runs: readonly StoredRun[],
  labels: Readonly<Record<string, string>> = {},
): Promise<DataFrame> {
  return rowsFrame(runRows(runs, labels));
}

/**
 * Statistics of methods as a danfojs frame, a row a method.
 *
 * @example
 * (await methodsFrame(methodStatistics(runs))).print();
 */
export async function methodsFrame(
  statistics: readonly MethodStatistics[],
  labels: Readonly<Record<string, string>> = {},
): Promise<DataFrame> {
  return rowsFrame(tidyRows(statistics, labels));
}

/**
 * Tidy rows as a danfojs frame. A cell without a value is NaN among numbers, which danfojs counts as missing, and ""
 * among texts.
 *
 * @example
 * const frame = await rowsFrame(parseCsv(text, "lambda.csv"));
 * frame.groupby(["column"]).col(["score"]).mean().print();
 */
export async function rowsFrame(rows: readonly CsvRow[]): Promise<DataFrame> {
  const Frame = await loadFrame();
  // danfojs takes the columns of the first row for those of all, in its order.
  const columns = columnsOf(rows).map((column) => {
    const cells = rows.map((row) => row[column] ?? "");
    const numbers =
      cells.some((cell) => typeof cell === "number") && cells.every((cell) => typeof cell === "number" || cell === "");
    return [column, numbers ? cells.map((cell) => (cell === "" ? NaN : cell)) : cells] as const;
  });
  return new Frame(Object.fromEntries(columns));
}

/**
 * The class of danfojs-node's frames. A clone has that package; an installed one leaves it to its user, since npm
 * installs it only with the overrides that environment.md names. It takes a second to load, which only those who want a
 * frame should wait for.
 */
async function loadFrame(): Promise<new (data: object) => DataFrame> {
  try {
    return (await import("danfojs-node")).default.DataFrame;
  } catch (error) {
    throw new LabError(
      "Frames need the package danfojs-node, which cannot be loaded: install it with the overrides that environment.md names.",
      { cause: error },
    );
  }
}

/** A frame as comma separated values, with a header; `parseCsv` reads them. */
export function frameCsv(frame: DataFrame): string {
  return tableCsv(frame.columns, frame.values as unknown[][]);
}

/** A number with six digits; a whole number in full. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
