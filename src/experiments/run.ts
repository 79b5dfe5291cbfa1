import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Config } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import type { RunProgress } from "../figures/progress.js";
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
 * @returns the run, "complete", or "interrupted" when the signal stopped it
 * @throws {ConfigError} before a folder is made, when its networks cannot be built or its ticket's source cannot be used
 * @throws {RunError} when another process works on it, its files are damaged, or the disk refuses
 * @throws {Error} when training fails, naming the last good checkpoint
 * @example
 * const { summary } = await runOne(resolveConfig({ environment: "3m", steps: 50_000 }));
 */
export async function runOne(config: Config, options: RunOptions & { readonly token?: string } = {}): Promise<StoredRun> {
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

/** Listens to training from where the run is, and keeps what it says. */
async function follow(run: OpenRun, config: Config, report: (progress: Omit<TrainingProgress, "name">) => void, { signal, checkpointEvery, runs }: RunOptions): Promise<void> {
  const { resume, end } = run;
  if (end !== undefined && resume !== undefined) return run.finish(summarise(config, end, resume, run.seconds()));
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
    const from = { ...(resume ? { resume } : {}), ...(ticket ? { ticket } : {}) };
    for await (const record of train(config, { ...from, ...(signal ? { signal } : {}), ...(checkpointEvery === undefined ? {} : { checkpointEvery }) })) {
      run.write(record);
      if (record.kind === "checkpoint") checkpoint = record.step;
      if (record.kind === "end") run.finish(summarise(config, record, record.state, run.seconds()));
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
 * Trains many configurations on worker threads, one run a core. What is complete is not repeated; one that fails does not stop the
 * others. A ticket waits for its source where that is one of them. This thread stays free, for a progress display or a notebook.
 *
 * @param options.workers threads; default: one for each core
 * @returns an outcome for each configuration, in their order
 * @throws {ConfigError} before anything runs, when the networks of one cannot be built or a ticket's source cannot be used
 * @example
 * const outcomes = await runAll([1, 2, 3].map((seed) => resolveConfig({ environment: "3m", seed })), { onProgress: console.log });
 */
export async function runAll(configs: readonly Config[], options: RunOptions & { readonly workers?: number } = {}): Promise<RunOutcome[]> {
  const { signal, runs, checkpointEvery } = options;
  const distinct = new Map(configs.map((config) => [runName(config), config]));
  refuseUntrainable(distinct, runs);
  const threads = Math.max(1, Math.min(options.workers ?? availableParallelism(), distinct.size));
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
    const queue = new Map(distinct);
    const running = new Set<Promise<void>>();
    const sources = ticketSources(distinct, runs);
    const takeTurns = async (): Promise<void> => {
      while (queue.size > 0) {
        const turn = [...queue].find(([name]) => !sources.has(name) || outcomes.has(sources.get(name)!));
        if (turn !== undefined) {
          const [name, config] = turn;
          queue.delete(name);
          const work = take(name, config);
          running.add(work);
          await work;
          running.delete(work);
        } else {
          // Every one that waits is a ticket, and a source is running: names hold their source's, so that they cannot wait in a circle.
          await Promise.race(running);
        }
      }
    };
    const take = async (name: string, config: Config): Promise<void> => {
      const source = outcomes.get(sources.get(name) ?? "");
      const outcome: RunOutcome =
        source?.state === "failed"
          ? { name, config, state: "failed", error: new Error(`its source ${source.name} failed`) }
          : await inWorker(pool, { name, config, token, runs, checkpointEvery }, signal, (progress) => report(name, progress));
      if (outcome.state === "failed") report(name, { state: "failed", message: outcome.error!.message });
      else report(name, outcome.run ? progressOf(outcome.run) : { state: "stopped" });
      outcomes.set(name, outcome);
    };
    await Promise.all(Array.from({ length: threads }, takeTurns));
    return configs.map((config) => outcomes.get(runName(config))!);
  } finally {
    await pool.destroy();
    for (const name of distinct.keys()) releaseAbandoned(join(runsDirectory(runs), name), token);
  }
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

async function inWorker(pool: Piscina, task: WorkerTask, signal: AbortSignal | undefined, report: (progress: Partial<TrainingProgress>) => void): Promise<RunOutcome> {
  const { name, config } = task;
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (progress: TrainingProgress) => {
    if (progress.state === "running") report(progress);
  });
  const abort = () => port1.postMessage("abort");
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const stored = () => runOf(config, task.runs === undefined ? {} : { runs: task.runs });
  try {
    await pool.run({ ...task, port: port2 }, { transferList: [port2] });
    const run = stored();
    return { name, config, state: run?.state === "complete" ? "complete" : "stopped", ...(run ? { run } : {}) };
  } catch (error) {
    return { name, config, state: "failed", error: error as Error };
  } finally {
    signal?.removeEventListener("abort", abort);
    port1.close();
  }
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
