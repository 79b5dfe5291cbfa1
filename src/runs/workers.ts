import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel } from "node:worker_threads";
import type { Piscina } from "piscina";
import type { Config, ConfigInput } from "../config.js";
import { runOf } from "./store.js";
import type { Device, RunOptions, TrainingProgress } from "./run.js";

/** What a worker is asked to do. */
export interface WorkerTask {
  readonly name: string;
  readonly config: Config;
  /** What was given for it, which a copy for another thread or process forgets. */
  readonly given: ConfigInput;
  readonly token: string;
  readonly runs: string | undefined;
  readonly checkpointEvery: number | undefined;
}

/**
 * Trains a run in a worker thread of a pool.
 * @returns why it failed, by name
 */
export async function inWorker(pool: Piscina, task: WorkerTask, signal: AbortSignal | undefined, report: (progress: Partial<TrainingProgress>) => void): Promise<Map<string, Error>> {
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
export async function inProcess(tasks: readonly WorkerTask[], signal: AbortSignal | undefined, report: (name: string, progress: Partial<TrainingProgress>) => void, onDevice: RunOptions["onDevice"]): Promise<Map<string, Error>> {
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

/**
 * A worker's file for a pool or a child process. From source it needs tsx, which the tests and benches have.
 *
 * @param beside URL of the module that the worker's file stands beside
 */
export function workerFile(name: string, beside: string = import.meta.url): { filename: string; execArgv: string[] } {
  if (!beside.endsWith(".ts")) return { filename: new URL(`./${name}.js`, beside).href, execArgv: [] };
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return { filename: new URL(`./${name}.ts`, beside).href, execArgv: ["--import", tsx] };
}
