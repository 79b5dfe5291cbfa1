import type { Environment } from "../envs/environment.js";
import type { Actor } from "../networks/engine.js";
import { bestAvailable } from "./rollout.js";

/** Means over the greedy episodes of one evaluation. */
export interface Evaluation {
  readonly episodes: number;
  /** Share of episodes won, 0..1. */
  readonly winRate: number;
  readonly episodeReturn: number;
  /** Steps. */
  readonly episodeLength: number;
}

/**
 * Plays one greedy episode for each seed, several environments at a time so that one forward pass serves them all.
 * Which environment plays which seed changes nothing: lanes do not know each other.
 *
 * @param environments copies of one environment, as many as `actor.environments`
 * @example
 * const { winRate } = evaluate(copies, engine.createActor(copies.length), [1, 2, 3, 4]);
 */
export function evaluate(environments: readonly Environment[], actor: Actor, seeds: readonly number[]): Evaluation {
  const { agents, actions, observation } = environments[0].sizes;
  const jointAction = new Uint8Array(agents);
  const playing: boolean[] = environments.map(() => false);
  let next = 0;
  let won = 0;
  let rewards = 0;
  let steps = 0;
  const start = (slot: number) => {
    playing[slot] = next < seeds.length;
    if (!playing[slot]) return;
    environments[slot].reset(seeds[next++]);
    actor.reset(slot);
    actor.lastActions.fill(-1, slot * agents, (slot + 1) * agents);
  };

  environments.forEach((_, slot) => start(slot));
  while (playing.includes(true)) {
    environments.forEach((env, slot) => {
      if (playing[slot]) actor.observations.set(env.observations, slot * agents * observation);
    });
    const values = actor.forward();
    environments.forEach((env, slot) => {
      if (!playing[slot]) return;
      for (let agent = 0; agent < agents; agent++) {
        const row = slot * agents + agent;
        jointAction[agent] = bestAvailable(values, env.availableActions, row * actions, agent * actions, actions);
        actor.lastActions[row] = jointAction[agent];
      }
      env.step(jointAction);
      rewards += env.reward;
      steps++;
      if (!env.ended) return;
      if (env.won) won++;
      start(slot);
    });
  }
  const episodes = seeds.length;
  return { episodes, winRate: won / episodes, episodeReturn: rewards / episodes, episodeLength: steps / episodes };
}
