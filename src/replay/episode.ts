import type { EnvironmentSizes } from "../envs/environment.js";

/**
 * One finished episode of T steps, as it is stored and sampled. All arrays are row-major; index t = T describes the
 * situation after the last step.
 */
export interface Episode {
  /** Position of the episode in the run, counted from 0. It tells how old the behaviour policy is. */
  readonly index: number;
  /** Seed of the environment. With the joint actions it determines the episode, if the environment is deterministic. */
  readonly seed: number;
  /** T, the number of steps. At least 1. */
  readonly length: number;
  /** Observations of all agents. [T + 1, agents, observation] */
  readonly observations: Float32Array;
  /** States of the environment. [T + 1, state] */
  readonly states: Float32Array;
  /** 1 where the action was available. [T + 1, agents, actions] */
  readonly availableActions: Uint8Array;
  /** Joint actions taken. [T, agents] */
  readonly actions: Uint8Array;
  /** Team reward of each step. [T] */
  readonly rewards: Float32Array;
  /** Whether targets must not bootstrap from the last step. */
  readonly terminal: boolean;
}

/** Computes the undiscounted sum of an episode's rewards. */
export function episodeReturn(episode: Episode): number {
  let sum = 0;
  for (const reward of episode.rewards) sum += reward;
  return sum;
}

/** Computes the bytes of the longest episode of an environment. */
export function episodeBytes({ agents, actions, observation, state, episodeLimit }: EnvironmentSizes): number {
  return (episodeLimit + 1) * (agents * (4 * observation + actions) + 4 * state) + episodeLimit * (agents + 4) + 13;
}
