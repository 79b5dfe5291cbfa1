import type { Environment } from "../envs/environment.js";
import { EpisodeLost } from "../envs/lost.js";
import type { Actor, CriticNetwork, Engine } from "../networks/engine.js";
import { groupEpisodes } from "../replay/group.js";
import { chosenValues } from "../targets/actions.js";
import { oneHotActions } from "../targets/gumbel.js";
import { monteCarloReturns } from "../targets/returns.js";
import { bestAvailable, createEpisodeRecorder, type EpisodeRecorder, type EpisodeResult } from "./rollout.js";

/** The most episodes that an environment may lose in a row; one that loses more is taken to be broken. */
export const MOST_LOST = 5;

/** Means over the greedy episodes of one evaluation. */
export interface Evaluation {
  /** Number of greedy episodes. */
  readonly episodes: number;
  /** Share of episodes won, 0..1. */
  readonly winRate: number;
  /** Undiscounted sum of the team rewards of an episode. */
  readonly episodeReturn: number;
  /** Length of an episode in environment steps. */
  readonly episodeLength: number;
  /** Q_tot of the joint actions taken by the online networks, as a mean over all steps. Figure 5(b). */
  readonly estimatedValue: number;
  /**
   * The discounted Monte-Carlo returns from the same steps. `estimatedValue` minus this value is the overestimation.
   */
  readonly trueValue: number;
}

/**
 * Makes an evaluation of an engine's networks, to be called with a seed for each greedy episode. Several environments
 * play at a time, so that one forward pass serves them all; which of them plays which seed does not change the result.
 *
 * @param environments copies of one environment
 * @param discount gamma of the returns that estimates are compared with
 * @param onLost is told of each episode that its environment could not finish; such an episode is played again
 * @param rewardScale what rewards were multiplied with that the networks learned from: their values are divided by it
 * @example
 * const evaluate = createEvaluation(engine, copies, 0.99);
 * const { winRate, estimatedValue, trueValue } = await evaluate([1, 2, 3, 4]);
 */
export function createEvaluation(
  engine: Engine,
  environments: readonly Environment[],
  discount: number,
  onLost: (error: EpisodeLost) => void = () => {},
  rewardScale = 1,
): (seeds: readonly number[]) => Promise<Evaluation> {
  const actor = engine.createActor(environments.length);
  const recorders = environments.map((env) => createEpisodeRecorder(env));
  return async (seeds) => {
    const results = playGreedily(recorders, actor, seeds, onLost);
    const mean = (value: (result: EpisodeResult) => number) =>
      results.reduce((sum, result) => sum + value(result), 0) / results.length;
    return {
      episodes: results.length,
      winRate: mean(({ won }) => (won ? 1 : 0)),
      episodeReturn: mean(({ episodeReturn }) => episodeReturn),
      episodeLength: mean(({ episode }) => episode.length),
      ...(await compareValues(engine, results, discount, rewardScale)),
    };
  };
}

/** Plays one greedy episode for each seed and returns them in the order of the seeds. */
function playGreedily(
  recorders: readonly EpisodeRecorder[],
  actor: Actor,
  seeds: readonly number[],
  onLost: (error: EpisodeLost) => void,
): EpisodeResult[] {
  const { agents, actions, observation } = recorders[0].env.sizes;
  const jointAction = new Uint8Array(agents);
  const results: EpisodeResult[] = [];
  // The episode that each environment plays; -1 when none is left.
  const playing = recorders.map(() => -1);
  let next = 0;
  let lostInTurn = 0;
  const start = (slot: number) => begin(slot, next < seeds.length ? next++ : -1);
  const begin = (slot: number, episode: number) => {
    playing[slot] = episode;
    if (episode < 0) return;
    recorders[slot].begin(seeds[episode]);
    actor.reset(slot);
    actor.lastActions.fill(-1, slot * agents, (slot + 1) * agents);
  };

  recorders.forEach((_, slot) => start(slot));
  while (playing.some((episode) => episode >= 0)) {
    // All environments get their actions before any result is read, so that environments in other processes play at the
    // same time.
    for (const [slot, { env, observe, finish }] of recorders.entries()) {
      while (playing[slot] >= 0) {
        try {
          observe();
        } catch (error) {
          if (!(error instanceof EpisodeLost) || ++lostInTurn > MOST_LOST * recorders.length) throw error;
          onLost(error);
          begin(slot, playing[slot]);
          continue;
        }
        if (!env.ended) break;
        lostInTurn = 0;
        results[playing[slot]] = finish(playing[slot]);
        start(slot);
      }
    }
    if (playing.every((episode) => episode < 0)) break;
    recorders.forEach(({ env }, slot) => {
      if (playing[slot] >= 0) actor.observations.set(env.observations, slot * agents * observation);
    });
    const values = actor.forward();
    recorders.forEach(({ env, step }, slot) => {
      if (playing[slot] < 0) return;
      for (let agent = 0; agent < agents; agent++) {
        const row = slot * agents + agent;
        jointAction[agent] = bestAvailable(values, env.availableActions, row * actions, agent * actions, actions);
        actor.lastActions[row] = jointAction[agent];
      }
      step(jointAction);
    });
  }
  return results;
}

async function compareValues(
  engine: Engine,
  results: readonly EpisodeResult[],
  discount: number,
  rewardScale: number,
): Promise<Pick<Evaluation, "estimatedValue" | "trueValue">> {
  let estimated = 0;
  let real = 0;
  let count = 0;
  for (const group of groupEpisodes(
    results.map(({ episode }) => episode),
    engine.shape,
    engine.lanes,
  )) {
    engine.load(group);
    const { agent, mixer, critic } = engine.networks as Engine["networks"] & { readonly critic?: CriticNetwork };
    const values = critic
      ? (await critic.forward("online", oneHotActions(group.actions, group), 0)).slice()
      : chosenValues(await agent.forward("online"), group);
    const totals = await mixer.forward("online", values, 0);
    const returns = monteCarloReturns(group, null, { gamma: discount });
    for (let t = 0; t < group.steps; t++) {
      for (let i = t * group.lanes; i < t * group.lanes + group.running[t]; i++) {
        estimated += totals[i] / rewardScale;
        real += returns[i];
        count++;
      }
    }
  }
  return { estimatedValue: estimated / count, trueValue: real / count };
}
