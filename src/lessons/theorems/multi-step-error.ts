import { LabError } from "../../errors.js";
import type { TabularDecPomdp } from "./dec-pomdp.js";
import { backUp, expectAction, expectNext, policyValues } from "./values.js";

/** Theorem 3.1 for one number of steps. All arrays are [states, joint actions], an entry for each (s_t, u_t). */
export interface MultiStepError {
  /** Number of rewards before T_n bootstraps. */
  readonly n: number;
  /** The expected target, E_rho[T_n]. */
  readonly target: Float64Array;
  /** Standard deviation of a single T_n around that expectation. */
  readonly deviation: Float64Array;
  /** The left side of Eq. 2: |E_rho[T_n] - Q^pi|. */
  readonly error: Float64Array;
  /** First part of the right side of Eq. 2: the fitting error of the network. */
  readonly fitting: Float64Array;
  /** Second part: the policy inconsistency error, which comes from rho's difference to pi. */
  readonly inconsistency: Float64Array;
  /** Third part: the discounted policy inconsistency error, after n steps. */
  readonly discountedInconsistency: Float64Array;
  /** The whole right side: `fitting` + `inconsistency` + `discountedInconsistency`. */
  readonly bound: Float64Array;
  /**
   * gamma^n E_rho[max_u Q(s_{t+n}, u) - Q(s_{t+n}, pi(s_{t+n}))], never negative: the term that the right side lacks if
   * pi is not greedy for the network.
   */
  readonly greedyGap: Float64Array;
  /**
   * Both policy errors before they are separated: |Q^rho - Q^pi + gamma^n E_rho[V^pi(s_{t+n}) - V^rho(s_{t+n})]|. 0 for
   * n = 1.
   */
  readonly drift: Float64Array;
  /**
   * drift + gamma^n E_rho[epsilon(s_{t+n}, pi(s_{t+n}))]: the bound that the proof gives when it keeps signs and
   * cancels terms; at most `bound`.
   */
  readonly sharpBound: Float64Array;
}

/** The input of both sides of Theorem 3.1. */
export interface MultiStepOptions {
  /** pi, the policy whose values are learnt, [states, joint actions]. */
  readonly target: Float64Array;
  /** rho, the behaviour policy, [states, joint actions]. */
  readonly behaviour: Float64Array;
  /** Q_tot of the network, [states, joint actions] */
  readonly network: Float64Array;
  /** Discount factor, from 0 to below 1. */
  readonly gamma: number;
  /** Largest n; every n from 1 on is computed. */
  readonly steps: number;
  /**
   * The value after n rewards: `max`, max_u Q(s_{t+n}, u), as in the definition of T_n; `target-policy`, Q(s_{t+n},
   * pi(s_{t+n})), as in the proof (third line of Eq. 4). They agree if pi is greedy for the network.
   */
  readonly bootstrap: "max" | "target-policy";
}

/**
 * Computes both sides of Theorem 3.1 for every (s_t, u_t) and n, by dynamic programming in float64, without sampling.
 * For a policy that is not deterministic, f(s, rho(s)) is the mean of f(s, u) over its actions.
 *
 * @throws {Error} when gamma, steps or an array's size is impossible
 * @example
 * const errors = multiStepErrors(game, {
 *   target: pi,
 *   behaviour: rho,
 *   network: q,
 *   gamma: 0.9,
 *   steps: 10,
 *   bootstrap: "target-policy",
 * });
 * errors[2].error[0] <= errors[2].bound[0]; // n = 3, first state, first joint action
 */
export function multiStepErrors(
  game: TabularDecPomdp,
  { target, behaviour, network, gamma, steps, bootstrap }: MultiStepOptions,
): MultiStepError[] {
  if (!(Number.isInteger(steps) && steps >= 1))
    throw new LabError(`Errors were asked for up to n = ${steps}; it must be a whole number of steps, at least 1.`);
  if (network.length !== game.rewards.length)
    throw new LabError(`The network has ${network.length} values; this Dec-POMDP needs ${game.rewards.length}.`);
  const [pi, rho] = [policyValues(game, target, gamma), policyValues(game, behaviour, gamma)];
  const epsilon = network.map((q, i) => Math.abs(q - pi.q[i]));
  const highest = highestValues(game, network);
  const chosen = expectAction(game, target, network);
  const [epsilonTarget, epsilonBehaviour] = [
    expectAction(game, target, epsilon),
    expectAction(game, behaviour, epsilon),
  ];

  const inconsistency = rho.q.map((q, i) => Math.abs(q - pi.q[i]));
  const fittingAfter = expectAfter(
    game,
    behaviour,
    epsilonTarget.map((x, s) => 2 * epsilonBehaviour[s] + x),
  );
  const ownFittingAfter = expectAfter(game, behaviour, epsilonTarget);
  const distanceAfter = expectAfter(
    game,
    behaviour,
    pi.v.map((x, s) => Math.abs(x - rho.v[s])),
  );
  const differenceAfter = expectAfter(
    game,
    behaviour,
    pi.v.map((x, s) => x - rho.v[s]),
  );
  const gapAfter = expectAfter(
    game,
    behaviour,
    highest.map((x, s) => x - chosen[s]),
  );

  // First and second moment of the return from s_{t+1} on, [states].
  let mean: Float64Array = bootstrap === "max" ? highest : chosen;
  let square: Float64Array = mean.map((x) => x * x);
  return Array.from({ length: steps }, (_, k) => {
    const discount = gamma ** (k + 1);
    const returns = backUp(game, gamma, mean);
    const nextMean = expectNext(game, mean);
    const squares = expectNext(game, square).map(
      (x, i) => game.rewards[i] ** 2 + 2 * gamma * game.rewards[i] * nextMean[i] + gamma ** 2 * x,
    );
    [mean, square] = [expectAction(game, behaviour, returns), expectAction(game, behaviour, squares)];

    const fitting = fittingAfter().map((x) => discount * x);
    const discountedInconsistency = distanceAfter().map((x) => discount * x);
    const drift = differenceAfter().map((x, i) => Math.abs(rho.q[i] - pi.q[i] + discount * x));
    return {
      n: k + 1,
      target: returns,
      deviation: squares.map((x, i) => Math.sqrt(Math.max(0, x - returns[i] ** 2))),
      error: returns.map((x, i) => Math.abs(x - pi.q[i])),
      fitting,
      inconsistency,
      discountedInconsistency,
      bound: fitting.map((x, i) => x + inconsistency[i] + discountedInconsistency[i]),
      greedyGap: gapAfter().map((x) => discount * x),
      drift,
      sharpBound: ownFittingAfter().map((x, i) => drift[i] + discount * x),
    };
  });
}

/**
 * Computes E_rho[T_lambda], the mean over all n of E_rho[T_n] with weights (1 - lambda) lambda^(n-1): [states, joint
 * actions].
 *
 * @param nextValues the value after the n rewards, [states]
 * @throws {Error} when lambda is not in 0..1, or gamma is not in 0..1 (1 excluded)
 * @example
 * const y = expectedTdLambda(game, { behaviour: rho, nextValues: highestValues(game, q), gamma: 0.9, lambda: 0.8 });
 */
export function expectedTdLambda(
  game: TabularDecPomdp,
  {
    behaviour,
    nextValues,
    gamma,
    lambda,
  }: {
    readonly behaviour: Float64Array;
    readonly nextValues: Float64Array;
    readonly gamma: number;
    readonly lambda: number;
  },
): Float64Array {
  if (!(lambda >= 0 && lambda <= 1))
    throw new LabError(`TD(lambda) was given lambda = ${lambda}; it must be between 0 and 1.`);
  // T_lambda(s, u) = r + gamma (1 - lambda) E V(s') + gamma lambda E T_lambda(s', rho(s')): a value function of rho,
  // with its own rewards and discount.
  const rewards = backUp(game, gamma * (1 - lambda), nextValues);
  return policyValues({ ...game, rewards }, behaviour, gamma * lambda).q;
}

/** Computes max_u Q(s, u), [states]. */
export function highestValues({ states, jointActions }: TabularDecPomdp, q: Float64Array): Float64Array {
  return Float64Array.from({ length: states }, (_, s) =>
    q.subarray(s * jointActions, (s + 1) * jointActions).reduce((a, b) => Math.max(a, b)),
  );
}

/** Makes a function that returns E_rho of a function of s_{t+n}, for n = 1 at its first call, then n = 2, and so on. */
function expectAfter(game: TabularDecPomdp, behaviour: Float64Array, about: Float64Array): () => Float64Array {
  let state = about;
  return () => {
    const expected = expectNext(game, state);
    state = expectAction(game, behaviour, expected);
    return expected;
  };
}
