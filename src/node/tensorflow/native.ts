import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import util from "node:util";
import { isMainThread } from "node:worker_threads";
import type { Tensorflow } from "../../host.js";
import { BackendError, processorName, SETUP, type Opened } from "./opened.js";

/**
 * How the C++ library of TensorFlow is to run; a variable that is set already stays as it is. It reads them when it is
 * loaded, from the environment of the process, which a worker thread's `process.env` is only a copy of.
 */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  // Errors come back as exceptions; the rest is for those who develop TensorFlow.
  TF_CPP_MIN_LOG_LEVEL: "3",
  // Off: with one thread it gains nothing here, with several it costs a small product 70 microseconds, and it announces
  // itself on stderr whatever the level.
  TF_ENABLE_ONEDNN_OPTS: "0",
  // The matrix product for AVX-512 that TensorFlow 2.21 has from oneDNN corrupts the heap when a signal comes in its
  // midst (node --cpu-prof: "corrupted size vs. prev_size"). The one for AVX2 does not, takes 8 % more, and gives
  // processors with and without AVX-512 the same bits.
  ONEDNN_MAX_CPU_ISA: "AVX2",
  // Memory comes from a pool: as much time again goes into page faults where each tensor asks the system.
  TF_CPU_ALLOCATOR_USE_BFC: "true",
  // One: with more, how a long sum is split depends on the number of cores, and so do its last bits.
  TF_NUM_INTRAOP_THREADS: "1",
  TF_NUM_INTEROP_THREADS: "1",
  TF_DETERMINISTIC_OPS: "1",
  // Full float32 products: TF32 keeps 10 bits of the mantissa, and agreement of gradients to 1e-4 needs more.
  NVIDIA_TF32_OVERRIDE: "0",
  // Otherwise the first process takes the memory of the whole card, and of every card.
  TF_FORCE_GPU_ALLOW_GROWTH: "true",
  CUDA_DEVICE_ORDER: "PCI_BUS_ID",
};

/**
 * Sets the environment that TensorFlow's library is to run in. `openBackend` does it in a main thread; one whose worker
 * threads open tfjs-node or tfjs-node-gpu does it before it starts them.
 *
 * @example setTensorflowEnvironment(); new Worker("./opens-a-backend.js");
 */
export function setTensorflowEnvironment(): void {
  for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] ??= value;
}

const SETUP_COMMAND = { "tfjs-node-gpu": "npm run setup:gpu", "tfjs-node": "npm run setup:gpu -- --cpu" };

/** Why TensorFlow's library cannot be loaded, and what to do; undefined where it can be tried. Looks at files only. */
export function nativeMissing(backend: "tfjs-node-gpu" | "tfjs-node"): string | undefined {
  const setup = SETUP_COMMAND[backend];
  if (!existsSync(new URL("node/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node", SETUP))) {
    return process.platform === "linux"
      ? `it is not set up: ${setup}`
      : "it is for Linux only: here the GPU is webgpu's (npm run setup:gpu -- --webgpu)";
  }
  if (!existsSync(new URL("python/tensorflow/libtensorflow_cc.so.2", SETUP)))
    return `TensorFlow's library is gone from .tensorflow/python: ${setup}`;
  if (backend === "tfjs-node-gpu" && !existsSync(new URL("python/nvidia", SETUP)))
    return `TensorFlow is set up without CUDA: ${setup}, on a machine with an NVIDIA driver`;
  return undefined;
}

/** The C++ side of tfjs-node, as far as it is asked here. */
interface Binding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
}

/**
 * Opens TensorFlow's own library, on an NVIDIA card ("tfjs-node-gpu") or on this processor ("tfjs-node"). The package
 * is tfjs-node-gpu for both: the two differ in the library that they are built against, and a library with CUDA serves
 * a machine without a card as well.
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
  // Since Node.js 22 these warn, and later versions have them no more.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  // One card, since a process computes on one and TensorFlow would occupy them all; for the processor, none.
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
    // It has been read; processes that are started later choose for themselves.
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

/** What the driver calls the card that TensorFlow took. */
function cardName(): string {
  const id = process.env.CUDA_VISIBLE_DEVICES?.split(",").at(-1) ?? "0";
  const { status, stdout } = spawnSync("nvidia-smi", [`--id=${id}`, "--query-gpu=name", "--format=csv,noheader"], {
    encoding: "utf8",
    timeout: 20_000,
  });
  const name = status === 0 ? stdout.trim().split("\n")[0] : undefined;
  return name || "NVIDIA card";
}
