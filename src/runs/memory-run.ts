import type { Config } from "../config.js";
import type { TrainingRecord } from "../training/records.js";
import { networkPlan } from "../training/plan.js";
import { encodeCheckpoint, endFacts, type Shapes } from "./checkpoint-file.js";
import type { Checksum } from "./checksum.js";
import { appendRecords, CHECKPOINT, CONFIG, configText, type FileName, GROWING, nameOf } from "./run-files.js";

/** Functions that a program without Node.js has to provide to keep a run. */
export interface Codecs {
  /** Starts a SHA-256. */
  readonly sha256: () => Checksum;
  /** Compresses by raw deflate, without a header. */
  readonly deflate: (bytes: Uint8Array) => Uint8Array;
}

/** A run whose files are in memory. */
export interface MemoryRun {
  /** Name of the folder that the files belong to, in data/runs. */
  readonly name: string;
  /** Adds a record to the files, as the run store does. */
  write(record: TrainingRecord): void;
  /**
   * Returns the files of the run up to its last checkpoint by name; undefined before the first checkpoint. `mast train`
   * resumes the run from them when they are put into a folder of the run's name in a run store.
   */
  files(): ReadonlyMap<string, Uint8Array> | undefined;
}

/**
 * Keeps a run in memory, with the same bytes that the run store writes to disk: metrics, masks and a checkpoint. In
 * this way a run that was trained in a browser can be downloaded and continued by `mast train`.
 *
 * @param seconds returns the seconds of training so far. Default: the seconds since this call
 * @example
 * const kept = keepInMemory(config, { sha256, deflate });
 * for await (const record of train(config)) kept.write(record);
 * kept.files()!.get("metrics.csv");
 */
export function keepInMemory(
  config: Config,
  { sha256, deflate }: Codecs,
  seconds: () => number = stopwatch(),
): MemoryRun {
  const name = nameOf(config, sha256());
  const shapes: Shapes = new Map(networkPlan(config).parameters.map((spec) => [spec.name, spec.shape]));
  const growing = new Map<FileName, { readonly parts: Uint8Array[]; bytes: number; readonly sum: Checksum }>();
  const append = (file: FileName, content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const kept = growing.get(file)!;
    kept.parts.push(bytes);
    kept.bytes += bytes.length;
    kept.sum.add(bytes);
  };
  for (const [file, beginning] of Object.entries(GROWING) as [FileName, string][]) {
    growing.set(file, { parts: [], bytes: 0, sum: sha256() });
    append(file, beginning);
  }
  const appendRecord = appendRecords(append, { step: 0, seconds: 0 }, seconds, deflate);
  let checkpoint: { readonly bytes: () => Uint8Array; readonly lengths: Record<string, number> } | undefined;

  return {
    name,
    write(record) {
      if (record.kind !== "checkpoint" && record.kind !== "end") return appendRecord(record);
      const lengths = Object.fromEntries([...growing].map(([file, { bytes }]) => [file, bytes]));
      const sums = Object.fromEntries([...growing].map(([file, { sum }]) => [file, sum.hex()]));
      const kept = {
        run: name,
        state: record.state,
        lengths,
        sums,
        seconds: seconds(),
        ...(record.kind === "end" && { end: endFacts(record) }),
      };
      // Most checkpoints are replaced by the next one, so they are encoded only on request.
      checkpoint = { bytes: () => encodeCheckpoint(kept, shapes, sha256()), lengths };
    },
    files() {
      if (checkpoint === undefined) return undefined;
      const { bytes, lengths } = checkpoint;
      return new Map([
        [CONFIG, new TextEncoder().encode(configText(config))],
        ...[...growing].map(([file, { parts }]) => [file, joined(parts, lengths[file])] as const),
        [CHECKPOINT, bytes()],
      ]);
    },
  };
}

/** Joins the first parts, up to the given length, which is the end of a part. */
function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (at === length) break;
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}
