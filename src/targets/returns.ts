import { LabError } from "../errors.js";

/**
 * Rewards after each step and ends of episodes, with one episode in each lane. An `EpisodeGroup` is of this type; a
 * single episode has 1 lane.
 */
export interface Trajectories {
  /** Length of the longest episode. */
  readonly steps: number;
  /** Number of episodes side by side, the last axis of the arrays. */
  readonly lanes: number;
  /** Length of each episode, at most `steps`; 0 for an empty lane. [lanes] */
  readonly lengths: ArrayLike<number>;
  /** 1 where nothing may be bootstrapped from the end of the episode. [lanes] */
  readonly terminal: ArrayLike<number>;
  /** Reward of each step. [steps, lanes] */
  readonly rewards: ArrayLike<number>;
}

/**
 * The kind of learning target of Q_tot. It holds from step `burnIn` (T_0) of the run on; before, targets are one-step
 * (Eq. 6; the delayed n-step target of RLx2 for `n-step`). Table 3: td-lambda, lambda 0.8, T_0 750,000.
 */
export type LearningTarget =
  | {
      /** Uses one reward and then bootstraps. */
      readonly kind: "one-step";
    }
  | {
      /** Uses n rewards and then bootstraps. */
      readonly kind: "n-step";
      /** Number of rewards. */
      readonly n: number;
      /** T_0, the environment steps of the run before which targets are one-step. */
      readonly burnIn: number;
    }
  | {
      /** Averages over all n with weights (1 - lambda) lambda^(n - 1). */
      readonly kind: "td-lambda";
      /** lambda, 0..1; 0 is one-step, 1 is Monte Carlo. */
      readonly lambda: number;
      /** T_0, the environment steps of the run before which targets are one-step, Eq. 6. */
      readonly burnIn: number;
    };

/**
 * Computes the targets y of Q_tot for every step, by the rule that holds at `step` of the run.
 *
 * All functions of this file take `nextValues` [steps, lanes], whose entry t is the value V of the state after step t,
 * and `gamma`, the discount. Where an episode ends `terminal`, its last next value is not read; where it does not,
 * every target that reaches the end bootstraps from it. They return [steps, lanes] (in `out` where given), 0 in
 * padding, whose rewards and next values are never read.
 *
 * @throws {Error} when n, lambda or an array's size is impossible
 * @example
 * const next = engine.networks.mixer.forward("target", nextValues(operator, targetQ, onlineQ, group), 1);
 * const y = learningTargets({ kind: "td-lambda", lambda: 0.8, burnIn: 750_000 }, step, group, next, 0.99);
 */
export function learningTargets(
  target: LearningTarget,
  step: number,
  trajectories: Trajectories,
  nextValues: ArrayLike<number>,
  gamma: number,
  out?: Float32Array,
): Float32Array {
  switch (target.kind) {
    case "one-step":
      return nStepReturns(trajectories, nextValues, { gamma, n: 1 }, out);
    case "n-step":
      return nStepReturns(trajectories, nextValues, { gamma, n: step < target.burnIn ? 1 : target.n }, out);
    case "td-lambda":
      return hybridTdLambda(
        trajectories,
        nextValues,
        { gamma, lambda: target.lambda, burnIn: target.burnIn, step },
        out,
      );
  }
}

/**
 * n-step returns: T^(n)_t = r_t + gamma r_{t+1} + ... + gamma^(n-1) r_{t+n-1} + gamma^n V_{t+n}, section 3.1. (The
 * appendix has one reward more; Theorem 3.1 and its proof use n.) Close to the end of an episode there are fewer
 * rewards.
 *
 * @throws {Error} when n is not a whole number >= 1
 * @example
 * nStepReturns(group, next, { gamma: 0.99, n: 3 });
 */
export function nStepReturns(
  trajectories: Trajectories,
  nextValues: ArrayLike<number>,
  {
    gamma,
    n,
  }: {
    /** Discount factor, 0..1. */
    readonly gamma: number;
    /** Number of rewards, at least 1. */
    readonly n: number;
  },
  out: Float32Array = allocate(trajectories),
): Float32Array {
  if (!(Number.isInteger(n) && n >= 1))
    throw new LabError(`n-step returns were given n = ${n}; it must be a whole number of steps, at least 1.`);
  const { lanes, lengths, terminal, rewards } = prepare(trajectories, nextValues, out);
  for (let lane = 0; lane < lanes; lane++) {
    const length = lengths[lane];
    for (let t = 0; t < length; t++) {
      const last = Math.min(t + n, length) - 1;
      let value = last === length - 1 && terminal[lane] ? 0 : nextValues[last * lanes + lane];
      for (let s = last; s >= t; s--) value = rewards[s * lanes + lane] + gamma * value;
      out[t * lanes + lane] = value;
    }
  }
  return out;
}

/**
 * TD(lambda) returns: (1 - lambda) sum over n of lambda^(n-1) T^(n)_t, where all n past the end of the episode give the
 * full return. lambda 0 is the one-step return, lambda 1 the Monte-Carlo return.
 *
 * @throws {Error} when lambda is not in 0..1
 * @example
 * tdLambdaReturns(group, next, { gamma: 0.99, lambda: 0.8 });
 */
export function tdLambdaReturns(
  trajectories: Trajectories,
  nextValues: ArrayLike<number>,
  {
    gamma,
    lambda,
  }: {
    /** Discount factor, 0..1. */
    readonly gamma: number;
    /** lambda, 0..1. */
    readonly lambda: number;
  },
  out: Float32Array = allocate(trajectories),
): Float32Array {
  if (!(lambda >= 0 && lambda <= 1))
    throw new LabError(`TD(lambda) was given lambda = ${lambda}; it must be between 0 and 1.`);
  const { lanes, lengths, terminal, rewards } = prepare(trajectories, nextValues, out);
  for (let lane = 0; lane < lanes; lane++) {
    const last = lengths[lane] - 1;
    if (last < 0) continue;
    // G_t = r_t + gamma ((1 - lambda) V_{t+1} + lambda G_{t+1}), from the end.
    let value = rewards[last * lanes + lane] + (terminal[lane] ? 0 : gamma * nextValues[last * lanes + lane]);
    out[last * lanes + lane] = value;
    for (let t = last - 1; t >= 0; t--) {
      const i = t * lanes + lane;
      value = rewards[i] + gamma * ((1 - lambda) * nextValues[i] + lambda * value);
      out[i] = value;
    }
  }
  return out;
}

/**
 * MAST's hybrid TD(lambda) target, Eq. 6: one-step returns while `step` < `burnIn` (T_0), TD(lambda) from then on.
 *
 * @throws {Error} when lambda is not in 0..1
 * @example
 * hybridTdLambda(group, next, { gamma: 0.99, lambda: 0.8, burnIn: 750_000, step: 1_000_000 });
 */
export function hybridTdLambda(
  trajectories: Trajectories,
  nextValues: ArrayLike<number>,
  options: {
    /** Discount factor, 0..1. */
    readonly gamma: number;
    /** lambda of the targets from T_0 on, 0..1. */
    readonly lambda: number;
    /** T_0, in environment steps of the run. */
    readonly burnIn: number;
    /** Environment steps of the run so far. */
    readonly step: number;
  },
  out?: Float32Array,
): Float32Array {
  const { gamma, lambda, burnIn, step } = options;
  return step < burnIn
    ? nStepReturns(trajectories, nextValues, { gamma, n: 1 }, out)
    : tdLambdaReturns(trajectories, nextValues, { gamma, lambda }, out);
}

/**
 * Monte-Carlo returns: the discounted sum of all rewards from step t on. With `nextValues`, an episode that was cut
 * short is continued by its last next value; with null it counts as finished, as in RES.
 *
 * @example monteCarloReturns(group, null, { gamma: 0.99 });
 */
export function monteCarloReturns(
  trajectories: Trajectories,
  nextValues: ArrayLike<number> | null,
  {
    gamma,
  }: {
    /** Discount factor, 0..1. */
    readonly gamma: number;
  },
  out: Float32Array = allocate(trajectories),
): Float32Array {
  const { lanes, lengths, terminal, rewards } = prepare(trajectories, nextValues, out);
  for (let lane = 0; lane < lanes; lane++) {
    const length = lengths[lane];
    let value = length === 0 || nextValues === null || terminal[lane] ? 0 : nextValues[(length - 1) * lanes + lane];
    for (let t = length - 1; t >= 0; t--) {
      value = rewards[t * lanes + lane] + gamma * value;
      out[t * lanes + lane] = value;
    }
  }
  return out;
}

function allocate({ steps, lanes }: Trajectories): Float32Array {
  return new Float32Array(steps * lanes);
}

function prepare(trajectories: Trajectories, nextValues: ArrayLike<number> | null, out: Float32Array): Trajectories {
  const { steps, lanes, lengths, terminal, rewards } = trajectories;
  for (const [name, given, expected] of [
    ["rewards", rewards.length, steps * lanes],
    ["nextValues", nextValues?.length ?? steps * lanes, steps * lanes],
    ["out", out.length, steps * lanes],
    ["lengths", lengths.length, lanes],
    ["terminal", terminal.length, lanes],
  ] as const) {
    if (given !== expected) {
      throw new LabError(`${name} has ${given} entries; ${steps} steps of ${lanes} lanes need ${expected}.`);
    }
  }
  out.fill(0);
  return trajectories;
}
