import { sgg } from "ml-savitzky-golay-generalized";

/**
 * Smooths a curve as the paper's figures do (section B.5): `scipy.signal.savgol_filter` with window 21 and order 2, whose
 * first and last half windows are read off the polynomials through the first and last whole windows (mode "interp"; the
 * library's borders are the same). A series shorter than the window uses the largest odd window it can fill; below 5 points
 * a parabola passes through all that a window holds, so that nothing changes.
 *
 * @param values equally spaced
 * @throws {Error} when the window is not odd or not larger than the order
 * @example
 * smooth(winRates); // as in Figures 13-15
 */
export function smooth(
  values: ArrayLike<number>,
  { window = 21, order = 2 }: { readonly window?: number; readonly order?: number } = {},
): number[] {
  if (!(Number.isInteger(order) && order >= 1)) throw new Error(`The smoothing order was given as ${order}; it must be a whole number, at least 1.`);
  if (!(Number.isInteger(window) && window % 2 === 1 && window > order)) {
    throw new Error(`The smoothing window was given as ${window}; it must be an odd number of points above the order, ${order}.`);
  }
  const longest = values.length % 2 === 1 ? values.length : values.length - 1;
  const size = Math.min(window, longest);
  if (size <= order + 1) return Array.from(values);
  // The library takes windows of 5 and more; 3 points are left for a straight line, done here.
  return size === 3 ? smoothLine(values) : Array.from(sgg(Array.from(values), 1, { windowSize: size, polynomial: order, derivative: 0 }));
}

function smoothLine(values: ArrayLike<number>): number[] {
  const last = values.length - 1;
  return Array.from(values, (_, i) => {
    const middle = Math.min(Math.max(i, 1), last - 1);
    const mean = (values[middle - 1] + values[middle] + values[middle + 1]) / 3;
    return mean + ((i - middle) * (values[middle + 1] - values[middle - 1])) / 2;
  });
}
