import { createRandom, type Random } from "../../random.js";
import { applyOperator, type ValueOperator } from "../../targets/operators.js";
import { gaussian } from "./noise.js";

/**
 * Draws errors of action values as Theorem 3.2 assumes them: their sum is 0 and their mean square is C, and every such
 * set of errors is equally likely.
 *
 * @returns [actions]
 * @throws {Error} when there are fewer than two actions, or C is negative
 * @example const errors = balancedErrors(9, 0.01, createRandom(1));
 */
export function balancedErrors(actions: number, c: number, random: Random): Float64Array {
  if (!(Number.isInteger(actions) && actions >= 2))
    throw new Error(`Errors were asked for of ${actions} actions; errors that sum to 0 need two or more.`);
  if (!(c >= 0)) throw new Error(`Errors were asked for with C = ${c}; a mean square is not negative.`);
  const errors = Float64Array.from({ length: actions }, () => gaussian(random));
  const mean = errors.reduce((a, b) => a + b) / actions;
  const scale = Math.sqrt(c / (errors.reduce((sum, x) => sum + (x - mean) ** 2, 0) / actions));
  return errors.map((x) => scale * (x - mean));
}

/** Bias of an operator on action values with errors: its value minus the largest true value. */
export interface OperatorBias {
  /** The operator that was applied, with its settings. */
  readonly operator: ValueOperator;
  /** B of Theorem 3.2: the mean over the draws. */
  readonly bias: number;
  /** Standard error of `bias`. */
  readonly uncertainty: number;
  /** The smallest result of all draws minus the largest true value. */
  readonly least: number;
  /** The largest result of all draws minus the largest true value. */
  readonly most: number;
}

/**
 * Estimates the bias of value operators, E[T(s')] - max Q*(s', u'), over draws of `balancedErrors` that are the same
 * for all operators.
 *
 * @throws {Error} when an operator, c or the number of draws is impossible
 * @example
 * const [max] = operatorBiases([{ kind: "max" }], { values: [0, 0], c: 0.04, draws: 1, seed: 1 });
 * max.bias; // 0.2: of two actions one is 0.2 too high
 */
export function operatorBiases(
  operators: readonly ValueOperator[],
  {
    values,
    c,
    draws,
    seed,
  }: {
    /** True action values Q*(s', .), [actions]; Theorem 3.2 assumes that they are equal. */
    readonly values: readonly number[];
    /** The errors' mean square; 0 for none. */
    readonly c: number;
    /** Number of draws of the errors, at least 1. */
    readonly draws: number;
    /** Seed of the draws. */
    readonly seed: number;
  },
): OperatorBias[] {
  if (!(Number.isInteger(draws) && draws >= 1))
    throw new Error(`Biases were asked for from ${draws} draws; it must be a whole number, at least 1.`);
  const random = createRandom(seed);
  const best = Math.max(...values);
  const sums = operators.map(() => ({ sum: 0, squares: 0, least: Infinity, most: -Infinity }));
  for (let draw = 0; draw < draws; draw++) {
    const errors = c === 0 ? undefined : balancedErrors(values.length, c, random);
    const estimates = values.map((value, a) => value + (errors === undefined ? 0 : errors[a]));
    operators.forEach((operator, k) => {
      const bias = applyOperator(operator, estimates) - best;
      const s = sums[k];
      s.sum += bias;
      s.squares += bias * bias;
      s.least = Math.min(s.least, bias);
      s.most = Math.max(s.most, bias);
    });
  }
  return sums.map(({ sum, squares, least, most }, k) => {
    const bias = sum / draws;
    const variance = Math.max(0, squares / draws - bias * bias);
    return { operator: operators[k], bias, uncertainty: Math.sqrt(variance / Math.max(1, draws - 1)), least, most };
  });
}

/**
 * Returns the least overestimation by the maximum that the assumptions of Theorem 3.2 allow: sqrt(C / (actions - 1)),
 * reached when one action has a large negative error and all others share the positive rest.
 */
export function leastOverestimation(actions: number, c: number): number {
  return Math.sqrt(c / (actions - 1));
}
