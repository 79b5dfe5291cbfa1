import type { AgentNetwork, NetworkSide } from "../engine.js";
import { LANES } from "../../replay/group.js";
import type { NetworkShape } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Layer, STRIPS, blockOf } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";

/**
 * Returns the layout of the values that one agent stores at one step, in rows of lanes: x = ReLU(fc1), the hidden state
 * before the step, and four blocks of gates (kernels/gates.h). Blocks are `blockOf(hidden)` rows apart. Returns the
 * byte at which the hidden state begins, and the bytes of the whole.
 */
export function recordOf(hidden: number): { hidden: number; stride: number } {
  const block = blockOf(hidden);
  return { hidden: block * ROW, stride: skewed(6 * block) * ROW };
}

export interface SparseAgentNetwork extends AgentNetwork<true> {
  /** Makes room for the loaded batch. */
  reserve(): void;
  /** Has to be called when the batch or any weights have changed. */
  forget(): void;
}

/** Steps whose gradients of dense weights are added up together: STEPS_TOGETHER in kernels/networks.h. */
const STEPS_TOGETHER = 4;

/** Returns the number of agents in the largest strip of an update's work. A strip is a run of pairs of agents. */
function mostOfStrip(agents: number): number {
  const pairs = Math.ceil(agents / 2);
  return Math.min(agents, 2 * Math.ceil(pairs / Math.min(STRIPS, pairs)));
}

/** Runs the recurrent agents over the steps of a batch, and back through time. */
export function createAgentNetwork(
  memory: Memory,
  shape: NetworkShape,
  [fc1, gru, fc2]: readonly Layer[],
  batch: Batch,
): SparseAgentNetwork {
  const { kernels } = memory;
  const { agents, actions, hidden } = shape;
  const block = blockOf(hidden);
  const record = recordOf(hidden);
  const step = agents * record.stride;
  const most = mostOfStrip(agents);
  const scratchStride =
    most * ROW * (STEPS_TOGETHER * (skewed(4 * block) + skewed(hidden) + skewed(actions)) + skewed(hidden));

  const numbers = memory.record([
    "agents",
    "actions",
    "hidden",
    "block",
    "fc1",
    "gru",
    "fc2",
    "inputs",
    "inputStride",
    "kept",
    "recordStride",
    "passing",
    "passingStride",
    "valuesOnline",
    "valuesTarget",
    "taken",
    "observed",
    "running",
    "gradients",
    "every",
    "scratch",
    "scratchStride",
    "most",
    "steps",
  ]);
  numbers.set({
    agents,
    actions,
    hidden,
    block,
    fc1: fc1.at,
    gru: gru.at,
    fc2: fc2.at,
    inputStride: batch.inputStride,
    recordStride: record.stride,
    // The records of two steps for both sides, used in turn if nothing is kept.
    passing: memory.allocate(4 * step),
    passingStride: record.stride,
    scratch: memory.allocate(STRIPS * scratchStride),
    scratchStride,
    most,
  });

  let capacity = 0;
  let [gradients, everyGradient, everyCapacity] = [0, 0, 0];
  const values: Record<NetworkSide, number> = { online: 0, target: 0 };
  // Results that still hold for the loaded batch and the present weights.
  const known: Record<NetworkSide, boolean> = { online: false, target: false };
  let keptOnline = false;

  function reserve(): void {
    numbers.set({ steps: batch.steps() });
    if (capacity === batch.capacity()) return;
    capacity = batch.capacity();
    gradients = memory.allocate(capacity * agents * LANES * 4);
    values.online = memory.allocate((capacity + 1) * agents * actions * ROW);
    values.target = memory.allocate((capacity + 1) * agents * actions * ROW);
    numbers.set({
      // The hidden state after the last step is in the record after that step's.
      kept: memory.allocate((capacity + 2) * step),
      gradients,
      valuesOnline: values.online,
      valuesTarget: values.target,
      inputs: batch.inputs(),
      taken: batch.taken(),
      observed: batch.observed(),
      running: batch.running(),
    });
  }

  /** Runs forward; `sides` is 1 for online, 2 for target, 3 for both. */
  function forward(sides: number, keep: boolean): void {
    batch.forwardAgents(numbers.at, sides, keep ? 1 : 0);
  }
  const valuesOf = (side: NetworkSide) => memory.floats(values[side], (batch.steps() + 1) * agents * actions * LANES);

  return {
    reserve,
    forget() {
      known.online = known.target = keptOnline = false;
    },
    forward(side, keep = false) {
      if (!known[side] || (keep && !keptOnline)) {
        forward(side === "online" ? 1 : 2, keep);
        known[side] = true;
        keptOnline ||= keep;
      }
      return valuesOf(side);
    },
    forwardBoth() {
      forward(3, true);
      known.online = known.target = keptOnline = true;
      return { online: valuesOf("online"), target: valuesOf("target") };
    },
    backward(gradient) {
      batch.copyRunning(gradient, gradients, agents);
      numbers.set({ every: 0 });
      kernels.agentBackward(numbers.at);
    },
    backwardAll(gradient) {
      if (everyCapacity < capacity) {
        everyCapacity = capacity;
        everyGradient = memory.allocate(capacity * agents * actions * ROW);
      }
      batch.copyRunning(gradient, everyGradient, agents * actions);
      numbers.set({ every: everyGradient });
      kernels.agentBackward(numbers.at);
    },
  };
}
