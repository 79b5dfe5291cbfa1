import "../node/host.js";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { deflateRawSync } from "node:zlib";
import { type Config, restoreConfig, type ScoreMeasure } from "../config.js";
import { environmentVersion } from "../envs/index.js";
import { workFolder } from "../node/project.js";
import { threadSeconds } from "../node/thread-time.js";
import { extendedState } from "../training/extend.js";
import type { TrainingRecord, TrainState } from "../training/records.js";
import { scoreMeasure } from "../training/score.js";
import { type Checkpoint, readCheckpoint, type Shapes, writeCheckpoint } from "./checkpoint.js";
import { endFacts } from "./checkpoint-file.js";
import { onDisk, onReading, oneLine, RunError, TEMPORARY, writeAtomically } from "./disk.js";
import {
  beginFile,
  checkLength,
  continueFile,
  damaged,
  type GrowingFile,
  type Part,
  readEnd,
  readPart,
} from "./growing-file.js";
import { acquireLease, leaseHolder, observationSeconds } from "./lease.js";
import { decodeMasks, type MaskMoment } from "./mask-history.js";
import { firstFault, summarySchema } from "./schemas.js";
import { type MetricsRow, parseTable, type TimingRow, type TopologyRow } from "./metrics.js";
import {
  appendRecords,
  canonical,
  CHECKPOINT,
  CONFIG,
  configText,
  type FileName,
  GROWING,
  identityOf,
  nameOf,
} from "./run-files.js";
import { sha256 } from "./sha256.js";
import { HEADERS } from "./tables.js";

const SUMMARY = "summary.json";

/** Summary of a complete run, its summary.json. */
export interface RunSummary {
  /**
   * The paper's score: the mean win rate of the last `evaluation.window` evaluations, 0..1, or their mean return where
   * `evaluation.score` is "return".
   */
  readonly score: number;
  /** Win rate of each evaluation, oldest first; absent where the score is a return. */
  readonly winRates?: readonly number[];
  /** Mean return of each evaluation, oldest first; only where the score is a return. */
  readonly returns?: readonly number[];
  /** Environment steps of training; the last episode may have gone beyond `config.steps`. */
  readonly steps: number;
  /** Training episodes. */
  readonly episodes: number;
  /** Gradient updates. */
  readonly updates: number;
  /**
   * Wall-clock seconds of training over all resumes, including time that the machine spent on other work. In a run that
   * continues another they count, like steps and updates, from the other's beginning.
   */
  readonly seconds: number;
  /**
   * Processor seconds of the training thread over all resumes; absent for vectorised runs and where the system does not
   * report them.
   */
  readonly processorSeconds?: number;
  /** Environment steps a second, training and evaluation included. */
  readonly stepsPerSecond: number;
  /** Parameters of the online networks that are not pruned, biases included. */
  readonly parameters: number;
  /**
   * Cost of the networks by the paper's equations 8 to 24: weights and biases that training holds, and floating point
   * operations of one update and of one step of acting.
   */
  readonly cost: RunCost & {
    /** The same figures divided by those of the dense networks. */
    readonly relative: RunCost;
  };
  /** The device that computed the networks and the number of vectorised runs; absent for the sparse engine. */
  readonly device?: string;
  /**
   * The kernels of the sparse engine at the end of the run, for example "native, AVX2"; all kernels give the same
   * numbers. Absent in runs of older versions.
   */
  readonly kernels?: string;
  /**
   * Episodes of training and evaluations that were discarded because the environment failed, and its last failure;
   * absent where there were none.
   */
  readonly lost?: {
    /** Number of these episodes. */
    readonly episodes: number;
    /** Message of the last failure. */
    readonly last: string;
  };
  /** Commit of the code that finished the run, with "+" when files had been changed; absent without git. */
  readonly commit?: string;
  /** Time at which the run was completed, ISO 8601. */
  readonly finished: string;
  /** Length and checksum of each growing file, by which a complete run is checked; absent in runs of older versions. */
  readonly files?: Readonly<Record<string, Part>>;
  /** SHA-256 of the configuration and of everything else in this summary. */
  readonly sha256?: string;
}

/** The columns of the paper's Table 1. */
export interface RunCost {
  /** Weights and biases that training holds, target networks included: column "Total Size". */
  readonly totalSize: number;
  /** Floating point operations of one update: column "FLOPs (Train)". */
  readonly trainFlops: number;
  /** Floating point operations of one step of acting: column "FLOPs (Test)". */
  readonly inferenceFlops: number;
}

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

/** A run that this process works on. */
export interface OpenRun {
  readonly name: string;
  readonly directory: string;
  /** State from which training continues; absent at the beginning. */
  readonly resume?: TrainState;
  /** Present when training has already ended and only the summary is missing. */
  readonly end?: Checkpoint["end"];
  /** Wall-clock seconds of training so far, over all resumes. */
  seconds(): number;
  /** Processor seconds of the training threads over all resumes; undefined where those of one thread are unknown. */
  processorSeconds(): number | undefined;
  /** Appends a record to the run's files. A checkpoint or the end is synced to the disk when this returns. */
  write(record: TrainingRecord): void;
  /** Marks the run complete. */
  finish(summary: RunSummary): void;
  /** Releases the run for other processes. */
  close(): void;
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
 * Begins or continues the run of a configuration, with this process as its only writer. Records after the last
 * checkpoint are removed, so that the repeated training writes the same files as an uninterrupted run.
 *
 * An earlier process of the run may have been frozen at any point of its work and wake up later. It notices before it
 * writes that it has lost the lease. If it was frozen between that check and the writing, it writes to files without a
 * name: when a run is taken over, its growing files are copied and temporary files are removed.
 *
 * @param options.shapes shapes of the parameters, to be stored in checkpoints
 * @param options.ancestor folder of the complete run that this run continues; its files and its last state are copied
 *   when this run has no checkpoint yet
 * @param options see `acquireLease`
 * @throws {RunTakenError} when another process works on it
 * @throws {RunError} when its files are damaged, or writing fails
 */
export async function openRun(
  config: Config,
  options: {
    readonly runs?: string;
    readonly shapes?: Shapes;
    readonly ancestor?: string;
    readonly token?: string;
    readonly signal?: AbortSignal;
    readonly onWait?: (line: string) => void;
  } = {},
): Promise<OpenRun> {
  const name = runName(config);
  const directory = join(runsDirectory(options.runs), name);
  onDisk(directory, () => makeFolder(directory));
  const lease = await acquireLease(directory, options);
  const open = new Map<FileName, GrowingFile>();
  const close = () => {
    open.forEach((file) => file.close());
    open.clear();
    lease.release();
  };
  try {
    removeTemporaries(directory);
    keepConfig(directory, config, lease.check);
    const path = join(directory, CHECKPOINT);
    const checkpoint = existsSync(path) ? readCheckpoint(path, [name]) : undefined;
    const inherited =
      checkpoint === undefined && options.ancestor !== undefined ? inherit(options.ancestor, config) : undefined;
    for (const file of Object.keys(GROWING) as FileName[]) {
      const from = checkpoint && partOf(checkpoint, file);
      open.set(
        file,
        from
          ? continueFile(join(directory, file), from, lease.check)
          : beginFile(join(directory, file), inherited?.files[file] ?? GROWING[file], lease.check),
      );
    }
    const from = checkpoint ?? inherited?.checkpoint;
    // Files of parts and weights may have moved since: the paths in the run's config.json count.
    const writes = writer({ name, directory, config: readConfig(directory) }, open, from, options.shapes, lease.check);
    // From now on the ancestor is no longer needed.
    if (inherited !== undefined) {
      const { state } = inherited.checkpoint;
      const { step, episode } = state.progress;
      writes.write({ kind: "checkpoint", step, episode, state });
    }
    return {
      name,
      directory,
      end: checkpoint?.end,
      resume: from?.state,
      close,
      ...writes,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Copies the files and the final state of the run that this run continues. */
function inherit(
  ancestor: string,
  config: Config,
): { readonly checkpoint: Checkpoint; readonly files: Readonly<Partial<Record<FileName, Buffer>>> } {
  const { end: _, ...checkpoint } = readRunCheckpoint(ancestor);
  const { steps } = readConfig(ancestor);
  const files = Object.keys(GROWING).map((file) => [file, readGrowing(ancestor, file as FileName)]);
  return {
    checkpoint: { ...checkpoint, state: extendedState(checkpoint.state, steps, config) },
    files: Object.fromEntries(files) as Partial<Record<FileName, Buffer>>,
  };
}

function partOf({ lengths, sums }: Checkpoint, file: FileName): Partial<Part> & { readonly bytes: number } {
  const sha256 = sums?.[file];
  return { bytes: lengths[file] ?? 0, sha256 };
}

/**
 * Makes the functions that write a run's files.
 * @param held called before writing; it throws when this process has lost the run
 */
function writer(
  { name, directory, config }: { readonly name: string; readonly directory: string; readonly config: Config },
  open: ReadonlyMap<FileName, GrowingFile>,
  from: Checkpoint | undefined,
  shapes: Shapes | undefined,
  held: () => void,
): Pick<OpenRun, "seconds" | "processorSeconds" | "write" | "finish"> {
  const started = performance.now();
  const startedProcessor = threadSeconds();
  const seconds = () => (from?.seconds ?? 0) + (performance.now() - started) / 1000;
  const processorSeconds = () => {
    const [before, now] = [from === undefined ? 0 : from.processorSeconds, threadSeconds()];
    return before === undefined || startedProcessor === undefined || now === undefined
      ? undefined
      : before + now - startedProcessor;
  };
  const append = (file: FileName, content: string | Uint8Array) => open.get(file)!.append(content);
  const start = { step: from?.state.progress.step ?? 0, seconds: from?.seconds ?? 0 };
  const appendRecord = appendRecords(append, start, seconds, deflateRawSync);
  const parts = () => [...open].map(([file, growing]) => [file, growing.written()] as const);
  const save = (state: TrainState, end?: Checkpoint["end"]) => {
    open.forEach((file) => file.sync());
    const lengths = Object.fromEntries(parts().map(([file, { bytes }]) => [file, bytes]));
    const sums = Object.fromEntries(parts().map(([file, { sha256 }]) => [file, sha256]));
    writeCheckpoint(
      join(directory, CHECKPOINT),
      {
        run: name,
        state,
        lengths,
        sums,
        seconds: seconds(),
        processorSeconds: processorSeconds(),
        end,
      },
      shapes,
      held,
    );
  };

  return {
    seconds,
    processorSeconds,
    write(record) {
      held();
      if (record.kind === "checkpoint") save(record.state);
      else if (record.kind === "end") save(record.state, endFacts(record));
      else appendRecord(record);
    },
    finish(summary) {
      held();
      const whole = { ...summary, files: Object.fromEntries(parts()) };
      writeAtomically(
        join(directory, SUMMARY),
        `${JSON.stringify({ ...whole, sha256: summaryDigest(whole, config) }, null, 2)}\n`,
        held,
      );
    },
  };
}

/** The digest covers the configuration too, so that neither file can be changed or exchanged alone. */
function summaryDigest(summary: object, config: Config): string {
  return createHash("sha256")
    .update(canonical({ config, summary: { ...summary, sha256: undefined } }))
    .digest("hex");
}

/** Removes temporary files of killed or frozen processes, so that these can no longer rename them. */
function removeTemporaries(directory: string): void {
  for (const file of readdirSync(directory))
    if (file.endsWith(TEMPORARY))
      onDisk(join(directory, file), () => rmSync(join(directory, file), { force: true, recursive: true }));
}

/** Makes a folder and those above it. (Node's option `recursive` reports ENOENT where the disk is read-only.) */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    // Another process may have made the folder meanwhile. If it is not a folder, writing the first file in it will
    // fail.
    if (!existsSync(path)) mkdirSync(path);
  }
}

/** Writes the configuration of a new run. The configuration of an existing run must not have changed. */
function keepConfig(directory: string, config: Config, held: () => void): void {
  const path = join(directory, CONFIG);
  if (!existsSync(path)) return writeAtomically(path, configText(config), held);
  if (canonical(identityOf(readConfig(directory))) !== canonical(identityOf(config))) {
    throw new RunError(
      `${path} is not the configuration that its folder is named after: it was changed. Restore it, or move the folder away to start this run anew.`,
    );
  }
}

/**
 * Reads the configuration of a run with the values that were given for it.
 * @throws {RunError} when its config.json is damaged, or from a version of mast-lab that kept no given values
 */
function readConfig(directory: string): Config {
  const path = join(directory, CONFIG);
  if (!existsSync(path))
    throw new RunError(`${path} is not there: put a good copy in its place, or move its folder away.`);
  const kept = readJson(path);
  const {
    given,
    environmentVersion: version,
    ...complete
  } = Object(kept) as { readonly given?: unknown; readonly environmentVersion?: unknown };
  if (given === undefined) {
    throw new RunError(
      `${path} has no field "given" for the settings of its run: it was changed, or an earlier version of mast-lab or another program wrote it. Move its folder away.`,
    );
  }
  let config: Config;
  try {
    config = restoreConfig(given, complete);
  } catch (error) {
    // A file of unknown origin may hold anything; an error in it must not affect other runs.
    throw new RunError(
      `${path} cannot be used: ${oneLine((error as Error).message)}. Restore it, or move its folder away.`,
      { cause: error },
    );
  }
  const now = environmentVersion(config);
  if (version !== now) {
    throw new RunError(
      `${path} is of a run under version ${String(version ?? 1)} of the rules of ${config.environment}, and this mast-lab plays version ${now ?? 1}: move its folder away and train it again.`,
    );
  }
  return config;
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

/**
 * Returns the series from which a complete run's score is computed: the win rate of each evaluation, or its mean return
 * where `evaluation.score` is "return", oldest first.
 */
export function scoredSeries({ winRates, returns }: Pick<RunSummary, "winRates" | "returns">): readonly number[] {
  return returns ?? winRates ?? [];
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
function readGrowing(directory: string, file: FileName): Buffer | undefined {
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

/**
 * Reads the summary of a complete run; undefined for any other.
 * @throws {RunError} when it is damaged
 */
function readSummary(directory: string, config: Config): RunSummary | undefined {
  const path = join(directory, SUMMARY);
  if (!existsSync(path)) return undefined;
  const read = summarySchema.safeParse(readJson(path));
  const refuse = (why: string): never => {
    throw new RunError(
      `${path} ${why}: put a good copy in its place, or remove it, and the same command completes the run again.`,
    );
  };
  if (!read.success) return refuse(`is not a summary of a run (${firstFault(read.error)})`);
  const summary: RunSummary = read.data;
  if (summary.sha256 !== undefined && summary.sha256 !== summaryDigest(summary, config))
    return refuse("is not what the run ended with: it, or the config.json beside it, was changed");
  return summary;
}

function readJson(path: string): unknown {
  const text = onReading(path, () => readFileSync(path, "utf8"));
  if (text.trim() === "")
    throw new RunError(`${path} is empty: put a good copy in its place, or move its folder away.`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RunError(`${path} is not valid JSON: put a good copy in its place, or move its folder away.`, {
      cause: error,
    });
  }
}
