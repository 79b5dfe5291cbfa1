import "../node/host.js";
import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Config, ConfigError, givenOf, restoreConfig } from "../config.js";
import type { EndRecord, TrainingRecord, TrainState } from "../training/records.js";
import { type Checkpoint, readCheckpoint, type Shapes, writeCheckpoint } from "./checkpoint.js";
import { onDisk, RunError, writeAtomically } from "./disk.js";
import { acquireLock, lockHolder } from "./lock.js";
import { decodeMasks, encodeMasks, type MaskMoment } from "./mask-history.js";
import { HEADERS, metricsLines, type MetricsRow, parseRows, timingLines, type TimingRow, topologyLines, type TopologyRow } from "./metrics.js";

// Raised when the files of a run, or what a configuration means, change: older runs are then left alone.
const SCHEMA = 2;

const CHECKPOINT = "checkpoint.safetensors";
const SUMMARY = "summary.json";
const CONFIG = "config.json";

/** The files that grow while a run goes on, and what they start with. */
const GROWING = { "metrics.csv": HEADERS.metrics, "timing.csv": HEADERS.timing, "topology.csv": HEADERS.topology, "masks.bin": "" } as const;
type GrowingFile = keyof typeof GROWING;

/** What remains of a complete run in numbers. */
export interface RunSummary {
  /** Mean win rate of the last `evaluation.window` evaluations, 0..1: the paper's score. */
  readonly score: number;
  /** Win rate of each evaluation, oldest first. */
  readonly winRates: readonly number[];
  readonly steps: number;
  readonly episodes: number;
  readonly updates: number;
  /** Wall-clock seconds of training, over all resumes. */
  readonly seconds: number;
  /** Environment steps a second, training and evaluation included. */
  readonly stepsPerSecond: number;
  /** Parameters of the online networks that are not pruned, biases included. */
  readonly parameters: number;
  /** By the paper's equations 8 to 24: weights and biases that training holds, floating point operations of one update and of one step of acting. */
  readonly cost: RunCost & { /** The same over those of the dense networks. */ readonly relative: RunCost };
  /** What computed the networks, and how many runs side by side, where it was not the wasm engine on one core. */
  readonly device?: string;
  /** Commit of the code that finished it, with "+" when files were changed; absent without git. */
  readonly commit?: string;
  /** When it was completed, ISO 8601. */
  readonly finished: string;
}

/** The columns of the paper's Table 1. */
export interface RunCost {
  readonly totalSize: number;
  readonly trainFlops: number;
  readonly inferenceFlops: number;
}

export type RunState = "complete" | "running" | "interrupted";

/** A run as it is on disk. */
export interface StoredRun {
  readonly name: string;
  readonly directory: string;
  readonly config: Config;
  readonly state: RunState;
  /** Environment steps of which there are records. */
  readonly step: number;
  readonly metrics: readonly MetricsRow[];
  /** Present when complete. */
  readonly summary?: RunSummary;
}

/** A run that this process works on. */
export interface OpenRun {
  readonly name: string;
  readonly directory: string;
  /** Where training continues; absent at the beginning. */
  readonly resume?: TrainState;
  /** Set when training was over already and only the summary is missing. */
  readonly end?: Checkpoint["end"];
  /** Wall-clock seconds of training so far, over all resumes. */
  seconds(): number;
  /** Appends a record to the run's files; a checkpoint or the end is on disk for good when this returns. */
  write(record: TrainingRecord): void;
  /** Marks the run complete. */
  finish(summary: RunSummary): void;
  /** Gives the run back to other processes. */
  close(): void;
}

/** Where runs are: the argument, or the environment variable MAST_RUNS, or the project's data/runs. */
export function runsDirectory(runs?: string): string {
  const chosen = runs ?? process.env["MAST_RUNS"];
  return chosen !== undefined && chosen !== "" ? resolve(chosen) : fileURLToPath(new URL("../../data/runs", import.meta.url));
}

/**
 * The name of a run's folder: what a person looks for, and a hash of the complete configuration.
 * @example
 * runName(resolveConfig({ environment: "3m", steps: 200_000 })); // "3m-qmix-mast-95-200k-seed1-5b0c3f6a"
 */
export function runName(config: Config): string {
  const { environment, rules, algorithm, method, engine, backend, sparsity, ticket, steps, seed } = config;
  const length = steps % 1_000_000 === 0 ? `${steps / 1_000_000}M` : steps % 1_000 === 0 ? `${steps / 1_000}k` : String(steps);
  const level = sparsity.level > 0 ? [String(Math.round(sparsity.level * 1000) / 10)] : [];
  const fixed = ticket === undefined ? [] : [`${ticket.kind}-ticket`];
  const parts = [environment, ...(rules === "starcraft" ? [] : [rules]), algorithm, method, ...fixed, ...level, ...(engine === "wasm" ? [] : [`tensorflow-${backend}`]), length, `seed${seed}`];
  const hash = createHash("sha256").update(canonical({ schema: SCHEMA, config })).digest("hex").slice(0, 8);
  return `${parts.join("-").replace(/[^A-Za-z0-9._-]+/g, "-")}-${hash}`;
}

/**
 * Makes or continues the run of a configuration, for this process alone. What was written after its last checkpoint is taken
 * back, so that repeating it gives the same files as if nothing had happened.
 *
 * @param options.shapes shapes of the parameters, so that checkpoints carry them
 * @param options.token see `acquireLock`
 * @throws {RunError} when another process works on it, its files are damaged, or the disk refuses
 */
export function openRun(config: Config, options: { readonly runs?: string; readonly shapes?: Shapes; readonly token?: string } = {}): OpenRun {
  const name = runName(config);
  const directory = join(runsDirectory(options.runs), name);
  onDisk(directory, () => makeFolder(directory));
  const lock = acquireLock(directory, options.token);
  const open = new Map<GrowingFile, number>();
  const close = () => {
    open.forEach((file) => closeSync(file));
    open.clear();
    lock.release();
  };
  try {
    keepConfig(directory, config);
    const path = join(directory, CHECKPOINT);
    const checkpoint = existsSync(path) ? readCheckpoint(path, name) : undefined;
    for (const file of Object.keys(GROWING) as GrowingFile[]) open.set(file, openAt(directory, file, checkpoint?.lengths[file]));
    return { name, directory, ...(checkpoint?.end ? { end: checkpoint.end } : {}), ...(checkpoint ? { resume: checkpoint.state } : {}), close, ...writer(name, directory, open, checkpoint, options.shapes) };
  } catch (error) {
    close();
    throw error;
  }
}

function writer(name: string, directory: string, open: ReadonlyMap<GrowingFile, number>, from: Checkpoint | undefined, shapes: Shapes | undefined): Pick<OpenRun, "seconds" | "write" | "finish"> {
  const started = performance.now();
  const seconds = () => (from?.seconds ?? 0) + (performance.now() - started) / 1000;
  let last = { step: from?.state.progress.step ?? 0, seconds: from?.seconds ?? 0 };

  const append = (file: GrowingFile, content: string | Uint8Array) => onDisk(join(directory, file), () => writeFileSync(open.get(file)!, content));
  const save = (state: TrainState, end?: Checkpoint["end"]) => {
    const lengths: Record<string, number> = {};
    open.forEach((handle, file) => {
      onDisk(join(directory, file), () => fsyncSync(handle));
      lengths[file] = fstatSync(handle).size;
    });
    writeCheckpoint(join(directory, CHECKPOINT), { run: name, state, lengths, seconds: seconds(), ...(end ? { end } : {}) }, shapes);
  };

  return {
    seconds,
    write(record) {
      switch (record.kind) {
        case "train": {
          append("metrics.csv", metricsLines(record));
          const now = { step: record.step, seconds: seconds() };
          append("timing.csv", timingLines({ ...now, stepsPerSecond: (now.step - last.step) / (now.seconds - last.seconds) }));
          last = now;
          break;
        }
        case "evaluation":
          append("metrics.csv", metricsLines(record));
          break;
        case "topology":
          append("topology.csv", topologyLines(record));
          append("masks.bin", encodeMasks(record));
          break;
        case "checkpoint":
          save(record.state);
          break;
        case "end":
          save(record.state, endFacts(record));
          break;
      }
    },
    finish: (summary) => writeAtomically(join(directory, SUMMARY), `${JSON.stringify(summary, null, 2)}\n`),
  };
}

function endFacts({ step, episode, update, score }: EndRecord): NonNullable<Checkpoint["end"]> {
  return { step, episode, update, score };
}

/** Opens a growing file behind what belongs to the checkpoint. */
function openAt(directory: string, file: GrowingFile, length: number | undefined): number {
  const path = join(directory, file);
  return onDisk(path, () => {
    const handle = openSync(path, "a+");
    try {
      const { size } = fstatSync(handle);
      if (length !== undefined && size < length) {
        throw new RunError(`${path} has ${size} bytes and its checkpoint knows of ${length}: it was cut or replaced. Put a good copy in its place, or move its folder away to start this run anew.`);
      }
      if (size > (length ?? 0)) ftruncateSync(handle, length ?? 0);
      if (length === undefined) writeFileSync(handle, GROWING[file]);
      return handle;
    } catch (error) {
      closeSync(handle);
      throw error;
    }
  });
}

/** Makes a folder and those above it. (Node's own `recursive` says ENOENT where the disk says that it is read-only.) */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    // Another process may be as far; what is no folder then is found out by the first file in it.
    if (!existsSync(path)) mkdirSync(path);
  }
}

/** Writes the configuration of a new run; that of an old one must be the same still. */
function keepConfig(directory: string, config: Config): void {
  const path = join(directory, CONFIG);
  if (!existsSync(path)) return writeAtomically(path, `${JSON.stringify({ given: givenOf(config), complete: config }, null, 2)}\n`);
  if (canonical(readConfig(directory)) !== canonical(config)) {
    throw new RunError(`${path} is not the configuration that its folder is named after: it was changed. Restore it, or move the folder away to start this run anew.`);
  }
}

/**
 * The configuration of a run, and what was given for it.
 * @throws {RunError} when its config.json is damaged, or from a version of mast-lab that kept no given values
 */
function readConfig(directory: string): Config {
  const path = join(directory, CONFIG);
  const kept = readJson(path);
  const { given, complete } = Object(kept) as { readonly given?: unknown; readonly complete?: unknown };
  if (given === undefined || complete === undefined) {
    throw new RunError(`${path} does not hold "given" and "complete" values: it was changed, or an earlier version of mast-lab wrote it. Move its folder away.`);
  }
  try {
    return restoreConfig(given, complete);
  } catch (error) {
    if (error instanceof ConfigError) throw new RunError(`${path} cannot be used: ${error.message}. Restore it, or move its folder away.`, { cause: error });
    throw error;
  }
}

/**
 * Finds a run by its name, the beginning of it that no other shares, its hash, or its folder.
 * @throws {RunError} when there is none, or more than one
 */
export function findRun(run: string, options: { readonly runs?: string } = {}): string {
  if (existsSync(join(run, CONFIG))) return resolve(run);
  const runs = runsDirectory(options.runs);
  const names = runNames(runs);
  const found = names.includes(run) ? [run] : names.filter((name) => name.startsWith(run) || name.endsWith(`-${run}`));
  if (found.length === 1) return join(runs, found[0]!);
  if (found.length === 0) throw new RunError(`No run "${run}" in ${runs}; \`mast runs\` lists what is there.`);
  throw new RunError(`"${run}" could be ${found.join(" or ")}: give more of the name.`);
}

/**
 * Reads a run, also while it goes on.
 * @throws {RunError} when there is none of that name, or its files are damaged
 * @example
 * const { metrics, summary } = readRun("3m-qmix-mast-95-200k-seed1");
 */
export function readRun(run: string, options: { readonly runs?: string } = {}): StoredRun {
  const directory = findRun(run, options);
  const config = readConfig(directory);
  const summary = existsSync(join(directory, SUMMARY)) ? (readJson(join(directory, SUMMARY)) as RunSummary) : undefined;
  const metrics = readRows<MetricsRow>(directory, "metrics.csv");
  const state = summary !== undefined ? "complete" : lockHolder(directory) !== undefined ? "running" : "interrupted";
  const step = summary?.steps ?? metrics.reduce((latest, row) => Math.max(latest, row.step), 0);
  return { name: basename(directory), directory, config, state, step, metrics, ...(summary ? { summary } : {}) };
}

/** The run of a configuration, or undefined when it was never begun. */
export function runOf(config: Config, options: { readonly runs?: string } = {}): StoredRun | undefined {
  const directory = join(runsDirectory(options.runs), runName(config));
  return existsSync(join(directory, CONFIG)) ? readRun(directory) : undefined;
}

/** Whether there is a checkpoint from which the run of a configuration goes on. */
export function hasCheckpoint(config: Config, options: { readonly runs?: string } = {}): boolean {
  return existsSync(join(runsDirectory(options.runs), runName(config), CHECKPOINT));
}

/** All runs, by name; folders that are none are passed over. */
export function listRuns(options: { readonly runs?: string } = {}): StoredRun[] {
  const runs = runsDirectory(options.runs);
  return runNames(runs).map((name) => readRun(join(runs, name)));
}

/** The topology evolutions of a run, one row a layer. */
export function readTopology(run: string, options: { readonly runs?: string } = {}): TopologyRow[] {
  return readRows(findRun(run, options), "topology.csv");
}

/** How long the steps of a run took. */
export function readTiming(run: string, options: { readonly runs?: string } = {}): TimingRow[] {
  return readRows(findRun(run, options), "timing.csv");
}

/** The masks of a run over time, oldest first. */
export function readMasks(run: string, options: { readonly runs?: string } = {}): MaskMoment[] {
  const path = join(findRun(run, options), "masks.bin");
  return existsSync(path) ? decodeMasks(readFileSync(path)) : [];
}

/**
 * The last checkpoint of a run: parameters, masks, buffer.
 * @throws {RunError} when there is none yet, or it is damaged
 */
export function readRunCheckpoint(run: string, options: { readonly runs?: string } = {}): Checkpoint {
  return readCheckpoint(checkpointPath(run, options));
}

/** @throws {RunError} when the run has no checkpoint yet */
export function checkpointPath(run: string, options: { readonly runs?: string } = {}): string {
  const path = join(findRun(run, options), CHECKPOINT);
  if (!existsSync(path)) throw new RunError(`${path} is not there yet: the run has not come to its first checkpoint.`);
  return path;
}

function readRows<Row>(directory: string, file: GrowingFile): Row[] {
  const path = join(directory, file);
  return existsSync(path) ? parseRows<Row>(readFileSync(path, "utf8")) : [];
}

function runNames(runs: string): string[] {
  if (!existsSync(runs) || !statSync(runs).isDirectory()) return [];
  return readdirSync(runs).filter((name) => existsSync(join(runs, name, CONFIG))).sort();
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new RunError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** JSON with sorted keys, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry) ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))) : entry,
  );
}
