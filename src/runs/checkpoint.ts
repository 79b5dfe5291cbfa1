import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { EndRecord, TrainProgress, TrainState } from "../training/records.js";
import { onReading, RunError, writeAtomically } from "./disk.js";
import { checkpointSchema, firstFault } from "./schemas.js";
import { decodeSafetensors, encodeSafetensors, FormatError, type Tensor, type TensorFile } from "./safetensors.js";

/** All that a run needs to go on after its process is gone. One file, so that it is there as a whole or not at all. */
export interface Checkpoint {
  /** The run it belongs to. */
  readonly run: string;
  /** State of training: parameters, masks, counters and the replay buffers. */
  readonly state: TrainState;
  /** Bytes of each growing file of the run that belong to it; what follows them is repeated on resume. */
  readonly lengths: Readonly<Record<string, number>>;
  /** SHA-256 of these bytes of each growing file; absent in checkpoints of older versions. */
  readonly sums?: Readonly<Record<string, string>>;
  /** Wall-clock seconds of training so far. */
  readonly seconds: number;
  /** Processor seconds of training so far; absent where they are not known. */
  readonly processorSeconds?: number | undefined;
  /** Set when training is over. */
  readonly end?: Pick<EndRecord, "step" | "episode" | "update" | "score">;
}

/** Shapes by parameter name; a tensor without one is stored as a vector. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

const FORMAT = "mast-lab checkpoint 1";
const REPLAY = ["indices", "seeds", "lengths", "actions"] as const;
/** What a checkpoint of an environment that is not deterministic has besides. */
const DATA = ["observations", "states", "availableActions", "rewards", "terminal"] as const;

/**
 * Writes a checkpoint as a safetensors file: "online.NAME", "target.NAME", "optimiser.NAME", "mask.NAME", "replay.NAME" and, of an environment
 * that is not deterministic, "environment.NUMBER", and the
 * rest as JSON in its metadata. The previous one stays until this one is complete on disk.
 * @param held throws when this process may write no more
 * @throws {RunError} when the disk refuses
 */
export function writeCheckpoint(
  path: string,
  checkpoint: Checkpoint,
  shapes: Shapes = new Map(),
  held?: () => void,
): void {
  const { tensors, masks, progress, replay, environments = [] } = checkpoint.state;
  const stored = new Map<string, Tensor>();
  const put = (key: string, name: string, data: Tensor["data"]) =>
    stored.set(key, { shape: shapes.get(name) ?? [data.length], data });
  tensors.forEach((data, key) => put(key, key.slice(key.indexOf(".") + 1), data));
  masks.forEach((data, name) => put(`mask.${name}`, name, data));
  for (const name of REPLAY) put(`replay.${name}`, "", replay[name]);
  if (replay.data) for (const name of DATA) put(`replay.${name}`, "", replay.data[name]);
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
  writeAtomically(path, encodeSafetensors(stored, { format: FORMAT, rest, sha256: digest(stored, rest) }), held);
}

/**
 * Reads a checkpoint.
 * @param runs names of the run it must belong to; see `runNamesOf`
 * @throws {RunError} when it is truncated, changed, or not a checkpoint of that run; it is never overwritten
 */
export function readCheckpoint(path: string, runs?: readonly string[]): Checkpoint {
  const { metadata, tensors } = openCheckpoint(path, runs);
  const { progress, ...facts } = factsOf(path, metadata);
  const replayed = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, tensors.get(`replay.${name}`)?.data]));
  const replay = {
    ...replayed(REPLAY),
    ...(tensors.has("replay.terminal") && { data: replayed(DATA) }),
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
 * The online parameters of a checkpoint as a safetensors file with PyMARL's names and shapes; pruned weights are 0.
 * @param runs names of the run it must belong to
 * @throws {RunError} when the checkpoint cannot be used
 */
export function exportParameters(path: string, runs?: readonly string[]): Uint8Array {
  const { metadata, tensors } = openCheckpoint(path, runs);
  const online = [...tensors]
    .filter(([key]) => key.startsWith("online."))
    .map(([key, tensor]) => [key.slice("online.".length), tensor] as const);
  return encodeSafetensors(new Map(online), { run: factsOf(path, metadata).run });
}

/** The file of a checkpoint, once it is known to be whole and of the right run. */
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
  if (metadata["sha256"] !== digest(tensors, metadata["rest"] ?? ""))
    return unusable(path, "its checksum does not fit its content: the file was damaged or changed");
  // The checksum is of the bytes, not of what they are read as.
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
    ["replay.actions", "replay.availableActions", "replay.terminal"].includes(key)
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
    return unusable(path, "what it says about its run is not JSON");
  }
  const read = checkpointSchema.safeParse(facts);
  return read.success
    ? read.data
    : unusable(path, `what it says about its run is not complete (${firstFault(read.error)})`);
}

function unusable(path: string, why: string): never {
  throw new RunError(
    `Checkpoint ${path} cannot be used: ${why}. Put a good copy in its place, or move its folder away to start this run anew.`,
  );
}

function digest(tensors: ReadonlyMap<string, Tensor>, rest: string): string {
  const hash = createHash("sha256").update(rest);
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(`${name} ${shape.join("x")}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** JSON that keeps every bit of a number: NaN, infinities and -0 go as text. */
function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "number" && (!Number.isFinite(entry) || Object.is(entry, -0))
      ? `number:${Object.is(entry, -0) ? "-0" : entry}`
      : entry,
  );
}

function parseExact(text: string): unknown {
  return JSON.parse(text, (_, entry: unknown) =>
    typeof entry === "string" && entry.startsWith("number:") ? Number(entry.slice("number:".length)) : entry,
  );
}
