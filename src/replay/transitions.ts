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

/** Sampled transitions, each laid out like an episode of one step. B is their number. */
export interface TransitionBatch {
  /** The agents' observations before and after the step. [B, 2, agents, observation] */
  readonly observations: Float32Array;
  /** The states before and after the step. [B, 2, state] */
  readonly states: Float32Array;
  /** The agents' actions. [B, agents, actions] */
  readonly actions: Float32Array;
  /** Team rewards. [B] */
  readonly rewards: Float32Array;
  /** 1 where the state after the step has value 0. [B] */
  readonly terminal: Uint8Array;
}

/** A first-in-first-out store of transitions. */
export interface TransitionBuffer {
  /** Number of transitions that the buffer can hold. */
  readonly capacity: number;
  /** Number of transitions that the buffer holds. */
  readonly size: number;
  /** Stores the transition that follows the one stored last; when the buffer is full, the oldest one is removed. */
  add(transition: Transition): void;
  /** Says that the newest transition's episode was broken off, so that the next transition begins in another state. */
  cut(): void;
  /**
   * Draws different transitions from the newest `among`, uniformly, into `batch`. The draw depends only on the stream
   * and on the stored transitions.
   * @throws {Error} when fewer are stored than a batch has
   */
  sample(batch: TransitionBatch, random: Random, among?: number): void;
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

  return {
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
    sample(batch, random, among = size) {
      const count = batch.rewards.length;
      const recent = Math.min(among, size);
      if (count > recent)
        throw new LabError(`Cannot sample ${count} transitions without replacement from ${recent} in a replay buffer.`);
      sampleWithoutReplacement(recent, count, random).forEach((age, i) => {
        const place = (next + capacity - 1 - age) % capacity;
        const block = blockOf(place);
        const row = place % BLOCK;
        const end = ends.get(place);
        const after = (place + 1) % capacity;
        const to = end === undefined ? blockOf(after) : undefined;
        const follow = (key: "observations" | "states", ended: Float32Array | undefined) => {
          const width = widths[key];
          batch[key].set(rowOf(block[key], row, width), 2 * i * width);
          batch[key].set(ended ?? rowOf(to![key], after % BLOCK, width), (2 * i + 1) * width);
        };
        follow("observations", end?.observations);
        follow("states", end?.state);
        batch.actions.set(rowOf(block.actions, row, widths.actions), i * widths.actions);
        batch.rewards[i] = block.rewards[row];
        batch.terminal[i] = block.flags[row] & TERMINAL;
      });
    },
  };
}

/** Allocates a batch of transitions. */
export function createTransitionBatch(count: number, { agents, actions, observation, state }: Sizes): TransitionBatch {
  return {
    observations: new Float32Array(count * 2 * agents * observation),
    states: new Float32Array(count * 2 * state),
    actions: new Float32Array(count * agents * actions),
    rewards: new Float32Array(count),
    terminal: new Uint8Array(count),
  };
}

/** Computes the bytes of a stored transition, without the situations in which episodes ended. */
export function transitionBytes({ agents, actions, observation, state }: Sizes): number {
  return 4 * (agents * (observation + actions) + state + 1) + 1;
}
