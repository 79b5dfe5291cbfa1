import { applyOperator, type ValueOperator } from "../../targets/operators.js";
import { partOf, type TabularDecPomdp } from "./dec-pomdp.js";

/**
 * The smallest team of value functions that has the IGM property (Eq. 1): Q_tot(s, u) = b(s) + sum over agents of
 * Q_i(o_i, u_i). An agent's table sees what the agent sees, the mixer sees the state, and Q_tot rises with every Q_i.
 */
export interface FactoredValues {
  /** b, [states] */
  readonly bias: Float64Array;
  /** Q_i of each agent, [observations, actions] */
  readonly agents: readonly Float64Array[];
}

/**
 * Fits the factored values that are closest to Q by least squares with equal weights for all states and joint actions.
 * The remaining fitting error cannot be removed by training, since an agent does not know what the others see and do.
 *
 * @param q [states, joint actions]
 * @example const team = fitFactored(game, policyValues(game, policy, 0.9).q);
 */
export function fitFactored(game: TabularDecPomdp, q: ArrayLike<number>): FactoredValues {
  const { states, jointActions, agents, observations, actions } = game;
  const bias = new Float64Array(states);
  for (let i = 0; i < states * jointActions; i++) bias[Math.floor(i / jointActions)] += q[i] / jointActions;
  // Every combination occurs equally often, so the least-squares solution is a mean over everything that an agent does
  // not see.
  const alike = (states / observations) * (jointActions / actions);
  const tables = Array.from({ length: agents }, (_, agent) => {
    const table = new Float64Array(observations * actions);
    for (let i = 0; i < states * jointActions; i++) {
      const s = Math.floor(i / jointActions);
      table[partOf(s, agent, game, observations) * actions + partOf(i % jointActions, agent, game, actions)] +=
        (q[i] - bias[s]) / alike;
    }
    return table;
  });
  return { bias, agents: tables };
}

/** Computes Q_tot of every state and joint action, [states, joint actions]. */
export function factoredTotals(game: TabularDecPomdp, { bias, agents }: FactoredValues): Float64Array {
  const { states, jointActions, observations, actions } = game;
  return Float64Array.from({ length: states * jointActions }, (_, i) => {
    const s = Math.floor(i / jointActions);
    return agents.reduce(
      (sum, table, agent) =>
        sum + table[partOf(s, agent, game, observations) * actions + partOf(i % jointActions, agent, game, actions)],
      bias[s],
    );
  });
}

/**
 * Finds every agent's best action for each of its observations: `choices` for `reactivePolicy`, [agents, observations].
 */
export function greedyChoices({ observations, actions }: TabularDecPomdp, { agents }: FactoredValues): number[][] {
  return agents.map((table) =>
    Array.from({ length: observations }, (_, o) => {
      const own = table.subarray(o * actions, (o + 1) * actions);
      return own.indexOf(own.reduce((a, b) => Math.max(a, b)));
    }),
  );
}

/**
 * Computes the value of every state when each agent's values go through an operator before they are mixed, [states].
 */
export function factoredNextValues(
  game: TabularDecPomdp,
  { bias, agents }: FactoredValues,
  operator: ValueOperator,
): Float64Array {
  const { observations, actions } = game;
  const own = agents.map((table) =>
    Array.from({ length: observations }, (_, o) =>
      applyOperator(operator, table.subarray(o * actions, (o + 1) * actions)),
    ),
  );
  return bias.map((b, s) => own.reduce((sum, values, agent) => sum + values[partOf(s, agent, game, observations)], b));
}
