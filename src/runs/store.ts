import "../node/host.js";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Config, ScoreMeasure } from "../config.js";
import { workFolder } from "../node/project.js";
import { scoreMeasure } from "../training/score.js";
import { type Checkpoint, partOf, readCheckpoint } from "./checkpoint.js";
import { readConfig } from "./config-file.js";
import { onReading, oneLine, RunError } from "./disk.js";
import { checkLength, damaged, readEnd, readPart } from "./growing-file.js";
import { leaseHolder, observationSeconds } from "./lease.js";
import { decodeMasks, type MaskMoment } from "./mask-history.js";
import { type MetricsRow, parseTable, type TimingRow, type TopologyRow } from "./metrics.js";
import { CHECKPOINT, CONFIG, type FileName, GROWING, nameOf } from "./run-files.js";
import { sha256 } from "./sha256.js";
import { readSummary, type RunSummary, SUMMARY } from "./summary-file.js";
import { HEADERS } from "./tables.js";

/** State of a run: it has reached its end, is being trained by a process now, or was left before its end. */
export type RunState = "complete" | "running" | "interrupted";

/** A run on disk. */
export interface StoredRun {
  /** Name of the run's folder. */
  readonly name: string;
  /** Path of the run's folder. */
  readonly directory: string;
  /** Complete configuration of the run. */
  readonly config: Config;
  /** Whether it is complete, running or interrupted. */
  readonly state: RunState;
  /** Environment steps up to the last record. */
  readonly step: number;
  /** Win rate of the last evaluation, 0..1; absent before the first, and where scores are returns. */
  readonly winRate?: number;
  /** Mean return of the last evaluation, only where scores are returns; absent before the first. */
  readonly episodeReturn?: number;
  /** Rows of its metrics.csv, oldest first. */
  readonly metrics: readonly MetricsRow[];
  /** Summary, present when the run is complete. */
  readonly summary?: RunSummary;
}

/** A folder among the runs that cannot be used, because it is damaged or was written by another program. */
export interface DamagedRun {
  /** Name of the folder. */
  readonly name: string;
  /** Path of the folder. */
  readonly directory: string;
  /** Tells a damaged run from a `StoredRun`. */
  readonly state: "damaged";
  /** Says in one line what is wrong and what to do. */
  readonly problem: string;
  /** Always undefined; it lets code read the field before it has checked the state. */
  readonly config?: undefined;
  /** Always undefined; it lets code read the field before it has checked the state. */
  readonly summary?: undefined;
}

/**
 * Returns the folder of runs: the argument, or the environment variable MAST_RUNS, or the project's data/runs. A
 * relative argument starts from the working directory. A relative MAST_RUNS starts from the project's folder (see
 * `workFolder`), so that it means the same place for the command line, for notebooks, which run in notebooks/, and for
 * their workers.
 */
export function runsDirectory(runs?: string): string {
  if (runs !== undefined && runs !== "") return resolve(runs);
  return resolve(workFolder(), process.env["MAST_RUNS"] || join("data", "runs"));
}

/**
 * Makes the name of a run's folder: its main settings for people, and a hash of the complete configuration.
 * @example
 * runName(resolveConfig({ environment: "3m", steps: 200_000 })); // "3m-qmix-mast-95-200k-seed1-5b0c3f6a"
 */
export function runName(config: Config): string {
  return nameOf(config, sha256());
}

/**
 * Finds a run by its name, a unique beginning of its name, its hash, or its folder.
 * @throws {RunError} when there is none, or more than one
 */
export function findRun(run: string, options: { readonly runs?: string } = {}): string {
  if (existsSync(join(run, CONFIG))) return resolve(run);
  const runs = runsDirectory(options.runs);
  const names = runNames(runs);
  const found = names.includes(run) ? [run] : names.filter((name) => name.startsWith(run) || name.endsWith(`-${run}`));
  if (found.length === 1) return join(runs, found[0]);
  if (found.length === 0) throw new RunError(`No run "${run}" in ${runs}; \`mast runs\` lists what is there.`);
  throw new RunError(`"${run}" could be ${found.join(" or ")}: give more of the name.`);
}

/**
 * Reads a run, also one that is being trained. The tables of a complete run are checked against its summary.
 * @throws {RunError} when there is none of that name, or its files are damaged
 * @example
 * const { metrics, summary } = readRun("3m-qmix-mast-95-200k-seed1");
 */
export function readRun(run: string, options: { readonly runs?: string } = {}): StoredRun {
  return withMetrics(lookInto(findRun(run, options)));
}

/** Reads the metrics of a run at once; otherwise they are read on first use. */
function withMetrics(stored: StoredRun): StoredRun {
  return { ...stored, metrics: stored.metrics };
}

/**
 * Reads the run of a configuration; undefined when it was never begun.
 * @throws {RunError} when its files are damaged
 */
export function runOf(config: Config, options: { readonly runs?: string } = {}): StoredRun | undefined {
  const directory = directoryOf(config, options);
  return existsSync(join(directory, CONFIG)) ? readRun(directory) : undefined;
}

/** Tells whether there is a checkpoint from which the run of a configuration continues. */
export function hasCheckpoint(config: Config, options: { readonly runs?: string } = {}): boolean {
  return existsSync(join(directoryOf(config, options), CHECKPOINT));
}

/** Returns the folder of a configuration's run, whether it exists or not. */
export function directoryOf(config: Config, options: { readonly runs?: string } = {}): string {
  return join(runsDirectory(options.runs), runName(config));
}

/**
 * Lists all runs by name. Only the ends of their files are read; the metrics of a run are read when its field `metrics`
 * is used. Folders that look like a run but cannot be used are listed with state "damaged" and what to do; other
 * folders are ignored.
 * @example const complete = listRuns().filter((run) => run.state === "complete");
 */
export function listRuns(options: { readonly runs?: string } = {}): (StoredRun | DamagedRun)[] {
  const runs = runsDirectory(options.runs);
  return runNames(runs).map((name) => inspectRun(join(runs, name)));
}

/**
 * Lists all runs as `listRuns` does, but first finds out which runs are being trained. If a process on another machine
 * holds a run, its heartbeat is observed for some seconds.
 */
export async function watchAndListRuns(options: { readonly runs?: string } = {}): Promise<(StoredRun | DamagedRun)[]> {
  const listed = listRuns(options);
  const end = performance.now() + 1000 * observationSeconds();
  const undecided = () =>
    listed.some(({ state, directory }) => state === "running" && leaseHolder(directory)?.life === "unknown");
  if (!undecided()) return listed;
  while (undecided() && performance.now() < end) await pause(250);
  return listRuns(options);
}

/**
 * Reads a run by its folder, as `listRuns` does: damage is returned, not thrown.
 * @param options.whole also reads the metrics, which are checked in a complete run
 */
export function inspectRun(directory: string, options: { readonly whole?: boolean } = {}): StoredRun | DamagedRun {
  try {
    const stored = lookInto(directory);
    return options.whole ? withMetrics(stored) : stored;
  } catch (error) {
    return { name: basename(directory), directory, state: "damaged", problem: oneLine((error as Error).message) };
  }
}

/** Reads the topology evolutions of a run, one row for each layer. */
export function readTopology(run: string, options: { readonly runs?: string } = {}): TopologyRow[] {
  return readRows(findRun(run, options), "topology.csv");
}

/** Reads how long the steps of a run took. */
export function readTiming(run: string, options: { readonly runs?: string } = {}): TimingRow[] {
  return readRows(findRun(run, options), "timing.csv");
}

/** Reads the masks of a run over time, oldest first. */
export function readMasks(run: string, options: { readonly runs?: string } = {}): MaskMoment[] {
  const directory = findRun(run, options);
  const content = readGrowing(directory, "masks.bin");
  if (content === undefined) return [];
  try {
    return decodeMasks(content);
  } catch {
    throw damaged(join(directory, "masks.bin"), "it does not hold masks");
  }
}

/**
 * Reads the last checkpoint of a run: parameters, masks and replay buffers.
 * @throws {RunError} when there is none yet, or when it is damaged or of another run
 */
export function readRunCheckpoint(run: string, options: { readonly runs?: string } = {}): Checkpoint {
  const directory = findRun(run, options);
  const path = checkpointPath(directory);
  const checkpoint = readCheckpoint(path, runNamesOf(directory));
  const summary = readSummary(directory, readConfig(directory));
  if (summary !== undefined && checkpoint.end?.step !== summary.steps) {
    throw new RunError(
      `Checkpoint ${path} cannot be used: it is of step ${checkpoint.state.progress.step}, and its run ended at step ${summary.steps}. Put a good copy in its place, or move its folder away to start this run anew.`,
    );
  }
  return checkpoint;
}

/** Returns the step of a run's last checkpoint; undefined when there is none that can be read. */
export function checkpointStep(directory: string): number | undefined {
  try {
    return readCheckpoint(join(directory, CHECKPOINT)).state.progress.step;
  } catch {
    return undefined;
  }
}

/**
 * Returns the names that the run of a checkpoint in a folder may have: the folder's, and that of its configuration in
 * case the folder was renamed.
 */
export function runNamesOf(directory: string): string[] {
  return [basename(directory), runName(readConfig(directory))];
}

/**
 * Returns the path of a run's checkpoint.
 * @throws {RunError} when the run has none yet
 */
export function checkpointPath(run: string, options: { readonly runs?: string } = {}): string {
  const path = join(findRun(run, options), CHECKPOINT);
  if (!existsSync(path))
    throw new RunError(`${path} does not exist yet: the run has not reached its first checkpoint.`);
  return path;
}

/** Reads a run by the ends of its files only. */
function lookInto(directory: string): StoredRun {
  const config = readConfig(directory);
  const summary = readSummary(directory, config);
  let rows: readonly MetricsRow[] | undefined;
  const found =
    summary === undefined
      ? {
          ...lastMetrics(join(directory, "metrics.csv"), scoreMeasure(config)),
          state: isTrained(directory) ? ("running" as const) : ("interrupted" as const),
        }
      : { ...endOf(summary), state: "complete" as const, summary };
  for (const [file, part] of Object.entries(summary?.files ?? {}))
    if (file in GROWING) checkLength(join(directory, file), part.bytes);
  return {
    name: basename(directory),
    directory,
    config,
    ...found,
    get metrics() {
      return (rows ??= readRows<MetricsRow>(directory, "metrics.csv"));
    },
  };
}

/**
 * Tells whether a process works on a run, as far as can be seen without waiting. A process of unknown state counts as
 * working.
 */
function isTrained(directory: string): boolean {
  const holder = leaseHolder(directory);
  return holder !== undefined && holder.life !== "gone";
}

function endOf({ steps, winRates, returns }: RunSummary): Pick<StoredRun, "step" | "winRate" | "episodeReturn"> {
  return { step: steps, ...lastOf({ winRate: winRates?.at(-1), episodeReturn: returns?.at(-1) }) };
}

/** Keeps the last win rate and return that are present. */
function lastOf({
  winRate,
  episodeReturn,
}: {
  readonly winRate?: number | undefined;
  readonly episodeReturn?: number | undefined;
}): Pick<StoredRun, "winRate" | "episodeReturn"> {
  return { winRate, episodeReturn };
}

/** Reads the progress of a run from the end of its metrics.csv, back to its last evaluation. */
function lastMetrics(path: string, measure: ScoreMeasure): Pick<StoredRun, "step" | "winRate" | "episodeReturn"> {
  const rows = existsSync(path)
    ? parseTable<MetricsRow>(`${HEADERS.metrics}${readEnd(path, "evaluation,")}`, path)
    : [];
  const last = rows.filter(({ kind }) => kind === "evaluation").at(-1);
  return {
    step: rows.reduce((latest, row) => Math.max(latest, row.step), 0),
    ...lastOf(measure === "return" ? { episodeReturn: last?.episodeReturn } : { winRate: last?.winRate }),
  };
}

/** Reads a table of a run, which is checked if the run is complete. */
function readRows<Row>(directory: string, file: Exclude<FileName, "masks.bin">): Row[] {
  const content = readGrowing(directory, file);
  return content === undefined ? [] : parseTable<Row>(content.toString("utf8"), join(directory, file));
}

/**
 * Reads a growing file; undefined when it does not exist. In a complete run its content must be exactly that at the end
 * of the run.
 */
export function readGrowing(directory: string, file: FileName): Buffer | undefined {
  const path = join(directory, file);
  const part = readSummary(directory, readConfig(directory))?.files?.[file];
  if (part !== undefined) return readPart(path, part);
  checkInterrupted(directory, file);
  return existsSync(path) ? onReading(path, () => readFileSync(path)) : undefined;
}

/** Checks the part of a growing file that the last checkpoint records, while nobody works on the run. */
function checkInterrupted(directory: string, file: FileName): void {
  const path = join(directory, CHECKPOINT);
  if (leaseHolder(directory) !== undefined || !existsSync(path)) return;
  const { bytes, sha256 } = partOf(readCheckpoint(path), file);
  if (sha256 !== undefined) readPart(join(directory, file), { bytes, sha256 });
}

/** Lists the folders that are, or were, runs. */
function runNames(runs: string): string[] {
  if (!existsSync(runs) || !statSync(runs).isDirectory()) return [];
  return onReading(runs, () => readdirSync(runs))
    .filter((name) => [CONFIG, SUMMARY, CHECKPOINT, "metrics.csv"].some((file) => existsSync(join(runs, name, file))))
    .sort();
}
