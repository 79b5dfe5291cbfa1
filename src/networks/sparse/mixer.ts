import { LANES } from "../../replay/group.js";
import type { MixingNetwork, MonotonicMixer, NetworkSide } from "../engine.js";
import type { NetworkShape } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Layer, STRIPS } from "./layer.js";
import { type Memory, type NumberRecord, ROW, skewed } from "./memory.js";

/** Number of steps that go through all layers together: CHUNK in kernels/networks.h. */
export const CHUNK = 8;

export const sideNumber = (side: NetworkSide): 0 | 1 => (side === "online" ? 0 : 1);

/** The part of a batch that a mixer needs: the states of its steps, and the number of lanes that each has. */
export type MixerBatch = Pick<
  Batch,
  "steps" | "capacity" | "states" | "stateStride" | "running" | "needStates" | "available" | "copy" | "copyRunning"
>;

/** A network that makes room for the loaded batch. */
interface Reserves {
  reserve(): void;
}

/** The numbers that both kinds of mixers have. */
type Shared =
  | "agents"
  | "states"
  | "stateStride"
  | "kept"
  | "passing"
  | "stride"
  | "qKept"
  | "qPassing"
  | "dq"
  | "dTotals"
  | "totalsOnline"
  | "totalsTarget"
  | "running"
  | "steps";

/**
 * Runs a mixer over the steps of a batch, and back.
 *
 * @param numbers the record of the kernels, of whose numbers this sets the shared ones
 * @param stride bytes that a step leaves for the backward pass
 * @param grow called with the new capacity when the buffers grow
 */
function createMixing(
  memory: Memory,
  agents: number,
  batch: MixerBatch,
  numbers: NumberRecord<Shared>,
  stride: number,
  passes: {
    readonly forward: (mixer: number, side: number, offset: number, keep: number) => void;
    readonly backward: (mixer: number) => void;
  },
  grow: (line: (rows: number) => number) => void,
) {
  numbers.set({
    agents,
    stride,
    stateStride: batch.stateStride,
    passing: memory.allocate(STRIPS * CHUNK * stride),
  });
  let capacity = 0;
  // Two buffers of the agents' values: those that the kept activations belong to, and others.
  const q = { kept: 0, passing: 0 };
  let [dq, dTotals] = [0, 0];
  const totals: Record<NetworkSide, number> = { online: 0, target: 0 };
  return {
    q,
    reserve(): void {
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
        dTotals,
        totalsOnline: totals.online,
        totalsTarget: totals.target,
        states: batch.states(),
        running: batch.running(),
      });
      grow(line);
    },
    forward(side: NetworkSide, values: Float32Array, offset: 0 | 1, keep = false): Float32Array {
      batch.copyRunning(values, keep ? q.kept : q.passing, agents);
      batch.needStates();
      passes.forward(numbers.at, sideNumber(side), offset, keep ? 1 : 0);
      return memory.floats(totals[side], batch.steps() * LANES);
    },
    backward(gradient: Float32Array): Float32Array {
      batch.copyRunning(gradient, dTotals, 1);
      passes.backward(numbers.at);
      return memory.floats(dq, batch.steps() * agents * LANES);
    },
  };
}

/** Runs QMIX's mixer, whose layers are its hypernetworks. */
export function createMonotonicMixer(
  memory: Memory,
  { agents, actions, embed, hypernetEmbed }: NetworkShape,
  layers: readonly Layer[],
  batch: MixerBatch,
): MonotonicMixer<true> & Reserves {
  const { kernels } = memory;
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
  const scratchStride = (agents + 4) * embed * ROW;
  const numbers = memory.record([
    "agents",
    "actions",
    "embed",
    ...HYPERNETWORKS,
    "states",
    "stateStride",
    "w1",
    "wFinal",
    "b1At",
    "value",
    "w1Inner",
    "wFinalInner",
    "valueInner",
    ...KEPT,
    "dTotals",
    "totalsOnline",
    "totalsTarget",
    "replacements",
    "replacedOnline",
    "replacedTarget",
    "available",
    "scratch",
    "scratchStride",
    "joined",
    "joinedStride",
    "running",
    "steps",
  ]);
  numbers.set({ actions, embed, ...addresses(HYPERNETWORKS, layers), ...record, scratchStride });
  numbers.set({ scratch: memory.allocate(STRIPS * scratchStride) });
  // Half a chunk of tiles, of two steps each: states, and the agents' values, totals and the gradients of both.
  const joinedStride = (CHUNK / 2) * (batch.stateStride + (2 * agents + 2) * ROW);
  numbers.set({ joined: memory.allocate(STRIPS * joinedStride), joinedStride });
  // Inputs and outputs for counterfactual joint actions.
  let replacements = 0;
  const replaced: Record<NetworkSide, number> = { online: 0, target: 0 };
  const { q, ...mixing } = createMixing(
    memory,
    agents,
    batch,
    numbers,
    skewed(rows) * ROW,
    { forward: kernels.mixerForward, backward: kernels.mixerBackward },
    (line) => {
      replacements = line(agents * actions);
      replaced.online = line(agents * actions);
      replaced.target = line(agents * actions);
      numbers.set({ replacements, replacedOnline: replaced.online, replacedTarget: replaced.target });
    },
  );
  return {
    ...mixing,
    counterfactuals(side, values, alternatives, offset) {
      batch.copyRunning(values, q.passing, agents);
      batch.copy(alternatives, replacements, agents * actions);
      batch.needStates();
      numbers.set({ available: batch.available() });
      kernels.mixerCounterfactuals(numbers.at, sideNumber(side), offset);
      return memory.floats(replaced[side], batch.steps() * agents * actions * LANES);
    },
  };
}

/** Runs WQMIX's unrestricted mixer: Q* = net([state, values]) + V(state). */
export function createUnrestrictedMixer(
  memory: Memory,
  { agents, state }: NetworkShape,
  layers: readonly Layer[],
  batch: MixerBatch,
): MixingNetwork<true> & Reserves {
  const { kernels } = memory;
  // Each step leaves the outputs of the four hidden layers.
  const block = skewed(layers[0].rows) * ROW;
  const numbers = memory.record([
    "agents",
    "state",
    ...UNRESTRICTED,
    "states",
    "stateStride",
    "block",
    ...KEPT,
    "stateValues",
    "dTotals",
    "totalsOnline",
    "totalsTarget",
    "running",
    "steps",
  ]);
  numbers.set({ state, ...addresses(UNRESTRICTED, layers), block });
  const { q: _, ...mixing } = createMixing(
    memory,
    agents,
    batch,
    numbers,
    4 * block,
    { forward: kernels.centralForward, backward: kernels.centralBackward },
    (line) => numbers.set({ stateValues: line(1) }),
  );
  return mixing;
}

/** What the records of both mixers share, in the order of the kernels: what passes keep, values and gradients. */
const KEPT = ["kept", "passing", "stride", "qKept", "qPassing", "dq"] as const;

/** The kernels' names of layers, in the order of the kinds' layers. */
const HYPERNETWORKS = ["w1First", "w1Second", "wFinalFirst", "wFinalSecond", "b1", "vFirst", "vSecond"] as const;
const UNRESTRICTED = ["net0", "net2", "net4", "net6", "vFirst", "vSecond"] as const;

function addresses<Name extends string>(names: readonly Name[], layers: readonly Layer[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, layers[i].at])) as Record<Name, number>;
}
