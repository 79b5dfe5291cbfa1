import type { Episode } from "../replay/episode.js";

/**
 * Values of episodes by the target networks, kept until those networks change. Only the networks and the episode
 * determine these values, so they need not be computed again when an episode is sampled again. The values of an episode
 * are freed when it leaves the replay buffer.
 */
export interface TargetMemory {
  /**
   * Returns the values of an episode under this name that were kept since the target networks last changed, or
   * undefined.
   */
  recall(name: string, episode: Episode): Float32Array | undefined;
  /** Keeps values of an episode, unless `MOST_REMEMBERED` bytes are kept already. */
  keep(name: string, episode: Episode, values: Float32Array): void;
  /** Forgets all values; to be called when any parameter or mask of the target networks changes. */
  forget(): void;
  /** Number of lanes in the vectors that compute values: the values of so many lanes cost as much as those of one. */
  readonly vectorLanes: number;
}

/**
 * The most bytes that are kept at a time. QMIX keeps 4 bytes a step, a megabyte for Table 3's buffers; RES and CW-QMIX
 * keep the values of every action, on 3s5z 27 kB for each episode, up to this limit.
 */
export const MOST_REMEMBERED = 128e6;

/**
 * Makes an empty memory.
 * @param most the most bytes of values to keep at a time
 */
export function createTargetMemory(vectorLanes: number, most = MOST_REMEMBERED): TargetMemory {
  let kept = new Map<string, WeakMap<Episode, Float32Array>>();
  let bytes = 0;
  return {
    vectorLanes,
    recall: (name, episode) => kept.get(name)?.get(episode),
    keep(name, episode, values) {
      if (bytes + values.byteLength > most) return;
      let ofName = kept.get(name);
      if (ofName === undefined) kept.set(name, (ofName = new WeakMap()));
      bytes += values.byteLength - (ofName.get(episode)?.byteLength ?? 0);
      ofName.set(episode, values);
    },
    forget() {
      kept = new Map();
      bytes = 0;
    },
  };
}
