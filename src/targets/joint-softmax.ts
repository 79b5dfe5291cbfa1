import { LabError } from "../errors.js";
import type { EpisodeGroup } from "../replay/group.js";
import { checkLength } from "./actions.js";
import { negativeExponential } from "./exponential.js";

/**
 * RES's approximate softmax over joint actions: the mean of the target networks' Q_tot over counterfactual joint
 * actions of every next state, weighted by exp(beta Q_tot) of the online networks. For every agent i and every action a
 * that i may choose there is one in which i alone departs from a given joint action; the given joint action itself
 * therefore counts once for each agent.
 *
 * Unavailable actions are left out. RES's published code includes them with a value of -9999999, at which the mixer's
 * ELU saturates and Q_tot is finite: joint actions that nobody can play then influence the target.
 *
 * @param onlineTotals `mixer.counterfactuals("online", ...)` of the next states, where entry t belongs to the state
 *   after step t: [steps, agents, actions, lanes]
 * @param targetTotals the same of the target networks
 * @param beta inverse temperature, at least 0: 0 is the mean. Table 3: 5
 * @param out [steps, lanes]; padding becomes 0. NaN among the available totals gives NaN
 * @throws {Error} when beta is impossible, an array has another size, or no action is available (naming episode and
 *   step)
 * @example
 * const next = softmaxOverJointActions(onlineTotals, targetTotals, group, { beta: 5 });
 * const y = learningTargets(config.returns, step, group, next, 0.99);
 */
export function softmaxOverJointActions(
  onlineTotals: Float32Array,
  targetTotals: Float32Array,
  group: EpisodeGroup,
  { beta }: { readonly beta: number },
  out: Float32Array = new Float32Array(group.steps * group.lanes),
): Float32Array {
  if (!(beta >= 0 && Number.isFinite(beta)))
    throw new LabError(`The softmax over joint actions was given beta = ${beta}; it must be a number of at least 0.`);
  const { steps, agents, actionCount, lanes, running, availableActions, episodes } = group;
  const size = agents * actionCount * lanes;
  checkLength("onlineTotals", onlineTotals, steps * size);
  checkLength("targetTotals", targetTotals, steps * size);
  checkLength("out", out, steps * lanes);
  for (let t = 0; t < steps; t++) {
    const end = (t + 1) * size;
    for (let lane = 0; lane < running[t]; lane++) {
      let max = -Infinity;
      for (let i = t * size + lane; i < end; i += lanes) {
        if (onlineTotals[i] > max && availableActions[i + size] !== 0) max = onlineTotals[i];
      }
      let weights = 0;
      let sum = 0;
      let count = 0;
      for (let i = t * size + lane; i < end; i += lanes) {
        if (availableActions[i + size] === 0) continue;
        const weight = negativeExponential(beta * (onlineTotals[i] - max));
        weights += weight;
        sum += weight * targetTotals[i];
        count++;
      }
      if (count === 0)
        throw new LabError(
          `Episode ${episodes[lane].index}: no action is available at step ${t + 1}; an environment must offer each agent at least one.`,
        );
      out[t * lanes + lane] = sum / weights;
    }
    out.fill(0, t * lanes + running[t], (t + 1) * lanes);
  }
  return out;
}
