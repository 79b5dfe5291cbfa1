import { LANES } from "../../replay/group.js";
import type { MixingNetwork, NetworkSide } from "../engine.js";
import type { NetworkShape, ParameterSpec } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Linear, createLinear, throughRelu } from "./layers.js";
import { type Memory, ROW, skewed } from "./memory.js";
import type { Tiles } from "./weights.js";

/** The unrestricted mixer's parameters, by WQMIX's names. */
export interface CentralMixerLayers {
  readonly net0: Linear;
  readonly net2: Linear;
  readonly net4: Linear;
  readonly net6: Linear;
  readonly vFirst: Linear;
  readonly vSecond: Linear;
}

export function createCentralMixerLayers(memory: Memory, specs: readonly ParameterSpec[]): CentralMixerLayers {
  const linear = (name: string) => createLinear(memory, specs, `central_mixer.${name}`);
  return {
    net0: linear("net.0"),
    net2: linear("net.2"),
    net4: linear("net.4"),
    net6: linear("net.6"),
    vFirst: linear("V.0"),
    vSecond: linear("V.2"),
  };
}

export interface WasmMixingNetwork extends MixingNetwork<true> {
  /** Makes room for the loaded batch. */
  reserve(): void;
}

/** Steps that go through all layers together, 4 to 16 at the same speed: what two of them read and write of a layer stays in the cache. */
const CHUNK = 8;

/** WQMIX's unrestricted mixer over the steps of a batch, and back: Q* = net([state, values]) + V(state). */
export function createCentralMixerNetwork(memory: Memory, shape: NetworkShape, layers: CentralMixerLayers, batch: Batch): WasmMixingNetwork {
  const { agents, state } = shape;
  const width = shape.centralEmbed!;
  const { net0, net2, net4, net6, vFirst, vSecond } = layers;

  // What one step leaves: the outputs of the four hidden layers.
  const block = skewed(width) * ROW;
  const record = { net0: 0, net2: block, net4: 2 * block, value: 3 * block };
  const stride = 4 * block;
  const passing = memory.allocate(CHUNK * stride);

  let capacity = 0;
  let kept = 0;
  // The agents' values: those that the kept activations belong to, and others.
  const q = { kept: 0, passing: 0 };
  let dq = 0;
  let stateValues = 0;
  let dTotals = 0;
  const totals: Record<NetworkSide, number> = { online: 0, target: 0 };

  function reserve(): void {
    if (capacity === batch.capacity()) return;
    capacity = batch.capacity();
    kept = memory.allocate(capacity * stride);
    q.kept = memory.allocate(capacity * agents * ROW);
    q.passing = memory.allocate(capacity * agents * ROW);
    dq = memory.allocate(capacity * agents * ROW);
    stateValues = memory.allocate(capacity * ROW);
    dTotals = memory.allocate(capacity * ROW);
    totals.online = memory.allocate(capacity * ROW);
    totals.target = memory.allocate(capacity * ROW);
  }

  return {
    reserve,
    forward(side, values, offset, keep = false) {
      const from = keep ? q.kept : q.passing;
      batch.copyRunning(values, from, agents);
      batch.forChunks(CHUNK, (first, count, vectors) => {
        const base = keep ? kept + first * stride : passing;
        const rows = (offset: number): Tiles => ({ at: base + offset, stride });
        const lines = (at: number): Tiles => ({ at: at + first * ROW, stride: ROW });
        const input = batch.statesAndValues(first + offset, count, from + first * agents * ROW);
        vFirst.forward(side, true, input, rows(record.value), count, vectors);
        vSecond.forward(side, false, rows(record.value), lines(stateValues), count, vectors);
        net0.forward(side, true, input, rows(record.net0), count, vectors);
        net2.forward(side, true, rows(record.net0), rows(record.net2), count, vectors);
        net4.forward(side, true, rows(record.net2), rows(record.net4), count, vectors);
        net6.forward(side, false, rows(record.net4), lines(totals[side]), count, vectors);
      });
      const total = memory.floats(totals[side], batch.steps() * LANES);
      memory.floats(stateValues, total.length).forEach((value, i) => (total[i] += value));
      return total;
    },

    backward(gradient) {
      batch.copyRunning(gradient, dTotals, 1);
      const dValues = memory.floats(dq, batch.steps() * agents * LANES).fill(0);
      batch.forChunks(CHUNK, (first, count, vectors) => {
        const base = kept + first * stride;
        const rows = (offset: number): Tiles => ({ at: base + offset, stride });
        const dTotal = { at: dTotals + first * ROW, stride: ROW };
        // Other values may stand behind the states by now.
        const input = batch.statesAndValues(first, count, q.kept + first * agents * ROW);
        // From here the records hold gradients where they held outputs.
        throughRelu(net6, dTotal, rows(record.net4), count, vectors);
        throughRelu(net4, rows(record.net4), rows(record.net2), count, vectors);
        throughRelu(net2, rows(record.net2), rows(record.net0), count, vectors);
        net0.gradient(rows(record.net0), input, count, vectors);
        net0.backward(rows(record.net0), { at: dq + first * agents * ROW, stride: agents * ROW }, count, vectors, state);
        throughRelu(vSecond, dTotal, rows(record.value), count, vectors);
        vFirst.gradient(rows(record.value), input, count, vectors);
      });
      return dValues;
    },
  };
}
