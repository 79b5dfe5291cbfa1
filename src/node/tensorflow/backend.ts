import type { Backend } from "../../config.js";
import { openJavascript } from "./javascript.js";
import { nativeMissing, openNative } from "./native.js";
import type { Tensorflow } from "../../host.js";
import { BackendError, type Opened } from "./opened.js";
import { openWebgpu, webgpuMissing } from "./webgpu.js";

export { setTensorflowEnvironment } from "./native.js";
export { BackendError } from "./opened.js";
export type { Tensorflow } from "../../host.js";

/** TensorFlow.js, ready to compute on one of its backends. */
export interface OpenBackend {
  /** The project's one copy, whatever the backend. */
  readonly tf: Tensorflow;
  /** The one that runs; never "auto". */
  readonly backend: Exclude<Backend, "auto">;
  /**
   * What computes, in words: "NVIDIA H200 (TensorFlow 2.21.0, CUDA)", "AMD EPYC, one thread (TensorFlow.js 4.22.0,
   * WebAssembly SIMD)".
   */
  readonly device: string;
  /** With "auto": a line for each better backend, why it is not the one. */
  readonly passedOver: readonly string[];
  /**
   * Gives back what a GPU's driver holds for webgpu, after which its tensors are gone; nothing to do for the others. A
   * process ends without it, too.
   */
  close(): void;
}

/** From the fastest for many vectorised runs to the slowest. */
const PREFERENCE = ["tfjs-node-gpu", "webgpu", "tfjs-node", "wasm", "cpu"] as const;

/**
 * Opens a backend of TensorFlow.js. "auto" takes the first that is there of tfjs-node-gpu, webgpu, tfjs-node, wasm,
 * cpu, and says why not a better one; a software adapter of WebGPU has to be named.
 *
 * All backends share one `tf`, whose backend is the one that was opened last: what is computed next runs there. A
 * tensor of another backend is moved when it is used, except off webgpu, which cannot be read synchronously. So work on
 * one at a time, and open a backend again (at no cost) to come back to it. Only tfjs-node-gpu and tfjs-node exclude
 * each other, since TensorFlow lists its devices once in a process.
 *
 * The two of TensorFlow's own library read their settings (see `setTensorflowEnvironment`) from the process's
 * environment when they are first opened. Open them in a main thread; a worker thread can open them where its main
 * thread called `setTensorflowEnvironment` before starting it. Several worker threads, one after the other or together,
 * do well.
 *
 * @throws {BackendError} when the one that was named is not there: one line that names it, and says why and what to do
 * @example
 * const { tf, device, passedOver } = await openBackend("auto");
 * const { close } = await openBackend("tfjs-node-gpu");
 */
export async function openBackend(name: Backend): Promise<OpenBackend> {
  if (name !== "auto") return opened(name, await open(name, true), []);
  const passedOver: string[] = [];
  for (const backend of PREFERENCE) {
    try {
      return opened(backend, await open(backend, false), passedOver);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      passedOver.push(error.message);
    }
  }
  throw new BackendError(`no backend of TensorFlow.js starts here: ${passedOver.join("; ")}`);
}

/**
 * Why a backend cannot even be tried, and what to do: "it is not set up: npm run setup:gpu". Looks at files only;
 * undefined where `openBackend` knows more.
 */
export function backendMissing(backend: OpenBackend["backend"]): string | undefined {
  if (backend === "webgpu") return webgpuMissing();
  return backend === "wasm" || backend === "cpu" ? undefined : nativeMissing(backend);
}

const opened = (
  backend: OpenBackend["backend"],
  { tf, device, close }: Opened,
  passedOver: readonly string[],
): OpenBackend => ({ tf, backend, device, passedOver, close });

function open(backend: OpenBackend["backend"], software: boolean): Promise<Opened> {
  switch (backend) {
    case "tfjs-node-gpu":
    case "tfjs-node":
      return openNative(backend);
    case "webgpu":
      return openWebgpu({ software });
    case "wasm":
    case "cpu":
      return openJavascript(backend);
  }
}
