import { LabError } from "../errors.js";

/** The input of `tdLoss`. */
export interface TdLossInput {
  /** Number of steps of each lane's episode, as in an `EpisodeGroup`. [lanes] */
  readonly lengths: ArrayLike<number>;
  /** Q_tot of the joint actions taken. [steps, lanes] */
  readonly qTot: Float32Array;
  /** y, the learning targets. [steps, lanes] */
  readonly targets: Float32Array;
  /** Divisor of the sum: the number of steps of the whole batch, `countSteps(groups)`. */
  readonly normaliser: number;
  /** Weight of each step's squared error, [steps, lanes]; 1 when left out. It counts as a constant in the gradient. */
  readonly weights?: Float32Array;
}

/**
 * Computes the squared TD error of a group of episodes: sum of w (Q_tot - y)^2 over all steps but padding, divided by
 * the normaliser. Summed over the groups of a batch it is the loss of Eq. 7, as PyMARL's masked mean.
 *
 * @param gradient is filled with dL/dQ_tot = 2 w (Q_tot - y) / normaliser, [steps, lanes]; 0 in padding, which is not
 *   read
 * @throws {Error} when array sizes disagree or the normaliser is not positive
 * @example
 * for (const group of groups) loss += tdLoss({ ...group, qTot, targets, normaliser: countSteps(groups) }, gradient);
 */
export function tdLoss({ lengths, qTot, targets, normaliser, weights }: TdLossInput, gradient: Float32Array): number {
  if (!(normaliser > 0))
    throw new LabError(
      `The loss was given normaliser = ${normaliser}; it must be the number of steps of the batch, at least 1.`,
    );
  const size = qTot.length;
  for (const [name, array] of [
    ["targets", targets],
    ["gradient", gradient],
    ["weights", weights ?? qTot],
  ] as const) {
    if (array.length !== size)
      throw new LabError(`${name} has ${array.length} entries and qTot ${size}; they must agree.`);
  }
  const lanes = lengths.length;
  gradient.fill(0);
  let sum = 0;
  for (let lane = 0; lane < lanes; lane++) {
    const end = lengths[lane] * lanes;
    for (let i = lane; i < end; i += lanes) {
      const error = qTot[i] - targets[i];
      const weighted = weights === undefined ? error : weights[i] * error;
      sum += weighted * error;
      gradient[i] = (2 * weighted) / normaliser;
    }
  }
  return sum / normaliser;
}
