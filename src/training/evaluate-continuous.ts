import { joined } from "../algorithms/continuous/update.js";
import type { Config } from "../config.js";
import { cutToBox, type Environment } from "../envs/environment.js";
import { EpisodeLost } from "../envs/lost.js";
import type { FeedForward, TransitionEngine } from "../networks/transition-engine.js";
import type { TransitionAlgorithm } from "../parts/algorithm.js";
import { createRandom, type Random } from "../random.js";
import { type Evaluation, MOST_LOST } from "./evaluate.js";

/** An episode while it is played: for every step what was seen, what was done and what followed. */
interface Played {
  readonly observations: Float32Array[];
  readonly states: Float32Array[];
  readonly actions: Float32Array[];
  readonly rewards: number[];
  won: boolean;
}

/**
 * Makes an evaluation of networks whose actions are continuous: `config.evaluation.episodes` episodes without noise, of
 * which several are played at a time so that one forward pass serves them all.
 *
 * @param environments copies of one environment
 * @param onLost is told of each episode that its environment could not finish; such an episode is played again
 * @returns the evaluation, given the stream from which seeds of episodes are drawn
 */
export function createContinuousEvaluation(
  engine: TransitionEngine,
  algorithm: TransitionAlgorithm,
  environments: readonly Environment[],
  config: Config,
  onLost: (error: EpisodeLost) => void = () => {},
): (random: Random) => Promise<Evaluation> {
  const { agents, actions, observation, box } = environments[0].sizes;

  /** Plays one episode for each seed and returns them in the order of the seeds. */
  function play(seeds: readonly number[], random: Random): Played[] {
    const played: Played[] = [];
    const playing = environments.map(() => -1);
    let next = 0;
    let lostInTurn = 0;
    const begin = (slot: number, episode: number) => {
      playing[slot] = episode;
      if (episode < 0) return;
      environments[slot].reset(seeds[episode]);
      played[episode] = { observations: [], states: [], actions: [], rewards: [], won: false };
    };
    const take = (slot: number) => begin(slot, next < seeds.length ? next++ : -1);
    /** Reads what the last call led to, and goes on with another episode if this one is over or lost. */
    const look = (slot: number) => {
      while (playing[slot] >= 0) {
        const env = environments[slot];
        const episode = played[playing[slot]];
        try {
          if (episode.actions.length > episode.rewards.length) episode.rewards.push(env.reward);
          if (!env.ended) {
            episode.observations.push(env.observations.slice());
            episode.states.push(env.state.slice());
            return;
          }
          episode.won = env.won;
          lostInTurn = 0;
          take(slot);
        } catch (error) {
          lose(error, slot);
        }
      }
    };
    const lose = (error: unknown, slot: number) => {
      if (!(error instanceof EpisodeLost) || ++lostInTurn > MOST_LOST * environments.length) throw error;
      onLost(error);
      begin(slot, playing[slot]);
    };

    environments.forEach((_, slot) => take(slot));
    for (;;) {
      environments.forEach((_, slot) => look(slot));
      const active = environments.flatMap((_, slot) => (playing[slot] >= 0 ? [slot] : []));
      if (active.length === 0) return played;
      const seen = new Float32Array(active.length * agents * observation);
      active.forEach((slot, k) => seen.set(played[playing[slot]].observations.at(-1)!, k * agents * observation));
      const chosen = algorithm.act(engine.acting, seen, random, config);
      active.forEach((slot, k) => {
        const jointAction = new Float32Array(agents * actions);
        cutToBox(box!, chosen.subarray(k * jointAction.length, (k + 1) * jointAction.length), jointAction);
        played[playing[slot]].actions.push(jointAction);
      });
      for (const slot of active) {
        try {
          environments[slot].step(played[playing[slot]].actions.at(-1)!);
        } catch (error) {
          lose(error, slot);
        }
      }
    }
  }

  /**
   * Returns Q_tot of the joint actions taken and the discounted returns that followed them, each summed over the steps.
   */
  async function values({ observations, states, actions: taken, rewards }: Played): Promise<[number, number]> {
    const network = engine.networks[algorithm.values] as FeedForward;
    const inputs = joined(together(observations), observation, together(taken), actions);
    const own = await network.forward("online", inputs);
    const totals = await engine.networks.mixer.forward("online", together(states), own);
    let following = 0;
    let real = 0;
    for (let t = rewards.length - 1; t >= 0; t--) real += following = rewards[t] + config.discount * following;
    return [totals.reduce((sum, total) => sum + total, 0) / (config.rewardScale ?? 1), real];
  }

  return async (random) => {
    const seeds = Array.from({ length: config.evaluation.episodes }, () => random.below(0x7fffffff));
    const played = play(seeds, createRandom(random.below(0x7fffffff)));
    const lengths = played.map(({ rewards }) => rewards.length);
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    const steps = sum(lengths);
    const compared: [estimated: number, real: number][] = [];
    for (const episode of played) compared.push(await values(episode));
    return {
      episodes: played.length,
      winRate: played.filter(({ won }) => won).length / played.length,
      episodeReturn: sum(played.map(({ rewards }) => sum(rewards))) / played.length,
      episodeLength: steps / played.length,
      estimatedValue: sum(compared.map(([estimated]) => estimated)) / steps,
      trueValue: sum(compared.map(([, real]) => real)) / steps,
    };
  };
}

function together(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
