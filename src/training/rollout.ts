import type { Environment } from "../envs/environment.js";
import type { Policy } from "../envs/play.js";
import type { Actor } from "../networks/engine.js";
import type { Random } from "../random.js";
import type { Episode } from "../replay/episode.js";
import type { EpisodeArrays, EpisodeMemory } from "../replay/episode-memory.js";

/** Result of one episode. */
export interface EpisodeResult {
  /** Observations, states, actions and rewards of every step, as replay buffers keep them. */
  readonly episode: Episode;
  /** Undiscounted sum of the team rewards. */
  readonly episodeReturn: number;
  /** Whether the team won. */
  readonly won: boolean;
}

/** Records an episode while it is played, in arrays for the longest episode that are copied to size at its end. */
export interface EpisodeRecorder {
  /** The environment in which episodes are played. */
  readonly env: Environment;
  /** Resets the environment for a new episode. */
  begin(seed: number): void;
  /** Lets the environment take one step. */
  step(jointAction: Uint8Array): void;
  /**
   * Records the situation after the last call, unless that was done already. It waits for an environment in another
   * process.
   */
  observe(): void;
  /**
   * Returns the episode recorded since `begin`, once the environment has ended.
   * @param index position of the episode in its run
   */
  finish(index: number): EpisodeResult;
  /**
   * Plays one episode from `env.reset(seed)` to its end with the given policy.
   * @param index position of the episode in its run
   */
  play(policy: Policy, seed: number, index: number): EpisodeResult;
}

/**
 * Makes a recorder for one environment.
 * @param rewardScale what the rewards of an episode are multiplied with for those who learn from it; its return is not
 * @param memory where the arrays of episodes go. Default: each episode has arrays of its own
 */
export function createEpisodeRecorder(env: Environment, rewardScale = 1, memory?: EpisodeMemory): EpisodeRecorder {
  const { agents, actions, observation, state, episodeLimit } = env.sizes;
  const observations = new Float32Array((episodeLimit + 1) * agents * observation);
  const states = new Float32Array((episodeLimit + 1) * state);
  const available = new Uint8Array((episodeLimit + 1) * agents * actions);
  const jointActions = new Uint8Array(episodeLimit * agents);
  const rewards = new Float32Array(episodeLimit);
  const jointAction = new Uint8Array(agents);
  const keep = memory === undefined ? copies : memory.keep;

  let t = 0;
  let seed = 0;
  let episodeReturn = 0;
  let seen = true;
  const recorder: EpisodeRecorder = {
    env,
    begin(next) {
      seed = next;
      env.reset(seed);
      t = 0;
      episodeReturn = 0;
      seen = false;
    },
    step(actions) {
      recorder.observe();
      env.step(actions);
      jointActions.set(actions, t * agents);
      t++;
      seen = false;
    },
    observe() {
      if (seen) return;
      observations.set(env.observations, t * agents * observation);
      states.set(env.state, t * state);
      available.set(env.availableActions, t * agents * actions);
      if (t > 0) {
        rewards[t - 1] = rewardScale * env.reward;
        episodeReturn += env.reward;
      }
      seen = true;
    },
    play(policy, seed, index) {
      recorder.begin(seed);
      while (!env.ended) {
        policy(env, jointAction, t);
        recorder.step(jointAction);
      }
      return recorder.finish(index);
    },
    finish(index) {
      recorder.observe();
      const arrays = keep(index, {
        observations: observations.subarray(0, (t + 1) * agents * observation),
        states: states.subarray(0, (t + 1) * state),
        availableActions: available.subarray(0, (t + 1) * agents * actions),
        actions: jointActions.subarray(0, t * agents),
        rewards: rewards.subarray(0, t),
      });
      const episode: Episode = { index, seed, length: t, ...arrays, terminal: env.terminal };
      return { episode, episodeReturn, won: env.won };
    },
  };
  return recorder;
}

function copies(_index: number, arrays: EpisodeArrays): EpisodeArrays {
  const { observations, states, availableActions, actions, rewards } = arrays;
  return {
    observations: observations.slice(),
    states: states.slice(),
    availableActions: availableActions.slice(),
    actions: actions.slice(),
    rewards: rewards.slice(),
  };
}

/**
 * The agents' epsilon-greedy policy (Algorithm 2, line 14): with probability epsilon an agent draws uniformly from its
 * available actions, otherwise it takes the best one.
 *
 * @param epsilon the exploration rate of the next joint action
 */
export function epsilonGreedy(actor: Actor, epsilon: () => number, random: Random): Policy {
  const greedy = greedyPolicy(actor);
  return (env, jointAction, t) => {
    greedy(env, jointAction, t);
    const rate = epsilon();
    if (rate <= 0) return;
    const { agents, actions } = env.sizes;
    for (let agent = 0; agent < agents; agent++) {
      if (random.float() >= rate) continue;
      const offset = agent * actions;
      let legal = 0;
      for (let a = 0; a < actions; a++) legal += env.availableActions[offset + a];
      let skip = random.below(legal);
      let action = 0;
      while (env.availableActions[offset + action] === 0 || skip-- > 0) action++;
      jointAction[agent] = action;
      actor.lastActions[agent] = action;
    }
  };
}

/**
 * The policy of FACMAC's agents while they learn: an agent draws from (1 - epsilon) softmax(what its network gives) +
 * epsilon / n over its n available actions.
 *
 * @param epsilon the exploration rate of the next joint action
 */
export function softmaxPolicy(actor: Actor, epsilon: () => number, random: Random): Policy {
  return (env, jointAction, t) => {
    if (t === 0) {
      actor.reset(0);
      actor.lastActions.fill(-1);
    }
    actor.observations.set(env.observations);
    const logits = actor.forward();
    const rate = epsilon();
    const { agents, actions } = env.sizes;
    const weights = new Float64Array(actions);
    for (let agent = 0; agent < agents; agent++) {
      const at = agent * actions;
      const best = bestAvailable(logits, env.availableActions, at, at, actions);
      let [sum, legal] = [0, 0];
      for (let a = 0; a < actions; a++) {
        weights[a] = env.availableActions[at + a] === 1 ? Math.exp(logits[at + a] - logits[at + best]) : 0;
        sum += weights[a];
        legal += env.availableActions[at + a];
      }
      let left = random.float();
      let action = best;
      for (let a = 0; a < actions; a++) {
        if (env.availableActions[at + a] !== 1) continue;
        left -= (1 - rate) * (weights[a] / sum) + rate / legal;
        if (left >= 0) continue;
        action = a;
        break;
      }
      jointAction[agent] = action;
      actor.lastActions[agent] = action;
    }
  };
}

/** The greedy policy of an actor with one environment. Its hidden states are reset at step 0. */
export function greedyPolicy(actor: Actor): Policy {
  return (env, jointAction, t) => {
    if (t === 0) {
      actor.reset(0);
      actor.lastActions.fill(-1);
    }
    actor.observations.set(env.observations);
    const values = actor.forward();
    for (let agent = 0; agent < env.sizes.agents; agent++) {
      const action = bestAvailable(
        values,
        env.availableActions,
        agent * env.sizes.actions,
        agent * env.sizes.actions,
        env.sizes.actions,
      );
      jointAction[agent] = action;
      actor.lastActions[agent] = action;
    }
  };
}

/** Finds the available action with the largest value; of equal values the lowest action. */
export function bestAvailable(
  values: Float32Array,
  available: Uint8Array,
  valueOffset: number,
  availableOffset: number,
  actions: number,
): number {
  let best = -1;
  for (let a = 0; a < actions; a++) {
    if (available[availableOffset + a] === 1 && (best < 0 || values[valueOffset + a] > values[valueOffset + best]))
      best = a;
  }
  return best;
}
