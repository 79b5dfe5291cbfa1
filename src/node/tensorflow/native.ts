import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import util from "node:util";
import { isMainThread } from "node:worker_threads";
import type { Tensorflow } from "../../host.js";
import { BackendError, processorName, SETUP, type Opened } from "./opened.js";

/**
 * Settings of TensorFlow's C++ library; a variable that is already set is kept. The library reads them when it is
 * loaded, from the environment of the process, of which a worker thread's `process.env` is only a copy.
 */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  // Errors are returned as exceptions; other messages are for TensorFlow's developers.
  TF_CPP_MIN_LOG_LEVEL: "3",
  // oneDNN is off: with one thread it gains nothing for our products, with several it adds 70 microseconds to a small
  // product, and it prints to stderr at every log level.
  TF_ENABLE_ONEDNN_OPTS: "0",
  // The matrix product for AVX-512 that TensorFlow 2.21 takes from oneDNN corrupts the heap when a signal interrupts it
  // (node --cpu-prof: "corrupted size vs. prev_size"). The one for AVX2 does not, takes 8 % more, and gives processors
  // with and without AVX-512 the same bits.
  ONEDNN_MAX_CPU_ISA: "AVX2",
  // Memory comes from a pool, because page faults double the time if each tensor is allocated by the system.
  TF_CPU_ALLOCATOR_USE_BFC: "true",
  // One thread: with more, long sums are split by the number of cores, which changes their last bits.
  TF_NUM_INTRAOP_THREADS: "1",
  TF_NUM_INTEROP_THREADS: "1",
  TF_DETERMINISTIC_OPS: "1",
  // Products use full float32, because TF32 keeps only 10 bits of the mantissa and gradients have to agree to 1e-4.
  NVIDIA_TF32_OVERRIDE: "0",
  // Otherwise the first process allocates all memory of every card.
  TF_FORCE_GPU_ALLOW_GROWTH: "true",
  CUDA_DEVICE_ORDER: "PCI_BUS_ID",
};

/**
 * Sets the environment variables of TensorFlow's library. `openBackend` does so in a main thread; a program whose
 * worker threads open tfjs-node or tfjs-node-gpu has to call it before it starts them.
 *
 * @example setTensorflowEnvironment(); new Worker("./opens-a-backend.js");
 */
export function setTensorflowEnvironment(): void {
  for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] ??= value;
}

const SETUP_COMMAND = { "tfjs-node-gpu": "npm run setup:gpu", "tfjs-node": "npm run setup:gpu -- --cpu" };

/**
 * Says why TensorFlow's library cannot be loaded, and what to do; undefined if it can be tried. It checks files only.
 */
export function nativeMissing(backend: "tfjs-node-gpu" | "tfjs-node"): string | undefined {
  const setup = SETUP_COMMAND[backend];
  if (!existsSync(new URL("node/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node", SETUP))) {
    return process.platform === "linux"
      ? `it is not set up: ${setup}`
      : "it is for Linux only: use webgpu for this GPU (npm run setup:gpu -- --webgpu)";
  }
  if (!existsSync(new URL("python/tensorflow/libtensorflow_cc.so.2", SETUP)))
    return `TensorFlow's library is gone from .tensorflow/python: ${setup}`;
  if (backend === "tfjs-node-gpu" && !existsSync(new URL("python/nvidia", SETUP)))
    return `TensorFlow is set up without CUDA: ${setup}, on a machine with an NVIDIA driver`;
  return undefined;
}

/** The part of tfjs-node's C++ binding that is used. */
interface Binding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
}

/**
 * Opens TensorFlow's own library, on an NVIDIA card ("tfjs-node-gpu") or on this processor ("tfjs-node"). Both use the
 * package tfjs-node-gpu: the two packages differ only in the library that they are built against, and a library with
 * CUDA also works on a machine without a card.
 */
export async function openNative(backend: "tfjs-node-gpu" | "tfjs-node"): Promise<Opened> {
  const missing = nativeMissing(backend);
  if (missing !== undefined) throw new BackendError(`backend ${backend}: ${missing}`);
  loaded ??= load(backend);
  const { binding, first } = loaded;
  const gpu = backend === "tfjs-node-gpu";
  if (binding.isUsingGpuDevice() !== gpu)
    throw new BackendError(`backend ${backend}: ${wrongDevice(gpu, first !== backend, binding)}`);
  const tf = await import("@tensorflow/tfjs");
  await tf.setBackend("tensorflow");
  await tf.ready();
  return {
    tf,
    device: `${gpu ? cardName() : `${processorName()}, ${threads()}`} (TensorFlow ${binding.TF_Version}${gpu ? ", CUDA" : ""})`,
    close: () => {},
  };
}

let loaded: { readonly binding: Binding; readonly first: "tfjs-node-gpu" | "tfjs-node" } | undefined;

function load(first: "tfjs-node-gpu" | "tfjs-node"): { binding: Binding; first: "tfjs-node-gpu" | "tfjs-node" } {
  if (isMainThread) setTensorflowEnvironment();
  else if (Object.keys(ENVIRONMENT).some((name) => process.env[name] === undefined)) {
    throw new BackendError(
      `backend ${first}: a worker thread cannot set TensorFlow's environment: call setTensorflowEnvironment() in the main thread before it starts`,
    );
  }
  // Node.js 22 deprecates these functions, and later versions have removed them.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  // The process sees one card, because it computes on one and TensorFlow would occupy all; for the processor it sees
  // none.
  if (first === "tfjs-node") process.env.CUDA_VISIBLE_DEVICES = "-1";
  else process.env.CUDA_VISIBLE_DEVICES ??= "0";
  try {
    const tf = createRequire(new URL("node/package.json", SETUP))("@tensorflow/tfjs-node-gpu") as Tensorflow;
    return { binding: (tf.backend() as unknown as { binding: Binding }).binding, first };
  } catch (error) {
    throw new BackendError(
      `backend ${first}: TensorFlow's library does not load (${(error as Error).message.split("\n")[0]}): ${SETUP_COMMAND[first]}`,
      { cause: error },
    );
  } finally {
    // The variable has been read; it is removed so that child processes can choose for themselves.
    if (visible === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
    else process.env.CUDA_VISIBLE_DEVICES = visible;
  }
}

/** TensorFlow lists its devices once in a process. */
function wrongDevice(gpu: boolean, listedForTheOther: boolean, { TF_Version }: Binding): string {
  if (listedForTheOther)
    return `TensorFlow computes on the ${gpu ? "processor" : "GPU"} in this process already: open it in a process of its own`;
  if (!gpu) return "TensorFlow took the GPU: a worker thread cannot hide it, so open it in a process's main thread";
  const { CUDA_VISIBLE_DEVICES: visible } = process.env;
  return `TensorFlow ${TF_Version} sees no NVIDIA card${visible === undefined ? "" : ` (CUDA_VISIBLE_DEVICES is "${visible}")`}: look whether nvidia-smi lists one, or use tfjs-node`;
}

function threads(): string {
  const count = Number(process.env.TF_NUM_INTRAOP_THREADS);
  return count === 1 ? "one thread" : count > 1 ? `${count} threads` : "all cores";
}

/** Returns the driver's name of the card that TensorFlow uses. */
function cardName(): string {
  const id = process.env.CUDA_VISIBLE_DEVICES?.split(",").at(-1) ?? "0";
  const { status, stdout } = spawnSync("nvidia-smi", [`--id=${id}`, "--query-gpu=name", "--format=csv,noheader"], {
    encoding: "utf8",
    timeout: 20_000,
  });
  const name = status === 0 ? stdout.trim().split("\n")[0] : undefined;
  return name || "NVIDIA card";
}
