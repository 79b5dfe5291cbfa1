import type { NetworkSide } from "../engine.js";
import { LANES } from "../../replay/group.js";
import type { NetworkShape, ParameterSpec } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Gru, type Linear, createGru, createLinear } from "./layers.js";
import { type Memory, ROW, skewed } from "./memory.js";
import type { Tiles } from "./weights.js";

/** The recurrent agent's parameters. */
export interface AgentLayers {
  readonly fc1: Linear;
  readonly gru: Gru;
  readonly fc2: Linear;
}

export function createAgentLayers(memory: Memory, shape: NetworkShape, specs: readonly ParameterSpec[]): AgentLayers {
  return {
    fc1: createLinear(memory, specs, "agent.fc1"),
    gru: createGru(memory, shape.hidden),
    fc2: createLinear(memory, specs, "agent.fc2"),
  };
}

/**
 * What one agent leaves at one step, in rows of lanes: x = ReLU(fc1), the hidden state before the step, and four blocks of gates
 * (see assembly/gru.ts); blocks are the GRU's `block` rows apart.
 */
export function recordOf({ block }: Gru): { hidden: number; gates: number; stride: number } {
  return { hidden: block * ROW, gates: 2 * block * ROW, stride: skewed(6 * block) * ROW };
}

export interface AgentNetwork {
  /** Makes room for the loaded batch. */
  reserve(): void;
  /** [steps + 1, agents, actions, lanes] */
  forward(side: NetworkSide, keep: boolean): Float32Array;
  backward(gradient: Float32Array): void;
}

/** The recurrent agents over the steps of a batch, and back through time. */
export function createAgentNetwork(memory: Memory, shape: NetworkShape, { fc1, gru, fc2 }: AgentLayers, batch: Batch): AgentNetwork {
  const { kernels } = memory;
  const { agents, actions, hidden } = shape;
  const { block } = gru;
  const record = recordOf(gru);
  const step = agents * record.stride;

  // Two steps' records, in turn, where nothing is kept.
  const passing = memory.allocate(2 * step);
  const scratch = (rows: number): Tiles => ({ at: memory.allocate(agents * skewed(rows) * ROW), stride: skewed(rows) * ROW });
  const dGates = scratch(4 * block);
  const dInput = scratch(block);
  const dHidden = scratch(block);
  const dValues = scratch(actions);

  let capacity = 0;
  let kept = 0;
  let gradients = 0;
  const values: Record<NetworkSide, number> = { online: 0, target: 0 };

  function reserve(): void {
    if (capacity === batch.capacity()) return;
    capacity = batch.capacity();
    // The hidden state after the last step is in the record behind it.
    kept = memory.allocate((capacity + 2) * step);
    gradients = memory.allocate(capacity * agents * LANES * 4);
    values.online = memory.allocate((capacity + 1) * agents * actions * ROW);
    values.target = memory.allocate((capacity + 1) * agents * actions * ROW);
  }

  return {
    reserve,
    forward(side, keep) {
      const steps = batch.steps();
      const records = (t: number) => (keep ? kept + t * step : passing + (t & 1) * step);
      for (let agent = 0; agent < agents; agent++) {
        memory.floats(records(0) + agent * record.stride + record.hidden, hidden * LANES).fill(0);
      }
      for (let t = 0; t <= steps; t++) {
        const vectors = batch.observedVectors(t);
        const now = records(t);
        const xh = { at: now, stride: record.stride };
        const gates = { at: now + record.gates, stride: record.stride };
        const next = { at: records(t + 1) + record.hidden, stride: record.stride };
        fc1.forward(side, true, batch.inputs(t), xh, agents, vectors);
        gru.forward(side, xh, gates, agents, vectors);
        kernels.gruForward(
          gates.at, gates.stride, block * ROW, now + record.hidden, record.stride, next.at, next.stride, hidden, agents, vectors,
        );
        const to = { at: values[side] + t * agents * actions * ROW, stride: actions * ROW };
        fc2.forward(side, false, next, to, agents, vectors);
      }
      return memory.floats(values[side], (steps + 1) * agents * actions * LANES);
    },

    backward(gradient) {
      batch.copyRunning(gradient, gradients, agents);
      memory.floats(dHidden.at, (agents * dHidden.stride) / 4).fill(0);
      for (let t = batch.steps() - 1; t >= 0; t--) {
        const vectors = batch.runningVectors(t);
        const now = kept + t * step;
        const xh = { at: now, stride: record.stride };
        const after = { at: now + step + record.hidden, stride: record.stride };
        kernels.chosenTiles(
          gradients + t * agents * LANES * 4, batch.actions(t), actions, dValues.at, dValues.stride, agents, vectors,
        );
        fc2.gradient(dValues, after, agents, vectors);
        fc2.backward(dValues, dHidden, agents, vectors);
        kernels.gruBackward(
          now + record.gates, record.stride, dGates.at, dGates.stride, block * ROW,
          now + record.hidden, record.stride, dHidden.at, dHidden.stride, hidden, agents, vectors,
        );
        gru.gradient(dGates, xh, agents, vectors);
        gru.backward(dGates, dInput, xh, dHidden, agents, vectors);
        fc1.gradient(dInput, batch.inputs(t), agents, vectors);
      }
    },
  };
}
