import { type ConfigInput, resolveConfig } from "../config.js";
import type { TrainingRecord } from "./records.js";
import type { TrainOptions } from "./options.js";
import { train } from "./train.js";

/** Helpers of tests that train. */

/** Trains and collects all records. */
export async function collect(input: ConfigInput, options: TrainOptions = {}): Promise<TrainingRecord[]> {
  const records: TrainingRecord[] = [];
  for await (const record of train(resolveConfig(input), options)) records.push(record);
  return records;
}

/** Leaves out checkpoint records, which depend on when checkpoints were made. */
export const withoutCheckpoints = (records: readonly TrainingRecord[]) =>
  records.filter(({ kind }) => kind !== "checkpoint");

/** A configuration of some 80 updates of small networks on the two-step game, with the defaults of the method. */
export function combination(algorithm: string, method: string): ConfigInput {
  const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
  const batch = method === "mast" ? { offlineBatch: 10, onlineBatch: 6 } : { offlineBatch: 16, onlineBatch: 0 };
  return {
    environment: "two-step",
    algorithm,
    method,
    steps: 200,
    seed: 5,
    warmup: 0,
    targetInterval: 10,
    ...(method !== "dense" && { sparsity: { level: 0.5 } }),
    topology: { interval: 10 },
    returns: { burnIn: 100 },
    replay: {
      offlineCapacity: 60,
      onlineCapacity: 24,
      ...batch,
      ...(method === "rlx2" && { dynamic: { interval: 10, minimum: 0 } }),
    },
    exploration: { anneal: 100 },
    network: { hidden: 12, embed: 6, hypernetEmbed: 8, ...(weighted && { centralEmbed: 10 }) },
    evaluation: { interval: 100, episodes: 3, window: 2 },
    log: { interval: 50 },
  };
}

/** Writes a record as text that shows every bit of its numbers. */
export function recordText(record: TrainingRecord): string {
  return JSON.stringify(record, (_, value: unknown) => {
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
      return Object.is(value, -0) ? "-0" : String(value);
    if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
    return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
  });
}
