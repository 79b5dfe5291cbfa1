import { LANES } from "../../replay/group.js";
import type { MixingNetwork, NetworkSide } from "../engine.js";
import type { NetworkShape, ParameterSpec } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Layer, STRIPS, createLinear } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";
import { CHUNK, addresses, sideNumber } from "./mixer.js";

/** The parameters of the unrestricted mixer, by WQMIX's names. */
export interface CentralMixerLayers {
  readonly net0: Layer;
  readonly net2: Layer;
  readonly net4: Layer;
  readonly net6: Layer;
  readonly vFirst: Layer;
  readonly vSecond: Layer;
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

export interface SparseMixingNetwork extends MixingNetwork<true> {
  /** Makes room for the loaded batch. */
  reserve(): void;
}

/** Runs WQMIX's unrestricted mixer over the steps of a batch, and back: Q* = net([state, values]) + V(state). */
export function createCentralMixerNetwork(
  memory: Memory,
  shape: NetworkShape,
  layers: CentralMixerLayers,
  batch: Batch,
): SparseMixingNetwork {
  const { kernels } = memory;
  const { agents, state } = shape;

  // The outputs of the four hidden layers, which each step leaves.
  const block = skewed(shape.centralEmbed!) * ROW;
  const stride = 4 * block;
  const numbers = memory.record([
    "agents",
    "state",
    "net0",
    "net2",
    "net4",
    "net6",
    "vFirst",
    "vSecond",
    "states",
    "stateStride",
    "block",
    "kept",
    "passing",
    "stride",
    "qKept",
    "qPassing",
    "dq",
    "stateValues",
    "dTotals",
    "totalsOnline",
    "totalsTarget",
    "running",
    "steps",
  ]);
  numbers.set({
    agents,
    state,
    ...addresses(layers),
    stateStride: batch.stateStride,
    block,
    stride,
    passing: memory.allocate(STRIPS * CHUNK * stride),
  });

  let capacity = 0;
  // Two buffers of the agents' values: those that the kept activations belong to, and others.
  const q = { kept: 0, passing: 0 };
  let dq = 0;
  let dTotals = 0;
  const totals: Record<NetworkSide, number> = { online: 0, target: 0 };

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
    numbers.set({
      kept: memory.allocate(capacity * stride),
      qKept: q.kept,
      qPassing: q.passing,
      dq,
      stateValues: line(1),
      dTotals,
      totalsOnline: totals.online,
      totalsTarget: totals.target,
      states: batch.states(),
      running: batch.running(),
    });
  }

  return {
    reserve,
    forward(side, values, offset, keep = false) {
      batch.copyRunning(values, keep ? q.kept : q.passing, agents);
      batch.needStates();
      kernels.centralForward(numbers.at, sideNumber(side), offset, keep ? 1 : 0);
      return memory.floats(totals[side], batch.steps() * LANES);
    },
    backward(gradient) {
      batch.copyRunning(gradient, dTotals, 1);
      kernels.centralBackward(numbers.at);
      return memory.floats(dq, batch.steps() * agents * LANES);
    },
  };
}
