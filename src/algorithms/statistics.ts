import type { EpisodeGroup } from "../replay/group.js";

/** What one gradient update saw, as means over the sampled steps. */
export interface UpdateStatistics {
  /** What was minimised: the mean squared TD error, Eq. 7, and the terms that WQMIX and RES add to it. */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Q_tot of the joint actions taken, by the online networks. */
  readonly qTotal: number;
  /** y of the same steps. */
  readonly target: number;
}

/** Adds the values of all steps that there are, [steps, lanes], to a sum over the groups of a batch. */
export function addSteps(sum: number, values: Float32Array, { steps, lanes, running }: EpisodeGroup): number {
  for (let t = 0; t < steps; t++) {
    for (let i = t * lanes; i < t * lanes + running[t]; i++) sum += values[i];
  }
  return sum;
}
