import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import { readNamedFile, writeNamed } from "../node/files.js";
import { replaceFile } from "../runs/disk.js";
import { acquireLease, RunTakenError } from "../runs/lease.js";
import type { MetricsRow } from "../runs/metrics.js";
import { runName, type StoredRun } from "../runs/store.js";
import { runCost } from "../runs/summary.js";
import { measuredBy, scoredEvaluations, scoreMeasure } from "../training/score.js";
import { type CsvRow, parseCsv, rowsCsv } from "./csv.js";
import { evaluationRows, runRows } from "./frame.js";
import { RESULTS_ADVICE } from "./place.js";
import { summaryOf } from "./scores.js";

/**
 * Complete runs in two committed tables: runs-PROFILE.csv has a row for each run, runs-evaluations-PROFILE.csv its
 * curve. On another machine, where the folders of runs are missing, they suffice for every table and curve. A run is
 * found in them by its name, which includes the hash of its configuration and of its environment's rules.
 */
export interface KeptRuns {
  /** Rows of the runs, by the name of the run. */
  readonly rows: ReadonlyMap<string, CsvRow>;
  /** Rows of their evaluations, by the name of the run. */
  readonly evaluations: ReadonlyMap<string, readonly CsvRow[]>;
}

/** Facts about a kept run besides its results. */
export interface KeptFacts {
  /** Hash of what the engine computes: a run with another fingerprint has other bits, see `trainingFingerprint`. */
  readonly fingerprint: string;
}

/** Returns the paths of a profile's tables in a folder of results. */
export function keptPaths(profile: string, folder: string): { readonly runs: string; readonly evaluations: string } {
  return {
    runs: join(folder, `runs-${profile}.csv`),
    evaluations: join(folder, `runs-evaluations-${profile}.csv`),
  };
}

/**
 * Reads the runs that are kept in a folder.
 * @throws {LabError} naming the file when it is damaged
 */
export function readKept(profile: string, folder: string): KeptRuns {
  const paths = keptPaths(profile, folder);
  const read = (path: string): CsvRow[] => (existsSync(path) ? parseCsv(readNamedFile(path, "the results"), path) : []);
  return {
    rows: new Map(read(paths.runs).map((row) => [String(row["run"]), row])),
    evaluations: curvesByRun(read(paths.evaluations)),
  };
}

/** Groups rows of evaluations by the name of their run, in the order of the table. */
export function curvesByRun(rows: readonly CsvRow[]): Map<string, CsvRow[]> {
  const curves = new Map<string, CsvRow[]>();
  for (const row of rows) {
    const run = String(row["run"]);
    const curve = curves.get(run);
    if (curve === undefined) curves.set(run, [row]);
    else curve.push(row);
  }
  return curves;
}

/**
 * Adds a complete run to the tables; an existing row of the run is replaced. Processes that add runs at the same time
 * take turns. A process that is killed meanwhile leaves the tables as they were, or with the curve of a run but not its
 * row; the run then counts as missing.
 *
 * @throws {LabError} in one line when a table cannot be written or is damaged
 */
export async function keepRun(
  run: StoredRun,
  { fingerprint }: KeptFacts,
  profile: string,
  folder: string,
): Promise<void> {
  const paths = keptPaths(profile, folder);
  const summary = summaryOf(run);
  const [row] = runRows([run], { run: run.name });
  const kept = {
    ...row,
    coreHours: Number(((summary.processorSeconds ?? summary.seconds) / 3600).toPrecision(6)),
    trained: summary.steps,
    episodes: summary.episodes,
    updates: summary.updates,
    kernels: summary.kernels ?? "",
    finished: summary.finished,
    fingerprint,
  };
  // Values in the run's row are not repeated in each row of its curve.
  const curve = evaluationRows(run).map(
    ({ run: name, step, episodes, winRate, episodeReturn, episodeLength, estimatedValue, trueValue }) => ({
      run: name,
      step,
      episodes,
      winRate,
      episodeReturn,
      episodeLength,
      estimatedValue,
      trueValue,
    }),
  );
  await alone(folder, () => {
    // The curve is written first, because a run counts as kept when its row exists.
    write(paths.evaluations, run.name, curve);
    write(paths.runs, run.name, [kept]);
  });
}

/** Replaces the rows of a run in a table and keeps all others. */
function write(path: string, run: string, rows: readonly CsvRow[]): void {
  const before = existsSync(path) ? parseCsv(readFileSync(path, "utf8"), path) : [];
  writeNamed(path, RESULTS_ADVICE, () =>
    replaceFile(path, `${rowsCsv([...before.filter((row) => row["run"] !== run), ...rows])}\n`),
  );
}

/** Runs an action on the tables of a folder while no other process changes them. */
async function alone(folder: string, action: () => void): Promise<void> {
  writeNamed(folder, RESULTS_ADVICE, () => mkdirSync(folder, { recursive: true }));
  for (;;) {
    try {
      const lease = await acquireLease(folder);
      try {
        return action();
      } finally {
        lease.release();
      }
    } catch (error) {
      if (!(error instanceof RunTakenError)) throw error;
      await pause(50);
    }
  }
}

/**
 * Reads a kept run as if it were in the run store, with its configuration, its summary and its evaluations. It has no
 * folder, and so no masks and weights.
 *
 * @returns undefined if the run is not kept
 * @throws {LabError} when its curve does not agree with its row
 */
export function keptRun(config: Config, { rows, evaluations }: KeptRuns, path: string): StoredRun | undefined {
  const name = runName(config);
  const row = rows.get(name);
  if (row === undefined) return undefined;
  const number = (field: string, from: CsvRow = row): number => {
    const value = from[field];
    return typeof value === "number" ? value : NaN;
  };
  const curve = [...(evaluations.get(name) ?? [])].sort((a, b) => number("step", a) - number("step", b));
  const measure = scoreMeasure(config);
  const series = curve.map((one) =>
    measuredBy(measure, { winRate: number("winRate", one), episodeReturn: number("episodeReturn", one) }),
  );
  const scored = scoredEvaluations(series, config.evaluation.window);
  const score = scored.reduce((sum, value) => sum + value, 0) / scored.length;
  // Numbers in the tables have six digits.
  if (!(Math.abs(score - number("score")) < 1e-5 * Math.max(1, Math.abs(score))))
    throw new LabError(
      `${path}: the ${curve.length} evaluations of ${name} give a score of ${score}, but its row has ${row["score"]}: take both tables from the same commit.`,
    );
  const metrics = curve.map((one): MetricsRow => {
    const values = Object.fromEntries(MEASURED.map((field) => [field, number(field, one)]));
    return { ...EMPTY, ...values, kind: "evaluation" } as MetricsRow;
  });
  const processorSeconds = number("processorSeconds");
  return {
    name,
    directory: "",
    config,
    state: "complete",
    step: number("trained"),
    ...(measure === "return" ? { episodeReturn: series.at(-1)! } : { winRate: series.at(-1)! }),
    metrics,
    summary: {
      score,
      ...(measure === "return" ? { returns: series } : { winRates: series }),
      steps: number("trained"),
      episodes: number("episodes"),
      updates: number("updates"),
      seconds: number("seconds"),
      processorSeconds: Number.isNaN(processorSeconds) ? undefined : processorSeconds,
      stepsPerSecond: number("stepsPerSecond"),
      parameters: number("parameters"),
      cost: runCost(config),
      kernels: String(row["kernels"] ?? ""),
      commit: row["commit"] === "" ? undefined : String(row["commit"]),
      finished: String(row["finished"]),
    },
  };
}

/** Columns of a kept curve. */
const MEASURED = [
  "step",
  "episodes",
  "winRate",
  "episodeReturn",
  "episodeLength",
  "estimatedValue",
  "trueValue",
] as const;

/** A row of metrics without the measured values. */
const EMPTY: Omit<MetricsRow, "kind" | (typeof MEASURED)[number]> = {
  episode: NaN,
  update: NaN,
  epsilon: NaN,
  loss: NaN,
  gradientNorm: NaN,
  qTotal: NaN,
  target: NaN,
};
