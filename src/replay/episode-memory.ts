import type { EnvironmentSizes } from "../envs/environment.js";
import { type Episode, episodeBytes } from "./episode.js";

/**
 * Memory for the arrays of episodes that are forgotten in the order in which they were played, as those of replay
 * buffers are. They lie one after the other in blocks of some episodes, and a block serves again when all its episodes
 * are forgotten. So a run whose buffers are full allocates nothing for its episodes, and the garbage collector has a
 * few blocks to look after instead of five arrays of each of 5,000 episodes.
 */
export interface EpisodeMemory {
  /**
   * Copies the arrays of an episode.
   * @param index the episode's position in its run; it grows from call to call
   */
  keep(index: number, arrays: EpisodeArrays): EpisodeArrays;
}

/** The arrays of an episode. */
export type EpisodeArrays = Pick<Episode, "observations" | "states" | "availableActions" | "actions" | "rewards">;

/** Episodes of the greatest length that fit a block. */
const EPISODES_A_BLOCK = 32;

/** Arrays begin at multiples of this many bytes, those of a cache line. */
const ALIGNMENT = 64;

/**
 * Makes an empty memory.
 *
 * @param oldest tells the index of the oldest episode that is not forgotten
 * @param prepare is given each new block before anything is written to it
 * @example
 * const memory = createEpisodeMemory(env.sizes, () => oldestIndex(buffers));
 * const recorder = createEpisodeRecorder(env, config.rewardScale, memory);
 */
export function createEpisodeMemory(
  sizes: EnvironmentSizes,
  oldest: () => number,
  prepare: (block: ArrayBuffer) => void = () => {},
): EpisodeMemory {
  const blockBytes = EPISODES_A_BLOCK * (episodeBytes(sizes) + 5 * ALIGNMENT);
  /** Blocks with episodes, oldest first; the last one is being filled. */
  const blocks: { readonly bytes: ArrayBuffer; used: number; newest: number }[] = [];

  const newBytes = () => {
    const bytes = new ArrayBuffer(blockBytes);
    prepare(bytes);
    return bytes;
  };
  const roomFor = (bytes: number) => {
    const last = blocks.at(-1);
    if (last !== undefined && last.used + bytes <= blockBytes) return last;
    const free = blocks.length > 0 && blocks[0].newest < oldest() ? blocks.shift() : undefined;
    const block = { bytes: free?.bytes ?? newBytes(), used: 0, newest: -1 };
    blocks.push(block);
    return block;
  };

  return {
    keep(index, { observations, states, availableActions, actions, rewards }) {
      const bytes = [observations, states, availableActions, actions, rewards].reduce(
        (sum, { byteLength }) => sum + aligned(byteLength),
        0,
      );
      const block = roomFor(bytes);
      block.newest = index;
      const floats = (values: Float32Array) => {
        const copy = new Float32Array(block.bytes, block.used, values.length);
        block.used += aligned(values.byteLength);
        copy.set(values);
        return copy;
      };
      const numbers = (values: Uint8Array) => {
        const copy = new Uint8Array(block.bytes, block.used, values.length);
        block.used += aligned(values.byteLength);
        copy.set(values);
        return copy;
      };
      return {
        observations: floats(observations),
        states: floats(states),
        availableActions: numbers(availableActions),
        actions: numbers(actions),
        rewards: floats(rewards),
      };
    },
  };
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
