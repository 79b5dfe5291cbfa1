import type { EpisodeGroup } from "../replay/group.js";

export type { UpdateStatistics } from "../parts/algorithm.js";

/** Adds the values of all steps but padding, [steps, lanes], to a sum over the groups of a batch. */
export function addSteps(sum: number, values: Float32Array, { steps, lanes, running }: EpisodeGroup): number {
  for (let t = 0; t < steps; t++) {
    for (let i = t * lanes; i < t * lanes + running[t]; i++) sum += values[i];
  }
  return sum;
}
