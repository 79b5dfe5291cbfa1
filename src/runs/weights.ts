import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { type Config, ConfigError } from "../config.js";
import type { FromConfig } from "../config/config.js";
import { plain } from "../messages.js";
import type { StartWeights } from "../training/networks.js";
import { networkPlan } from "../training/plan.js";
import { tensorsOf } from "../training/state.js";
import { onReading, RunError } from "./disk.js";
import { decodeSafetensors, type Tensor } from "./safetensors.js";
import { checkpointPath, findRun, listRuns, readRunCheckpoint, runsDirectory } from "./store.js";
import { readCheckpoint } from "./checkpoint.js";

/** The folders in which runs and relative files are looked up. */
export interface WeightsPlace {
  /** The folder of runs. Default: see `runsDirectory`. */
  readonly runs?: string | undefined;
  /** The folder from which relative paths start. Default: the working directory. */
  readonly folder?: string | undefined;
}

/**
 * Makes the setting `config.from`, by which a run begins with the weights of another run's last checkpoint, or of a
 * safetensors file with PyMARL's names.
 *
 * @param source a run's name, a unique beginning of it, or a file
 * @returns the whole name or path, and the hash of the weights, which is part of the identity of runs that begin with
 *   them. If the file is gone, the hash comes from a run that began with it
 * @throws {ConfigError} in one line when there is no such run or file, or it has another format; a pickle is never
 *   opened
 * @example const config = resolveConfig({ environment: "3m", from: weightsFrom("3m-qmix-dense-100k-seed1") });
 */
export function weightsFrom(source: string, place: WeightsPlace = {}): FromConfig {
  const whole = wholeSource(source, place);
  try {
    return { source: whole, sha256: hashOf(readWeights(whole, place)) };
  } catch (error) {
    const known = isGone(whole) ? rememberedHash(whole, place) : undefined;
    if (known === undefined) throw error;
    return { source: whole, sha256: known };
  }
}

/**
 * Returns the whole name of a run, or the whole path of a file.
 * @throws {RunError} when it names no run, or several
 */
export function wholeSource(source: string, { runs, folder = process.cwd() }: WeightsPlace = {}): string {
  const path = resolve(folder, source);
  if (existsSync(path) || isFileName(source)) {
    if (!existsSync(join(path, "config.json"))) return path;
    return dirname(path) === runsDirectory(runs) ? basename(path) : path;
  }
  return basename(findRun(source, { runs }));
}

/**
 * Reads the weights that a configuration begins with; undefined for a configuration without `from`.
 * @throws {ConfigError} when they are gone, have changed, or have other sizes than the networks, naming the first
 *   tensor that differs
 */
export function readStart(config: Config, place: WeightsPlace = {}): StartWeights | undefined {
  const { from } = config;
  if (from === undefined) return undefined;
  const refuse = (why: string): never => {
    throw new ConfigError(`config: from.source is "${plain(from.source, 400)}", ${why}`);
  };
  let weights: Weights;
  try {
    weights = readWeights(from.source, place);
  } catch (error) {
    return refuse(`which cannot be used: ${(error as Error).message}`);
  }
  const sha256 = hashOf(weights);
  if (sha256 !== from.sha256)
    refuse(
      `whose weights have changed (their hash is ${sha256}, not ${from.sha256}): restore the old weights, or give --from again to start a new run`,
    );
  const parameters = new Map<string, Float32Array>();
  for (const { name, shape, network } of networkPlan(config).parameters) {
    const tensor = weights.tensors.get(name);
    if (tensor === undefined) {
      // A network without any given weights is drawn at random; half a network is a mistake.
      if (network !== "agent" && ![...weights.tensors.keys()].some((key) => key.startsWith(`${network}.`))) continue;
      return refuse(`which has no ${name}`);
    }
    if (tensor.shape.join() !== shape.join())
      refuse(
        `whose ${name} is [${tensor.shape.join(", ")}] where ${config.environment} with these settings has [${shape.join(", ")}]: weights start networks of equal sizes only`,
      );
    parameters.set(name, tensor.data);
  }
  return { parameters, masks: weights.masks };
}

/** Lists the networks of a configuration for which `from` has no weights, such as "mixer". */
export function drawnAnew(config: Config, { parameters }: StartWeights): string[] {
  const absent = networkPlan(config).parameters.filter(({ name }) => !parameters.has(name));
  return [...new Set(absent.map(({ network }) => network))];
}

interface Weights {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads the weights of a run's last checkpoint, or of a file. Names without a network's prefix, as in PyMARL's files of
 * an agent, belong to the agent.
 */
function readWeights(source: string, { runs }: WeightsPlace): Weights {
  if (!isFileName(source) || existsSync(join(source, "config.json"))) {
    const directory = findRun(source, { runs });
    const { state } = readRunCheckpoint(directory);
    return checkpointWeights(state, checkpointPath(directory));
  }
  if (!existsSync(source)) throw new RunError(`there is no file ${plain(source, 400)}`);
  const bytes = onReading(source, () => readFileSync(source));
  if (isPickle(source, bytes))
    throw new RunError(
      `${plain(source, 400)} is a pickle, which can run any program when it is opened, and is not opened here: save its tensors as safetensors in Python, safetensors.torch.save_file(torch.load("agent.th", weights_only=True), "agent.safetensors")`,
    );
  let file: ReturnType<typeof decodeSafetensors>;
  try {
    file = decodeSafetensors(bytes);
  } catch (error) {
    throw new RunError(`${plain(source, 400)} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (file.metadata["format"]?.startsWith("mast-lab checkpoint"))
    return checkpointWeights(readCheckpoint(source).state, source);
  const tensors = new Map(
    [...file.tensors].map(([name, { shape, data }]) => [
      /^(fc1|fc2|rnn)\./.test(name) ? `agent.${name}` : name,
      { shape, data: finite(source, name, data) },
    ]),
  );
  if (![...tensors.keys()].some((name) => /^(agent|actor)\./.test(name)))
    throw new RunError(
      `${plain(source, 400)} holds no agent network: there is no agent.fc1.weight among ${[...tensors.keys()].slice(0, 4).join(", ") || "no tensors"}`,
    );
  return { tensors, masks: new Map() };
}

function checkpointWeights({ tensors, masks }: ReturnType<typeof readCheckpoint>["state"], path: string): Weights {
  const stored = decodeSafetensors(onReading(path, () => readFileSync(path))).tensors;
  const online = tensorsOf(tensors, "online");
  return {
    tensors: new Map(
      [...online].map(([name, data]) => [name, { shape: stored.get(`online.${name}`)!.shape, data }] as const),
    ),
    // Masks of dense layers are left out, since they hold no information.
    masks: new Map([...masks].filter(([, mask]) => mask.includes(0))),
  };
}

function finite(source: string, name: string, data: Tensor["data"]): Float32Array {
  const values = Float32Array.from(data as Float32Array, Number);
  if (values.every(Number.isFinite)) return values;
  throw new RunError(`${plain(source, 400)} holds ${name} with values that are not finite`);
}

/** Computes the SHA-256 of names, shapes, values and masks, in the order of the names. */
function hashOf({ tensors, masks }: Weights): string {
  const hash = createHash("sha256");
  const bytes = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(`${name} ${shape.join("x")}\n`).update(bytes(data));
  }
  for (const name of [...masks.keys()].sort()) hash.update(`mask ${name}\n`).update(bytes(masks.get(name)!));
  return hash.digest("hex").slice(0, 16);
}

/** Finds the hash of weights that no longer exist in the configuration of a run that began with them. */
function rememberedHash(source: string, { runs }: WeightsPlace): string | undefined {
  const hashes = new Set(
    listRuns({ runs }).flatMap(({ config }) => (config?.from?.source === source ? config.from.sha256 : [])),
  );
  return hashes.size === 1 ? [...hashes][0] : undefined;
}

function isGone(source: string): boolean {
  return isFileName(source) && !existsSync(source);
}

const PICKLES = /\.(pt|pth|th|pkl|pickle|ckpt|bin)$/i;

/** Tells a file from a run: names of runs have no folder and none of these endings. */
function isFileName(source: string): boolean {
  return /[/\\]/.test(source) || extname(source) === ".safetensors" || PICKLES.test(source);
}

/**
 * Recognises a pickle by its ending or its first bytes: PyTorch's archives are zip files, older ones begin with
 * pickle's protocol.
 */
function isPickle(path: string, bytes: Uint8Array): boolean {
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  return PICKLES.test(path) || zip || (bytes[0] === 0x80 && (bytes[1] ?? 255) < 6);
}
