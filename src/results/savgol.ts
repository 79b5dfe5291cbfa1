import { LabError } from "../errors.js";
import { sgg } from "ml-savitzky-golay-generalized";

/**
 * Smooths a curve as the paper's figures do (section B.5): `scipy.signal.savgol_filter` with window 21 and order 2,
 * where the first and last half windows are values of the polynomials fitted to the first and last whole windows (mode
 * "interp", as in the library). A series shorter than the window uses the largest odd window that it fills; with fewer
 * than 5 points a parabola passes through all points of a window, so that nothing changes.
 *
 * @param values values at equal distances
 * @throws {Error} when the window is not odd or not larger than the order
 * @example smooth(winRates); // as in Figures 13-15
 */
export function smooth(
  values: ArrayLike<number>,
  { window = 21, order = 2 }: { readonly window?: number; readonly order?: number } = {},
): number[] {
  if (!(Number.isInteger(order) && order >= 1))
    throw new LabError(`The smoothing order was given as ${order}; it must be a whole number, at least 1.`);
  if (!(Number.isInteger(window) && window % 2 === 1 && window > order)) {
    throw new LabError(
      `The smoothing window was given as ${window}; it must be an odd number of points above the order, ${order}.`,
    );
  }
  const longest = values.length % 2 === 1 ? values.length : values.length - 1;
  const size = Math.min(window, longest);
  if (size <= order + 1) return Array.from(values);
  // The library needs windows of at least 5 points; a straight line through 3 points is computed here.
  return size === 3
    ? smoothLine(values)
    : Array.from(sgg(Array.from(values), 1, { windowSize: size, polynomial: order, derivative: 0 }));
}

/**
 * Smooths as the paper's filter does, but without extrapolation at the ends: inside a curve it equals `smooth`; towards
 * either end the window shrinks with the distance to the end, so that the first and the last value stay as measured;
 * and no value leaves the range of the values in its window.
 *
 * @param values values at equal distances
 * @param window odd number of values in the window
 * @throws {Error} when the window is not odd or not larger than 2
 * @example smoothWithin([0, 0, 0, 0, 1, 1, 1, 1], 5); // no value below 0 or above 1, and both ends flat
 */
export function smoothWithin(values: readonly number[], window = 21): number[] {
  const inside = smooth(values, { window });
  const half = (window - 1) / 2;
  return values.map((value, i) => {
    const reach = Math.min(half, i, values.length - 1 - i);
    const own = values.slice(i - reach, i + reach + 1);
    const filtered = reach === half ? inside[i] : reach === 0 ? value : smooth(own, { window: own.length })[reach];
    return Math.min(Math.max(filtered, Math.min(...own)), Math.max(...own));
  });
}

function smoothLine(values: ArrayLike<number>): number[] {
  const last = values.length - 1;
  return Array.from(values, (_, i) => {
    const middle = Math.min(Math.max(i, 1), last - 1);
    const mean = (values[middle - 1] + values[middle] + values[middle + 1]) / 3;
    return mean + ((i - middle) * (values[middle + 1] - values[middle - 1])) / 2;
  });
}
