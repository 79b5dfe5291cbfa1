import { currentHost, type NativeKernels } from "../../host.js";
import { Instance, Module, type WasmMemory, type WasmModule } from "../../webassembly.js";

/**
 * The compiled kernels (../kernels/), with the memory they work in: passes of whole networks. Arguments are addresses
 * of records of numbers (`memory.record`) and counts.
 */
export interface Kernels {
  /**
   * Steps `first` to `end - 1` of the agents: `sides` 1 online, 2 target, 3 both; with `keep` 1 the online side leaves
   * what the way back needs.
   */
  agentForward(agent: number, sides: number, keep: number, first: number, end: number): void;
  agentBackward(agent: number): void;
  mixerForward(mixer: number, side: number, offset: number, keep: number): void;
  mixerBackward(mixer: number): void;
  mixerCounterfactuals(mixer: number, side: number, offset: number): void;
  centralForward(mixer: number, side: number, offset: number, keep: number): void;
  centralBackward(mixer: number): void;
  actorForward(actor: number, step: number): void;
  /** All tiles of a feed-forward network; with `keep` 1 the hidden layers' values stay for the way back. */
  feedForward(network: number, side: number, keep: number): void;
  /** Back through them: with `adds` 1 adds up the parameters' gradients, with `through` 1 leaves the inputs'. */
  feedBackward(network: number, adds: number, through: number): void;
  /** The cross-entropy method of a record (`CrossEntropy` in ../kernels/cross-entropy.h) by one side of its network. */
  crossEntropy(search: number, side: number): void;
  /** Draws from N(0, 1) into `count` rows of 16, an even number, that two words of seed decide. */
  normals(to: number, count: number, low: number, high: number): void;
  /**
   * `count` steps from `first` of the observations (`states` 0) or the states (1), from the batch's staging area to
   * tiles.
   */
  layOut(batch: number, states: number, first: number, count: number): void;
  /**
   * The same from the arrays of the group's episodes, where the kernels can read them: [lanes], each [steps + 1, ...].
   */
  readonly layOutEpisodes?: (
    batch: number,
    states: number,
    first: number,
    count: number,
    arrays: readonly Float32Array[],
  ) => void;
  /** The observations of all steps laid out in this way, and the agents run over them, both a few steps at a time. */
  readonly agentLoadAndForward?: (
    batch: number,
    agent: number,
    sides: number,
    keep: number,
    arrays: readonly Float32Array[],
  ) => void;

  /**
   * Brings the partial sums of the gradients of `count` layers, words at `layers`, together; the sum of their squares.
   */
  collect(layers: number, count: number): number;
  /** One step of the optimiser at this address with the collected gradients; see `Optimiser` in ../kernels/layer.h. */
  step(layers: number, count: number, optimiser: number): void;
  /** Soft update: target += tau (online - target). */
  follow(layers: number, count: number, tau: number): void;
  /** Sets the partial sums to zero. */
  clear(layers: number, count: number): void;
  /** Makes what is kept beside a layer's weights of a side (0 online, 1 target) anew. */
  refresh(layer: number, side: number): void;

  /** Values of next states, by an operator with these settings; 0 where an agent has no available action. */
  nextValues(next: number, alpha: number, omega: number, beta: number): number;

  /** Multiplications and additions as fast as they go: 12 an iteration in each of `lanesOf` lanes. */
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
 * The kernels that the host gives, working in `memory`.
 *
 * @param native those in native code; null for those in WebAssembly
 * @throws {Error} when the host has none
 */
export function bindKernels(memory: WasmMemory, native: NativeKernels | null): Kernels {
  if (native !== null) return bindNative(memory, native);
  compiled ??= new Module(currentHost().kernels());
  return new Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}

function bindNative(memory: WasmMemory, native: NativeKernels): Kernels {
  const bind = (name: Exclude<(typeof NAMES)[number], "layOut">) => {
    const call = native[name];
    return (a: number, b: number, c: number, d: number, e: number, f: number, g: number) =>
      call(memory.buffer, a, b, c, d, e, f, g);
  };
  return {
    ...(Object.fromEntries(
      NAMES.map((name) => [name, name === "layOut" ? undefined : bind(name)]),
    ) as unknown as Kernels),
    layOutEpisodes: (batch, states, first, count, arrays) =>
      native.layOut(memory.buffer, batch, states, first, count, arrays),
    agentLoadAndForward: (batch, agent, sides, keep, arrays) =>
      native.agentLoadAndForward(memory.buffer, batch, agent, sides, keep, arrays),
  };
}

/** Which kernels compute, as a run's summary and `mast doctor` name them. */
export function kernelsName(native: NativeKernels | null): string {
  if (native === null) return "WebAssembly, 128-bit";
  return `native, ${native.instructions}${native.threads > 1 ? `, ${native.threads} threads` : ""}`;
}
