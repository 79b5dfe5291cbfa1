import { policyChange } from "./distance.js";
import type { EpisodeGroup } from "./group.js";

/**
 * Counts of the agents' stored choices (steps at which an agent had more than one available action): how many of them
 * the present greedy policy would not make, and how many differ only because they were drawn at random. All are sums
 * over choices, so that samples can be added up and weighted.
 */
export interface StoredChoices {
  /** Number of stored episodes that were examined. */
  readonly episodes: number;
  /** Number of choices in them: one for each agent and step at which several actions were available. */
  readonly decisions: number;
  /** Choices that are not the greedy ones now. */
  readonly changed: number;
  /**
   * Sum of epsilon (1 - 1 / m) with the exploration rate at the time of a choice and its m available actions: the
   * expected number of choices that would differ if the greedy policy had always been the present one. It is the floor
   * of `changed`.
   */
  readonly explored: number;
  /** Sum of 1 - epsilon: the expected number of choices that were made greedily, not at random. */
  readonly exploited: number;
}

/**
 * Compares a group of episodes with the present policy.
 *
 * @param greedy the available actions of the largest values now, [steps, agents, lanes]: `greedyActions`
 * @param epsilon the exploration rate with which a lane's episode chose at its step t
 * @example
 * engine.load(group);
 * shareChanged(storedChoices(greedyActions(engine.networks.agent.forward("online"), group), group, () => 0.05));
 */
export function storedChoices(
  greedy: Uint8Array,
  group: EpisodeGroup,
  epsilon: (lane: number, t: number) => number,
): StoredChoices {
  const { agents, actionCount, lanes, episodes, availableActions } = group;
  let explored = 0;
  let exploited = 0;
  episodes.forEach(({ length }, lane) => {
    for (let t = 0; t < length; t++) {
      const rate = epsilon(lane, t);
      for (let row = t * agents; row < (t + 1) * agents; row++) {
        let available = 0;
        for (let action = 0; action < actionCount; action++)
          available += availableActions[(row * actionCount + action) * lanes + lane];
        if (available < 2) continue;
        explored += rate * (1 - 1 / available);
        exploited += 1 - rate;
      }
    }
  });
  return { episodes: episodes.length, ...policyChange(greedy, group), explored, exploited };
}

/** Adds up samples. */
export function addChoices(parts: readonly StoredChoices[]): StoredChoices {
  return mixChoices(parts.map((part) => [part, part.episodes]));
}

/**
 * Computes what a batch with the given number of episodes of each sample holds on average.
 *
 * @example
 * shareChanged(mixChoices([[offline, 20], [online, 12]])); // d_2 of Figure 7
 */
export function mixChoices(parts: readonly (readonly [sample: StoredChoices, episodes: number])[]): StoredChoices {
  const present = parts.filter(([sample, episodes]) => sample.episodes > 0 && episodes > 0);
  const sum = (key: keyof StoredChoices) =>
    present.reduce((total, [sample, episodes]) => total + (sample[key] * episodes) / sample.episodes, 0);
  return {
    episodes: sum("episodes"),
    decisions: sum("decisions"),
    changed: sum("changed"),
    explored: sum("explored"),
    exploited: sum("exploited"),
  };
}

/**
 * Computes d, the share of stored choices that the present policy would not make, 0..1; NaN when there are no choices.
 */
export function shareChanged({ changed, decisions }: StoredChoices): number {
  return changed / decisions;
}

/**
 * Computes the share of choices that would differ by exploration alone if the policy had never changed, 0..1. It is the
 * floor of `shareChanged`.
 */
export function shareExplored({ explored, decisions }: StoredChoices): number {
  return explored / decisions;
}

/**
 * Estimates how much of the greedy policy has changed since, without the effect of exploration: the share p of choices
 * for which the greedy action has changed. A choice differs with probability (1 - epsilon) p + epsilon (1 - 1 / m),
 * which is solved for p. The estimate is unbiased and may therefore come out slightly below 0. NaN when all choices
 * were random.
 */
export function policyDrift({ changed, explored, exploited }: StoredChoices): number {
  return exploited > 0 ? (changed - explored) / exploited : NaN;
}
