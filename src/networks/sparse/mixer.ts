import { LANES } from "../../replay/group.js";
import type { MonotonicMixer, NetworkSide } from "../engine.js";
import type { NetworkShape, ParameterSpec } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Layer, STRIPS, createLinear } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";

/** The hypernetworks of the monotonic mixer, by PyMARL's names. */
export interface MixerLayers {
  readonly w1First: Layer;
  readonly w1Second: Layer;
  readonly wFinalFirst: Layer;
  readonly wFinalSecond: Layer;
  readonly b1: Layer;
  readonly vFirst: Layer;
  readonly vSecond: Layer;
}

export function createMixerLayers(memory: Memory, specs: readonly ParameterSpec[]): MixerLayers {
  const linear = (name: string) => createLinear(memory, specs, `mixer.${name}`);
  return {
    w1First: linear("hyper_w_1.0"),
    w1Second: linear("hyper_w_1.2"),
    wFinalFirst: linear("hyper_w_final.0"),
    wFinalSecond: linear("hyper_w_final.2"),
    b1: linear("hyper_b_1"),
    vFirst: linear("V.0"),
    vSecond: linear("V.2"),
  };
}

export interface SparseMonotonicMixer extends MonotonicMixer<true> {
  /** Makes room for the loaded batch. */
  reserve(): void;
}

/** Number of steps that go through all layers together: CHUNK in kernels/networks.h. */
export const CHUNK = 8;

export const sideNumber = (side: NetworkSide): 0 | 1 => (side === "online" ? 0 : 1);

/** The part of a batch that a mixer needs: the states of its steps, and the number of lanes that each has. */
export type MixerBatch = Pick<
  Batch,
  "steps" | "capacity" | "states" | "stateStride" | "running" | "needStates" | "available" | "copy" | "copyRunning"
>;

/** Runs the mixer over the steps of a batch, and back. */
export function createMixerNetwork(
  memory: Memory,
  shape: NetworkShape,
  layers: MixerLayers,
  batch: MixerBatch,
): SparseMonotonicMixer {
  const { kernels } = memory;
  const { agents, actions, embed, hypernetEmbed } = shape;

  // The place of each result of one step, in rows of lanes.
  let rows = 0;
  const part = (count: number) => {
    const at = rows * ROW;
    rows += count;
    return at;
  };
  const record = {
    w1: part(agents * embed),
    wFinal: part(embed),
    b1At: part(embed),
    value: part(1),
    w1Inner: part(hypernetEmbed),
    wFinalInner: part(hypernetEmbed),
    valueInner: part(embed),
  };
  const stride = skewed(rows) * ROW;
  const scratchStride = (agents + 4) * embed * ROW;
  const numbers = memory.record([
    "agents",
    "actions",
    "embed",
    "w1First",
    "w1Second",
    "wFinalFirst",
    "wFinalSecond",
    "b1",
    "vFirst",
    "vSecond",
    "states",
    "stateStride",
    "w1",
    "wFinal",
    "b1At",
    "value",
    "w1Inner",
    "wFinalInner",
    "valueInner",
    "kept",
    "passing",
    "stride",
    "qKept",
    "qPassing",
    "dq",
    "dTotals",
    "totalsOnline",
    "totalsTarget",
    "replacements",
    "replacedOnline",
    "replacedTarget",
    "available",
    "scratch",
    "scratchStride",
    "running",
    "steps",
  ]);
  numbers.set({
    agents,
    actions,
    embed,
    ...addresses(layers),
    ...record,
    stride,
    stateStride: batch.stateStride,
    passing: memory.allocate(STRIPS * CHUNK * stride),
    scratch: memory.allocate(STRIPS * scratchStride),
    scratchStride,
  });

  let capacity = 0;
  // Two buffers of the agents' values: those that the kept activations belong to, and others.
  const q = { kept: 0, passing: 0 };
  let dq = 0;
  let dTotals = 0;
  const totals: Record<NetworkSide, number> = { online: 0, target: 0 };
  // Inputs and outputs for counterfactual joint actions.
  let replacements = 0;
  const replaced: Record<NetworkSide, number> = { online: 0, target: 0 };

  function reserve(): void {
    numbers.set({ steps: batch.steps() });
    if (capacity === batch.capacity()) return;
    capacity = batch.capacity();
    const line = (rows: number) => memory.allocate(capacity * rows * ROW);
    q.kept = line(agents);
    q.passing = line(agents);
    dq = line(agents);
    dTotals = line(1);
    totals.online = line(1);
    totals.target = line(1);
    replacements = line(agents * actions);
    replaced.online = line(agents * actions);
    replaced.target = line(agents * actions);
    numbers.set({
      kept: memory.allocate(capacity * stride),
      qKept: q.kept,
      qPassing: q.passing,
      dq,
      dTotals,
      totalsOnline: totals.online,
      totalsTarget: totals.target,
      replacements,
      replacedOnline: replaced.online,
      replacedTarget: replaced.target,
      states: batch.states(),
      running: batch.running(),
    });
  }

  return {
    reserve,
    forward(side, values, offset, keep = false) {
      batch.copyRunning(values, keep ? q.kept : q.passing, agents);
      batch.needStates();
      kernels.mixerForward(numbers.at, sideNumber(side), offset, keep ? 1 : 0);
      return memory.floats(totals[side], batch.steps() * LANES);
    },

    counterfactuals(side, values, alternatives, offset) {
      batch.copyRunning(values, q.passing, agents);
      batch.copy(alternatives, replacements, agents * actions);
      batch.needStates();
      numbers.set({ available: batch.available() });
      kernels.mixerCounterfactuals(numbers.at, sideNumber(side), offset);
      return memory.floats(replaced[side], batch.steps() * agents * actions * LANES);
    },

    backward(gradient) {
      batch.copyRunning(gradient, dTotals, 1);
      kernels.mixerBackward(numbers.at);
      return memory.floats(dq, batch.steps() * agents * LANES);
    },
  };
}

/** Returns the addresses of layers by name, as the kernels want them. */
export function addresses<Name extends string>(layers: Readonly<Record<Name, Layer>>): Record<Name, number> {
  return Object.fromEntries(Object.entries<Layer>(layers).map(([name, { at }]) => [name, at])) as Record<Name, number>;
}
