import { LANES } from "../../replay/group.js";
import type { MonotonicMixer, NetworkSide } from "../engine.js";
import type { NetworkShape, ParameterSpec } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Linear, createLinear, throughRelu } from "./layers.js";
import { type Memory, ROW, skewed } from "./memory.js";
import type { Tiles } from "./weights.js";

/** The monotonic mixer's hypernetworks, by PyMARL's names. */
export interface MixerLayers {
  readonly w1First: Linear;
  readonly w1Second: Linear;
  readonly wFinalFirst: Linear;
  readonly wFinalSecond: Linear;
  readonly b1: Linear;
  readonly vFirst: Linear;
  readonly vSecond: Linear;
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

export interface WasmMonotonicMixer extends MonotonicMixer<true> {
  /** Makes room for the loaded batch. */
  reserve(): void;
}

/** Steps that go through all layers together; the mixer has no memory, and this many stay in the cache. */
const CHUNK = 8;

/** The mixer over the steps of a batch, and back. */
export function createMixerNetwork(memory: Memory, shape: NetworkShape, layers: MixerLayers, batch: Batch): WasmMonotonicMixer {
  const { kernels } = memory;
  const { agents, actions, embed, hypernetEmbed } = shape;
  const { w1First, w1Second, wFinalFirst, wFinalSecond, b1, vFirst, vSecond } = layers;

  // What one step leaves, in rows of lanes.
  let rows = 0;
  const part = (count: number) => {
    const at = rows * ROW;
    rows += count;
    return at;
  };
  const record = {
    w1: part(agents * embed),
    wFinal: part(embed),
    b1: part(embed),
    value: part(1),
    w1Inner: part(hypernetEmbed),
    wFinalInner: part(hypernetEmbed),
    valueInner: part(embed),
  };
  const stride = skewed(rows) * ROW;
  const passing = memory.allocate(CHUNK * stride);

  let capacity = 0;
  let kept = 0;
  // The agents' values: those that the kept activations belong to, and others.
  const q = { kept: 0, passing: 0 };
  let dq = 0;
  let dTotals = 0;
  const totals: Record<NetworkSide, number> = { online: 0, target: 0 };
  // Of counterfactual joint actions: the values put in, what comes out, and the kernel's scratch memory.
  let replacements = 0;
  const replaced: Record<NetworkSide, number> = { online: 0, target: 0 };
  const scratch = memory.allocate((agents + 6) * embed * 16);

  function reserve(): void {
    if (capacity === batch.capacity()) return;
    capacity = batch.capacity();
    kept = memory.allocate(capacity * stride);
    q.kept = memory.allocate(capacity * agents * ROW);
    q.passing = memory.allocate(capacity * agents * ROW);
    dq = memory.allocate(capacity * agents * ROW);
    dTotals = memory.allocate(capacity * ROW);
    totals.online = memory.allocate(capacity * ROW);
    totals.target = memory.allocate(capacity * ROW);
    replacements = memory.allocate(capacity * agents * actions * ROW);
    replaced.online = memory.allocate(capacity * agents * actions * ROW);
    replaced.target = memory.allocate(capacity * agents * actions * ROW);
  }

  /** The mixing networks' weights at some states, into the records from `base` on. */
  function hypernetworks(side: NetworkSide, base: number, first: number, count: number, vectors: number): void {
    const rows = (offset: number): Tiles => ({ at: base + offset, stride });
    const states = batch.states(first, count);
    w1First.forward(side, true, states, rows(record.w1Inner), count, vectors);
    wFinalFirst.forward(side, true, states, rows(record.wFinalInner), count, vectors);
    b1.forward(side, false, states, rows(record.b1), count, vectors);
    vFirst.forward(side, true, states, rows(record.valueInner), count, vectors);
    w1Second.forward(side, false, rows(record.w1Inner), rows(record.w1), count, vectors);
    wFinalSecond.forward(side, false, rows(record.wFinalInner), rows(record.wFinal), count, vectors);
    vSecond.forward(side, false, rows(record.valueInner), rows(record.value), count, vectors);
  }

  return {
    reserve,
    forward(side, values, offset, keep = false) {
      const from = keep ? q.kept : q.passing;
      batch.copyRunning(values, from, agents);
      batch.forChunks(CHUNK, (first, count, vectors) => {
        const base = keep ? kept + first * stride : passing;
        hypernetworks(side, base, first + offset, count, vectors);
        kernels.mixForward(
          from + first * agents * ROW, agents * ROW, base + record.w1, base + record.wFinal, base + record.b1, base + record.value, stride,
          totals[side] + first * ROW, ROW, agents, embed, count, vectors,
        );
      });
      return memory.floats(totals[side], batch.steps() * LANES);
    },

    counterfactuals(side, values, alternatives, offset) {
      batch.copyRunning(values, q.passing, agents);
      batch.copy(alternatives, replacements, agents * actions);
      const stepOf = agents * actions * ROW;
      batch.forChunks(CHUNK, (first, count, vectors) => {
        hypernetworks(side, passing, first + offset, count, vectors);
        kernels.mixCounterfactuals(
          q.passing + first * agents * ROW, agents * ROW, replacements + first * stepOf, stepOf, batch.available(first + offset),
          passing + record.w1, passing + record.wFinal, passing + record.b1, passing + record.value, stride,
          replaced[side] + first * stepOf, stepOf, scratch, agents, actions, embed, count, vectors,
        );
      });
      return memory.floats(replaced[side], batch.steps() * agents * actions * LANES);
    },

    backward(gradient) {
      batch.copyRunning(gradient, dTotals, 1);
      batch.forChunks(CHUNK, (first, count, vectors) => {
        const base = kept + first * stride;
        const rows = (offset: number): Tiles => ({ at: base + offset, stride });
        const states = batch.states(first, count);
        const dTotal = { at: dTotals + first * ROW, stride: ROW };
        kernels.mixBackward(
          dTotal.at, ROW, q.kept + first * agents * ROW, agents * ROW, dq + first * agents * ROW, agents * ROW,
          base + record.w1, base + record.wFinal, base + record.b1, stride, agents, embed, count, vectors,
        );
        // From here the records hold gradients where they held outputs.
        throughRelu(w1Second, rows(record.w1), rows(record.w1Inner), count, vectors);
        throughRelu(wFinalSecond, rows(record.wFinal), rows(record.wFinalInner), count, vectors);
        throughRelu(vSecond, dTotal, rows(record.valueInner), count, vectors);
        w1First.gradient(rows(record.w1Inner), states, count, vectors);
        wFinalFirst.gradient(rows(record.wFinalInner), states, count, vectors);
        b1.gradient(rows(record.b1), states, count, vectors);
        vFirst.gradient(rows(record.valueInner), states, count, vectors);
      });
      return memory.floats(dq, batch.steps() * agents * LANES);
    },
  };
}
