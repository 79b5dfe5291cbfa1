import { LANES } from "../../replay/group.js";
import type { Actor } from "../engine.js";
import { type NetworkShape, agentInput } from "../parameters.js";
import { type AgentLayers, recordOf } from "./agent.js";
import { blockOf } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";

/** Returns the online agent network for acting. Lane e * agents + a is agent a of environment e. */
export function createSparseActor(
  memory: Memory,
  shape: NetworkShape,
  { fc1, gru, fc2 }: AgentLayers,
  environments: number,
): Actor {
  if (!Number.isInteger(environments) || environments < 1) {
    throw new Error(`An actor needs at least 1 environment, got ${environments}.`);
  }
  const { kernels } = memory;
  const { agents, actions, observation, hidden } = shape;
  const lanes = environments * agents;
  const tiles = Math.ceil(lanes / LANES);
  const record = recordOf(hidden);
  const [inputStride, outputStride] = [skewed(agentInput(shape)) * ROW, skewed(actions) * ROW];
  const inputs = memory.allocate(tiles * inputStride);
  // The records of two steps, which are used in turn.
  const records = [memory.allocate(tiles * record.stride), memory.allocate(tiles * record.stride)];
  const rowsAt = memory.allocate(tiles * LANES * observation * 4);
  const lastAt = memory.allocate(tiles * LANES);
  const valuesAt = memory.allocate(lanes * actions * 4);
  for (let lane = 0; lane < lanes; lane++) {
    const row = observation + actions + (lane % agents);
    memory.floats(inputs + (lane >> 4) * inputStride + row * ROW, LANES)[lane % LANES] = 1;
  }
  const numbers = memory.record([
    "observation",
    "actions",
    "hidden",
    "block",
    "fc1",
    "gru",
    "fc2",
    "lanes",
    "rows",
    "last",
    "inputs",
    "inputStride",
    "recordEven",
    "recordOdd",
    "recordStride",
    "outputs",
    "outputStride",
    "values",
  ]);
  numbers.set({
    observation,
    actions,
    hidden,
    block: blockOf(hidden),
    fc1: fc1.at,
    gru: gru.at,
    fc2: fc2.at,
    lanes,
    rows: rowsAt,
    last: lastAt,
    inputs,
    inputStride,
    recordEven: records[0],
    recordOdd: records[1],
    recordStride: record.stride,
    outputs: memory.allocate(tiles * outputStride),
    outputStride,
    values: valuesAt,
  });

  const observations = new Float32Array(lanes * observation);
  const lastActions = new Int16Array(lanes).fill(-1);
  let step = 0;

  return {
    environments,
    observations,
    lastActions,
    reset(environment) {
      for (let lane = environment * agents; lane < (environment + 1) * agents; lane++) {
        const state = memory.floats(records[step & 1] + (lane >> 4) * record.stride + record.hidden, hidden * LANES);
        for (let i = lane % LANES; i < state.length; i += LANES) state[i] = 0;
      }
    },
    forward() {
      memory.floats(rowsAt, observations.length).set(observations);
      // As a byte, -1 is 255, which is no row of the one-hot.
      memory.bytes(lastAt, lanes).set(lastActions);
      kernels.actorForward(numbers.at, step++);
      return memory.floats(valuesAt, lanes * actions);
    },
  };
}
