import { LabError } from "../errors.js";
import type { DataFrame } from "danfojs-node";
import { columnsOf, type CsvRow, tableCsv } from "./csv.js";
import type { MethodStatistics } from "./methods.js";
import { scoreEvaluations, summaryOf } from "./scores.js";
import type { StoredRun } from "../runs/store.js";
import { scoreMeasure } from "../training/score.js";

/**
 * Turns complete runs into tidy rows, one for each run. A row has the settings (environment, method, sparsity, seed,
 * steps), the results (score as a share and the number of evaluations in it, last win rate, seconds by the clock and by
 * the processor, steps a second, parameters left, size and FLOPs relative to dense) and the commit; and the engine, if
 * one of the runs used another than sparse. If some scores are returns, `measure` tells them apart, and `lastReturn` is
 * added to the last win rate or replaces it.
 *
 * @param among all runs of the table, which determine its columns
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
 * Turns the evaluations of a run into tidy rows: the settings, the environment step, and means over the evaluation's
 * episodes: win rate (a share), return, length in steps, mean Q_tot of the joint actions and the discounted return that
 * followed. Values that were not measured are empty.
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
 * Turns objects with texts and numbers, such as statistics, into tidy rows: the labels first, then the fields of all
 * objects. Numbers have six digits, whole numbers are in full, and missing values are empty.
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
 * Makes a danfojs frame of complete runs, with a row for each run.
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
 * Makes a danfojs frame of the statistics of methods, with a row for each method.
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
 * Makes a danfojs frame of tidy rows. A cell without a value is NaN in a column of numbers, which danfojs counts as
 * missing, and "" in a column of texts.
 *
 * @example
 * const frame = await rowsFrame(parseCsv(text, "lambda.csv"));
 * frame.groupby(["column"]).col(["score"]).mean().print();
 */
export async function rowsFrame(rows: readonly CsvRow[]): Promise<DataFrame> {
  const Frame = await loadFrame();
  // danfojs takes the columns, and their order, from the first row.
  const columns = columnsOf(rows).map((column) => {
    const cells = rows.map((row) => row[column] ?? "");
    const numbers =
      cells.some((cell) => typeof cell === "number") && cells.every((cell) => typeof cell === "number" || cell === "");
    return [column, numbers ? cells.map((cell) => (cell === "" ? NaN : cell)) : cells] as const;
  });
  return new Frame(Object.fromEntries(columns));
}

/**
 * Loads the class of danfojs-node's frames. A clone of the repository has that package; where mast-lab is installed as
 * a package its user installs danfojs-node, because npm needs the overrides in environment.md for it. It is loaded on
 * demand, since loading takes a second.
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

/** Writes a frame as comma separated values with a header, which `parseCsv` reads. */
export function frameCsv(frame: DataFrame): string {
  return tableCsv(frame.columns, frame.values as unknown[][]);
}

/** Rounds a number to six digits; whole numbers stay in full. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
