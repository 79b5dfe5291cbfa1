import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Piscina } from "piscina";
import { type Config, givenOf } from "../config.js";
import { releaseAbandoned } from "./lock.js";
import { runName, runOf, runsDirectory, type StoredRun } from "./store.js";
import { needsSource, parameterShapes, progressOf, type RunOptions, type TrainingProgress } from "./run.js";
import { checkTicketSource, findTicketSource } from "./ticket.js";
import { inProcess, inWorker, workerFile, type WorkerTask } from "./workers.js";

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
  // Runs of the tensorflow engine need no thread.
  const needed = Math.min(threads, works.filter(({ device }) => !device).length);
  const pool = new Piscina({ ...workerFile("worker"), minThreads: needed, maxThreads: threads, atomics: "disabled", env: process.env });
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
        else tasks.push({ name, config, given: givenOf(config), token, runs, checkpointEvery });
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
