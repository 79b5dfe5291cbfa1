/**
 * How far one vector is from another, relative to that: the L2 norm of the difference over that of `theirs`. 0 where
 * they are equal, also where both are 0; Infinity where they are of different length; NaN, which is a disagreement,
 * where one is not a number.
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
