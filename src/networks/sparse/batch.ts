import { type EpisodeGroup, LANES } from "../../replay/group.js";
import { agentInput, networksOf } from "../kinds.js";
import type { NetworkShape } from "../parameters.js";
import { type Memory, ROW, skewed } from "./memory.js";

/**
 * The group of episodes that the engine works on, as tiles in its memory. Episodes are laid out a few steps at a time,
 * when these are first asked for, so that the first user finds them in the cache. Numbers are addresses in the engine's
 * memory.
 */
export interface Batch {
  load(group: EpisodeGroup): void;
  /** Steps of the loaded group. */
  steps(): number;
  /** The most steps of any group so far, which buffers have to hold. */
  capacity(): number;
  /** The agents' inputs as [steps + 1, agents] tiles, `inputStride` bytes apart. */
  inputs(): number;
  readonly inputStride: number;
  /**
   * The states as [steps + 1] tiles, `stateStride` bytes apart. There is room for the agents' values after each where
   * an unrestricted mixer reads them.
   */
  states(): number;
  readonly stateStride: number;
  /**
   * Runs the agents whose record is at `agent` over all steps, either while these are laid out or as they are. See the
   * kernels for the numbers.
   */
  forwardAgents(agent: number, sides: number, keep: number): void;
  /** Lays out all states. */
  needStates(): void;
  /**
   * Lays out what all agents see, as [steps + 1] tiles of [agents, observation] rows, `seenStride` bytes apart, and
   * returns their address. Lanes that have ended may hold anything.
   */
  seen(): number;
  readonly seenStride: number;
  /** Actions that were taken, as [steps, agents, lanes] bytes. */
  taken(): number;
  /**
   * How many 128-bit vectors of lanes have an observation and a state t, as [steps + 1] bytes, and how many have a step
   * t, as [steps].
   */
  observed(): number;
  running(): number;
  /** How many lanes have a step t, as [steps] bytes. */
  runningLanes(): number;
  /** Whether an action is available, as [steps + 1, agents, actions, lanes] bytes. */
  available(): number;
  /** Copies [steps, rows, lanes] into the engine. */
  copy(from: Float32Array, to: number, rows: number): void;
  /** Does the same with zeros in lanes that have ended. */
  copyRunning(from: Float32Array, to: number, rows: number): void;
}

/** How many steps are laid out at a time. */
const CHUNK = 4;

/** The fields of a batch in the kernels. */
const FIELDS = [
  "agents",
  "actions",
  "observation",
  "state",
  "inputs",
  "inputStride",
  "states",
  "stateStride",
  "taken",
  "observed",
  "staging",
  "laneBytes",
  "steps",
  "available",
] as const;

/** The kinds of data that the kernels lay out. */
const [OBSERVATIONS, STATES, AVAILABLE] = [0, 1, 2] as const;

export function createBatch(memory: Memory, shape: NetworkShape): Batch {
  const { kernels } = memory;
  const { agents, actions, observation, state } = shape;
  const inputStride = skewed(agentInput(shape)) * ROW;
  const readsValues = Object.values(networksOf(shape)).includes("unrestricted");
  const stateStride = skewed(readsValues ? state + agents : state) * ROW;
  // One lane's rows of a few steps, an odd number of cache lines apart.
  const laneBytes = skewed(Math.ceil((CHUNK * Math.max(agents * observation, state) * 4) / ROW)) * ROW;
  const staging = memory.allocate(LANES * laneBytes);
  const numbers = memory.record(FIELDS);
  numbers.set({ agents, actions, observation, state, inputStride, stateStride, staging, laneBytes });
  // For critics, which have rows of their own for each agent: to the kernels, observations are then one long state.
  const hasCritic = Object.values(networksOf(shape)).includes("action-value");
  const seenStride = agents * observation * ROW;
  const seenNumbers = hasCritic ? memory.record(FIELDS) : numbers;
  if (hasCritic)
    seenNumbers.set({
      ...{ agents, actions, observation, inputStride, staging, laneBytes },
      ...{ state: agents * observation, stateStride: seenStride },
    });

  let group: EpisodeGroup | undefined;
  let arrays: Record<"observations" | "states", readonly Float32Array[]> = { observations: [], states: [] };
  // Whether the inputs are laid out, and how many steps of the states are.
  let inputsThere = false;
  let seenThere = false;
  let stateSteps = 0;
  let capacity = 0;
  let inputs = 0;
  let states = 0;
  let seen = 0;
  let taken = 0;
  let available = 0;
  let observed = 0;
  let running = 0;
  let runningLanes = 0;
  let availableKnown = false;

  return {
    inputStride,
    stateStride,
    seenStride,
    load(next) {
      checkGroup(next, shape);
      group = next;
      arrays = {
        observations: next.episodes.map(({ observations }) => observations),
        states: next.episodes.map(({ states }) => states),
      };
      if (next.steps > capacity) reserve(next.steps);
      numbers.set({ steps: next.steps });
      if (hasCritic) seenNumbers.set({ steps: next.steps });
      memory.bytes(taken, next.actions.length).set(next.actions);
      const lanes = memory.bytes(runningLanes, next.steps);
      const vectors = memory.bytes(running, next.steps);
      const vectorsObserved = memory.bytes(observed, next.steps + 1);
      for (let t = 0; t < next.steps; t++) {
        lanes[t] = next.running[t];
        vectors[t] = vectorsObserved[t + 1] = (lanes[t] + 3) >> 2;
      }
      vectorsObserved[0] = vectors[0];
      inputsThere = false;
      seenThere = false;
      stateSteps = 0;
      availableKnown = false;
    },
    steps: () => group!.steps,
    capacity: () => capacity,
    inputs: () => inputs,
    states: () => states,
    forwardAgents(agent, sides, keep) {
      const { steps } = group!;
      if (inputsThere) return kernels.agentForward(agent, sides, keep, 0, steps + 1);
      inputsThere = true;
      if (kernels.agentLoadAndForward)
        return kernels.agentLoadAndForward(numbers.at, agent, sides, keep, arrays.observations);
      for (let first = 0; first <= steps; first += CHUNK) {
        const end = Math.min(steps + 1, first + CHUNK);
        layOut(numbers.at, "observations", OBSERVATIONS, first, end - first);
        kernels.agentForward(agent, sides, keep, first, end);
      }
    },
    needStates() {
      if (kernels.layOutEpisodes && stateSteps === 0) {
        stateSteps = group!.steps + 1;
        return layOut(numbers.at, "states", STATES, 0, stateSteps);
      }
      for (; stateSteps <= group!.steps; stateSteps += CHUNK)
        layOut(numbers.at, "states", STATES, stateSteps, Math.min(CHUNK, group!.steps + 1 - stateSteps));
    },
    seen() {
      const each = kernels.layOutEpisodes ? group!.steps + 1 : CHUNK;
      for (let first = 0; !seenThere && first <= group!.steps; first += each)
        layOut(seenNumbers.at, "observations", STATES, first, Math.min(each, group!.steps + 1 - first));
      seenThere = true;
      return seen;
    },
    taken: () => taken,
    observed: () => observed,
    running: () => running,
    runningLanes: () => runningLanes,
    available() {
      if (!availableKnown && kernels.layOutEpisodes) {
        const each = group!.episodes.map(({ availableActions }) => availableActions);
        kernels.layOutEpisodes(numbers.at, AVAILABLE, 0, group!.steps + 1, each);
      } else if (!availableKnown) {
        const { availableActions } = group!;
        memory.bytes(available, availableActions.length).set(availableActions);
      }
      availableKnown = true;
      return available;
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
    if (from.length !== count)
      throw new Error(`Expected ${count} values for ${steps} steps of ${rows} x ${LANES} lanes, got ${from.length}.`);
    const copy = memory.floats(to, count);
    copy.set(from);
    return copy;
  }

  /**
   * Copies a few steps of every episode that has them into its lane, fills the other lanes with zeros, and turns all
   * into tiles.
   *
   * @param at address of the record of what the kernels are to do
   * @param as what the rows are to the kernels
   */
  function layOut(
    at: number,
    what: "observations" | "states",
    as: typeof OBSERVATIONS | typeof STATES,
    first: number,
    count: number,
  ): void {
    const { episodes } = group!;
    if (kernels.layOutEpisodes) return kernels.layOutEpisodes(at, as, first, count, arrays[what]);
    const size = what === "states" ? state : agents * observation;
    const rows = memory.floats(staging, (LANES * laneBytes) / 4);
    for (let lane = 0; lane < LANES; lane++) {
      const to = (lane * laneBytes) / 4;
      const episode = episodes[lane];
      const present = episode ? Math.max(0, Math.min(count, episode.length + 1 - first)) : 0;
      if (present) rows.set(episode[what].subarray(first * size, (first + present) * size), to);
      if (present < count) rows.fill(0, to + present * size, to + count * size);
    }
    kernels.layOut(at, as, first, count);
  }

  function reserve(steps: number): void {
    capacity = Math.max(steps, Math.ceil(capacity * 1.5));
    inputs = memory.allocate((capacity + 1) * agents * inputStride);
    states = memory.allocate((capacity + 1) * stateStride);
    if (hasCritic) seen = memory.allocate((capacity + 1) * seenStride);
    // Before the first step there is no last action, so there is a step of 255s.
    const none = memory.allocate((capacity + 1) * agents * LANES);
    memory.bytes(none, agents * LANES).fill(255);
    taken = none + agents * LANES;
    available = memory.allocate((capacity + 1) * agents * actions * LANES);
    observed = memory.allocate(capacity + 1);
    running = memory.allocate(capacity);
    runningLanes = memory.allocate(capacity);
    numbers.set({ inputs, states, taken, observed, available });
    if (hasCritic) seenNumbers.set({ inputs, states: seen, taken, observed, available });
    for (let tile = 0; tile < (capacity + 1) * agents; tile++) {
      const row = observation + actions + (tile % agents);
      memory.floats(inputs + tile * inputStride + row * ROW, LANES).fill(1);
    }
  }
}

function checkGroup({ agents, actionCount, episodes, steps }: EpisodeGroup, shape: NetworkShape): void {
  if (agents !== shape.agents || actionCount !== shape.actions) {
    throw new Error(
      `The engine was made for ${shape.agents} agents with ${shape.actions} actions; the episodes have ${agents} with ${actionCount}.`,
    );
  }
  for (const { observations, states, length, index } of episodes) {
    if (length > steps) throw new Error(`Episode ${index} has ${length} steps; its group has ${steps}.`);
    if (
      observations.length !== (length + 1) * agents * shape.observation ||
      states.length !== (length + 1) * shape.state
    ) {
      throw new Error(
        `Episode ${index} of ${length} steps has ${observations.length} observed values and ${states.length} of states; ` +
          `the engine expects ${(length + 1) * agents * shape.observation} and ${(length + 1) * shape.state}.`,
      );
    }
  }
}
