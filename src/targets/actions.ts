import { LabError } from "../errors.js";
import type { EpisodeGroup } from "../replay/group.js";

/**
 * Gathers Q_i of one action for each agent and step, for `mixer.forward(side, values, 0)`: of the actions taken, or of
 * the given ones.
 *
 * @param q [steps + 1, agents, actions, lanes]
 * @param actions [steps, agents, lanes], for example `greedyActions`
 * @param out [steps, agents, lanes]; padding becomes 0
 * @throws {Error} when an array has another size
 * @example
 * const { agent, mixer } = engine.networks;
 * const qTot = mixer.forward("online", chosenValues(agent.forward("online", true), group), 0, true);
 */
export function chosenValues(
  q: Float32Array,
  group: EpisodeGroup,
  actions: Uint8Array = group.actions,
  out: Float32Array = new Float32Array(group.steps * group.agents * group.lanes),
): Float32Array {
  const { steps, agents, actionCount, lanes, running } = group;
  checkLength("q", q, (steps + 1) * agents * actionCount * lanes);
  checkLength("actions", actions, steps * agents * lanes);
  checkLength("out", out, steps * agents * lanes);
  for (let t = 0; t < steps; t++) {
    for (let agent = 0; agent < agents; agent++) {
      const to = (t * agents + agent) * lanes;
      for (let lane = 0, from = to * actionCount; lane < running[t]; lane++, from++) {
        out[to + lane] = q[from + actions[to + lane] * lanes];
      }
      if (running[t] < lanes) out.fill(0, to + running[t], to + lanes);
    }
  }
  return out;
}

/**
 * Finds the available action with the largest value for every agent at every step; of equal values the lowest action.
 *
 * @param q [steps + 1, agents, actions, lanes]
 * @param out [steps, agents, lanes]; padding becomes 0
 * @throws {Error} when an array has another size, or an agent has no available action (naming episode, agent and step)
 * @example
 * // The value of the greedy joint actions by the target networks of WQMIX.
 * const { agent, central_agent, central_mixer } = engine.networks;
 * const greedy = greedyActions(agent.forward("online"), group);
 * const values = central_mixer.forward("target", chosenValues(central_agent.forward("target"), group, greedy), 0);
 */
export function greedyActions(
  q: Float32Array,
  group: EpisodeGroup,
  out: Uint8Array = new Uint8Array(group.steps * group.agents * group.lanes),
): Uint8Array {
  const { steps, agents, actionCount, lanes, running, availableActions } = group;
  checkLength("q", q, (steps + 1) * agents * actionCount * lanes);
  checkLength("out", out, steps * agents * lanes);
  for (let t = 0; t < steps; t++) {
    for (let agent = 0; agent < agents; agent++) {
      const to = (t * agents + agent) * lanes;
      for (let lane = 0; lane < running[t]; lane++) {
        let best = -1;
        let max = -Infinity;
        for (let a = 0, i = to * actionCount + lane; a < actionCount; a++, i += lanes) {
          if (availableActions[i] === 0) continue;
          if (q[i] > max || best < 0) {
            max = q[i];
            best = a;
          }
        }
        if (best < 0) throw noAction(group, lane, agent, t);
        out[to + lane] = best;
      }
      if (running[t] < lanes) out.fill(0, to + running[t], to + lanes);
    }
  }
  return out;
}

export function checkLength(name: string, array: Float32Array | Uint8Array, expected: number): void {
  if (array.length !== expected)
    throw new LabError(`${name} has ${array.length} entries; this group of episodes needs ${expected}.`);
}

/** The error for an episode in which an agent has no available action. */
export function noAction(group: EpisodeGroup, lane: number, agent: number, step: number): Error {
  return new LabError(
    `Episode ${group.episodes[lane].index}: agent ${agent} has no available action at step ${step}; an environment must offer at least one.`,
  );
}
