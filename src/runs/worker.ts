import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { restoreConfig } from "../config.js";
import { runOne } from "./run.js";
import type { WorkerTask } from "./workers.js";

/** Trains one run in a worker thread of `runAll`; progress goes out through the port, and any message on it stops the run. */
export default async function work({ config, given, token, runs, checkpointEvery, port }: WorkerTask & { readonly port: MessagePort }): Promise<void> {
  const controller = new AbortController();
  try {
    // A run that waited for its turn while all were stopped is not begun.
    if (receiveMessageOnPort(port) !== undefined) return;
    port.on("message", () => controller.abort());
    await runOne(restoreConfig(given, config), {
      token,
      signal: controller.signal,
      onProgress: (progress) => port.postMessage(progress),
      ...(runs === undefined ? {} : { runs }),
      ...(checkpointEvery === undefined ? {} : { checkpointEvery }),
    });
  } finally {
    port.close();
  }
}
