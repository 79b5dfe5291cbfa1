import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Config } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import type { RunProgress } from "../figures/progress.js";
import type { OpenEngine } from "../networks/engine.js";
import { networkParameters } from "../networks/parameters.js";
import type { Shapes } from "../results/checkpoint.js";
import { RunError } from "../results/disk.js";
import { clearStaleLock, releaseAbandoned } from "../results/lock.js";
import { hasCheckpoint, openRun, type OpenRun, readRun, runName, runOf, runsDirectory, type StoredRun } from "../results/store.js";
import { networkShape } from "../training/networks.js";
import { train } from "../training/train.js";
import { summarise } from "./summary.js";
import { checkTicketSource, findTicketSource, readTicket } from "./ticket.js";
import { timeLeft } from "./time-left.js";

/** How far a run is: `name` is its label, by default its folder's name. */
export type TrainingProgress = RunProgress;

export interface RunOptions {
  /** Stops at the end of the present episode, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Hears how far a run is, and as its second argument how far all of them are. */
  readonly onProgress?: (progress: TrainingProgress, all: readonly TrainingProgress[]) => void;
  /** What progress calls a run, if not by the name of its folder. */
  readonly label?: (config: Config) => string;
  /** What progress averages win rates over: the seeds of one group. Default: each run is a group. */
  readonly group?: (config: Config) => string;
  /** Where runs are kept, if not where `runsDirectory` says. */
  readonly runs?: string;
  /** Seconds between checkpoints. Default 30. */
  readonly checkpointEvery?: number;
  /** Hears what computes, before the first run of a group of tensorflow runs begins. */
  readonly onDevice?: (device: Device) => void;
}

/** What computes the networks of tensorflow runs. */
export interface Device {
  /** "webgpu: NVIDIA H200, 8 runs side by side" */
  readonly name: string;
  /** With backend "auto": a line for each better backend, why it is not the one. */
  readonly passedOver: readonly string[];
}

/** What became of one of several runs. */
export interface RunOutcome {
  readonly name: string;
  readonly config: Config;
  readonly state: "complete" | "stopped" | "failed";
  /** Absent when it failed, or was not begun before the others were stopped. */
  readonly run?: StoredRun;
  /** Why it failed. */
  readonly error?: Error;
}

/**
 * Trains one configuration to its end in this thread: begins it, resumes it where it was interrupted, or returns at once what is complete.
 *
 * @param options.token see `acquireLock`
 * @param options.computing what makes its engine, and where that computes, instead of what the config says; see `runTogether`
 * @returns the run, "complete", or "interrupted" when the signal stopped it
 * @throws {ConfigError} before a folder is made, when its networks cannot be built or its ticket's source cannot be used
 * @throws {RunError} when another process works on it, its files are damaged, or the disk refuses
 * @throws {Error} when training fails, naming the last good checkpoint
 * @example
 * const { summary } = await runOne(resolveConfig({ environment: "3m", steps: 50_000 }));
 */
export async function runOne(config: Config, options: RunOptions & { readonly token?: string; readonly computing?: Computing } = {}): Promise<StoredRun> {
  const name = options.label?.(config) ?? runName(config);
  const report = (progress: Omit<TrainingProgress, "name">) => options.onProgress?.({ name, ...progress }, [{ name, ...progress }]);
  const store = options.runs === undefined ? {} : { runs: options.runs };
  const already = runOf(config, store);
  if (already?.state === "complete") {
    // A process that was killed between the summary and its own end left its lock.
    clearStaleLock(already.directory);
    report(progressOf(already));
    return already;
  }
  const shapes = parameterShapes(config);
  if (needsSource(config, store)) findTicketSource(config, store);
  const run = openRun(config, { ...store, shapes, ...(options.token === undefined ? {} : { token: options.token }) });
  try {
    // Another process may have completed it in the meantime.
    if (readRun(run.directory).summary === undefined) await follow(run, config, report, options);
  } finally {
    run.close();
  }
  const stored = readRun(run.directory);
  report(progressOf(stored));
  return stored;
}

/** What computes a run's networks. */
export interface Computing {
  readonly open: OpenEngine;
  /** For its summary. */
  readonly device: string;
}

/** Listens to training from where the run is, and keeps what it says. */
async function follow(
  run: OpenRun,
  config: Config,
  report: (progress: Omit<TrainingProgress, "name">) => void,
  { signal, checkpointEvery, runs, computing }: RunOptions & { readonly computing?: Computing },
): Promise<void> {
  const { resume, end } = run;
  if (end !== undefined && resume !== undefined) return run.finish(summarise(config, end, resume, run.seconds(), computing?.device));
  let step = resume?.progress.step ?? 0;
  let winRate = resume?.progress.evaluations.at(-1);
  let checkpoint = resume === undefined ? undefined : step;
  // A checkpoint holds the topology of its run already.
  const ticket = resume === undefined ? readTicket(config, runs === undefined ? {} : { runs }) : undefined;
  const left = timeLeft(config.steps, step);
  const tell = (training = true) => {
    const seconds = run.seconds();
    const secondsLeft = training ? left(step, seconds) : undefined;
    report({ step, steps: config.steps, state: "running", seconds, ...(winRate === undefined ? {} : { winRate }), ...(secondsLeft === undefined ? {} : { secondsLeft }) });
  };
  // A run that is resumed fills its buffers first, which says nothing about the speed of its steps.
  tell(resume === undefined);
  try {
    const from = { ...(resume ? { resume } : {}), ...(ticket ? { ticket } : {}), ...(computing ? { open: computing.open } : {}) };
    for await (const record of train(config, { ...from, ...(signal ? { signal } : {}), ...(checkpointEvery === undefined ? {} : { checkpointEvery }) })) {
      run.write(record);
      if (record.kind === "checkpoint") checkpoint = record.step;
      if (record.kind === "end") run.finish(summarise(config, record, record.state, run.seconds(), computing?.device));
      if (record.kind === "evaluation") winRate = record.winRate;
      if (record.kind === "train") step = record.step;
      if (record.kind === "train" || record.kind === "evaluation") tell();
    }
  } catch (error) {
    if (error instanceof RunError) throw error;
    const last = checkpoint === undefined ? "There is no checkpoint yet." : `The last good checkpoint, of step ${checkpoint}, is in ${run.directory}.`;
    throw new Error(`${run.name}: ${(error as Error).message} ${last}`, { cause: error });
  }
}

/**
 * Trains many configurations on worker threads, one run a core; those of the tensorflow engine in a process of their own, all seeds of one
 * configuration side by side. What is complete is not repeated; one that fails does not stop the others. A ticket waits for its source where that
 * is one of them. This thread stays free, for a progress display or a notebook.
 *
 * @param options.workers threads, and how many seeds side by side; default: one thread for each core, and all seeds
 * @returns an outcome for each configuration, in their order
 * @throws {ConfigError} before anything runs, when the networks of one cannot be built or a ticket's source cannot be used
 * @example
 * const outcomes = await runAll([1, 2, 3].map((seed) => resolveConfig({ environment: "3m", seed })), { onProgress: console.log });
 */
export async function runAll(configs: readonly Config[], options: RunOptions & { readonly workers?: number } = {}): Promise<RunOutcome[]> {
  const { signal, runs, checkpointEvery } = options;
  const distinct = new Map(configs.map((config) => [runName(config), config]));
  refuseUntrainable(distinct, runs);
  const works = worksOf(distinct, options.workers ?? Infinity);
  const threads = Math.max(1, Math.min(options.workers ?? availableParallelism(), works.length));
  const label = options.label ?? runName;
  const all = new Map<string, TrainingProgress>([...distinct].map(([name, config]) => [name, { name: label(config), ...(options.group ? { group: options.group(config) } : {}), step: 0, steps: config.steps, state: "waiting" }]));
  const report = (name: string, progress: Partial<TrainingProgress>) => {
    const now = { ...all.get(name)!, ...progress, name: label(distinct.get(name)!) };
    all.set(name, now);
    options.onProgress?.(now, [...all.values()]);
  };
  for (const name of distinct.keys()) report(name, {});

  const token = `${process.hrtime.bigint()}`;
  const pool = new Piscina({ ...workerFile("worker"), minThreads: threads, maxThreads: threads, atomics: "disabled", env: process.env });
  try {
    const outcomes = new Map<string, RunOutcome>();
    // One queue that all threads take from keeps the order of the configurations; piscina's own hands them out as it likes.
    const queue = new Set(works);
    const running = new Map<Work, Promise<void>>();
    const sources = ticketSources(distinct, runs);
    // A device is one: what computes on it takes turns.
    const mayBegin = (work: Work): boolean =>
      work.names.every((name) => !sources.has(name) || outcomes.has(sources.get(name)!)) && !(work.device && [...running.keys()].some(({ device }) => device));
    const takeTurns = async (): Promise<void> => {
      while (queue.size > 0) {
        const turn = [...queue].find(mayBegin);
        if (turn !== undefined) {
          queue.delete(turn);
          const work = take(turn);
          running.set(turn, work);
          await work;
          running.delete(turn);
        } else {
          // Every one that waits is a ticket whose source is running, or waits for the device: names hold their source's, so that they cannot wait in a circle.
          await Promise.race(running.values());
        }
      }
    };
    const take = async ({ names, device }: Work): Promise<void> => {
      const end = (outcome: RunOutcome): void => {
        if (outcome.state === "failed") report(outcome.name, { state: "failed", message: outcome.error!.message });
        else report(outcome.name, outcome.run ? progressOf(outcome.run) : { state: "stopped" });
        outcomes.set(outcome.name, outcome);
      };
      const tasks: WorkerTask[] = [];
      for (const name of names) {
        const config = distinct.get(name)!;
        const source = outcomes.get(sources.get(name) ?? "");
        if (source?.state === "failed") end({ name, config, state: "failed", error: new Error(`its source ${source.name} failed`) });
        else tasks.push({ name, config, token, runs, checkpointEvery });
      }
      if (tasks.length === 0) return;
      const failures = device
        ? await inProcess(tasks, signal, report, options.onDevice)
        : await inWorker(pool, tasks[0], signal, (progress) => report(tasks[0].name, progress));
      for (const { name, config } of tasks) {
        const error = failures.get(name);
        const run = error === undefined ? runOf(config, runs === undefined ? {} : { runs }) : undefined;
        end(error !== undefined ? { name, config, state: "failed", error } : { name, config, state: run?.state === "complete" ? "complete" : "stopped", ...(run ? { run } : {}) });
      }
    };
    await Promise.all(Array.from({ length: threads }, takeTurns));
    return configs.map((config) => outcomes.get(runName(config))!);
  } finally {
    await pool.destroy();
    for (const name of distinct.keys()) releaseAbandoned(join(runsDirectory(runs), name), token);
  }
}

/** What is done at a time: a run of the wasm engine, or runs of the tensorflow engine that differ in their seeds only. */
interface Work {
  readonly names: readonly string[];
  /** Whether TensorFlow.js computes it. */
  readonly device: boolean;
}

/** In the order of their first runs. */
function worksOf(configs: ReadonlyMap<string, Config>, sideBySide: number): Work[] {
  const works = new Map<string, { names: string[]; device: boolean }>();
  const counts = new Map<string, number>();
  for (const [name, config] of configs) {
    const device = config.engine === "tensorflow";
    const same = device ? JSON.stringify({ ...config, seed: 0, ticket: config.ticket?.kind }) : name;
    const index = counts.get(same) ?? 0;
    counts.set(same, index + 1);
    const key = `${same} ${device ? Math.floor(index / sideBySide) : 0}`;
    const work = works.get(key) ?? { names: [], device };
    work.names.push(name);
    works.set(key, work);
  }
  return [...works.values()];
}

/** The tickets that have to wait for another of these configurations, and which. */
function ticketSources(configs: ReadonlyMap<string, Config>, runs: string | undefined): Map<string, string> {
  const store = runs === undefined ? {} : { runs };
  const sources = new Map<string, string>();
  for (const [name, config] of configs) {
    const source = config.ticket?.source;
    if (source !== undefined && configs.has(source) && needsSource(config, store)) sources.set(name, source);
  }
  return sources;
}

/** Whether a ticket has its topology yet to take from its source: a checkpoint holds it. */
function needsSource(config: Config, store: { readonly runs?: string }): boolean {
  return config.ticket?.source !== undefined && runOf(config, store)?.state !== "complete" && !hasCheckpoint(config, store);
}

/** Refuses what cannot be trained before anything is. A ticket that was begun has been checked then, and its source may be gone. */
function refuseUntrainable(configs: ReadonlyMap<string, Config>, runs: string | undefined): void {
  const store = runs === undefined ? {} : { runs };
  for (const config of configs.values()) {
    parameterShapes(config);
    const source = configs.get(config.ticket?.source ?? "");
    if (source !== undefined) checkTicketSource(config, source);
    else if (needsSource(config, store)) findTicketSource(config, store);
  }
}

/** What a worker is asked to do. */
export interface WorkerTask {
  readonly name: string;
  readonly config: Config;
  readonly token: string;
  readonly runs: string | undefined;
  readonly checkpointEvery: number | undefined;
}

/** @returns why it failed, by name */
async function inWorker(pool: Piscina, task: WorkerTask, signal: AbortSignal | undefined, report: (progress: Partial<TrainingProgress>) => void): Promise<Map<string, Error>> {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (progress: TrainingProgress) => {
    if (progress.state === "running") report(progress);
  });
  const abort = () => port1.postMessage("abort");
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await pool.run({ ...task, port: port2 }, { transferList: [port2] });
    return new Map();
  } catch (error) {
    return new Map([[task.name, error as Error]]);
  } finally {
    signal?.removeEventListener("abort", abort);
    port1.close();
  }
}

/** What a process that trains runs side by side is asked to do. */
export interface TogetherTask {
  readonly tasks: readonly WorkerTask[];
}

/** What it says. */
export type TogetherMessage =
  | { readonly kind: "device"; readonly device: Device }
  | { readonly kind: "progress"; readonly name: string; readonly progress: TrainingProgress }
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  | { readonly kind: "end" };

/**
 * Trains runs side by side in a process of its own: TensorFlow reads its settings from the environment that a process begins with, and gives a device back
 * when it ends.
 *
 * @returns why runs failed, by name
 */
async function inProcess(tasks: readonly WorkerTask[], signal: AbortSignal | undefined, report: (name: string, progress: Partial<TrainingProgress>) => void, onDevice: RunOptions["onDevice"]): Promise<Map<string, Error>> {
  if (signal?.aborted) return new Map();
  const failures = new Map<string, Error>();
  const { filename, execArgv } = workerFile("together-process");
  const child = fork(fileURLToPath(filename), { execArgv, serialization: "advanced" });
  const abort = () => child.connected && child.send("abort");
  signal?.addEventListener("abort", abort, { once: true });
  child.on("message", (message: TogetherMessage) => {
    if (message.kind === "device") onDevice?.(message.device);
    if (message.kind === "progress" && message.progress.state === "running") report(message.name, message.progress);
    if (message.kind === "failed") failures.set(message.name, new Error(message.message));
  });
  child.send({ tasks } satisfies TogetherTask);
  // What it said last may arrive after its end.
  const [[code, killed]] = await Promise.all([
    new Promise<[code: number | null, killed: string | null]>((resolve) => child.once("exit", (...how) => resolve(how))),
    new Promise<void>((resolve) => child.once("disconnect", resolve)),
  ]);
  signal?.removeEventListener("abort", abort);
  if (code !== 0) {
    const why = new Error(`the process that trained it ended with ${killed ?? `exit code ${code}`}; the same command goes on from its last checkpoint`);
    for (const { name, config, runs } of tasks) if (runOf(config, runs === undefined ? {} : { runs })?.state !== "complete" && !failures.has(name)) failures.set(name, why);
  }
  return failures;
}

/** A worker beside this file, for a pool; from source it needs tsx, which the tests and benches have. */
export function workerFile(name: string): { filename: string; execArgv: string[] } {
  if (!import.meta.url.endsWith(".ts")) return { filename: new URL(`./${name}.js`, import.meta.url).href, execArgv: [] };
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return { filename: new URL(`./${name}.ts`, import.meta.url).href, execArgv: ["--import", tsx] };
}

function progressOf({ config, state, step, metrics, summary }: StoredRun): Omit<TrainingProgress, "name"> {
  const winRate = summary?.winRates.at(-1) ?? metrics.filter(({ kind }) => kind === "evaluation").at(-1)?.winRate;
  const ended = summary === undefined ? {} : { score: summary.score, seconds: summary.seconds };
  return { step, steps: config.steps, state: state === "complete" ? "done" : "stopped", ...(winRate === undefined ? {} : { winRate }), ...ended };
}

/** Shapes of the parameters that training will make, by name. */
function parameterShapes(config: Config): Shapes {
  const { sizes } = createEnvironment(config.environment, { rules: config.rules });
  return new Map(networkParameters(networkShape(config, sizes)).map(({ name, shape }) => [name, shape]));
}
