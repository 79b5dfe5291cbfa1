import type { MessagePort } from "node:worker_threads";
import type { Config } from "../config.js";
import { type DistanceMoment, followDistances } from "./policy-distance.js";

/** Follows one run in a worker thread, and sends the steps that it has reached through the port. */
export default async function work({
  config,
  moments,
  port,
}: {
  readonly config: Config;
  readonly moments: readonly number[];
  readonly port: MessagePort;
}): Promise<DistanceMoment[]> {
  try {
    return await followDistances(config, moments, { onProgress: (step) => port.postMessage(step) });
  } finally {
    port.close();
  }
}
