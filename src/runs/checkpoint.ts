import { readFileSync } from "node:fs";
import type { TrainProgress, TrainState } from "../training/records.js";
import {
  type Checkpoint,
  DATA,
  digest,
  encodeCheckpoint,
  FORMAT,
  REPLAY,
  type Shapes,
  TRANSITIONS,
} from "./checkpoint-file.js";
import type { Part } from "./growing-file.js";
import type { FileName } from "./run-files.js";
import { sha256 } from "./sha256.js";
import { onReading, RunError, writeAtomically } from "./disk.js";
import { checkpointSchema, firstFault } from "./schemas.js";
import { decodeSafetensors, encodeSafetensors, FormatError, type Tensor, type TensorFile } from "./safetensors.js";

export type { Checkpoint, Shapes } from "./checkpoint-file.js";

/**
 * Writes a checkpoint; see `encodeCheckpoint`. The previous one stays until this one is complete on disk.
 * @param held called before writing; it throws when this process has lost the run
 * @throws {RunError} when writing fails
 */
export function writeCheckpoint(
  path: string,
  checkpoint: Checkpoint,
  shapes: Shapes = new Map(),
  held?: () => void,
): void {
  writeAtomically(path, encodeCheckpoint(checkpoint, shapes, sha256()), held);
}

/**
 * Reads a checkpoint.
 * @param runs the names that its run may have; see `runNamesOf`
 * @throws {RunError} when it is truncated, changed, or not a checkpoint of that run; the file is never overwritten
 */
export function readCheckpoint(path: string, runs?: readonly string[]): Checkpoint {
  const { metadata, tensors } = openCheckpoint(path, runs);
  const { progress, ...facts } = factsOf(path, metadata);
  const replayed = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, tensors.get(`replay.${name}`)?.data]));
  const replay = {
    ...replayed(REPLAY),
    ...(tensors.has("replay.terminal") && { data: replayed(DATA) }),
    ...(tensors.has("replay.transitions.flags") && {
      transitions: Object.fromEntries(
        TRANSITIONS.map((name) => [name, tensors.get(`replay.transitions.${name}`)?.data]),
      ),
    }),
  } as unknown as TrainState["replay"];
  const environments = [...tensors]
    .filter(([key]) => key.startsWith("environment."))
    .sort(([a], [b]) => Number(a.split(".")[1]) - Number(b.split(".")[1]))
    .map(([, { data }]) => data as Uint8Array);
  const starting = <T extends Tensor["data"]>(keep: (key: string) => boolean, from: (key: string) => string) =>
    new Map([...tensors].filter(([key]) => keep(key)).map(([key, { data }]) => [from(key), data as T]));
  const state: TrainState = {
    tensors: starting<Float32Array>(
      (key) => !/^(mask|replay|environment)\./.test(key),
      (key) => key,
    ),
    masks: starting<Uint8Array>(
      (key) => key.startsWith("mask."),
      (key) => key.slice("mask.".length),
    ),
    progress,
    replay,
    ...(environments.length > 0 && { environments }),
  };
  return { ...facts, state };
}

/**
 * Exports the online parameters of a checkpoint as a safetensors file with PyMARL's names and shapes. Pruned weights
 * are 0.
 * @param runs the names that its run may have
 * @throws {RunError} when the checkpoint cannot be used
 */
export function exportParameters(path: string, runs?: readonly string[]): Uint8Array {
  const { metadata, tensors } = openCheckpoint(path, runs);
  const online = [...tensors]
    .filter(([key]) => key.startsWith("online."))
    .map(([key, tensor]) => [key.slice("online.".length), tensor] as const);
  return encodeSafetensors(new Map(online), { run: factsOf(path, metadata).run });
}

/** Reads the file of a checkpoint and checks that it is complete and of the right run. */
function openCheckpoint(path: string, runs: readonly string[] | undefined): TensorFile {
  let file: TensorFile;
  try {
    file = decodeSafetensors(onReading(path, () => readFileSync(path)));
  } catch (error) {
    if (error instanceof FormatError) return unusable(path, error.message);
    throw error;
  }
  const { metadata, tensors } = file;
  if (metadata["format"] !== FORMAT)
    return unusable(path, `it is not a checkpoint of this version of mast-lab ("${FORMAT}")`);
  if (metadata["sha256"] !== digest(tensors, metadata["rest"] ?? "", sha256()))
    return unusable(path, "its checksum does not fit its content: the file was damaged or changed");
  // The checksum covers the bytes only, not the types of the tensors.
  for (const [key, { data }] of tensors)
    if (!isOfItsKind(key, data)) return unusable(path, `its ${key} is of another type than a checkpoint's`);
  const { run } = factsOf(path, metadata);
  if (runs !== undefined && !runs.includes(run)) return unusable(path, `it belongs to run ${run}`);
  return file;
}

function isOfItsKind(key: string, data: Tensor["data"]): boolean {
  if (
    key.startsWith("mask.") ||
    key.startsWith("environment.") ||
    ["replay.actions", "replay.availableActions", "replay.terminal", "replay.transitions.flags"].includes(key)
  )
    return data instanceof Uint8Array;
  return ["replay.indices", "replay.seeds", "replay.lengths"].includes(key)
    ? data instanceof Int32Array
    : data instanceof Float32Array;
}

type Facts = Omit<Checkpoint, "state"> & { readonly progress: TrainProgress };

function factsOf(path: string, { rest = "" }: TensorFile["metadata"]): Facts {
  let facts: unknown;
  try {
    facts = parseExact(rest);
  } catch {
    return unusable(path, "its metadata about the run is not JSON");
  }
  const read = checkpointSchema.safeParse(facts);
  return read.success
    ? read.data
    : unusable(path, `its metadata about the run is not complete (${firstFault(read.error)})`);
}

function unusable(path: string, why: string): never {
  throw new RunError(
    `Checkpoint ${path} cannot be used: ${why}. Put a good copy in its place, or move its folder away to start this run anew.`,
  );
}

function parseExact(text: string): unknown {
  return JSON.parse(text, (_, entry: unknown) =>
    typeof entry === "string" && entry.startsWith("number:") ? Number(entry.slice("number:".length)) : entry,
  );
}

/**
 * Returns length and checksum of a growing file at the time of a checkpoint; checkpoints of older versions have no
 * checksums.
 */
export function partOf({ lengths, sums }: Checkpoint, file: FileName): Partial<Part> & { readonly bytes: number } {
  const sha256 = sums?.[file];
  return { bytes: lengths[file] ?? 0, sha256 };
}
