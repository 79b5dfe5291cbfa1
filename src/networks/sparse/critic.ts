import { type EpisodeGroup, LANES } from "../../replay/group.js";
import type { CriticNetwork } from "../engine.js";
import type { NetworkShape } from "../parameters.js";
import type { Batch } from "./batch.js";
import { createFeedForward } from "./feed-forward.js";
import type { Layer } from "./layer.js";
import type { Memory } from "./memory.js";

/**
 * FACMAC's critic over the steps of a batch: a feed-forward network whose rows are agents at steps of episodes, in the
 * order [steps, agents, lanes]. Lanes that have ended are rows of zeros.
 *
 * @param batch the loaded group's observations
 * @param loaded the loaded group
 */
export function createCritic(
  memory: Memory,
  shape: NetworkShape,
  layers: readonly Layer[],
  batch: Batch,
  loaded: () => EpisodeGroup,
): CriticNetwork<true> {
  const { agents, actions, observation } = shape;
  const network = createFeedForward(memory, layers, "action-value");
  const width = observation + actions;

  /** Lays the observation of each agent, followed by its action, into a tile for each agent at each step. */
  function lay(taken: Float32Array, offset: 0 | 1, tiles: Float32Array, stride: number): void {
    const { steps, running } = loaded();
    const [apart, sees] = [batch.seenStride / 4, observation * LANES];
    const seen = memory.floats(batch.seen(), (steps + 1) * apart);
    for (let t = 0; t < steps; t++)
      for (let agent = 0; agent < agents; agent++) {
        const tile = (t * agents + agent) * stride;
        const from = (t + offset) * apart + agent * sees;
        tiles.set(seen.subarray(from, from + sees), tile);
        const chosen = (t * agents + agent) * actions * LANES;
        tiles.set(taken.subarray(chosen, chosen + actions * LANES), tile + sees);
        if (running[t] === LANES) continue;
        for (let row = tile; row < tile + width * LANES; row += LANES) tiles.fill(0, row + running[t], row + LANES);
      }
  }

  return {
    forward(side, taken, offset, keep) {
      const rows = loaded().steps * agents * LANES;
      if (taken.length !== rows * actions)
        throw new Error(`Expected ${rows * actions} numbers of actions, got ${taken.length}.`);
      return network.forwardTiles(side, rows, (tiles, stride) => lay(taken, offset, tiles, stride), keep);
    },
    backward(gradient, options = {}) {
      if (!options.through) return network.backward(gradient, options);
      const tileActions = actions * LANES;
      const dActions = new Float32Array(gradient.length * actions);
      network.backwardTiles(gradient, options, (tiles, stride) => {
        for (let to = 0, from = observation * LANES; to < dActions.length; to += tileActions, from += stride)
          dActions.set(tiles.subarray(from, from + tileActions), to);
      });
      return dActions;
    },
  };
}
