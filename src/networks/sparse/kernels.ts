import { currentHost, type NativeKernels } from "../../host.js";
import { Instance, Module, type WasmMemory, type WasmModule } from "../../webassembly.js";

/**
 * The compiled kernels (../kernels/), which run passes of whole networks in one memory. Arguments are addresses of
 * records of numbers (`memory.record`) and counts.
 */
export interface Kernels {
  /**
   * Runs steps `first` to `end - 1` of the agents. `sides` is 1 for online, 2 for target, 3 for both. With `keep` 1 the
   * online side leaves what the backward pass needs.
   */
  agentForward(agent: number, sides: number, keep: number, first: number, end: number): void;
  agentBackward(agent: number): void;
  mixerForward(mixer: number, side: number, offset: number, keep: number): void;
  mixerBackward(mixer: number): void;
  mixerCounterfactuals(mixer: number, side: number, offset: number): void;
  centralForward(mixer: number, side: number, offset: number, keep: number): void;
  centralBackward(mixer: number): void;
  actorForward(actor: number, step: number): void;
  /** Runs all tiles of a feed-forward network. With `keep` 1 the hidden layers' values stay for the backward pass. */
  feedForward(network: number, side: number, keep: number): void;
  /**
   * Runs back through them. With `adds` 1 it adds up the parameters' gradients, with `through` 1 it leaves the inputs'.
   */
  feedBackward(network: number, adds: number, through: number): void;
  /**
   * Runs the cross-entropy method of a record (`CrossEntropy` in ../kernels/cross-entropy.h) by one side of its
   * network.
   */
  crossEntropy(search: number, side: number): void;
  /** Draws from N(0, 1) into `count` rows of 16. Two words of seed decide the draws; `count` has to be even. */
  normals(to: number, count: number, low: number, high: number): void;
  /**
   * Turns `count` steps from `first` on of the observations (`states` 0) or the states (1) in the batch's staging area
   * into tiles.
   */
  layOut(batch: number, states: number, first: number, count: number): void;
  /**
   * Does the same from the arrays of the group's episodes, if the kernels can read them: [lanes], each [steps + 1,
   * ...].
   */
  readonly layOutEpisodes?: (
    batch: number,
    what: number,
    first: number,
    count: number,
    arrays: readonly (Float32Array | Uint8Array)[],
  ) => void;
  /** Lays out the observations of all steps in this way and runs the agents over them, both a few steps at a time. */
  readonly agentLoadAndForward?: (
    batch: number,
    agent: number,
    sides: number,
    keep: number,
    arrays: readonly Float32Array[],
  ) => void;

  /**
   * Adds up the partial sums of the gradients of `count` layers, whose addresses are at `layers`, and returns the sum
   * of squares.
   */
  collect(layers: number, count: number): number;
  /**
   * Takes one step of the optimiser at this address with the collected gradients; see `Optimiser` in
   * ../kernels/layer.h.
   */
  step(layers: number, count: number, optimiser: number): void;
  /** Updates the target networks softly: target += tau (online - target). */
  follow(layers: number, count: number, tau: number): void;
  /** Sets the partial sums to zero. */
  clear(layers: number, count: number): void;
  /** Renews what is kept beside a layer's weights on one side (0 online, 1 target). */
  refresh(layer: number, side: number): void;

  /**
   * Computes values of next states by an operator with these settings. Returns 0 if an agent has no available action.
   */
  nextValues(next: number, alpha: number, omega: number, beta: number): number;

  /** Multiplies and adds as fast as possible: 12 times an iteration in each of `lanesOf` lanes. */
  peak(iterations: number, by: number, plus: number): number;
}

const NAMES = [
  "agentForward",
  "agentBackward",
  "mixerForward",
  "mixerBackward",
  "mixerCounterfactuals",
  "centralForward",
  "centralBackward",
  "actorForward",
  "feedForward",
  "feedBackward",
  "layOut",
  "collect",
  "step",
  "follow",
  "clear",
  "refresh",
  "peak",
  "nextValues",
  "crossEntropy",
  "normals",
] as const satisfies readonly (keyof Kernels)[];

let compiled: WasmModule | undefined;

/**
 * Returns the kernels that the host provides, working in `memory`.
 *
 * @param native kernels in native code, or null for those in WebAssembly
 * @throws {Error} when the host has none
 */
export function bindKernels(memory: WasmMemory, native: NativeKernels | null): Kernels {
  if (native !== null) return bindNative(memory, native);
  compiled ??= new Module(currentHost().kernels());
  return new Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}

function bindNative(memory: WasmMemory, native: NativeKernels): Kernels {
  // Asking the memory for its buffer takes long. A buffer that it has grown out of is empty.
  let known = memory.buffer;
  const buffer = () => (known.byteLength === 0 ? (known = memory.buffer) : known);
  const bind = (name: Exclude<(typeof NAMES)[number], "layOut">) => {
    const call = native[name];
    return (a: number, b: number, c: number, d: number, e: number, f: number, g: number) =>
      call(buffer(), a, b, c, d, e, f, g);
  };
  return {
    ...(Object.fromEntries(
      NAMES.map((name) => [name, name === "layOut" ? undefined : bind(name)]),
    ) as unknown as Kernels),
    // This is called at every step of a battle, where arguments that it does not have take a share of its time.
    actorForward: (actor, step) => native.actorForward(buffer(), actor, step),
    layOutEpisodes: (batch, what, first, count, arrays) => native.layOut(buffer(), batch, what, first, count, arrays),
    agentLoadAndForward: (batch, agent, sides, keep, arrays) =>
      native.agentLoadAndForward(buffer(), batch, agent, sides, keep, arrays),
  };
}

/** Returns the name of the kernels in use, for a run's summary and `mast doctor`. */
export function kernelsName(native: NativeKernels | null): string {
  if (native === null) return "WebAssembly, 128-bit";
  return `native, ${native.instructions}${native.threads > 1 ? `, ${native.threads} threads` : ""}`;
}
