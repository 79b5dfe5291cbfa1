import type { EndRecord, TrainState } from "../training/records.js";
import { encodeSafetensors, type Tensor } from "./safetensors.js";
import type { Checksum } from "./checksum.js";

/**
 * Everything that a run needs to continue after its process has ended. It is one file, so that it is either complete or
 * absent.
 */
export interface Checkpoint {
  /** Name of the run that the checkpoint belongs to. */
  readonly run: string;
  /** State of training: parameters, masks, counters and the replay buffers. */
  readonly state: TrainState;
  /** Length of each growing file of the run at this checkpoint, in bytes; what follows is repeated on resume. */
  readonly lengths: Readonly<Record<string, number>>;
  /** SHA-256 of each growing file up to that length; absent in checkpoints of older versions. */
  readonly sums?: Readonly<Record<string, string>>;
  /** Wall-clock seconds of training so far. */
  readonly seconds: number;
  /** Processor seconds of training so far; absent where they are not known. */
  readonly processorSeconds?: number | undefined;
  /** Present when training has ended. */
  readonly end?: Pick<EndRecord, "step" | "episode" | "update" | "score">;
}

/** Shapes by parameter name; a tensor without one is stored as a vector. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** The format that the metadata of a checkpoint names. */
export const FORMAT = "mast-lab checkpoint 1";
/** Tensors of the episodes that every checkpoint holds. */
export const REPLAY = ["indices", "seeds", "lengths", "actions"] as const;
/** Tensors of the episodes that a checkpoint holds in addition if the environment is not deterministic. */
export const DATA = ["observations", "states", "availableActions", "rewards", "terminal"] as const;

/**
 * The tensors that a checkpoint of a run that learns from transitions holds in addition, under
 * "replay.transitions.NAME".
 */
export const TRANSITIONS = [
  "observations",
  "states",
  "actions",
  "rewards",
  "flags",
  "endObservations",
  "endStates",
] as const;

/**
 * Encodes a checkpoint as a safetensors file: the tensors "online.NAME", "target.NAME", "optimiser.NAME", "mask.NAME",
 * "replay.NAME" and, if the environment is not deterministic, "environment.NUMBER"; everything else is JSON in the
 * metadata.
 *
 * @param sum an empty SHA-256
 */
export function encodeCheckpoint(checkpoint: Checkpoint, shapes: Shapes, sum: Checksum): Uint8Array {
  const { tensors, masks, progress, replay, environments = [] } = checkpoint.state;
  const stored = new Map<string, Tensor>();
  const put = (key: string, name: string, data: Tensor["data"]) =>
    stored.set(key, { shape: shapes.get(name) ?? [data.length], data });
  tensors.forEach((data, key) => put(key, key.slice(key.indexOf(".") + 1), data));
  masks.forEach((data, name) => put(`mask.${name}`, name, data));
  for (const name of REPLAY) put(`replay.${name}`, "", replay[name]);
  if (replay.data) for (const name of DATA) put(`replay.${name}`, "", replay.data[name]);
  if (replay.transitions)
    for (const name of TRANSITIONS) put(`replay.transitions.${name}`, "", replay.transitions[name]);
  environments.forEach((saved, i) => put(`environment.${i}`, "", saved));
  const rest = exactJson({
    run: checkpoint.run,
    progress,
    lengths: checkpoint.lengths,
    sums: checkpoint.sums,
    seconds: checkpoint.seconds,
    processorSeconds: checkpoint.processorSeconds,
    end: checkpoint.end,
  });
  return encodeSafetensors(stored, { format: FORMAT, rest, sha256: digest(stored, rest, sum) });
}

/**
 * Computes the checksum of everything in a checkpoint.
 * @param sum an empty SHA-256
 */
export function digest(tensors: ReadonlyMap<string, Tensor>, rest: string, sum: Checksum): string {
  sum.add(rest);
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    sum.add(`${name} ${shape.join("x")}\n`);
    sum.add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return sum.hex();
}

/** Picks the fields of a run's end that its last checkpoint keeps. */
export function endFacts({ step, episode, update, score }: EndRecord): NonNullable<Checkpoint["end"]> {
  return { step, episode, update, score };
}

/** JSON that keeps every bit of a number: NaN, infinities and -0 are written as text. */
function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "number" && (!Number.isFinite(entry) || Object.is(entry, -0))
      ? `number:${Object.is(entry, -0) ? "-0" : entry}`
      : entry,
  );
}
