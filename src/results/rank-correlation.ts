import { LabError } from "../errors.js";

/**
 * Computes Spearman's rank correlation, which tells whether one quantity rises with another, whatever the shape of the
 * curve: 1 if it always rises, -1 if it always falls. Equal values share the mean of their ranks. The result is NaN
 * when all values of one quantity are equal or one value is NaN.
 *
 * @throws {Error} when the numbers of values differ
 * @example rankCorrelation([1, 2, 3, 4], [1, 4, 9, 16]); // 1
 */
export function rankCorrelation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length)
    throw new LabError(`A correlation was asked of ${x.length} and ${y.length} values; there must be equally many.`);
  for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i]) || Number.isNaN(y[i])) return NaN;
  const [a, b] = [ranks(x), ranks(y)];
  const centre = (x.length - 1) / 2;
  let both = 0,
    ofA = 0,
    ofB = 0;
  for (let i = 0; i < a.length; i++) {
    both += (a[i] - centre) * (b[i] - centre);
    ofA += (a[i] - centre) ** 2;
    ofB += (b[i] - centre) ** 2;
  }
  return both / Math.sqrt(ofA * ofB);
}

/** Computes ranks from 0, where equal values share the mean of their ranks. */
function ranks(values: ArrayLike<number>): number[] {
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const result = new Array<number>(values.length);
  for (let first = 0; first < order.length;) {
    let last = first;
    while (last + 1 < order.length && values[order[last + 1]] === values[order[first]]) last++;
    for (let k = first; k <= last; k++) result[order[k]] = (first + last) / 2;
    first = last + 1;
  }
  return result;
}
