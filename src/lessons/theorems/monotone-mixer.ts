import { LabError } from "../../errors.js";
import type { Random } from "../../random.js";
import { applyOperator, type ValueOperator } from "../../targets/operators.js";
import { partOf } from "./dec-pomdp.js";
import { gaussian } from "./noise.js";

/** Computes Q_tot from the agents' values; it rises with each of them. */
export type MonotoneMixer = (values: ArrayLike<number>) => number;

/**
 * Makes a random mixer of QMIX's form for one state: b_2 + sum over k of v_k elu(b_k + sum over agents of w_ki Q_i),
 * with no negative w and v.
 *
 * @example const mix = randomMonotoneMixer(2, createRandom(1)); mix([1, 2]) >= mix([1, 1]); // true
 */
export function randomMonotoneMixer(agents: number, random: Random, hidden = 8): MonotoneMixer {
  const draw = (): number => gaussian(random);
  const units = Array.from({ length: hidden }, () => ({
    weights: Array.from({ length: agents }, () => Math.abs(draw())),
    bias: draw(),
    out: Math.abs(draw()) / hidden,
  }));
  const last = draw();
  return (values) =>
    units.reduce((total, { weights, bias, out }) => {
      const x = weights.reduce((sum, weight, i) => sum + weight * values[i], bias);
      return total + out * (x > 0 ? x : Math.expm1(x));
    }, last);
}

/** Results of one operator applied before and after a mixer. */
export interface MixedValues {
  /** The maximum of Q_tot over all joint actions, found by trying each. */
  readonly jointMaximum: number;
  /** Q_tot of each agent's maximum. */
  readonly mixedMaxima: number;
  /** Q_tot of each agent's operator value, as in MAST's targets. */
  readonly mixedOperator: number;
  /** The operator over Q_tot of all joint actions. */
  readonly jointOperator: number;
  /** Number of values that the operator reads before the mixer: agents x actions. */
  readonly agentTerms: number;
  /** Number of values that the operator reads after the mixer: actions ^ agents. */
  readonly jointTerms: number;
}

/**
 * Compares an operator that is applied to each agent's values before mixing with the same operator applied to the
 * totals of all joint actions. Both agree for the maximum only, as Eq. 1 says.
 *
 * @param agentValues Q_i(., u_i) of each agent, [agents][actions]
 * @throws {Error} when there are more than a million joint actions
 * @example
 * const { jointMaximum, mixedMaxima } = mixOperator(
 *   [
 *     [0, 1],
 *     [2, 1],
 *   ],
 *   randomMonotoneMixer(2, createRandom(1)),
 *   { kind: "mellowmax", omega: 10 },
 * );
 */
export function mixOperator(
  agentValues: readonly (readonly number[])[],
  mix: MonotoneMixer,
  operator: ValueOperator,
): MixedValues {
  const [agents, actions] = [agentValues.length, agentValues[0].length];
  const jointTerms = actions ** agents;
  if (jointTerms > 1e6)
    throw new LabError(`${agents} agents of ${actions} actions have ${jointTerms} joint actions; take fewer.`);
  const totals = Float64Array.from({ length: jointTerms }, (_, u) =>
    mix(agentValues.map((own, agent) => own[partOf(u, agent, { agents }, actions)])),
  );
  return {
    jointMaximum: totals.reduce((a, b) => Math.max(a, b)),
    mixedMaxima: mix(agentValues.map((own) => Math.max(...own))),
    mixedOperator: mix(agentValues.map((own) => applyOperator(operator, own))),
    jointOperator: applyOperator(operator, totals),
    agentTerms: agents * actions,
    jointTerms,
  };
}
