import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import { fileURLToPath } from "node:url";
import { LabError } from "../errors.js";
import { facmacNetworks } from "../algorithms/continuous/update.js";
import { wqmixNetworks, type WqmixNetworks } from "../algorithms/wqmix.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createTransitionEngine } from "../networks/sparse/transition-engine.js";
import type { NativeKernels } from "../host.js";
import { initialParameters, networkParameters, type NetworkShape } from "../networks/parameters.js";
import { createRandom } from "../random.js";
import { type EpisodeGroup, groupEpisodes } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { chosenValues } from "../targets/actions.js";

/** The manifest that networks/kernels/build.mjs writes. */
interface Manifest {
  /** Hash of the sources from which everything was built. */
  readonly sources: string;
  /** SHA-256 of each file. */
  readonly files: Readonly<Record<string, string>>;
}

/** The native addon. */
interface Addon {
  readonly sources?: string;
  /**
   * Returns kernels with the widest instructions of at most `bits` bits, whose passes are shared by `threads` threads,
   * or by one if others cannot be started; undefined if the processor lacks the instructions.
   */
  readonly kernels: (bits: number, threads: number) => NativeKernels | undefined;
}

/** Kernels in native code, or the reason why there are none. */
export type Found = { readonly kernels: NativeKernels } | { readonly reason: string };

const built = new URL("../networks/kernels/built/", import.meta.url);

/**
 * Reads the bytes of the kernels in WebAssembly.
 * @throws {Error} when they are missing
 */
export function readWasmKernels(): Uint8Array {
  const url = new URL("kernels.wasm", built);
  try {
    return readFileSync(url);
  } catch (error) {
    throw new Error(
      `The sparse engine's kernels are missing (${fileURLToPath(url)}): check out the files of the project again.`,
      { cause: error },
    );
  }
}

const found = new Map<number, Found>();

/**
 * Finds the kernels in native code for this machine. MAST_KERNELS selects them: "auto", the default, uses native
 * kernels if there are any, "wasm" never uses them, and "native" fails if there are none. They are checked: the file
 * must be the one that was built, and an update with them must equal the same update in WebAssembly to the bit.
 *
 * @param threads number of threads that share a pass, if they can be started: 1, 2 or 4
 * @throws {Error} when MAST_KERNELS has an unknown value, or asks for native kernels that are not available
 */
export function nativeKernels(threads = 1): NativeKernels | undefined {
  const wish = process.env.MAST_KERNELS || "auto";
  if (wish === "wasm") return undefined;
  if (wish !== "auto" && wish !== "native")
    throw new LabError(`MAST_KERNELS is ${JSON.stringify(wish)}; it must be auto, native or wasm.`);
  const here = findOnce(threads);
  if ("kernels" in here) return here.kernels;
  if (wish === "native") throw new LabError(`MAST_KERNELS asks for native kernels, but ${here.reason}.`);
  return undefined;
}

function findOnce(threads: number): Found {
  let here = found.get(threads);
  if (here === undefined) found.set(threads, (here = findNativeKernels(built, { threads })));
  return here;
}

/**
 * Which kernels compute here, in a line, with the reason where they are not native, and how many threads can share a
 * run.
 */
export function describeKernels(): string {
  const native = nativeKernels();
  if (native === undefined)
    return `kernels in WebAssembly, 128-bit: ${process.env.MAST_KERNELS === "wasm" ? "MAST_KERNELS is wasm" : (findOnce(1) as { reason: string }).reason}`;
  const threads = THREADS.filter((count) => (nativeKernels(count)?.threads ?? 1) === count);
  return `native kernels, ${native.instructions}, ${threads.length > 1 ? `${threads.slice(0, -1).join(", ")} or ${threads.at(-1)} threads a run` : "one thread a run"}`;
}

/** Numbers of threads that can share a run. */
export const THREADS: readonly number[] = [1, 2, 4];

/**
 * Loads the addon of this platform from a folder that build.mjs filled, and checks it.
 *
 * @param options.bits width of the widest instructions to use
 * @param options.machine platform and architecture as named by Node.js
 * @param options.threads number of threads that share a pass, if they can be started
 */
export function findNativeKernels(
  folder: URL,
  {
    bits = 512,
    machine = `${platform}-${arch}`,
    threads = 1,
  }: { bits?: number; machine?: string; threads?: number } = {},
): Found {
  const file = `${machine}.node`;
  const path = fileURLToPath(new URL(file, folder));
  let addon: Addon;
  try {
    const { sources, files } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as Manifest;
    if (files[file] === undefined) return { reason: `there are none for ${machine}` };
    // Any other file is not loaded, since loading would run its code.
    if (createHash("sha256").update(readFileSync(path)).digest("hex") !== files[file])
      return { reason: `${path} is not the file that was built` };
    addon = createRequire(import.meta.url)(path) as Addon;
    if (addon.sources !== sources) return { reason: `${path} was built from other sources` };
  } catch (error) {
    return { reason: `${path} cannot be loaded (${(error as Error).message.split("\n")[0]})` };
  }
  const kernels = addon.kernels(bits, threads);
  if (kernels === undefined) return { reason: "this processor lacks their instructions (AVX2 or NEON)" };
  const difference = firstDifference(kernels);
  return difference === undefined
    ? { kernels }
    : { reason: `${path} computes ${difference} differently from WebAssembly` };
}

/** A shape whose sizes are not multiples of a vector, with central networks. */
const SHAPE: NetworkShape = {
  agents: 5,
  actions: 6,
  observation: 11,
  state: 19,
  hidden: 13,
  embed: 7,
  hypernetEmbed: 9,
  centralEmbed: 17,
  networks: wqmixNetworks,
};

/**
 * Finds the first difference between an update with these kernels and the same update in WebAssembly. It takes a few
 * milliseconds.
 */
function firstDifference(native: NativeKernels): string | undefined {
  const [ours, theirs] = [native, null].map((native) => updateOnce(native));
  for (const [name, values] of ours) {
    const other = theirs.get(name)!;
    if (Buffer.compare(bytes(values), bytes(other)) !== 0) return name;
  }
  return undefined;
}

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);

/** Keeps the entries of running lanes, [steps or steps + 1, perStep, lanes]; the others are unspecified. */
function present(values: Float32Array, perStep: number, { steps, lanes, running }: EpisodeGroup): Float32Array {
  return values.filter((_, i) => i % lanes < running[Math.min(steps - 1, Math.floor(i / lanes / perStep))]);
}

function updateOnce(native: NativeKernels | null): Map<string, Float32Array> {
  const random = createRandom(1);
  const { agents, actions } = SHAPE;
  const specs = networkParameters(SHAPE);
  // Layers are dense, sparse and in between, in turn.
  const masks = new Map(
    specs
      .filter(({ maskable }) => maskable)
      .map(({ name, shape: [out, columns] }, i) => [
        name,
        new Uint8Array(out * columns).map(() => (random.float() < [0.3, 0.8, 1][i % 3] ? 1 : 0)),
      ]),
  );
  const engine = createSparseEngine<WqmixNetworks>(SHAPE, initialParameters(specs, random), masks, { native });
  const results = new Map<string, Float32Array>();
  for (const group of groupEpisodes(randomEpisodes(SHAPE, [5, 9, 7, 3, 9, 1, 2, 6, 4, 8, 9, 9, 5], random), SHAPE)) {
    engine.load(group);
    const { agent, mixer, central_agent: centralAgent, central_mixer: centralMixer } = engine.networks;
    for (const [name, agentsOf, mixing] of [
      ["agents", agent, mixer],
      ["central agents", centralAgent, centralMixer],
    ] as const) {
      const { online, target } = agentsOf.forwardBoth();
      results.set(`values of the ${name}`, present(online, agents * actions, group));
      results.set(`target values of the ${name}`, present(target, agents * actions, group));
      const totals = mixing.forward("online", chosenValues(online, group), 0, true).slice();
      results.set(`totals of the ${name}`, present(totals, 1, group));
      const gradients = mixing.backward(totals).slice();
      results.set(`gradients of totals of the ${name}`, present(gradients, agents, group));
      agentsOf.backward(gradients);
    }
  }
  for (const { name } of specs) results.set(`the gradient of ${name}`, engine.gradient(name).slice());
  engine.step({ learningRate: 1e-3, alpha: 0.99, epsilon: 1e-5, gradientClip: 10 });
  for (const [name, values] of engine.read("online")) results.set(name, values);
  engine.dispose();
  for (const [name, values] of learnTransitionsOnce(native)) results.set(name, values);
  return results;
}

/**
 * Does the same for networks that learn from transitions: feed-forward networks, the cross-entropy method, Adam, soft
 * targets.
 */
function learnTransitionsOnce(native: NativeKernels | null): Map<string, Float32Array> {
  const random = createRandom(2);
  const networks = { agent: "action-value", ...facmacNetworks } as const;
  const shape = { ...SHAPE, networks };
  const { agents, actions, observation, state } = shape;
  const specs = networkParameters(shape);
  const masks = new Map(
    specs
      .filter(({ maskable }) => maskable)
      .map(({ name, shape: [out, columns] }, i) => [
        name,
        new Uint8Array(out * columns).map(() => (random.float() < [0.3, 1, 0.8][i % 3] ? 1 : 0)),
      ]),
  );
  const engine = createTransitionEngine<typeof networks>(shape, initialParameters(specs, random), masks, { native });
  const draw = (length: number) => Float32Array.from({ length }, () => 2 * random.float() - 1);
  // The batch has full and partly filled tiles.
  const count = 21;
  const adam = { kind: "adam", learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, step: 3 } as const;
  engine.begin();
  const { critic, actor, mixer } = engine.networks;
  const q = critic.forward("online", draw(count * agents * (observation + actions)), true).slice();
  const totals = mixer.forward("online", draw(count * state), q, true);
  const inputGradients = critic.backward(mixer.backward(totals), { through: true })!.slice();
  const policies = actor.forward("online", draw(count * agents * observation), true).slice();
  actor.backward(draw(count * agents * actions));
  const found = engine.search!(
    "target",
    draw(count * agents * observation),
    { samples: 40, elites: 3, iterations: 2 },
    random,
  );
  engine.step({ ...adam, gradientClip: 10 }, ["critic", "mixer"]);
  engine.step({ ...adam, gradientClip: 0.01 }, ["actor"]);
  engine.follow(0.1);
  const results = new Map<string, Float32Array>([
    ["values of critics", q],
    ["gradients of critics' inputs", inputGradients],
    ["policies of actors", policies],
    ["best actions", found.actions],
    ["values of actions", found.values],
  ]);
  for (const side of ["online", "target"] as const)
    for (const [name, values] of engine.read(side)) results.set(`${side} ${name}`, values);
  for (const [name, values] of engine.readOptimiser()) results.set(`optimiser ${name}`, values);
  return results;
}
