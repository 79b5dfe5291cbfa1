import { type EpisodeGroup, LANES } from "../../replay/group.js";
import { type NetworkShape, agentInput } from "../parameters.js";
import { type Memory, ROW, skewed } from "./memory.js";
import type { Tiles } from "./weights.js";

/**
 * The group of episodes that the engine works on, as tiles in its memory. They are laid out a few steps at a time, when they are
 * first asked for, so that the first to use them finds them in the cache.
 */
export interface Batch {
  load(group: EpisodeGroup): void;
  /** Steps of the loaded group. */
  steps(): number;
  /** Most steps of any group so far: what buffers must hold. */
  capacity(): number;
  /** Vectors of lanes that have a step t (`running`), or whose observation and state t exist (`observed`). */
  runningVectors(t: number): number;
  observedVectors(t: number): number;
  /** The agents' inputs at step t, a tile an agent. */
  inputs(t: number): Tiles;
  /** The states from step t on, a tile a step, for `count` steps. */
  states(t: number, count: number): Tiles;
  /** The same with the agents' values [count, agents, lanes] at `values` behind each state, until other values are put there. */
  statesAndValues(t: number, count: number, values: number): Tiles;
  /** Actions of step t, [agents, lanes] bytes. */
  actions(t: number): number;
  /** Whether an action is available, from step t on: [agents, actions, lanes] bytes a step. */
  available(t: number): number;
  /** Calls with runs of at most `most` steps of equally many running vectors, in their order. */
  forChunks(most: number, work: (first: number, count: number, vectors: number) => void): void;
  /** Copies [steps, rows, lanes] into the engine. */
  copy(from: Float32Array, to: number, rows: number): void;
  /** The same, with zeros in lanes that have ended. */
  copyRunning(from: Float32Array, to: number, rows: number): void;
}

/** Steps that are laid out at a time. */
const CHUNK = 4;

export function createBatch(memory: Memory, shape: NetworkShape): Batch {
  const { kernels } = memory;
  const { agents, actions, observation, state } = shape;
  const inputStride = skewed(agentInput(shape)) * ROW;
  // Only WQMIX's central mixer reads values behind a state.
  const stateStride = skewed(shape.centralEmbed === undefined ? state : state + agents) * ROW;
  // One lane's rows of a few steps; odd numbers of cache lines apart.
  const laneBytes = skewed(Math.ceil((CHUNK * Math.max(agents * observation, state) * 4) / ROW)) * ROW;
  const staging = memory.allocate(LANES * laneBytes);

  let group: EpisodeGroup | undefined;
  // Steps laid out so far.
  let inputSteps = 0;
  let stateSteps = 0;
  let capacity = 0;
  let inputsAt = 0;
  let statesAt = 0;
  let actionsAt = 0;
  let availableAt = 0;
  let availableKnown = false;

  const lanes = (t: number) => (t === 0 ? group!.running[0] : group!.running[t - 1]);
  const vectorsOf = (count: number) => (count + 3) >> 2;

  const statesFrom = (t: number, count: number): Tiles => {
    while (stateSteps < t + count) layOutStates();
    return { at: statesAt + t * stateStride, stride: stateStride };
  };

  return {
    load(next) {
      checkGroup(next, shape);
      group = next;
      if (next.steps > capacity) reserve(next.steps);
      memory.bytes(actionsAt, next.actions.length).set(next.actions);
      inputSteps = 0;
      stateSteps = 0;
      availableKnown = false;
    },
    steps: () => group!.steps,
    capacity: () => capacity,
    runningVectors: (t) => vectorsOf(group!.running[t]),
    observedVectors: (t) => vectorsOf(lanes(t)),
    inputs(t) {
      while (inputSteps <= t) layOutInputs();
      return { at: inputsAt + t * agents * inputStride, stride: inputStride };
    },
    states: statesFrom,
    statesAndValues(t, count, values) {
      const states = statesFrom(t, count);
      for (let i = 0; i < count; i++) memory.copy(values + i * agents * ROW, states.at + i * stateStride + state * ROW, agents * ROW);
      return states;
    },
    actions: (t) => actionsAt + t * agents * LANES,
    available(t) {
      const { availableActions } = group!;
      if (!availableKnown) memory.bytes(availableAt, availableActions.length).set(availableActions);
      availableKnown = true;
      return availableAt + t * agents * actions * LANES;
    },
    forChunks(most, work) {
      const { steps, running } = group!;
      for (let first = 0; first < steps; ) {
        const vectors = vectorsOf(running[first]);
        let count = 1;
        while (count < most && first + count < steps && vectorsOf(running[first + count]) === vectors) count++;
        work(first, count, vectors);
        first += count;
      }
    },
    copy: (from, to, rows) => void copied(from, to, rows),
    copyRunning(from, to, rows) {
      const { steps, running } = group!;
      const copy = copied(from, to, rows);
      for (let t = 0; t < steps; t++) {
        if (running[t] === LANES) continue;
        for (let row = t * rows; row < (t + 1) * rows; row++) copy.fill(0, row * LANES + running[t], (row + 1) * LANES);
      }
    },
  };

  function copied(from: Float32Array, to: number, rows: number): Float32Array {
    const { steps } = group!;
    const count = steps * rows * LANES;
    if (from.length !== count) throw new Error(`Expected ${count} values for ${steps} steps of ${rows} x ${LANES} lanes, got ${from.length}.`);
    const copy = memory.floats(to, count);
    copy.set(from);
    return copy;
  }

  function layOutInputs(): void {
    const first = inputSteps;
    const count = stage("observations", agents * observation, first);
    inputSteps += count;
    for (let t = first; t < first + count; t++) {
      const vectors = vectorsOf(lanes(t));
      const at = inputsAt + t * agents * inputStride;
      const rows = staging + (t - first) * agents * observation * 4;
      kernels.tilesFromRows(rows, laneBytes, observation * 4, observation, at, inputStride, agents, vectors);
      kernels.oneHotTiles(actionsAt + (t - 1) * agents * LANES, actions, at + observation * ROW, inputStride, agents, vectors);
    }
  }

  function layOutStates(): void {
    const first = stateSteps;
    const count = stage("states", state, first);
    stateSteps += count;
    for (let t = first; t < first + count; t++) {
      const rows = staging + (t - first) * state * 4;
      kernels.tilesFromRows(rows, laneBytes, 0, state, statesAt + t * stateStride, 0, 1, vectorsOf(lanes(t)));
    }
  }

  /** Copies a few steps of every episode that has them into its lane; the lanes beside them get zeros. Returns how many. */
  function stage(what: "observations" | "states", size: number, first: number): number {
    const { episodes, steps } = group!;
    const count = Math.min(CHUNK, steps + 1 - first);
    for (let lane = 0; lane < vectorsOf(lanes(first)) * 4; lane++) {
      const to = memory.floats(staging + lane * laneBytes, count * size);
      const episode = episodes[lane];
      const present = episode ? Math.max(0, Math.min(count, episode.length + 1 - first)) : 0;
      if (present) to.set(episode[what].subarray(first * size, (first + present) * size));
      if (present < count) to.fill(0, present * size);
    }
    return count;
  }

  function reserve(steps: number): void {
    capacity = Math.max(steps, Math.ceil(capacity * 1.5));
    inputsAt = memory.allocate((capacity + 1) * agents * inputStride);
    statesAt = memory.allocate((capacity + 1) * stateStride);
    // Before the first step there is no last action: a step of 255s.
    const none = memory.allocate((capacity + 1) * agents * LANES);
    memory.bytes(none, agents * LANES).fill(255);
    actionsAt = none + agents * LANES;
    availableAt = memory.allocate((capacity + 1) * agents * actions * LANES);
    for (let tile = 0; tile < (capacity + 1) * agents; tile++) {
      const row = observation + actions + (tile % agents);
      memory.floats(inputsAt + tile * inputStride + row * ROW, LANES).fill(1);
    }
  }
}

function checkGroup({ agents, actionCount, episodes, steps }: EpisodeGroup, shape: NetworkShape): void {
  if (agents !== shape.agents || actionCount !== shape.actions) {
    throw new Error(`The engine was made for ${shape.agents} agents with ${shape.actions} actions; the episodes have ${agents} with ${actionCount}.`);
  }
  for (const { observations, states, length, index } of episodes) {
    if (length > steps) throw new Error(`Episode ${index} has ${length} steps; its group has ${steps}.`);
    if (observations.length !== (length + 1) * agents * shape.observation || states.length !== (length + 1) * shape.state) {
      throw new Error(
        `Episode ${index} of ${length} steps has ${observations.length} observed values and ${states.length} of states; ` +
          `the engine expects ${(length + 1) * agents * shape.observation} and ${(length + 1) * shape.state}.`,
      );
    }
  }
}
