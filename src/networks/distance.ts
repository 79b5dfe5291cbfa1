/**
 * Computes the relative distance of two vectors: the L2 norm of the difference divided by that of `theirs`. It is 0 if
 * they are equal, also if both are 0; Infinity if their lengths differ; and NaN, which counts as a disagreement, if an
 * entry is not a number.
 *
 * @example relativeDistance(engine.gradient(name), other.gradient(name)) <= 1e-4;
 */
export function relativeDistance(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Infinity;
  let [apart, norm] = [0, 0];
  for (let i = 0; i < theirs.length; i++) {
    apart += (ours[i] - theirs[i]) ** 2;
    norm += theirs[i] ** 2;
  }
  return apart === 0 ? 0 : Math.sqrt(apart / norm);
}
