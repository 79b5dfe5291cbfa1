import { type EpisodeGroup, LANES } from "../../replay/group.js";
import type { CriticNetwork } from "../engine.js";
import { feedForwardSizes, type NetworkShape } from "../parameters.js";
import { createFeedForward, type FeedForwardLayers } from "./feed-forward.js";
import type { Memory } from "./memory.js";

/**
 * FACMAC's critic over the steps of a batch: a feed-forward network whose rows are agents at steps of episodes, in the
 * order [steps, agents, lanes]. Lanes that have ended are rows of zeros.
 *
 * @param loaded the loaded group
 */
export function createCritic(
  memory: Memory,
  shape: NetworkShape,
  layers: FeedForwardLayers,
  loaded: () => EpisodeGroup,
): CriticNetwork<true> {
  const { agents, actions, observation, hidden } = shape;
  const sizes = { ...feedForwardSizes(shape, "critic"), hidden };
  const network = createFeedForward(memory, layers, sizes, false);
  const width = sizes.input;
  let inputs = new Float32Array(0);

  /** The observation of each agent, followed by its action. [steps, agents, lanes, observation + actions] */
  function lay(taken: Float32Array, offset: 0 | 1): Float32Array {
    const { steps, episodes, lengths } = loaded();
    const rows = steps * agents * LANES;
    if (taken.length !== rows * actions)
      throw new Error(`Expected ${rows * actions} numbers of actions, got ${taken.length}.`);
    if (inputs.length < rows * width) inputs = new Float32Array(rows * width);
    const all = inputs.subarray(0, rows * width).fill(0);
    for (const [lane, { observations }] of episodes.entries())
      for (let t = 0; t < lengths[lane]; t++)
        for (let agent = 0; agent < agents; agent++) {
          const row = ((t * agents + agent) * LANES + lane) * width;
          const seen = ((t + offset) * agents + agent) * observation;
          all.set(observations.subarray(seen, seen + observation), row);
          let from = (t * agents + agent) * actions * LANES + lane;
          for (let a = 0; a < actions; a++, from += LANES) all[row + observation + a] = taken[from];
        }
    return all;
  }

  return {
    forward: (side, taken, offset, keep = false) => network.forward(side, lay(taken, offset), keep),
    backward(gradient, options = {}) {
      const through = network.backward(gradient, options);
      if (through === undefined) return undefined;
      const rows = gradient.length;
      const dActions = new Float32Array(rows * actions);
      for (let row = 0; row < rows; row++) {
        const lane = row % LANES;
        let to = ((row - lane) / LANES) * actions * LANES + lane;
        const from = row * width + observation;
        for (let a = 0; a < actions; a++, to += LANES) dActions[to] = through[from + a];
      }
      return dActions;
    },
  };
}
