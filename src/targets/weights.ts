import type { EpisodeGroup } from "../replay/group.js";
import { checkLength } from "./actions.js";

/**
 * Computes OW-QMIX's weights of the steps' squared errors, Algorithm 3, line 28: 1 where Q_tot is below its target,
 * `alpha` elsewhere. A monotonic mixer cannot represent every value; the weights make it fit those that are
 * underestimated, among them that of the best joint action.
 *
 * @param qTot of the joint actions taken, [steps, lanes]
 * @param targets y, [steps, lanes]
 * @returns [steps, lanes], for the `weights` of `tdLoss`; padding is arbitrary
 * @throws {Error} when an array has another size
 * @example const weights = optimisticWeights(group, qTot, targets, 0.1);
 */
export function optimisticWeights(
  group: EpisodeGroup,
  qTot: Float32Array,
  targets: Float32Array,
  alpha: number,
): Float32Array {
  const size = group.steps * group.lanes;
  checkLength("qTot", qTot, size);
  checkLength("targets", targets, size);
  const weights = new Float32Array(size);
  for (let i = 0; i < size; i++) weights[i] = qTot[i] < targets[i] ? 1 : alpha;
  return weights;
}

/**
 * Computes CW-QMIX's weights of the steps' squared errors (Rashid et al. 2020): 1 where the joint action taken is the
 * greedy one, or where its target is above the value of the greedy one, so that it may be better; `alpha` elsewhere.
 *
 * @param greedy the restricted agents' greedy actions, `greedyActions`: [steps, agents, lanes]
 * @param greedyTotals Q* of these, by the target networks: [steps, lanes]
 * @param targets y, [steps, lanes]
 * @returns [steps, lanes], for the `weights` of `tdLoss`; padding is arbitrary
 * @throws {Error} when an array has another size
 * @example
 * const greedy = greedyActions(onlineQ, group);
 * const totals = central.mixer.forward("target", chosenValues(centralTargetQ, group, greedy), 0);
 * const weights = centralWeights(group, greedy, totals, targets, 0.1);
 */
export function centralWeights(
  group: EpisodeGroup,
  greedy: Uint8Array,
  greedyTotals: Float32Array,
  targets: Float32Array,
  alpha: number,
): Float32Array {
  const { steps, agents, lanes, actions } = group;
  checkLength("greedy", greedy, steps * agents * lanes);
  checkLength("greedyTotals", greedyTotals, steps * lanes);
  checkLength("targets", targets, steps * lanes);
  const weights = new Float32Array(steps * lanes);
  for (let t = 0; t < steps; t++) {
    for (let lane = 0; lane < lanes; lane++) {
      let same = true;
      for (let i = t * agents * lanes + lane; i < (t + 1) * agents * lanes; i += lanes)
        same &&= greedy[i] === actions[i];
      const at = t * lanes + lane;
      weights[at] = same || targets[at] > greedyTotals[at] ? 1 : alpha;
    }
  }
  return weights;
}
