import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { restoreConfig } from "../config.js";
import { runOne } from "./run.js";
import { type Elsewhere, elsewhereOf, type WorkerMessage, type WorkerTask } from "./workers.js";

/**
 * Trains one run in a worker thread of `runAll`. It reports progress through the port, and any message on the port
 * stops the run.
 * @returns the other process that trains the run, if there is one
 */
export default async function work({
  config,
  given,
  token,
  runs,
  checkpointEvery,
  threads,
  port,
}: WorkerTask & { readonly port: MessagePort }): Promise<Elsewhere | undefined> {
  const controller = new AbortController();
  const say = (message: WorkerMessage) => port.postMessage(message);
  try {
    // A run that was still waiting when all runs were stopped does not begin.
    if (receiveMessageOnPort(port) !== undefined) return undefined;
    port.on("message", () => controller.abort());
    await runOne(restoreConfig(given, config), {
      token,
      signal: controller.signal,
      onProgress: (progress) => say({ kind: "progress", progress }),
      onNote: (line) => say({ kind: "note", line }),
      runs,
      checkpointEvery,
      threads,
    });
    return undefined;
  } catch (error) {
    const elsewhere = elsewhereOf(error);
    if (elsewhere === undefined) throw error;
    return elsewhere;
  } finally {
    port.close();
  }
}
