import { createRandom } from "../../random.js";
import { mean } from "../../results/statistics.js";
import type { ValueOperator } from "../../targets/operators.js";
import type { TabularDecPomdp } from "./dec-pomdp.js";
import { perturb } from "./error-bound.js";
import { type FactoredValues, factoredNextValues, fitFactored, greedyChoices } from "./factored.js";
import { expectedTdLambda } from "./multi-step-error.js";
import { policyValues, reactivePolicy } from "./values.js";

/** Estimated and real value of a team after one round of learning. */
export interface IterationPoint {
  /** Number of rounds of learning before this point; the first point has 0. */
  readonly iteration: number;
  /** Mean over states of the value from which targets are computed. */
  readonly estimated: number;
  /** Mean over states of V^pi of the team as it now acts, without exploring. */
  readonly real: number;
}

/**
 * Runs value learning of a factored team in which everything except the fit is exact. In each round the team plays with
 * exploration, TD(lambda) targets with the given operator are computed as expectations, the factored values closest to
 * them are fitted, and each entry gets a new normal error of standard deviation `sigma`, as a network would make that
 * is too sparse for its targets.
 *
 * @throws {Error} when gamma, lambda, exploration or the operator is impossible
 * @example
 * const points = noisyIteration(game, {
 *   operator: { kind: "max" },
 *   lambda: 0,
 *   gamma: 0.9,
 *   sigma: 0.1,
 *   exploration: 0.3,
 *   iterations: 200,
 *   seed: 1,
 * });
 */
export function noisyIteration(
  game: TabularDecPomdp,
  {
    operator,
    lambda,
    gamma,
    sigma,
    exploration,
    iterations,
    seed,
  }: {
    /** Operator that turns an agent's action values into the value of its next state. */
    readonly operator: ValueOperator;
    /** lambda of the TD(lambda) targets, 0..1. */
    readonly lambda: number;
    /** Discount factor, from 0 to below 1. */
    readonly gamma: number;
    /** Standard deviation of the error that every entry receives in every round. */
    readonly sigma: number;
    /** Probability with which an agent plays any action instead of its best one, 0..1. */
    readonly exploration: number;
    /** Number of rounds. */
    readonly iterations: number;
    /** Seed of the errors. */
    readonly seed: number;
  },
): IterationPoint[] {
  const random = createRandom(seed, 2);
  let team: FactoredValues = fitFactored(game, new Float64Array(game.rewards.length));
  return Array.from({ length: iterations }, (_, iteration) => {
    const choices = greedyChoices(game, team);
    const nextValues = factoredNextValues(game, team, operator);
    const point = {
      iteration,
      estimated: mean(nextValues),
      real: mean(policyValues(game, reactivePolicy(game, choices), gamma).v),
    };
    const behaviour = reactivePolicy(game, choices, exploration);
    const { bias, agents } = fitFactored(game, expectedTdLambda(game, { behaviour, nextValues, gamma, lambda }));
    team = { bias: perturb(bias, sigma, random), agents: agents.map((table) => perturb(table, sigma, random)) };
    return point;
  });
}
