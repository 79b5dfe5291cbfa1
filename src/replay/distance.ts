import type { EpisodeGroup } from "./group.js";

/** Decisions of agents that had a choice, and how many of them the present policy would make differently. */
export interface PolicyChange {
  readonly decisions: number;
  readonly changed: number;
}

/**
 * Counts the actions in a group of episodes that are not the greedy ones now. Agents with a single available action
 * (the dead among them) decide nothing and are not counted. `changed / decisions` is half the mean squared distance
 * between the actions taken and the greedy ones, both as one-hot vectors: this is the policy distance by which RLx2
 * judges its buffer.
 *
 * @param greedy the available actions of the largest values, [steps, agents, lanes]
 * @example
 * const greedy = greedyActions(engine.networks.agent.forward("online"), group);
 * const { decisions, changed } = policyChange(greedy, group);
 */
export function policyChange(
  greedy: Uint8Array,
  { steps, agents, actionCount, lanes, running, actions, availableActions }: EpisodeGroup,
): PolicyChange {
  let decisions = 0;
  let changed = 0;
  for (let t = 0; t < steps; t++) {
    for (let row = t * agents; row < (t + 1) * agents; row++) {
      for (let lane = 0; lane < running[t]; lane++) {
        let available = 0;
        for (let action = 0; action < actionCount; action++)
          available += availableActions[(row * actionCount + action) * lanes + lane];
        if (available < 2) continue;
        decisions++;
        if (actions[row * lanes + lane] !== greedy[row * lanes + lane]) changed++;
      }
    }
  }
  return { decisions, changed };
}
