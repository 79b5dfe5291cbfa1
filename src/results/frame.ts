import type { DataFrame } from "danfojs-node";
import type { MethodStatistics } from "./methods.js";
import type { StoredRun } from "./store.js";

/**
 * Complete runs as a tidy danfojs frame, a row a run: what was trained (environment, method, sparsity, seed, steps), what came of it
 * (score and last win rate as shares, seconds, steps a second, parameters left, size and FLOPs relative to dense) and the commit.
 *
 * @throws {Error} when a run is not complete, naming it
 * @example
 * const frame = await runsFrame(runs);
 * frame.groupby(["method"]).col(["score"]).mean().print();
 */
export async function runsFrame(runs: readonly StoredRun[], labels: Readonly<Record<string, string>> = {}): Promise<DataFrame> {
  return frameOf(runs.map((run) => {
    const { config, summary } = run;
    if (summary === undefined) throw new Error(`Run ${run.name} is ${run.state}: only complete runs have results.`);
    const { environment, rules, algorithm, method, sparsity, seed, steps } = config;
    const { totalSize, trainFlops, inferenceFlops } = summary.cost.relative;
    return {
      ...labels,
      environment, rules, algorithm, method, sparsity: sparsity.level, seed, steps,
      score: rounded(summary.score), lastWinRate: rounded(summary.winRates.at(-1) ?? NaN),
      seconds: rounded(summary.seconds), stepsPerSecond: Math.round(summary.stepsPerSecond), parameters: summary.parameters,
      totalSize: rounded(totalSize), trainFlops: rounded(trainFlops), inferenceFlops: rounded(inferenceFlops),
      commit: summary.commit ?? "",
    };
  }));
}

/**
 * Statistics of methods as a tidy danfojs frame, a row a method.
 *
 * @example
 * (await methodsFrame(methodStatistics(runs))).print();
 */
export function methodsFrame(statistics: readonly MethodStatistics[], labels: Readonly<Record<string, string>> = {}): Promise<DataFrame> {
  return tidyFrame(statistics, labels);
}

/**
 * Rows of words and numbers as a tidy danfojs frame: the labels first, then every field that one of the rows has, numbers with six digits. What a row does not
 * have is empty.
 *
 * @example
 * const frame = await tidyFrame(reduction.settings, { experiment: "lambda" });
 */
export function tidyFrame(rows: readonly object[], labels: Readonly<Record<string, string>> = {}): Promise<DataFrame> {
  const fields = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value: unknown): unknown => (typeof value === "number" ? rounded(value) : (value ?? ""));
  return frameOf(rows.map((row) => ({ ...labels, ...Object.fromEntries(fields.map((field) => [field, cell((row as Record<string, unknown>)[field])])) })));
}

async function frameOf(rows: readonly object[]): Promise<DataFrame> {
  // A second to load, which only those who want a frame should wait for.
  const { DataFrame: Frame } = (await import("danfojs-node")).default;
  return new Frame([...rows]);
}

/** A frame as comma separated values, with a header. */
export function frameCsv(frame: DataFrame): string {
  const cell = (value: unknown) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return [frame.columns, ...(frame.values as unknown[][])].map((row) => row.map(cell).join(",")).join("\n");
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
