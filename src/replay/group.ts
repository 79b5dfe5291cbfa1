import type { Episode } from "./episode.js";

/**
 * Episodes of one training batch laid out in lanes, the unit in which engines work: 16 lanes are four 128-bit
 * vectors, and one cache line a feature. Lane l holds `episodes[l]`; lanes are sorted by length, longest first, so
 * that the lanes still running at step t are the first `running[t]`.
 *
 * Entries past an episode's length (and whole lanes without an episode) are padding: actions 0, rewards 0, every
 * action available. Nothing may depend on them.
 */
export interface EpisodeGroup {
  readonly episodes: readonly Episode[];
  readonly lanes: typeof LANES;
  /** Length of the longest episode. */
  readonly steps: number;
  readonly agents: number;
  readonly actionCount: number;
  /** [lanes]; 0 for an empty lane. */
  readonly lengths: Int32Array;
  /** Lanes whose episode has a step t, for t in 0..steps: [steps + 1]; `running[steps]` is 0. */
  readonly running: Int32Array;
  /** [steps, agents, lanes] */
  readonly actions: Uint8Array;
  /** [steps + 1, agents, actions, lanes] */
  readonly availableActions: Uint8Array;
  /** [steps, lanes] */
  readonly rewards: Float32Array;
  /** [lanes], 1 where the last step of the lane's episode must not be bootstrapped from. */
  readonly terminal: Uint8Array;
}

/** Lanes of a group. */
export const LANES = 16;
