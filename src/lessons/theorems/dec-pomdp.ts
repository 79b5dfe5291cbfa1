import { LabError } from "../../errors.js";
import { createRandom } from "../../random.js";

/**
 * A Dec-POMDP so small that its values can be computed exactly: everything about it is a table.
 *
 * The state has one part for each agent, and agent i observes part i only; the next state and the team's reward depend
 * on all parts and all actions. States and joint actions are numbered with agent 0's part, or action, as the slowest
 * digit.
 */
export interface TabularDecPomdp {
  /** Number of agents, each of which sees its own part of the state. */
  readonly agents: number;
  /** Actions of one agent. */
  readonly actions: number;
  /** Observations of one agent: the values that its part of the state can have. */
  readonly observations: number;
  /** Number of states: observations ^ agents. */
  readonly states: number;
  /** Number of joint actions: actions ^ agents. */
  readonly jointActions: number;
  /** P(s' | s, u), [states, joint actions, states] */
  readonly transitions: Float64Array;
  /** r(s, u), [states, joint actions] */
  readonly rewards: Float64Array;
}

/**
 * Makes a random Dec-POMDP: in each state every joint action leads to one of `successors` states with random
 * probabilities, and gives a reward between 0 and 1.
 *
 * @param successors number of possible next states, from 1 (deterministic) to the number of states
 * @throws {Error} when a size is not a whole number >= 1, there are more successors than states, or the tables would be
 *   very large
 * @example const game = randomDecPomdp({ seed: 1 }); game.states; // 9: two agents, each at one of 3 places
 */
export function randomDecPomdp({
  seed,
  agents = 2,
  observations = 3,
  actions = 3,
  successors = 2,
}: {
  /** Seed of transitions and rewards. */
  readonly seed: number;
  /** Number of agents. Default: 2. */
  readonly agents?: number;
  /** Observations of one agent. Default: 3. */
  readonly observations?: number;
  /** Actions of one agent. Default: 3. */
  readonly actions?: number;
  /** States that can follow each state and joint action. Default: 2. */
  readonly successors?: number;
}): TabularDecPomdp {
  for (const [name, value] of Object.entries({ agents, observations, actions, successors })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new LabError(`A Dec-POMDP was given ${name} = ${value}; it must be a whole number, at least 1.`);
  }
  const [states, jointActions] = [observations ** agents, actions ** agents];
  if (successors > states)
    throw new LabError(`A Dec-POMDP was given successors = ${successors}; it has only ${states} states.`);
  if (states * states * jointActions > 1e6)
    throw new LabError(
      `A Dec-POMDP of ${states} states and ${jointActions} joint actions is too large for tables; take fewer agents, observations or actions.`,
    );
  const random = createRandom(seed);
  const transitions = new Float64Array(states * jointActions * states);
  const rewards = Float64Array.from({ length: states * jointActions }, () => random.float());
  const order = Array.from({ length: states }, (_, s) => s);
  for (let row = 0; row < states * jointActions; row++) {
    // The first `successors` of a shuffle, weighted by exponential variates: every distribution over them is equally
    // likely.
    const weights = Array.from({ length: successors }, (_, k) => {
      const other = k + random.below(states - k);
      [order[k], order[other]] = [order[other], order[k]];
      return -Math.log(1 - random.float());
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, k) => (transitions[row * states + order[k]] = weight / total));
  }
  return { agents, actions, observations, states, jointActions, transitions, rewards };
}

/**
 * Returns digit `agent` of a state (that agent's observation) or of a joint action (that agent's action), a number of
 * `agents` digits in the given base.
 */
export function partOf(index: number, agent: number, { agents }: { readonly agents: number }, base: number): number {
  return Math.floor(index / base ** (agents - 1 - agent)) % base;
}
