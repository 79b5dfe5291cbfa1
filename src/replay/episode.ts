import type { EnvironmentSizes } from "../envs/environment.js";

/**
 * One finished episode of T steps, as it is stored and sampled. All arrays are row-major; index t = T holds what
 * followed the last step.
 */
export interface Episode {
  /** Position in the run, counted from 0: how old its behaviour policy is. */
  readonly index: number;
  /**
   * The environment's seed; with the joint actions it determines the episode where the environment is deterministic.
   */
  readonly seed: number;
  /** T, the number of steps. At least 1. */
  readonly length: number;
  /** [T + 1, agents, observation] */
  readonly observations: Float32Array;
  /** [T + 1, state] */
  readonly states: Float32Array;
  /** [T + 1, agents, actions], 1 where the action was available. */
  readonly availableActions: Uint8Array;
  /** [T, agents] */
  readonly actions: Uint8Array;
  /** [T] */
  readonly rewards: Float32Array;
  /** The last step must not be bootstrapped from. */
  readonly terminal: boolean;
}

/** The undiscounted sum of an episode's rewards. */
export function episodeReturn(episode: Episode): number {
  let sum = 0;
  for (const reward of episode.rewards) sum += reward;
  return sum;
}

/** Bytes of the longest episode of an environment. */
export function episodeBytes({ agents, actions, observation, state, episodeLimit }: EnvironmentSizes): number {
  return (episodeLimit + 1) * (agents * (4 * observation + actions) + 4 * state) + episodeLimit * (agents + 4) + 13;
}
