import { LANES } from "../../replay/group.js";
import type { Actor } from "../engine.js";
import { agentInput } from "../kinds.js";
import type { NetworkShape } from "../parameters.js";
import { recordOf } from "./agent.js";
import { blockOf, type Layer } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";

/** The numbers of a layer whose rows are taken in turns: Turned in ../kernels/turns.h. */
const TURNED = ["version", "turns", "weights", "offsets", "capacity"] as const;
/** Rows of a turn, and its bytes. */
const [IN_TURNS, TURN] = [8, 52];
/** The lanes that a team may have whose layers' rows are taken in turns. */
const FEW = 8;

/** Makes room for a layer's rows in turns. */
function roomForTurns<Name extends string>(memory: Memory, name: Name, { rows, columns, mostEntries }: Layer) {
  // In the order of their lengths, rows are filled up by less than IN_TURNS times the longest, and the last turn again.
  const capacity = mostEntries + 2 * IN_TURNS * columns;
  return {
    [`${name}.turns`]: memory.allocate(Math.ceil(rows / IN_TURNS) * TURN),
    [`${name}.weights`]: memory.allocate(capacity * 4),
    [`${name}.offsets`]: memory.allocate(capacity * 2),
    [`${name}.capacity`]: capacity,
  } as Partial<Record<`${Name}.${(typeof TURNED)[number]}`, number>>;
}

/** Returns the online agent network for acting. Lane e * agents + a is agent a of environment e. */
export function createSparseActor(
  memory: Memory,
  shape: NetworkShape,
  [fc1, gru, fc2]: readonly Layer[],
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
    "few",
    ...(["fc1", "gru", "fc2"] as const).flatMap((layer) => TURNED.map((name) => `${layer}.${name}` as const)),
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
  // Only native kernels, which read episodes' arrays themselves, have enough registers to take rows in turns.
  if (kernels.layOutEpisodes && environments === 1 && agents <= FEW && actions <= 4 * hidden) {
    const few = (7 * blockOf(hidden) + agentInput(shape) + 2) * FEW * 4;
    numbers.set({
      // The kernels reach so far with offsets of 16 bits, and need not check them.
      few: memory.allocate(few + FEW * 4 + 65536),
      ...roomForTurns(memory, "fc1", fc1),
      ...roomForTurns(memory, "gru", gru),
      ...roomForTurns(memory, "fc2", fc2),
    });
  }

  const lastActions = new Int16Array(lanes).fill(-1);
  let step = 0;

  // Views of the engine's memory, which are made again when it has grown.
  const viewed = () => ({
    observations: memory.floats(rowsAt, lanes * observation),
    last: memory.bytes(lastAt, lanes),
    values: memory.floats(valuesAt, lanes * actions),
  });
  let views = viewed();
  const here = () => (views.values.length === 0 ? (views = viewed()) : views);

  return {
    environments,
    get observations() {
      return here().observations;
    },
    lastActions,
    reset(environment) {
      for (let lane = environment * agents; lane < (environment + 1) * agents; lane++) {
        const state = memory.floats(records[step & 1] + (lane >> 4) * record.stride + record.hidden, hidden * LANES);
        for (let i = lane % LANES; i < state.length; i += LANES) state[i] = 0;
      }
    },
    forward() {
      const { last } = here();
      // As a byte, -1 is 255, which is no row of the one-hot.
      for (let lane = 0; lane < lanes; lane++) last[lane] = lastActions[lane];
      kernels.actorForward(numbers.at, step++);
      return views.values;
    },
  };
}
