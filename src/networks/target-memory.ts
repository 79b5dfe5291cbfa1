import type { Episode } from "../replay/episode.js";

/**
 * Values that target networks gave to episodes, kept until those networks change: nothing but they and the episode
 * determine such values, so that the passes which made them need not be run again when an episode is sampled again. An
 * episode that leaves the replay buffer takes its values along.
 */
export interface TargetMemory {
  /** What was kept of an episode under this name since the target networks last changed, or undefined. */
  recall(name: string, episode: Episode): Float32Array | undefined;
  /** Keeps values of an episode, unless `MOST_REMEMBERED` bytes are kept already. */
  keep(name: string, episode: Episode, values: Float32Array): void;
  /** To be called when any parameter or mask of the target networks changes. */
  forget(): void;
  /** Lanes whose values cost as much as those of one: the lanes of the vectors that compute them. */
  readonly vectorLanes: number;
}

/**
 * Most bytes that are kept at a time. QMIX keeps 4 a step, so that Table 3's buffers come to a megabyte; RES and
 * CW-QMIX keep values of every action, on 3s5z 27 kB an episode and as much as this in all.
 */
export const MOST_REMEMBERED = 128e6;

/** @param most bytes of values to keep at a time */
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
