import type { Backend } from "./config/config.js";

/** TensorFlow.js as a namespace. */
export type Tensorflow = typeof import("@tensorflow/tfjs");

/**
 * What the core (everything that trains) needs of the program that it runs in. `node/host.ts` is Node's; a browser gives its own before it trains.
 *
 * @example
 * const kernels = new Uint8Array(await (await fetch(kernelsUrl)).arrayBuffer());
 * setHost({ kernels: () => kernels, nextTurn: () => new Promise((resolve) => setTimeout(resolve)) });
 */
export interface Host {
  /** The bytes of the compiled kernels, networks/wasm/kernels.wasm; called once, when the first engine is made. */
  readonly kernels: () => Uint8Array;
  /** Resolves after timers, messages and interrupts that wait have had their turn. Training calls it some fifty times a second. */
  readonly nextTurn: () => Promise<unknown>;
  /** Opens TensorFlow.js on a backend, for the tensorflow engine; absent where that engine cannot be had. */
  readonly openTensorflow?: (backend: Backend) => Promise<Tensorflow>;
}

let given: Host | undefined;

/** Sets the host of this thread. The last one that was set counts. */
export function setHost(host: Host): void {
  given = host;
}

/**
 * The host of this thread.
 * @throws {Error} when none has been set
 */
export function currentHost(): Host {
  if (given === undefined) throw new Error("No host has been set: call setHost({ kernels, nextTurn }) before training; in Node.js, import mast-lab.");
  return given;
}
