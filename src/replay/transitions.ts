import type { EnvironmentSizes } from "../envs/environment.js";
import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import { sampleWithoutReplacement } from "./buffer.js";

/** Sizes of what is stored. */
type Sizes = Pick<EnvironmentSizes, "agents" | "actions" | "observation" | "state">;

/** One step of continuous actions, as it is stored. Arrays are copied. */
export interface Transition {
  /** What the agents saw. [agents, observation] */
  readonly observations: Float32Array;
  /** The state in which they acted. [state] */
  readonly state: Float32Array;
  /** What they did. [agents, actions] */
  readonly actions: Float32Array;
  /** The team's reward for it. */
  readonly reward: number;
  /** What they saw then. [agents, observation] */
  readonly nextObservations: Float32Array;
  /** The state that followed. [state] */
  readonly nextState: Float32Array;
  /** Nothing is to be expected of the state that followed. */
  readonly terminal: boolean;
  /** The episode ended with it, so that the next transition does not begin where it led to. */
  readonly last: boolean;
}

/** Sampled transitions, each laid out as an episode of one step is. B is their number. */
export interface TransitionBatch {
  /** What the agents saw before and after. [B, 2, agents, observation] */
  readonly observations: Float32Array;
  /** The state before and after. [B, 2, state] */
  readonly states: Float32Array;
  /** [B, agents, actions] */
  readonly actions: Float32Array;
  /** [B] */
  readonly rewards: Float32Array;
  /** 1 where nothing is to be expected of the state after. [B] */
  readonly terminal: Uint8Array;
}

/** A first-in-first-out store of transitions. */
export interface TransitionBuffer {
  /** Transitions that it can hold. */
  readonly capacity: number;
  /** Transitions that it holds. */
  readonly size: number;
  /** Stores the transition that follows the one stored last; the oldest one leaves when the buffer is full. */
  add(transition: Transition): void;
  /** The next transition does not begin where the newest one led to: its episode was broken off. */
  cut(): void;
  /**
   * Draws different transitions of the newest `among`, uniformly, into `batch`. The draw depends only on the stream and
   * on what is stored.
   * @throws {Error} when fewer are stored than a batch has
   */
  sample(batch: TransitionBatch, random: Random, among?: number): void;
}

/** Transitions that are given memory at a time. */
const BLOCK = 65_536;

interface Block {
  readonly observations: Float32Array;
  readonly states: Float32Array;
  readonly actions: Float32Array;
  readonly rewards: Float32Array;
  /** TERMINAL and LAST, added up. */
  readonly flags: Uint8Array;
}

const TERMINAL = 1;
const LAST = 2;

/** Where an episode ended, or the newest transition led to. */
interface End {
  readonly observations: Float32Array;
  readonly state: Float32Array;
}

/**
 * Makes an empty buffer. What followed a transition is what the next one began with, and is stored once, so that a
 * transition of Humanoid takes 1.7 kB and a million of them 1.7 GB. Memory is taken as it fills.
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
  /** By place in the ring. */
  const ends = new Map<number, End>();
  let size = 0;
  // Where the next transition goes.
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
      // The newest one now leads to this one, unless its episode has ended.
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

/** Room for a batch of transitions. */
export function createTransitionBatch(count: number, { agents, actions, observation, state }: Sizes): TransitionBatch {
  return {
    observations: new Float32Array(count * 2 * agents * observation),
    states: new Float32Array(count * 2 * state),
    actions: new Float32Array(count * agents * actions),
    rewards: new Float32Array(count),
    terminal: new Uint8Array(count),
  };
}

/** Bytes of a transition that is stored, without what episodes ended with. */
export function transitionBytes({ agents, actions, observation, state }: Sizes): number {
  return 4 * (agents * (observation + actions) + state + 1) + 1;
}
