import type { EnvironmentSizes } from "../envs/environment.js";
import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import { sampleWithoutReplacement } from "./buffer.js";

/** Sizes of the arrays of a transition. */
type Sizes = Pick<EnvironmentSizes, "agents" | "actions" | "observation" | "state">;

/** One step with continuous actions, as it is stored. Arrays are copied. */
export interface Transition {
  /** The agents' observations. [agents, observation] */
  readonly observations: Float32Array;
  /** The state in which they acted. [state] */
  readonly state: Float32Array;
  /** The agents' actions. [agents, actions] */
  readonly actions: Float32Array;
  /** The team's reward for the step. */
  readonly reward: number;
  /** The agents' observations after the step. [agents, observation] */
  readonly nextObservations: Float32Array;
  /** The state after the step. [state] */
  readonly nextState: Float32Array;
  /** Whether the state after the step has value 0. */
  readonly terminal: boolean;
  /** Whether the episode ended with this step, so that the next transition begins in another state. */
  readonly last: boolean;
}

/**
 * Sampled transitions, each laid out as an episode of one step is. B is their number. "After" is n steps later, where n
 * is 1 unless a draw looks further ahead.
 */
export interface TransitionBatch {
  /** The agents' observations before and after the step. [B, 2, agents, observation] */
  readonly observations: Float32Array;
  /** The states before and after the step. [B, 2, state] */
  readonly states: Float32Array;
  /** The agents' actions at the first step. [B, agents, actions] */
  readonly actions: Float32Array;
  /** The discounted sum of the n rewards between before and after. [B] */
  readonly rewards: Float32Array;
  /** 1 where the state after the step has value 0. [B] */
  readonly terminal: Uint8Array;
  /** n, the steps between before and after. [B] */
  readonly steps: Uint16Array;
}

/** Settings of a draw of transitions. */
export interface TransitionDraw {
  /** gamma, the discount factor. */
  readonly discount: number;
  /** Number of the newest transitions from which it draws. Default: all of them. */
  readonly among?: number;
  /** Range of rows of the batch that are filled: from the first to before the second. Default: all. */
  readonly rows?: readonly [number, number];
  /**
   * Returns n, the number of steps that the next target looks ahead. It is called once for each row. An episode's end,
   * and the newest transition, cut n short. Default: 1.
   */
  readonly ahead?: () => number;
}

/**
 * The content of a buffer, oldest first: n transitions, of which e lead to a situation in which no other transition
 * begins.
 */
export interface StoredTransitions {
  /** [n, agents, observation] */
  readonly observations: Float32Array;
  /** [n, state] */
  readonly states: Float32Array;
  /** [n, agents, actions] */
  readonly actions: Float32Array;
  /** [n] */
  readonly rewards: Float32Array;
  /** The sum of 1 where the state after has value 0, and 2 where an episode ended with the step. [n] */
  readonly flags: Uint8Array;
  /** The agents' observations at the end of each episode, and after the newest transition. [e, agents, observation] */
  readonly endObservations: Float32Array;
  /** The states at these moments. [e, state] */
  readonly endStates: Float32Array;
}

/** A first-in-first-out store of transitions. */
export interface TransitionBuffer {
  /** Number of transitions that the buffer can hold. */
  readonly capacity: number;
  /** Number of transitions that the buffer holds. */
  readonly size: number;
  /** Stores the transition that follows the one stored last; when the buffer is full, the oldest one is removed. */
  add(transition: Transition): void;
  /** Marks the episode of the newest transition as broken off, so that the next transition begins in another state. */
  cut(): void;
  /**
   * Draws different transitions, uniformly, into `batch`. The draw depends only on the stream and on what is stored.
   * @throws {Error} when fewer are stored than are drawn
   */
  sample(batch: TransitionBatch, random: Random, draw: TransitionDraw): void;
  /** Returns a copy of all stored transitions. */
  store(): StoredTransitions;
  /**
   * Adds the transitions that another buffer stored.
   * @throws {Error} when it has other sizes
   */
  restore(stored: StoredTransitions): void;
}

/** Number of transitions for which memory is allocated at a time. */
const BLOCK = 65_536;

interface Block {
  readonly observations: Float32Array;
  readonly states: Float32Array;
  readonly actions: Float32Array;
  readonly rewards: Float32Array;
  /** Sum of the flags TERMINAL and LAST. */
  readonly flags: Uint8Array;
}

const TERMINAL = 1;
const LAST = 2;

/** The situation in which an episode ended, or to which the newest transition led. */
interface End {
  readonly observations: Float32Array;
  readonly state: Float32Array;
}

/**
 * Makes an empty buffer. The situation after a transition is the one in which the next transition begins and is stored
 * once, so that a transition of Humanoid takes 1.7 kB and a million of them 1.7 GB. Memory is allocated as the buffer
 * fills.
 *
 * @throws {Error} when the capacity is not a whole number of at least 1
 * @example
 * const buffer = createTransitionBuffer(1_000_000, env.sizes);
 * buffer.add(transition);
 * if (buffer.size >= 100) buffer.sample(batch, random);
 */
export function createTransitionBuffer(capacity: number, sizes: Sizes): TransitionBuffer {
  if (!(Number.isInteger(capacity) && capacity >= 1))
    throw new LabError(`A replay buffer was given capacity ${capacity}; it must be a whole number of transitions.`);
  const { agents, actions, observation, state } = sizes;
  const widths = { observations: agents * observation, states: state, actions: agents * actions };
  const blocks: Block[] = [];
  /** Ends of episodes by their place in the ring. */
  const ends = new Map<number, End>();
  let size = 0;
  // Place of the next transition in the ring.
  let next = 0;

  function blockOf(place: number): Block {
    const number = Math.floor(place / BLOCK);
    if (blocks[number] === undefined) {
      const rows = Math.min(BLOCK, capacity - number * BLOCK);
      const floats = (width: number) => new Float32Array(rows * width);
      blocks[number] = {
        observations: floats(widths.observations),
        states: floats(widths.states),
        actions: floats(widths.actions),
        rewards: floats(1),
        flags: new Uint8Array(rows),
      };
    }
    return blocks[number];
  }
  const rowOf = (values: Float32Array, row: number, width: number) => values.subarray(row * width, (row + 1) * width);

  const buffer: TransitionBuffer = {
    capacity,
    get size() {
      return size;
    },
    add(transition) {
      const newest = (next + capacity - 1) % capacity;
      // The newest transition leads to this one, unless its episode has ended.
      if (size > 0 && (blockOf(newest).flags[newest % BLOCK] & LAST) === 0) ends.delete(newest);
      const block = blockOf(next);
      const row = next % BLOCK;
      block.observations.set(transition.observations, row * widths.observations);
      block.states.set(transition.state, row * widths.states);
      block.actions.set(transition.actions, row * widths.actions);
      block.rewards[row] = transition.reward;
      block.flags[row] = (transition.terminal ? TERMINAL : 0) + (transition.last ? LAST : 0);
      ends.set(next, { observations: transition.nextObservations.slice(), state: transition.nextState.slice() });
      next = (next + 1) % capacity;
      size = Math.min(size + 1, capacity);
    },
    cut() {
      if (size === 0) return;
      const newest = (next + capacity - 1) % capacity;
      blockOf(newest).flags[newest % BLOCK] |= LAST;
    },
    sample(batch, random, { discount, among = size, rows: [first, end] = [0, batch.rewards.length], ahead }) {
      const count = end - first;
      const recent = Math.min(among, size);
      if (count > recent)
        throw new LabError(`Cannot sample ${count} transitions without replacement from ${recent} in a replay buffer.`);
      sampleWithoutReplacement(recent, count, random).forEach((age, i) => {
        i += first;
        const place = (next + capacity - 1 - age) % capacity;
        // The newest one has age 0: so many follow this one at most.
        const steps = Math.min(ahead?.() ?? 1, age + 1);
        let last = place;
        let [reward, weight] = [0, 1];
        let n = 1;
        for (; ; n++, last = (last + 1) % capacity) {
          const { rewards, flags } = blockOf(last);
          reward += weight * rewards[last % BLOCK];
          weight *= discount;
          if (n === steps || (flags[last % BLOCK] & LAST) !== 0) break;
        }
        const block = blockOf(place);
        const row = place % BLOCK;
        const led = ends.get(last);
        const after = (last + 1) % capacity;
        const to = led === undefined ? blockOf(after) : undefined;
        const follow = (key: "observations" | "states", ended: Float32Array | undefined) => {
          const width = widths[key];
          batch[key].set(rowOf(block[key], row, width), 2 * i * width);
          batch[key].set(ended ?? rowOf(to![key], after % BLOCK, width), (2 * i + 1) * width);
        };
        follow("observations", led?.observations);
        follow("states", led?.state);
        batch.actions.set(rowOf(block.actions, row, widths.actions), i * widths.actions);
        batch.rewards[i] = reward;
        batch.terminal[i] = blockOf(last).flags[last % BLOCK] & TERMINAL;
        batch.steps[i] = n;
      });
    },
    store() {
      const stored = {
        observations: new Float32Array(size * widths.observations),
        states: new Float32Array(size * widths.states),
        actions: new Float32Array(size * widths.actions),
        rewards: new Float32Array(size),
        flags: new Uint8Array(size),
        endObservations: new Float32Array(ends.size * widths.observations),
        endStates: new Float32Array(ends.size * widths.states),
      };
      let ended = 0;
      for (let k = 0; k < size; k++) {
        const place = (next + capacity - size + k) % capacity;
        const { observations, states, actions, rewards, flags } = blockOf(place);
        const row = place % BLOCK;
        stored.observations.set(rowOf(observations, row, widths.observations), k * widths.observations);
        stored.states.set(rowOf(states, row, widths.states), k * widths.states);
        stored.actions.set(rowOf(actions, row, widths.actions), k * widths.actions);
        stored.rewards[k] = rewards[row];
        stored.flags[k] = flags[row];
        const end = ends.get(place);
        if (end === undefined) continue;
        stored.endObservations.set(end.observations, ended * widths.observations);
        stored.endStates.set(end.state, ended++ * widths.states);
      }
      return stored;
    },
    restore({ observations, states, actions, rewards, flags, endObservations, endStates }) {
      const count = rewards.length;
      const ended = flags.reduce((sum, flag, k) => sum + (k === count - 1 || (flag & LAST) !== 0 ? 1 : 0), 0);
      const fits =
        flags.length === count &&
        observations.length === count * widths.observations &&
        states.length === count * widths.states &&
        actions.length === count * widths.actions &&
        endObservations.length === ended * widths.observations &&
        endStates.length === ended * widths.states;
      if (!fits)
        throw new LabError(
          "The transitions in this checkpoint do not fit: the environment's sizes have changed since. Start the run anew.",
        );
      let end = 0;
      for (let k = 0; k < count; k++) {
        const last = (flags[k] & LAST) !== 0;
        const leads = last || k === count - 1;
        const [followed, followedState, at] = leads
          ? [endObservations, endStates, end++]
          : [observations, states, k + 1];
        buffer.add({
          observations: rowOf(observations, k, widths.observations),
          state: rowOf(states, k, widths.states),
          actions: rowOf(actions, k, widths.actions),
          reward: rewards[k],
          nextObservations: rowOf(followed, at, widths.observations),
          nextState: rowOf(followedState, at, widths.states),
          terminal: (flags[k] & TERMINAL) !== 0,
          last,
        });
      }
    },
  };
  return buffer;
}

/** Allocates a batch of transitions. */
export function createTransitionBatch(count: number, { agents, actions, observation, state }: Sizes): TransitionBatch {
  return {
    observations: new Float32Array(count * 2 * agents * observation),
    states: new Float32Array(count * 2 * state),
    actions: new Float32Array(count * agents * actions),
    rewards: new Float32Array(count),
    terminal: new Uint8Array(count),
    steps: new Uint16Array(count).fill(1),
  };
}

/** Computes the bytes of a stored transition, without the situations in which episodes ended. */
export function transitionBytes({ agents, actions, observation, state }: Sizes): number {
  return 4 * (agents * (observation + actions) + state + 1) + 1;
}
