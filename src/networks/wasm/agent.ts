import type { AgentNetwork, NetworkSide } from "../engine.js";
import { LANES } from "../../replay/group.js";
import type { NetworkShape, ParameterSpec } from "../parameters.js";
import type { Batch } from "./batch.js";
import { type Gru, type Linear, createGru, createLinear } from "./layers.js";
import { type Memory, ROW, skewed } from "./memory.js";
import type { Tiles } from "./weights.js";

/** A recurrent agent's parameters. */
export interface AgentLayers {
  readonly fc1: Linear;
  readonly gru: Gru;
  readonly fc2: Linear;
}

export function createAgentLayers(
  memory: Memory,
  shape: NetworkShape,
  specs: readonly ParameterSpec[],
  network: "agent" | "central_agent",
): AgentLayers {
  return {
    fc1: createLinear(memory, specs, `${network}.fc1`),
    gru: createGru(memory, `${network}.rnn`, shape.hidden),
    fc2: createLinear(memory, specs, `${network}.fc2`),
  };
}

/**
 * What one agent leaves at one step, in rows of lanes: x = ReLU(fc1), the hidden state before the step, and four blocks of gates
 * (see assembly/gru.ts); blocks are the GRU's `block` rows apart.
 */
export function recordOf({ block }: Gru): { hidden: number; gates: number; stride: number } {
  return { hidden: block * ROW, gates: 2 * block * ROW, stride: skewed(6 * block) * ROW };
}

export interface WasmAgentNetwork extends AgentNetwork<true> {
  /** Makes room for the loaded batch. */
  reserve(): void;
  /** To be called when the batch or any weights have changed. */
  forget(): void;
}

/** The recurrent agents over the steps of a batch, and back through time. */
export function createAgentNetwork(memory: Memory, shape: NetworkShape, { fc1, gru, fc2 }: AgentLayers, batch: Batch): WasmAgentNetwork {
  const { kernels } = memory;
  const { agents, actions, hidden } = shape;
  const { block } = gru;
  const record = recordOf(gru);
  const step = agents * record.stride;

  const scratch = (rows: number): Tiles => ({ at: memory.allocate(agents * skewed(rows) * ROW), stride: skewed(rows) * ROW });
  // Where nothing is kept: inputs and hidden states of two steps in turn, and one step's gates.
  const passing = [scratch(2 * block), scratch(2 * block)];
  const passingGates = scratch(4 * block);
  const dGates = scratch(4 * block);
  const dInput = scratch(block);
  const dHidden = scratch(block);
  const dValues = scratch(actions);

  let capacity = 0;
  let kept = 0;
  let gradients = 0;
  const values: Record<NetworkSide, number> = { online: 0, target: 0 };
  // Results that still hold: of the loaded batch and the present weights.
  const known: Record<NetworkSide, boolean> = { online: false, target: false };
  let keptOnline = false;

  function reserve(): void {
    if (capacity === batch.capacity()) return;
    capacity = batch.capacity();
    // The hidden state after the last step is in the record behind it.
    kept = memory.allocate((capacity + 2) * step);
    gradients = memory.allocate(capacity * agents * LANES * 4);
    values.online = memory.allocate((capacity + 1) * agents * actions * ROW);
    values.target = memory.allocate((capacity + 1) * agents * actions * ROW);
  }

  /** Inputs and hidden states [x, h] of step t, and its gates. */
  function tilesOf(t: number, keep: boolean): { xh: Tiles; gates: Tiles } {
    if (!keep) return { xh: passing[t & 1], gates: passingGates };
    const at = kept + t * step;
    return { xh: { at, stride: record.stride }, gates: { at: at + record.gates, stride: record.stride } };
  }
  const hiddenOf = ({ at, stride }: Tiles): Tiles => ({ at: at + record.hidden, stride });

  function start(keep: boolean): void {
    const { at, stride } = hiddenOf(tilesOf(0, keep).xh);
    for (let agent = 0; agent < agents; agent++) memory.floats(at + agent * stride, hidden * LANES).fill(0);
  }

  function forwardStep(side: NetworkSide, keep: boolean, t: number): void {
    const vectors = batch.observedVectors(t);
    const { xh, gates } = tilesOf(t, keep);
    const h = hiddenOf(xh);
    const next = hiddenOf(tilesOf(t + 1, keep).xh);
    fc1.forward(side, true, batch.inputs(t), xh, agents, vectors);
    gru.forward(side, xh, gates, agents, vectors);
    kernels.gruForward(gates.at, gates.stride, block * ROW, h.at, h.stride, next.at, next.stride, hidden, agents, vectors);
    fc2.forward(side, false, next, { at: values[side] + t * agents * actions * ROW, stride: actions * ROW }, agents, vectors);
  }

  const valuesOf = (side: NetworkSide) => memory.floats(values[side], (batch.steps() + 1) * agents * actions * LANES);

  return {
    reserve,
    forget() {
      known.online = known.target = keptOnline = false;
    },
    forward(side, keep = false) {
      if (!known[side] || (keep && !keptOnline)) {
        start(keep);
        for (let t = 0; t <= batch.steps(); t++) forwardStep(side, keep, t);
        known[side] = true;
        keptOnline ||= keep;
      }
      return valuesOf(side);
    },
    forwardBoth() {
      start(true);
      start(false);
      for (let t = 0; t <= batch.steps(); t++) {
        forwardStep("online", true, t);
        forwardStep("target", false, t);
      }
      known.online = known.target = keptOnline = true;
      return { online: valuesOf("online"), target: valuesOf("target") };
    },

    backward(gradient) {
      batch.copyRunning(gradient, gradients, agents);
      memory.floats(dHidden.at, (agents * dHidden.stride) / 4).fill(0);
      for (let t = batch.steps() - 1; t >= 0; t--) {
        const vectors = batch.runningVectors(t);
        const { xh, gates } = tilesOf(t, true);
        const h = hiddenOf(xh);
        const after = hiddenOf(tilesOf(t + 1, true).xh);
        kernels.chosenTiles(
          gradients + t * agents * LANES * 4, batch.actions(t), actions, dValues.at, dValues.stride, agents, vectors,
        );
        fc2.gradient(dValues, after, agents, vectors);
        fc2.backward(dValues, dHidden, agents, vectors);
        kernels.gruBackward(
          gates.at, gates.stride, dGates.at, dGates.stride, block * ROW,
          h.at, h.stride, dHidden.at, dHidden.stride, hidden, agents, vectors,
        );
        gru.gradient(dGates, xh, agents, vectors);
        gru.backward(dGates, dInput, xh, dHidden, agents, vectors);
        fc1.gradient(dInput, batch.inputs(t), agents, vectors);
      }
    },
  };
}
