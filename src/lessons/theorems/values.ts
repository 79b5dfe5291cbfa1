import { LabError } from "../../errors.js";
import { mean } from "../../results/statistics.js";
import { partOf, type TabularDecPomdp } from "./dec-pomdp.js";

/**
 * Values of a joint policy: Q(s, u) [states, joint actions], and V(s), their expectation over the policy's own actions,
 * [states].
 */
export interface Values {
  /** Q(s, u), the discounted return that follows joint action u in state s. [states, joint actions] */
  readonly q: Float64Array;
  /** V(s), the expected Q(s, u) over the policy's own joint actions. [states] */
  readonly v: Float64Array;
}

/**
 * Makes the joint policy of agents that each act on their own observation: agent i plays `choices[i][observation]` with
 * probability 1 - epsilon, and otherwise a random action. The policy has no memory, so it is a function of the state
 * and its values can be computed exactly.
 *
 * @param choices [agents, observations]
 * @returns probabilities, [states, joint actions]
 * @throws {Error} when epsilon is not in 0..1, or a choice is not an action
 * @example
 * const team = reactivePolicy(game, [
 *   [0, 2, 1],
 *   [1, 1, 0],
 * ]);
 * const exploring = reactivePolicy(
 *   game,
 *   [
 *     [0, 2, 1],
 *     [1, 1, 0],
 *   ],
 *   0.3,
 * );
 */
export function reactivePolicy(
  game: TabularDecPomdp,
  choices: readonly ArrayLike<number>[],
  epsilon = 0,
): Float64Array {
  const { agents, observations, actions, states, jointActions } = game;
  if (!(epsilon >= 0 && epsilon <= 1))
    throw new LabError(`A policy was given epsilon = ${epsilon}; it must be between 0 and 1.`);
  if (choices.length !== agents)
    throw new LabError(`A policy was given the choices of ${choices.length} agents; this Dec-POMDP has ${agents}.`);
  choices.forEach((own, agent) => {
    for (let o = 0; o < observations; o++) {
      if (!(own[o] >= 0 && own[o] < actions && Number.isInteger(own[o])))
        throw new LabError(
          `Agent ${agent} was given action ${own[o]} for observation ${o}; it has actions 0 to ${actions - 1}.`,
        );
    }
  });
  const policy = new Float64Array(states * jointActions).fill(1);
  for (let s = 0, i = 0; s < states; s++) {
    for (let u = 0; u < jointActions; u++, i++) {
      for (let agent = 0; agent < agents; agent++) {
        const chosen = choices[agent][partOf(s, agent, game, observations)] === partOf(u, agent, game, actions);
        policy[i] *= epsilon / actions + (chosen ? 1 - epsilon : 0);
      }
    }
  }
  return policy;
}

/** Computes the expectation over s' of a function of s', for every state and joint action: [states, joint actions]. */
export function expectNext(
  { states, jointActions, transitions }: TabularDecPomdp,
  next: ArrayLike<number>,
): Float64Array {
  const expected = new Float64Array(states * jointActions);
  for (let i = 0; i < expected.length; i++)
    for (let s = 0; s < states; s++) expected[i] += transitions[i * states + s] * next[s];
  return expected;
}

/** Computes the expectation over a policy's joint action of a function of state and joint action: [states]. */
export function expectAction(
  { states, jointActions }: TabularDecPomdp,
  policy: ArrayLike<number>,
  values: ArrayLike<number>,
): Float64Array {
  const expected = new Float64Array(states);
  for (let i = 0; i < states * jointActions; i++) expected[Math.floor(i / jointActions)] += policy[i] * values[i];
  return expected;
}

/** Computes r + gamma E V(s'), [states, joint actions]. */
export function backUp(game: TabularDecPomdp, gamma: number, v: ArrayLike<number>): Float64Array {
  return expectNext(game, v).map((value, i) => game.rewards[i] + gamma * value);
}

/**
 * Computes the values of a joint policy by solving V = E[r + gamma V(s')] in float64.
 *
 * @param policy [states, joint actions]
 * @throws {Error} when gamma is not in 0..1 (1 excluded), or the policy has another size
 * @example
 * const { q, v } = policyValues(game, reactivePolicy(game, [[0, 2, 1], [1, 1, 0]]), 0.9);
 */
export function policyValues(game: TabularDecPomdp, policy: Float64Array, gamma: number): Values {
  const { states, jointActions, transitions, rewards } = game;
  checkDiscount(gamma);
  if (policy.length !== states * jointActions)
    throw new LabError(
      `The policy has ${policy.length} entries; ${states} states and ${jointActions} joint actions need ${states * jointActions}.`,
    );
  // The equations (1 - gamma P) V = r, with a row for each state and r in the last column.
  const rows = Array.from({ length: states }, (_, s) => {
    const row = new Float64Array(states + 1);
    row[s] = 1;
    for (let i = s * jointActions; i < (s + 1) * jointActions; i++) {
      row[states] += policy[i] * rewards[i];
      for (let next = 0; next < states; next++) row[next] -= gamma * policy[i] * transitions[i * states + next];
    }
    return row;
  });
  const v = solve(rows);
  return { q: backUp(game, gamma, v), v };
}

/**
 * Computes V* and Q* by policy iteration: the values of the best joint policy of agents that all see the whole state.
 * No team that sees less can have higher values.
 *
 * @throws {Error} when gamma is not in 0..1 (1 excluded)
 * @example const { v } = optimalValues(game, 0.9);
 */
export function optimalValues(game: TabularDecPomdp, gamma: number): Values {
  checkDiscount(gamma);
  const { states, jointActions } = game;
  let best = new Int32Array(states);
  for (;;) {
    const policy = new Float64Array(states * jointActions);
    best.forEach((u, s) => (policy[s * jointActions + u] = 1));
    const values = policyValues(game, policy, gamma);
    const greedy = best.map((u, s) => {
      const own = values.q.subarray(s * jointActions, (s + 1) * jointActions);
      const highest = own.reduce((a, b) => Math.max(a, b), -Infinity);
      // Only a real improvement changes the policy; otherwise rounding among equal actions could cycle forever.
      return highest > own[u] + 1e-12 * Math.abs(own[u]) ? own.indexOf(highest) : u;
    });
    if (greedy.every((u, s) => u === best[s])) return values;
    best = greedy;
  }
}

/**
 * Finds the best joint policy of agents that each act on their own observation, by trying all of them. The best one has
 * the highest mean value over all states, each being equally likely to be the first.
 *
 * @returns `choices` for `reactivePolicy`
 * @throws {Error} when there are more than 100,000 such policies
 * @example const { choices } = bestReactivePolicy(game, 0.9);
 */
export function bestReactivePolicy(
  game: TabularDecPomdp,
  gamma: number,
): Values & {
  /** The action that each agent plays on each observation. [agents, observations] */
  readonly choices: readonly (readonly number[])[];
  /** Probability of each joint action in each state, 0 or 1. [states, joint actions] */
  readonly policy: Float64Array;
  /** Number of policies compared: actions ^ (agents * observations). */
  readonly tried: number;
} {
  const { agents, observations, actions } = game;
  const tried = actions ** (agents * observations);
  if (tried > 1e5)
    throw new LabError(`There are ${tried} joint policies to try; take fewer agents, observations or actions.`);
  let best: ReturnType<typeof bestReactivePolicy> | undefined;
  let highest = -Infinity;
  for (let number = 0; number < tried; number++) {
    const choices = Array.from({ length: agents }, (_, agent) =>
      Array.from(
        { length: observations },
        (_, o) => Math.floor(number / actions ** (agent * observations + o)) % actions,
      ),
    );
    const policy = reactivePolicy(game, choices);
    const values = policyValues(game, policy, gamma);
    const worth = mean(values.v);
    if (worth > highest) [best, highest] = [{ ...values, choices, policy, tried }, worth];
  }
  return best!;
}

function checkDiscount(gamma: number): void {
  if (!(gamma >= 0 && gamma < 1))
    throw new LabError(`Values were asked for with gamma = ${gamma}; it must be at least 0 and less than 1.`);
}

/**
 * Solves linear equations by Gaussian elimination with row pivots. The last column is the right side. It changes
 * `rows`.
 */
function solve(rows: Float64Array[]): Float64Array {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const x = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    let rest = rows[k][n];
    for (let j = k + 1; j < n; j++) rest -= rows[k][j] * x[j];
    x[k] = rest / rows[k][k];
  }
  return x;
}
