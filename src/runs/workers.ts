import { LabError } from "../errors.js";
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel } from "node:worker_threads";
import type { Piscina } from "piscina";
import type { Config, ConfigInput } from "../config.js";
import { LeaseLostError, RunTakenError } from "./lease.js";
import { directoryOf, inspectRun } from "./store.js";
import type { RunProgress } from "./progress.js";
import type { Device, RunOptions } from "./run.js";

/** The task of a worker. */
export interface WorkerTask {
  readonly name: string;
  readonly config: Config;
  /** The values that were given for the configuration, which its copy in another thread or process loses. */
  readonly given: ConfigInput;
  readonly token: string;
  readonly runs: string | undefined;
  readonly checkpointEvery: number | undefined;
  /** Number of threads that share the computation of the run. */
  readonly threads: number | undefined;
}

/** A message of a worker thread. */
export type WorkerMessage =
  { readonly kind: "progress"; readonly progress: RunProgress } | { readonly kind: "note"; readonly line: string };

/** A run that another process trains. */
export interface Elsewhere {
  readonly message: string;
}

/**
 * Tells whether a run failed because another process trains it. Threads of this process do not count, since it would
 * wait for itself.
 */
export function elsewhereOf(error: unknown): Elsewhere | undefined {
  return (error instanceof RunTakenError && !error.own) || error instanceof LeaseLostError
    ? { message: error.message }
    : undefined;
}

/** Outcome of a worker's tasks. */
export interface WorkerOutcome {
  /** Errors of failed runs, by name. */
  readonly failures: ReadonlyMap<string, Error>;
  /** The runs that another process trains, by name. */
  readonly elsewhere: ReadonlyMap<string, Elsewhere>;
}

/** Functions by which `runAll` listens to its workers. */
export interface WorkerListener {
  readonly signal: AbortSignal | undefined;
  readonly report: (name: string, progress: Partial<RunProgress>) => void;
  readonly onDevice: RunOptions["onDevice"];
  readonly onNote: RunOptions["onNote"];
}

/** Trains a run in a worker thread of a pool. */
export async function inWorker(
  pool: Piscina,
  task: WorkerTask,
  { signal, report, onNote }: WorkerListener,
): Promise<WorkerOutcome> {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (message: WorkerMessage) => {
    if (message.kind === "note") onNote?.(message.line);
    else if (message.progress.state === "running") report(task.name, message.progress);
  });
  const abort = () => port1.postMessage("abort");
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const elsewhere = (await pool.run({ ...task, port: port2 }, { transferList: [port2] })) as Elsewhere | undefined;
    return { failures: new Map(), elsewhere: new Map(elsewhere === undefined ? [] : [[task.name, elsewhere]]) };
  } catch (error) {
    return { failures: new Map([[task.name, error as Error]]), elsewhere: new Map() };
  } finally {
    signal?.removeEventListener("abort", abort);
    port1.close();
  }
}

/** The task of a process that trains vectorised runs. */
export interface VectorisedTask {
  readonly tasks: readonly WorkerTask[];
}

/** A message of a process that trains vectorised runs. */
export type VectorisedMessage =
  | { readonly kind: "device"; readonly device: Device }
  | { readonly kind: "progress"; readonly name: string; readonly progress: RunProgress }
  | { readonly kind: "note"; readonly line: string }
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  | { readonly kind: "elsewhere"; readonly name: string; readonly elsewhere: Elsewhere }
  | { readonly kind: "end" };

/**
 * Trains vectorised runs in a process of its own, because TensorFlow reads its settings from the environment in which a
 * process starts, and frees a device when the process ends.
 */
export async function inProcess(
  tasks: readonly WorkerTask[],
  { signal, report, onDevice, onNote }: WorkerListener,
): Promise<WorkerOutcome> {
  const failures = new Map<string, Error>();
  const elsewhere = new Map<string, Elsewhere>();
  if (signal?.aborted) return { failures, elsewhere };
  const abort = () => child?.connected && child.send("abort", () => undefined);
  let child: ChildProcess | undefined;
  let why: string | undefined;
  try {
    const { filename, execArgv } = workerFile("vectorised-process");
    child = fork(fileURLToPath(filename), { execArgv, serialization: "advanced" });
    signal?.addEventListener("abort", abort, { once: true });
    child.on("message", (message: VectorisedMessage) => {
      if (message.kind === "device") onDevice?.(message.device);
      if (message.kind === "note") onNote?.(message.line);
      if (message.kind === "progress" && message.progress.state === "running") report(message.name, message.progress);
      if (message.kind === "failed") failures.set(message.name, new LabError(message.message));
      if (message.kind === "elsewhere") elsewhere.set(message.name, message.elsewhere);
    });
    why = await endOfChild(child, { tasks });
  } catch (error) {
    why = cannotStart(error as Error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  if (why !== undefined) {
    for (const { name, config, runs } of tasks) {
      const complete = inspectRun(directoryOf(config, { runs })).state === "complete";
      if (!complete && !failures.has(name) && !elsewhere.has(name)) failures.set(name, new LabError(why));
    }
  }
  return { failures, elsewhere };
}

/**
 * Gives a child process its task and waits until it has ended.
 * @returns why it did not complete its task, or undefined
 */
function endOfChild(child: ChildProcess, task: VectorisedTask): Promise<string | undefined> {
  return new Promise((resolve) => {
    let exit: string | undefined | null = null;
    // Its last messages may arrive after its end.
    let open = child.connected;
    const end = () => exit !== null && !open && resolve(exit);
    child.once("error", (error) => {
      // A process that never started neither exits nor disconnects.
      if (child.pid === undefined) resolve(cannotStart(error));
    });
    child.once("disconnect", () => {
      open = false;
      end();
    });
    child.once("exit", (code, killed) => {
      exit =
        code === 0
          ? undefined
          : `the process that trained it ended with ${killed ?? `exit code ${code}`}; the same command continues from its last checkpoint`;
      end();
    });
    // For a process that has already ended, its exit event reports the error.
    if (child.pid !== undefined) child.send(task, () => undefined);
  });
}

function cannotStart(error: Error): string {
  return `the process that trains it cannot be started (${error.message}); the same command tries again`;
}

/**
 * Returns a worker's file for a pool or a child process. When run from source it needs tsx, which tests and benchmarks
 * have.
 *
 * @param beside URL of a module in the folder of the worker's file
 */
export function workerFile(name: string, beside: string = import.meta.url): { filename: string; execArgv: string[] } {
  if (!beside.endsWith(".ts")) return { filename: new URL(`./${name}.js`, beside).href, execArgv: [] };
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return { filename: new URL(`./${name}.ts`, beside).href, execArgv: ["--import", tsx] };
}
