import type { EpisodeGroup } from "../replay/group.js";
import type { MonotonicMixer } from "./engine.js";

/**
 * Makes a mixer without parameters, the same in every engine: the "sum" of the agents' values is VDN's Q_tot; without a
 * mixer ("none", IQL) each agent's value estimates the team's, and their mean is reported.
 *
 * @param loaded the group that the engine has loaded
 */
export function createAgentSum(kind: "sum" | "none", loaded: () => EpisodeGroup): MonotonicMixer<true> {
  const shareOf = ({ agents }: EpisodeGroup) => (kind === "sum" ? 1 : 1 / agents);
  /** Adds up the agents' values: [steps, agents, lanes] to [steps, lanes]. */
  function total(values: Float32Array): Float32Array {
    const group = loaded();
    const { steps, agents, lanes } = group;
    const share = shareOf(group);
    const totals = new Float32Array(steps * lanes);
    for (let t = 0; t < steps; t++) {
      for (let agent = 0; agent < agents; agent++) {
        const row = (t * agents + agent) * lanes;
        for (let lane = 0; lane < lanes; lane++) totals[t * lanes + lane] += share * values[row + lane];
      }
    }
    return totals;
  }
  return {
    forward: (_side, values) => total(values),
    backward(gradient) {
      const group = loaded();
      const { steps, agents, lanes } = group;
      const share = shareOf(group);
      const dValues = new Float32Array(steps * agents * lanes);
      for (let row = 0; row < steps * agents; row++) {
        const from = Math.floor(row / agents) * lanes;
        for (let lane = 0; lane < lanes; lane++) dValues[row * lanes + lane] = share * gradient[from + lane];
      }
      return dValues;
    },
    counterfactuals(_side, values, alternatives, offset) {
      const group = loaded();
      const { steps, agents, lanes, actionCount, availableActions } = group;
      const share = shareOf(group);
      const totals = total(values);
      const replaced = new Float32Array(steps * agents * actionCount * lanes);
      const available = availableActions.subarray(offset * agents * actionCount * lanes);
      for (let row = 0, i = 0; row < steps * agents; row++) {
        const step = Math.floor(row / agents) * lanes;
        for (let action = 0; action < actionCount; action++) {
          for (let lane = 0; lane < lanes; lane++, i++) {
            replaced[i] =
              available[i] === 0
                ? -Infinity
                : totals[step + lane] + share * (alternatives[i] - values[row * lanes + lane]);
          }
        }
      }
      return replaced;
    },
  };
}
