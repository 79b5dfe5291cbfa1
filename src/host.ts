import type { Backend } from "./config/config.js";
import type { Mujoco } from "./envs/mujoco/mujoco.js";

/** TensorFlow.js as a namespace. */
export type Tensorflow = typeof import("@tensorflow/tfjs");

/**
 * The functions that the core (everything that trains) needs from the program that it runs in. `node/host.ts` provides
 * it in Node.js; a page in a browser calls `setHost` before it trains.
 *
 * @example
 * const kernels = new Uint8Array(await (await fetch(kernelsUrl)).arrayBuffer());
 * setHost({ kernels: () => kernels, nextTurn: () => new Promise((resolve) => setTimeout(resolve)) });
 */
export interface Host {
  /**
   * The bytes of the compiled kernels, networks/kernels/built/kernels.wasm; called once, when the first engine is made.
   */
  readonly kernels: () => Uint8Array;
  /**
   * The kernels in native code, which compute the same bits faster; called for each engine. Undefined where no build
   * fits the machine.
   */
  readonly nativeKernels?: () => NativeKernels | undefined;
  /**
   * Resolves after waiting timers, messages and interrupts have been handled. Training calls it some fifty times a
   * second.
   */
  readonly nextTurn: () => Promise<unknown>;
  /**
   * Gives MuJoCo, for environments that it simulates; called when the first of them is reset. Absent where MuJoCo is
   * not available.
   */
  readonly mujoco?: () => Mujoco;
  /** Opens TensorFlow.js on a backend, for the tensorflow engine. Absent where that engine is not available. */
  readonly openTensorflow?: (backend: Backend) => Promise<Tensorflow>;
}

/** A pass of the kernels over the given memory; `Kernels` in networks/sparse/kernels.ts documents the numbers. */
export type NativePass = (memory: ArrayBuffer, ...numbers: number[]) => number | void;

/** The kernels in native code. They write the same bits to the memory as the kernels in WebAssembly. */
export interface NativeKernels {
  /** Runs the agents forward over steps of the loaded episodes. */
  readonly agentForward: NativePass;
  /** Adds the agents' gradients to the partial sums. */
  readonly agentBackward: NativePass;
  /** Runs the monotonic mixing network forward over all steps. */
  readonly mixerForward: NativePass;
  /** Adds the gradients of this mixing network to the partial sums. */
  readonly mixerBackward: NativePass;
  /** Evaluates the mixing network with one agent's value replaced at a time. */
  readonly mixerCounterfactuals: NativePass;
  /** Runs WQMIX's unrestricted mixing network forward over all steps. */
  readonly centralForward: NativePass;
  /** Adds the gradients of this mixing network to the partial sums. */
  readonly centralBackward: NativePass;
  /** Advances the hidden states of acting agents by one step. */
  readonly actorForward: NativePass;
  /** Runs a feed-forward network on all of its tiles. */
  readonly feedForward: NativePass;
  /** Adds its gradients to the partial sums, and computes the gradients of its inputs. */
  readonly feedBackward: NativePass;
  /** Finds the best actions of observations by the cross-entropy method. */
  readonly crossEntropy: NativePass;
  /** Draws from N(0, 1). */
  readonly normals: NativePass;
  /**
   * Copies `count` steps from `first` of the observations (`what` 0), states (1) or available actions (2) of each
   * episode into lanes.
   */
  readonly layOut: (
    memory: ArrayBuffer,
    batch: number,
    what: number,
    first: number,
    count: number,
    arrays: readonly (Float32Array | Uint8Array)[],
  ) => void;
  /** Copies the observations of each episode into lanes, a few steps at a time, and runs the agents over them. */
  readonly agentLoadAndForward: (
    memory: ArrayBuffer,
    batch: number,
    agent: number,
    sides: number,
    keep: number,
    arrays: readonly Float32Array[],
  ) => void;
  /** Adds up the partial sums of the gradients and returns the sum of the squared gradients. */
  readonly collect: NativePass;
  /** Takes one step of RMSprop or Adam. */
  readonly step: NativePass;
  /** Moves the target networks towards the online ones. */
  readonly follow: NativePass;
  /** Sets the partial sums to zero. */
  readonly clear: NativePass;
  /** Recomputes what is stored beside a layer's weights after they have changed. */
  readonly refresh: NativePass;
  /** Multiplies and adds as fast as the processor can, as a reference for the speed of the others. */
  readonly peak: NativePass;
  /** Computes the values of next states. */
  readonly nextValues: NativePass;
  /** Asks the system for large pages in memory that has not been touched yet. It changes no bit of a result. */
  readonly useLargePages: NativePass;
  /** The instruction set that they use, for example "AVX2". */
  readonly instructions: string;
  /** Number of lanes in one vector. */
  readonly lanes: number;
  /** Number of threads that share a pass. It changes no bit of the result. */
  readonly threads: number;
}

let given: Host | undefined;

/** Sets the host of this thread; it replaces an earlier one. */
export function setHost(host: Host): void {
  given = host;
}

/**
 * The host of this thread.
 * @throws {Error} when none has been set
 */
export function currentHost(): Host {
  if (given === undefined)
    throw new Error(
      "No host has been set: call setHost({ kernels, nextTurn }) before training; in Node.js, import mast-lab.",
    );
  return given;
}
