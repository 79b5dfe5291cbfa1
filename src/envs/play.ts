import { requireSeed } from "../random.js";
import { createJointAction, type Environment, type JointAction } from "./environment.js";
import type { BattleEnvironment } from "./starcraft/environment.js";

/**
 * Chooses a joint action for step `t` of an episode, from 0, and writes it to `jointAction`: [agents] indices, or
 * [agents, actions] numbers where actions are continuous.
 */
export type Policy = (env: Environment, jointAction: JointAction, t: number) => void;

/** A policy that remembers nothing and needs no clock. */
export type Script = (env: Environment, jointAction: JointAction) => void;

/**
 * Statistics of a series of episodes. Means are over complete episodes; `returnError` and `lengthError` are standard
 * errors.
 */
export interface PlaySummary {
  /** Environment steps of all episodes together. */
  readonly steps: number;
  /** Number of episodes that were played to their end. */
  readonly episodes: number;
  /** Number of episodes that the team won. */
  readonly wins: number;
  /** Share of the episodes that the team won, 0..1. */
  readonly winRate: number;
  /** Mean of the undiscounted sum of team rewards of an episode. */
  readonly meanReturn: number;
  /** Standard error of `meanReturn`. */
  readonly returnError: number;
  /** Mean length of an episode in environment steps. */
  readonly meanLength: number;
  /** Standard error of `meanLength`, in environment steps. */
  readonly lengthError: number;
  /** Number of episodes that reached the environment's limit of steps without a victory. */
  readonly timeouts: number;
}

/** Plays whole episodes with seeds `seed`, `seed + 1`, ... until there are `episodes` of them or `steps` are played. */
export function playEpisodes(
  env: Environment,
  policy: Policy,
  {
    episodes = Infinity,
    steps = Infinity,
    seed = 0,
  }: {
    /** Number of episodes after which play ends. Default: no limit. */
    episodes?: number;
    /** Environment steps after which no further episode begins. Default: no limit. */
    steps?: number;
    /** Seed of the first episode; each further one has the next number. Default: 0. */
    seed?: number;
  },
): PlaySummary {
  if (episodes === Infinity && steps === Infinity)
    throw new Error("playEpisodes needs a number of episodes or of steps.");
  const jointAction = createJointAction(env.sizes);
  const returns: number[] = [];
  const lengths: number[] = [];
  let played = 0;
  let wins = 0;
  let timeouts = 0;
  while (returns.length < episodes && played < steps) {
    env.reset(seed + returns.length);
    let total = 0;
    let length = 0;
    while (!env.ended) {
      policy(env, jointAction, length);
      env.step(jointAction);
      total += env.reward;
      length++;
    }
    played += length;
    returns.push(total);
    lengths.push(length);
    if (env.won) wins++;
    else if (length === env.sizes.episodeLimit) timeouts++;
  }
  return {
    steps: played,
    episodes: returns.length,
    wins,
    winRate: wins / returns.length,
    meanReturn: mean(returns),
    returnError: standardError(returns),
    meanLength: mean(lengths),
    lengthError: standardError(lengths),
    timeouts,
  };
}

/**
 * Plays uniform random legal actions; the speed of an environment is measured with it.
 *
 * @example
 * const { steps, winRate } = playRandom(createEnvironment("3m"), { episodes: 100 });
 */
export function playRandom(
  env: Environment,
  amount: {
    /** Number of episodes after which play ends. Default: no limit. */
    episodes?: number;
    /** Environment steps after which no further episode begins. Default: no limit. */
    steps?: number;
    /** Seed of the first episode and of the random actions. Default: 0. */
    seed?: number;
  },
): PlaySummary {
  return playEpisodes(env, uniformRandom(amount.seed ?? 0), amount);
}

/**
 * Chooses among the legal actions of each agent with equal chances, or anywhere in the box of a continuous environment;
 * deterministic from `seed`.
 */
export function uniformRandom(seed: number): Script {
  requireSeed(seed);
  // xorshift32; the environment's own stream is another.
  let word = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const draw = () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word >>> 0) / 0x1_0000_0000;
  };
  return (env, jointAction) => {
    const { agents, actions, box } = env.sizes;
    const available = env.availableActions;
    if (box !== undefined) {
      for (let i = 0; i < agents * actions; i++) jointAction[i] = box.low[i] + draw() * (box.high[i] - box.low[i]);
      return;
    }
    for (let i = 0; i < agents; i++) {
      const row = i * actions;
      let legal = 0;
      for (let a = 0; a < actions; a++) legal += available[row + a];
      let left = Math.floor(draw() * legal);
      let a = 0;
      while (available[row + a] === 0 || left-- > 0) a++;
      jointAction[i] = a;
    }
  };
}

/** All agents stand still. */
export const stop: Script = (env, jointAction) => {
  for (let i = 0; i < env.sizes.agents; i++) jointAction[i] = isLegal(env, i, 1) ? 1 : 0;
};

/** Attacks the lowest-numbered enemy in reach, else goes east where it can, else stands. */
export const east: Script = (env, jointAction) => {
  for (let i = 0; i < env.sizes.agents; i++) jointAction[i] = firstTarget(env, i) ?? fallback(env, i, 4);
};

/** Attacks the lowest-numbered enemy in reach, else goes to the nearest along the larger axis. */
export const nearest: Script = (env, jointAction) => {
  for (let i = 0; i < env.sizes.agents; i++) jointAction[i] = firstTarget(env, i) ?? fallback(env, i, approach(env, i));
};

/** Attacks the nearest enemy in reach, else goes to the nearest along the larger axis. */
export const nearestTarget: Script = (env, jointAction) => {
  for (let i = 0; i < env.sizes.agents; i++) {
    jointAction[i] = bestTarget(env, i, distanceTo) ?? fallback(env, i, approach(env, i));
  }
};

/** Attacks the enemy in reach with the least health and shield, the nearer of equals, else goes to the nearest. */
export const weakestTarget: Script = (env, jointAction) => {
  for (let i = 0; i < env.sizes.agents; i++) {
    jointAction[i] = bestTarget(env, i, healthOf) ?? fallback(env, i, approach(env, i));
  }
};

/** The scripts by name; all but `stop` and `east` need a battle. */
export const scripts: Readonly<Record<string, Script>> = { stop, east, nearest, nearestTarget, weakestTarget };

function isLegal(env: Environment, i: number, action: number): boolean {
  return env.availableActions[i * env.sizes.actions + action] === 1;
}

/** `action` if it is legal, else stop, else no-op. */
function fallback(env: Environment, i: number, action: number): number {
  return isLegal(env, i, action) ? action : isLegal(env, i, 1) ? 1 : 0;
}

function firstTarget(env: Environment, i: number): number | undefined {
  for (let a = 6; a < env.sizes.actions; a++) if (isLegal(env, i, a)) return a;
  return undefined;
}

function bestTarget(
  env: Environment,
  i: number,
  cost: (env: BattleEnvironment, i: number, j: number) => number,
): number | undefined {
  const battle = battleOf(env);
  const { heals, allies, enemyAt } = battle.battle;
  let best: number | undefined;
  let least = Infinity;
  for (let a = 6; a < env.sizes.actions; a++) {
    if (!isLegal(env, i, a)) continue;
    const value = cost(battle, i, heals[i] === 1 ? a - 6 : allies + enemyAt[a - 6]);
    if (value < least) {
      least = value;
      best = a;
    }
  }
  return best;
}

function distanceTo({ battle: b }: BattleEnvironment, i: number, j: number): number {
  const dx = b.x[j] - b.x[i];
  const dy = b.y[j] - b.y[i];
  return Math.sqrt(dx * dx + dy * dy);
}

function healthOf(env: BattleEnvironment, i: number, j: number): number {
  return env.battle.health[j] + env.battle.shield[j] + distanceTo(env, i, j) / 100;
}

/** The move along the larger axis towards the nearest living enemy. */
function approach(env: Environment, i: number): number {
  const battle = battleOf(env);
  const { battle: b } = battle;
  let nearestEnemy = -1;
  let least = Infinity;
  for (let j = b.allies; j < b.units; j++) {
    if (b.alive[j] === 0) continue;
    const distance = distanceTo(battle, i, j);
    if (distance < least) {
      least = distance;
      nearestEnemy = j;
    }
  }
  if (nearestEnemy < 0) return 1;
  const dx = b.x[nearestEnemy] - b.x[i];
  const dy = b.y[nearestEnemy] - b.y[i];
  if (Math.abs(dx) > Math.abs(dy)) return dx > 0 ? 4 : 5;
  return dy > 0 ? 2 : 3;
}

function battleOf(env: Environment): BattleEnvironment {
  if (!("battle" in env)) throw new Error(`${env.name} is not a battle: this script needs units with positions.`);
  return env as BattleEnvironment;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}
