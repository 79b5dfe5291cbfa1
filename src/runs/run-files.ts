import { type Config, givenOf } from "../config.js";
import { environmentVersion } from "../envs/index.js";
import type { EvaluationRecord, TopologyRecord, TrainRecord } from "../training/records.js";
import type { Checksum } from "./checksum.js";
import { encodeMasks } from "./mask-frame.js";
import { HEADERS, metricsLines, timingLines, topologyLines } from "./tables.js";

/**
 * Names and contents of a run's files. This module does not need Node.js, so that a run in a browser can make the same
 * files, see memory-run.ts.
 */

// This version is raised when the files of a run or the meaning of a configuration change; older runs are then not
// used.
const SCHEMA = 2;

/** Holds the complete configuration of a run, with the values that were given for it. */
export const CONFIG = "config.json";
/** Holds the last checkpoint of a run. */
export const CHECKPOINT = "checkpoint.safetensors";

/** The files that grow during a run, and their first content. */
export const GROWING = {
  "metrics.csv": HEADERS.metrics,
  "timing.csv": HEADERS.timing,
  "topology.csv": HEADERS.topology,
  "masks.bin": "",
} as const;

/** Name of a file that grows during a run. */
export type FileName = keyof typeof GROWING;

/**
 * Makes the name of a run's folder; see `runName`.
 * @param sum an empty SHA-256
 */
export function nameOf(config: Config, sum: Checksum): string {
  const { environment, rules, algorithm, method, engine, backend, sparsity, ticket, extend, from, steps, seed } =
    config;
  const length =
    steps % 1_000_000 === 0 ? `${steps / 1_000_000}M` : steps % 1_000 === 0 ? `${steps / 1_000}k` : String(steps);
  const level = sparsity.level > 0 ? [String(Math.round(sparsity.level * 1000) / 10)] : [];
  const fixed = ticket === undefined ? [] : [`${ticket.kind}-ticket`];
  const parts = [
    environment,
    ...(rules === "starcraft" ? [] : [rules]),
    algorithm,
    method,
    ...fixed,
    ...level,
    ...(engine === "sparse" ? [] : [`tensorflow-${backend}`]),
    length,
    ...(extend === undefined ? [] : ["extended"]),
    ...(from === undefined ? [] : ["warm-start"]),
    `seed${seed}`,
  ];
  sum.add(canonical({ schema: SCHEMA, config: identityOf(config), environmentVersion: environmentVersion(config) }));
  return `${parts.join("-").replace(/[^A-Za-z0-9._-]+/g, "-")}-${sum.hex().slice(0, 8)}`;
}

/** Makes the text of a run's config.json. */
export function configText(config: Config): string {
  return `${JSON.stringify({ ...config, environmentVersion: environmentVersion(config), given: givenOf(config) }, null, 2)}\n`;
}

/**
 * Makes a function that appends records to the growing files.
 *
 * @param from environment steps and seconds of training from which the run continues
 * @param seconds returns the seconds of training so far
 * @param deflate see `encodeMasks`
 */
export function appendRecords(
  append: (file: FileName, content: string | Uint8Array) => void,
  from: { readonly step: number; readonly seconds: number },
  seconds: () => number,
  deflate: (bytes: Uint8Array) => Uint8Array,
): (record: TrainRecord | EvaluationRecord | TopologyRecord) => void {
  let last = from;
  return (record) => {
    if (record.kind === "topology") {
      append("topology.csv", topologyLines(record));
      append("masks.bin", encodeMasks(record, deflate));
      return;
    }
    append("metrics.csv", metricsLines(record));
    if (record.kind === "evaluation") return;
    const now = { step: record.step, seconds: seconds() };
    append(
      "timing.csv",
      timingLines({ ...now, stepsPerSecond: (now.step - last.step) / (now.seconds - last.seconds) }),
    );
    last = now;
  };
}

/**
 * The values that identify a run: its whole configuration, with the content of files of parts and weights instead of
 * their paths.
 */
export function identityOf({ parts, from, ...config }: Config): object {
  return {
    ...config,
    parts: parts?.map(({ sha256 }) => sha256),
    from: from?.sha256,
  };
}

/** JSON with sorted keys, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
