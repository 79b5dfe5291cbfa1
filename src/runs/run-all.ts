import { LabError } from "../errors.js";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Piscina } from "piscina";
import { type Config, givenOf } from "../config.js";
import { RunError } from "./disk.js";
import { releaseAbandoned } from "./lease.js";
import { availableMemory, gigabytes, memoryOf } from "./memory.js";
import { checkCount, checkSeconds, checkThreads } from "./options.js";
import { directoryOf, inspectRun, runName, runOf, runsDirectory, type StoredRun } from "./store.js";
import { findSource, needsSource } from "./beginning.js";
import { parameterShapes, progressOf, type RunOptions } from "./run.js";
import type { RunProgress } from "./progress.js";
import { checkTicketSource } from "./ticket.js";
import { inProcess, inWorker, workerFile, type WorkerTask } from "./workers.js";
import { tryAlgorithm } from "../training/try-algorithm.js";

/** Outcome of one run of `runAll`. */
export interface RunOutcome {
  /** Name of the run's folder. */
  readonly name: string;
  /** Complete configuration of the run. */
  readonly config: Config;
  /** "complete", "stopped" before its end, or "failed" with an error. */
  readonly state: "complete" | "stopped" | "failed";
  /** The run on disk. Absent when it failed, or when all runs were stopped before it began. */
  readonly run?: StoredRun;
  /** The error, if the run failed. */
  readonly error?: Error;
}

/** Options of `runAll`. */
export interface RunAllOptions extends RunOptions {
  /**
   * Number of runs at once, or of vectorised seeds. Default: one run for each core (or for each `threads` cores) as far
   * as memory suffices, and all seeds.
   */
  readonly workers?: number;
  /** Bytes of memory that all runs together may use with the default number of workers. Default: the free memory. */
  readonly memory?: number;
  /**
   * Whether to wait for runs that other processes are training, and to continue those that are abandoned. If false,
   * such runs fail. Default: true.
   */
  readonly wait?: boolean;
}

/**
 * Trains many configurations on worker threads, one run on each core. Runs of the tensorflow engine train in a process
 * of their own, with all seeds of one configuration vectorised. Complete runs are not repeated, and a run that fails
 * does not stop the others. A ticket waits for its source if that is among the configurations. Runs that would not fit
 * into memory together are trained one after the other. The calling thread stays free, for a progress display or a
 * notebook.
 *
 * @returns an outcome for each configuration, in their order
 * @throws {ConfigError} before anything runs, when the networks of a configuration cannot be built, or the data that it
 *   begins with or the number of workers cannot be used
 * @example
 * const outcomes = await runAll(
 *   [1, 2, 3].map((seed) => resolveConfig({ environment: "3m", seed })),
 *   { onProgress: console.log },
 * );
 */
export async function runAll(configs: readonly Config[], options: RunAllOptions = {}): Promise<RunOutcome[]> {
  const { signal, runs, checkpointEvery, threads: threadsOfRun, wait = true } = options;
  checkCount("workers", options.workers);
  checkThreads(threadsOfRun);
  checkSeconds("checkpointEvery", checkpointEvery);
  const store = { runs };
  const distinct = new Map(configs.map((config) => [runName(config), config]));
  refuseUntrainable(distinct, runs);
  for (const config of distinct.values()) await tryAlgorithm(config);
  const sources = ticketSources(distinct, runs);
  const { needs, budget, note } = memoryPlan(distinct, store, options);
  if (note !== undefined) options.onNote?.(note);
  const works = worksOf(
    distinct,
    sources,
    needs,
    Math.min(options.workers ?? Infinity, vectorisedAtMost(needs, budget)),
  );
  const threads = Math.max(1, Math.min(options.workers ?? runsAtOnce(threadsOfRun), works.length));
  const label = options.label ?? runName;
  const all = new Map<string, RunProgress>(
    [...distinct].map(([name, config]) => [
      name,
      {
        name: label(config),
        seedOf: options.seedOf?.(config),
        step: 0,
        steps: config.steps,
        state: "waiting",
      },
    ]),
  );
  const report = (name: string, progress: Partial<RunProgress>) => {
    const now = { ...all.get(name)!, ...progress, name: label(distinct.get(name)!) };
    all.set(name, now);
    options.onProgress?.(now, [...all.values()]);
  };
  for (const name of distinct.keys()) report(name, {});

  const token = `${process.hrtime.bigint()}`;
  // Runs of the tensorflow engine need no thread.
  const needed = Math.min(threads, works.filter(({ device }) => !device).length);
  const pool = new Piscina({
    ...workerFile("worker"),
    minThreads: needed,
    maxThreads: threads,
    atomics: "disabled",
    env: process.env,
  });
  // When a thread cannot be started, its task fails with that error. Without this listener the error would also end
  // this process.
  pool.on("error", () => undefined);
  try {
    const outcomes = new Map<string, RunOutcome>();
    // All threads take from one queue, which keeps the order of the configurations; the order of piscina's own queue is
    // not defined.
    const queue = new Set(works);
    const running = new Map<Work, Promise<void>>();
    const listener = { signal, report, onDevice: options.onDevice, onNote: options.onNote };
    const end = (outcome: RunOutcome): void => {
      if (outcome.state === "failed") report(outcome.name, { state: "failed", message: outcome.error!.message });
      else report(outcome.name, outcome.run ? progressOf(outcome.run) : { state: "stopped" });
      outcomes.set(outcome.name, outcome);
    };
    const mayBegin = (work: Work): boolean => {
      const others = [...running.keys()];
      const fits = others.length === 0 || others.reduce((sum, { bytes }) => sum + bytes, work.bytes) <= budget;
      // There is only one device, so its works take turns.
      const deviceIsFree = !work.device || !others.some(({ device }) => device);
      return (
        fits &&
        deviceIsFree &&
        work.names.every((name) => !sources.has(name) || outcomes.has(sources.get(name)!)) &&
        !(wait && isElsewhere(work))
      );
    };
    /** Tells whether another process trains one of these runs: runs that nobody trains come first. */
    const isElsewhere = ({ names }: Work): boolean => {
      if (signal?.aborted) return false;
      const found = names.map((name) => [name, inspectRun(directoryOf(distinct.get(name)!, store))] as const);
      for (const [name, run] of found)
        if (run.state === "running") report(name, { ...progressOf(run), state: "running" });
      return found.some(([, { state }]) => state === "running");
    };
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
          // A work that waits is a ticket whose source is running, or it waits for the device, for memory or for
          // another process. Works never wait for each other in a circle.
          await Promise.race([...running.values(), moment(signal)]);
        }
      }
    };
    const take = async ({ names, device, bytes }: Work): Promise<void> => {
      const tasks: WorkerTask[] = [];
      for (const name of names) {
        const config = distinct.get(name)!;
        const source = outcomes.get(sources.get(name) ?? "");
        if (source?.state === "failed")
          end({ name, config, state: "failed", error: new LabError(`its source ${source.name} failed`) });
        else tasks.push({ name, config, given: givenOf(config), token, runs, checkpointEvery, threads: threadsOfRun });
      }
      if (tasks.length === 0) return;
      const { failures, elsewhere } = device
        ? await inProcess(tasks, listener)
        : await inWorker(pool, tasks[0], listener);
      for (const { name, config } of tasks) {
        const other = elsewhere.get(name);
        if (other !== undefined && wait && !signal?.aborted) continue;
        const error = failures.get(name) ?? (other !== undefined && !wait ? new RunError(other.message) : undefined);
        end(error !== undefined ? { name, config, state: "failed", error } : outcomeOf(name, config, store));
      }
      const again = names.filter((name) => elsewhere.has(name) && !outcomes.has(name));
      if (again.length > 0) queue.add({ names: again, device, bytes });
    };
    await Promise.all(Array.from({ length: threads }, takeTurns));
    return configs.map((config) => outcomes.get(runName(config))!);
  } finally {
    await pool.destroy();
    for (const name of distinct.keys()) releaseAbandoned(join(runsDirectory(runs), name), token);
  }
}

/** Resolves after a second, or when the signal is aborted meanwhile. */
function moment(signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined || signal.aborted) return pause(signal ? 50 : 1000);
  return pause(1000, undefined, { signal }).catch(() => undefined);
}

/** Reads the outcome of a run that was trained or stopped from disk. */
function outcomeOf(name: string, config: Config, store: { readonly runs?: string }): RunOutcome {
  try {
    const run = runOf(config, store);
    return { name, config, state: run?.state === "complete" ? "complete" : "stopped", run };
  } catch (error) {
    return { name, config, state: "failed", error: error as Error };
  }
}

/** A unit of work: one run of the sparse engine, or runs of the tensorflow engine that differ in their seeds only. */
interface Work {
  readonly names: readonly string[];
  /** Whether TensorFlow.js computes it. */
  readonly device: boolean;
  /** Bytes of memory that it needs. */
  readonly bytes: number;
}

/**
 * Groups runs into works, in the order of their first runs. Vectorised runs never wait for each other: a ticket is not
 * in the same work as its source.
 */
function worksOf(
  configs: ReadonlyMap<string, Config>,
  sources: ReadonlyMap<string, string>,
  needs: ReadonlyMap<string, number>,
  most: number,
): Work[] {
  const works = new Map<string, { names: string[]; device: boolean; bytes: number }>();
  const counts = new Map<string, number>();
  const depth = (name: string): number => (sources.has(name) ? 1 + depth(sources.get(name)!) : 0);
  for (const [name, config] of configs) {
    const device = config.engine === "tensorflow";
    const same = device ? JSON.stringify([{ ...config, seed: 0, ticket: config.ticket?.kind }, depth(name)]) : name;
    const index = counts.get(same) ?? 0;
    counts.set(same, index + 1);
    const key = `${same} ${device ? Math.floor(index / most) : 0}`;
    const work = works.get(key) ?? { names: [], device, bytes: 0 };
    work.names.push(name);
    work.bytes += needs.get(name)!;
    works.set(key, work);
  }
  return [...works.values()];
}

/** Number of runs that fit on the cores of this machine. */
function runsAtOnce(threads = 1): number {
  return Math.max(1, Math.floor(availableParallelism() / threads));
}

/** Computes the memory that each run needs and that is available for all of them, and a note if it is scarce. */
function memoryPlan(
  configs: ReadonlyMap<string, Config>,
  store: { readonly runs?: string },
  { workers, memory, threads }: RunAllOptions,
): { needs: Map<string, number>; budget: number; note?: string } {
  const missing = [...configs].filter(([, config]) => inspectRun(directoryOf(config, store)).state !== "complete");
  const estimates = new Map<string, number>();
  const needs = new Map<string, number>([...configs.keys()].map((name) => [name, 0]));
  for (const [name, config] of missing) {
    // The estimate is cached by the settings that memory depends on, since there may be many seeds and methods.
    const { environment, rules, replay, steps, engine, algorithm, operator, targetInterval, updates } = config;
    const like = JSON.stringify([
      environment,
      rules,
      replay,
      steps,
      engine,
      algorithm,
      operator,
      targetInterval,
      updates,
    ]);
    if (!estimates.has(like)) estimates.set(like, memoryOf(config));
    needs.set(name, estimates.get(like)!);
  }
  const free = memory ?? availableMemory();
  const largest = Math.max(0, ...estimates.values());
  const wanted = Math.min(workers ?? runsAtOnce(threads), missing.length);
  const atOnce = [...needs.values()].sort((a, b) => b - a).slice(0, wanted);
  const together = atOnce.reduce((sum, bytes) => sum + bytes, 0);
  const each = `${missing.length > 1 ? "Each of the runs needs" : "The run needs"} about ${gigabytes(largest)} of memory, and ${gigabytes(free)} are free`;
  if (largest > free)
    return {
      needs,
      budget: workers === undefined ? free : Infinity,
      note: `${each}: it may fail. A smaller replay.offlineCapacity needs less.`,
    };
  // A number of workers that a person has chosen is kept, with a note.
  if (workers !== undefined)
    return {
      needs,
      budget: Infinity,
      note: together > free ? `${each}: too little for ${wanted} at once; choose fewer workers.` : undefined,
    };
  if (together > free) return { needs, budget: free, note: `${each}: fewer than ${wanted} are trained at once.` };
  return { needs, budget: free, note: largest >= 1e9 ? `${each}.` : undefined };
}

/** Number of vectorised runs of the tensorflow engine that fit into memory. */
function vectorisedAtMost(needs: ReadonlyMap<string, number>, budget: number): number {
  return Math.max(1, Math.floor(budget / Math.max(1, ...needs.values())));
}

/** Finds the tickets that have to wait for another of these configurations, with that configuration. */
function ticketSources(configs: ReadonlyMap<string, Config>, runs: string | undefined): Map<string, string> {
  const store = { runs };
  const sources = new Map<string, string>();
  for (const [name, config] of configs) {
    const source = config.ticket?.source;
    if (source !== undefined && configs.has(source) && needsSource(config, store)) sources.set(name, source);
  }
  return sources;
}

/**
 * Refuses configurations that cannot be trained, before any training. A run that was already begun was checked at its
 * beginning, and the data that it began with may be gone.
 */
export function refuseUntrainable(configs: ReadonlyMap<string, Config>, runs: string | undefined): void {
  const store = { runs };
  for (const config of configs.values()) {
    parameterShapes(config);
    const source = configs.get(config.ticket?.source ?? "");
    if (source !== undefined) checkTicketSource(config, source);
    else if (needsSource(config, store)) findSource(config, store);
  }
}
