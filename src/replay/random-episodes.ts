import type { Random } from "../random.js";
import type { Episode } from "./episode.js";

/** The numbers that determine the sizes of an episode's arrays. */
export interface EpisodeSizes {
  /** Number of agents. */
  readonly agents: number;
  /** Number of actions of each agent. */
  readonly actions: number;
  /** Entries of one agent's observation. */
  readonly observation: number;
  /** Entries of the state. */
  readonly state: number;
}

/**
 * Makes an episode of `length` steps whose values resemble those of a battle: observations and states between -1 and 1,
 * a fifth of them 0, about two thirds of the actions available, and agents that die on the way (after which their
 * observation is zero and no-op, action 0, is their only available action).
 *
 * @example
 * const batch = uniformLengths(32, 20, 60, random).map((length, index) => randomEpisode(sizes, length, index, random));
 */
export function randomEpisode(sizes: EpisodeSizes, length: number, index: number, random: Random): Episode {
  const { agents, actions: actionCount, observation, state } = sizes;
  const episode = {
    index,
    seed: index,
    length,
    observations: new Float32Array((length + 1) * agents * observation),
    states: randomValues((length + 1) * state, random),
    availableActions: new Uint8Array((length + 1) * agents * actionCount),
    actions: new Uint8Array(length * agents),
    rewards: new Float32Array(length),
    terminal: random.float() < 0.8,
  };
  for (let agent = 0; agent < agents; agent++) {
    const death = random.float() < 0.4 ? 1 + random.below(length) : length + 1;
    for (let t = 0; t <= length; t++) {
      const row = t * agents + agent;
      const available = episode.availableActions.subarray(row * actionCount, (row + 1) * actionCount);
      if (t >= death) {
        available[0] = 1;
        continue; // A dead agent sees nothing and does nothing.
      }
      episode.observations.set(randomValues(observation, random), row * observation);
      for (let a = 1; a < actionCount; a++) available[a] = random.float() < 2 / 3 ? 1 : 0;
      const chosen = 1 + random.below(actionCount - 1);
      available[chosen] = 1;
      if (t < length) episode.actions[row] = chosen;
    }
  }
  for (let t = 0; t < length; t++) episode.rewards[t] = random.float() < 0.5 ? 0 : random.float();
  return episode;
}

/** Makes one random episode of each length. */
export function randomEpisodes(sizes: EpisodeSizes, lengths: readonly number[], random: Random): Episode[] {
  return lengths.map((length, index) => randomEpisode(sizes, length, index, random));
}

/** Draws `count` lengths in steps, uniformly from shortest..longest. */
export function uniformLengths(count: number, shortest: number, longest: number, random: Random): number[] {
  return Array.from({ length: count }, () => shortest + random.below(longest - shortest + 1));
}

function randomValues(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => (random.float() < 0.2 ? 0 : 2 * random.float() - 1));
}
