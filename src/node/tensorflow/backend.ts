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
  /** The project's single copy of TensorFlow.js, whatever the backend. */
  readonly tf: Tensorflow;
  /** Name of the open backend; never "auto". */
  readonly backend: Exclude<Backend, "auto">;
  /**
   * Describes the device: "NVIDIA H200 (TensorFlow 2.21.0, CUDA)", "AMD EPYC, one thread (TensorFlow.js 4.22.0,
   * WebAssembly SIMD)".
   */
  readonly device: string;
  /** With "auto": for each faster backend, a line that says why it was not chosen. */
  readonly passedOver: readonly string[];
  /**
   * Frees the GPU for webgpu, after which its tensors are gone; other backends need nothing. It is not required before
   * a process ends.
   */
  close(): void;
}

/** From the fastest for many vectorised runs to the slowest. */
const PREFERENCE = ["tfjs-node-gpu", "webgpu", "tfjs-node", "wasm", "cpu"] as const;

/**
 * Opens a backend of TensorFlow.js. "auto" takes the first available one of tfjs-node-gpu, webgpu, tfjs-node, wasm and
 * cpu, and says why it did not take a faster one; a software adapter of WebGPU is used only if it is named.
 *
 * All backends share one `tf`, which computes on the backend that was opened last. A tensor of another backend is moved
 * when it is used, except off webgpu, which cannot be read synchronously. So work on one at a time, and open a backend
 * again (at no cost) to come back to it. Only tfjs-node-gpu and tfjs-node exclude each other, since TensorFlow lists
 * its devices once in a process.
 *
 * The two backends with TensorFlow's own library read their settings (see `setTensorflowEnvironment`) from the
 * process's environment when they are first opened. Open them in a main thread; a worker thread can open them where its
 * main thread called `setTensorflowEnvironment` before starting it. Several worker threads can do so, one after the
 * other or at the same time.
 *
 * @throws {BackendError} when the named backend is not available: one line that names it, and says why and what to do
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
 * Says why a backend cannot even be tried, and what to do: "it is not set up: npm run setup:gpu". It checks files only,
 * and returns undefined if the backend can be tried.
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
