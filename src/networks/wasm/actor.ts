import { LANES } from "../../replay/group.js";
import type { Actor } from "../engine.js";
import { type NetworkShape, agentInput } from "../parameters.js";
import { type AgentLayers, recordOf } from "./agent.js";
import { type Memory, ROW, skewed } from "./memory.js";
import type { Tiles } from "./weights.js";

/** The online agent for acting: lane e * agents + a is agent a of environment e. */
export function createWasmActor(memory: Memory, shape: NetworkShape, { fc1, gru, fc2 }: AgentLayers, environments: number): Actor {
  if (!Number.isInteger(environments) || environments < 1) {
    throw new Error(`An actor needs at least 1 environment, got ${environments}.`);
  }
  const { kernels } = memory;
  const { agents, actions, observation, hidden } = shape;
  const lanes = environments * agents;
  const tiles = Math.ceil(lanes / LANES);
  const record = recordOf(gru);
  const inputs: Tiles = allocateTiles(skewed(agentInput(shape)) * ROW);
  // Two steps' records, in turn.
  const records = [allocateTiles(record.stride), allocateTiles(record.stride)];
  const outputs = allocateTiles(skewed(actions) * ROW);
  const rowsAt = memory.allocate(tiles * LANES * observation * 4);
  const lastAt = memory.allocate(tiles * LANES);
  const valuesAt = memory.allocate(lanes * actions * 4);
  for (let lane = 0; lane < lanes; lane++) {
    const row = observation + actions + (lane % agents);
    memory.floats(inputs.at + (lane >> 4) * inputs.stride + row * ROW, LANES)[lane % LANES] = 1;
  }

  // Full tiles, then what is left of the last.
  const whole = Math.floor(lanes / LANES);
  const parts = [
    { first: 0, count: whole, vectors: 4 },
    { first: whole, count: tiles - whole, vectors: ((lanes % LANES) + 3) >> 2 },
  ].filter(({ count }) => count > 0);

  const observations = new Float32Array(lanes * observation);
  const lastActions = new Int16Array(lanes).fill(-1);
  let step = 0;

  return {
    environments,
    observations,
    lastActions,
    reset(environment) {
      const { at, stride } = records[step & 1];
      for (let lane = environment * agents; lane < (environment + 1) * agents; lane++) {
        const state = memory.floats(at + (lane >> 4) * stride + record.hidden, hidden * LANES);
        for (let i = lane % LANES; i < state.length; i += LANES) state[i] = 0;
      }
    },
    forward() {
      memory.floats(rowsAt, observations.length).set(observations);
      // As bytes, -1 is 255: no row of the one-hot.
      memory.bytes(lastAt, lanes).set(lastActions);
      const now = records[step & 1];
      const next = records[++step & 1];
      for (const { first, count, vectors } of parts) {
        const from = (tiles: Tiles, offset = 0): Tiles => ({ at: tiles.at + first * tiles.stride + offset, stride: tiles.stride });
        const x = from(inputs);
        const xh = from(now);
        const h = from(now, record.hidden);
        const gates = from(now, record.gates);
        const after = from(next, record.hidden);
        kernels.tilesFromRows(
          rowsAt + first * LANES * observation * 4, observation * 4, LANES * observation * 4, observation, x.at, x.stride, count, vectors,
        );
        kernels.oneHotTiles(lastAt + first * LANES, actions, x.at + observation * ROW, x.stride, count, vectors);
        fc1.forward("online", true, x, xh, count, vectors);
        gru.forward("online", xh, gates, count, vectors);
        kernels.gruForward(
          gates.at, gates.stride, gru.block * ROW, h.at, h.stride, after.at, after.stride, hidden, count, vectors,
        );
        fc2.forward("online", false, after, from(outputs), count, vectors);
      }
      kernels.rowsFromTiles(outputs.at, outputs.stride, actions, valuesAt, lanes);
      return memory.floats(valuesAt, lanes * actions);
    },
  };

  function allocateTiles(stride: number): Tiles {
    return { at: memory.allocate(tiles * stride), stride };
  }
}
