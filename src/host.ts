import type { Backend } from "./config/config.js";
import type { Mujoco } from "./envs/mujoco/mujoco.js";

/** TensorFlow.js as a namespace. */
export type Tensorflow = typeof import("@tensorflow/tfjs");

/**
 * What the core (everything that trains) needs of the program that it runs in. `node/host.ts` is Node's; a browser
 * gives its own before it trains.
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
   * The same in native code, which makes the same numbers sooner; called for each engine. Undefined where none fits the
   * machine.
   */
  readonly nativeKernels?: () => NativeKernels | undefined;
  /**
   * Resolves after timers, messages and interrupts that wait have had their turn. Training calls it some fifty times a
   * second.
   */
  readonly nextTurn: () => Promise<unknown>;
  /**
   * MuJoCo, for environments that are simulated by it; called when the first of them is reset. Absent where it cannot
   * be had.
   */
  readonly mujoco?: () => Mujoco;
  /** Opens TensorFlow.js on a backend, for the tensorflow engine; absent where that engine cannot be had. */
  readonly openTensorflow?: (backend: Backend) => Promise<Tensorflow>;
}

/** A pass of the kernels over the memory that is given: see `Kernels` in networks/sparse/kernels.ts for the numbers. */
export type NativePass = (memory: ArrayBuffer, ...numbers: number[]) => number | void;

/** The kernels in native code. They leave the same bits in the memory as those in WebAssembly. */
export interface NativeKernels {
  /** Runs the agents forward over steps of the loaded episodes. */
  readonly agentForward: NativePass;
  /** Adds the agents' gradients to the partial sums. */
  readonly agentBackward: NativePass;
  /** Runs the monotonic mixing network forward over all steps. */
  readonly mixerForward: NativePass;
  /** Adds its gradients to the partial sums. */
  readonly mixerBackward: NativePass;
  /** Evaluates the mixing network with one agent's value replaced at a time. */
  readonly mixerCounterfactuals: NativePass;
  /** Runs WQMIX's unrestricted mixing network forward over all steps. */
  readonly centralForward: NativePass;
  /** Adds its gradients to the partial sums. */
  readonly centralBackward: NativePass;
  /** Advances the hidden states of acting agents by one step. */
  readonly actorForward: NativePass;
  /** Runs a feed-forward network on all of its tiles. */
  readonly feedForward: NativePass;
  /** Adds its gradients to the partial sums, and makes those of its inputs. */
  readonly feedBackward: NativePass;
  /** Copies `count` steps from `first` of the observations (`states` 0) or states (1) of each episode into lanes. */
  readonly layOut: (
    memory: ArrayBuffer,
    batch: number,
    states: number,
    first: number,
    count: number,
    arrays: readonly Float32Array[],
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
  /** Brings the partial sums of the gradients together and returns the sum of their squares. */
  readonly collect: NativePass;
  /** Takes one step of RMSprop or Adam. */
  readonly step: NativePass;
  /** Moves the target networks towards the online ones. */
  readonly follow: NativePass;
  /** Sets the partial sums to zero. */
  readonly clear: NativePass;
  /** Makes what is kept beside a layer's weights anew. */
  readonly refresh: NativePass;
  /** Multiplies and adds as fast as the processor can; a measure for the others. */
  readonly peak: NativePass;
  /** Works out the values of next states. */
  readonly nextValues: NativePass;
  /** The instructions they use, for example "AVX2". */
  readonly instructions: string;
  /** Lanes of their vectors. */
  readonly lanes: number;
  /** Threads that share a pass. Their number changes no bit of what it computes. */
  readonly threads: number;
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
  if (given === undefined)
    throw new Error(
      "No host has been set: call setHost({ kernels, nextTurn }) before training; in Node.js, import mast-lab.",
    );
  return given;
}
