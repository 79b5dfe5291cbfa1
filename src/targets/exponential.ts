/** Table entries for a unit of x. */
const PARTS = 64;
const LOWEST = -40;

/** The table of e^(-k / 64), computed by products only, which every machine rounds alike. */
const table = (() => {
  let step = 1;
  for (let term = 1, i = 1; i <= 10; i++) step += term *= -1 / PARTS / i;
  const entries = new Float64Array(-LOWEST * PARTS + 1);
  entries[0] = 1;
  for (let k = 1; k < entries.length; k++) entries[k] = entries[k - 1] * step;
  return entries;
})();

/**
 * Computes a term e^x, x <= 0, of a sum whose largest term is 1. The relative error is below 2e-10; below x = -40,
 * where a term is smaller than the rounding of such a sum, it returns 0. It is several times faster than `Math.exp` in
 * a tight loop and gives the same bits on every machine and in every version of the JavaScript engine.
 *
 * @example negativeExponential(-1); // 0.3678794411...
 */
export function negativeExponential(x: number): number {
  if (x < LOWEST) return 0;
  // x = r - k / 64 with |r| <= 1 / 128. Both steps are exact. NaN gives k = 0 and stays NaN in r.
  const k = (0.5 - x * PARTS) | 0;
  const r = x + k * (1 / PARTS);
  return table[k] * (1 + r * (1 + r * (0.5 + r * (1 / 6))));
}
