/**
 * tanh and the logistic function on vectors, as rational functions fitted for the smallest largest error: below 5e-7 for
 * tanh, 3e-7 for the logistic function, rounding included. Constants come from memory, because V8 rebuilds a splat
 * constant at every use.
 */

// tanh(x) = x P(x^2) / Q(x^2) up to |x| = 8, beyond which tanh is taken as constant. Each number four times: the limits,
// P's coefficients from the lowest, Q's.
const TANH: usize = memory.data<f32>([
  8.0, 8.0, 8.0, 8.0,
  -8.0, -8.0, -8.0, -8.0,
  0.9999998544420605, 0.9999998544420605, 0.9999998544420605, 0.9999998544420605,
  0.12925660203234537, 0.12925660203234537, 0.12925660203234537, 0.12925660203234537,
  0.00295102079025504, 0.00295102079025504, 0.00295102079025504, 0.00295102079025504,
  1.1428391818402548e-05, 1.1428391818402548e-05, 1.1428391818402548e-05, 1.1428391818402548e-05,
  1, 1, 1, 1,
  0.4625887581456498, 0.4625887581456498, 0.4625887581456498, 0.4625887581456498,
  0.02381554190942693, 0.02381554190942693, 0.02381554190942693, 0.02381554190942693,
  0.00023866874932233884, 0.00023866874932233884, 0.00023866874932233884, 0.00023866874932233884,
  2.459200934803686e-07, 2.459200934803686e-07, 2.459200934803686e-07, 2.459200934803686e-07,
], 16);

// The same for tanh(x / 2) / 2.
const HALF: usize = memory.data<f32>([
  16.0, 16.0, 16.0, 16.0,
  -16.0, -16.0, -16.0, -16.0,
  0.24999996361051513, 0.24999996361051513, 0.24999996361051513, 0.24999996361051513,
  0.008078537627021586, 0.008078537627021586, 0.008078537627021586, 0.008078537627021586,
  4.6109699847735e-05, 4.6109699847735e-05, 4.6109699847735e-05, 4.6109699847735e-05,
  4.4642155540634955e-08, 4.4642155540634955e-08, 4.4642155540634955e-08, 4.4642155540634955e-08,
  1.0, 1.0, 1.0, 1.0,
  0.11564718953641245, 0.11564718953641245, 0.11564718953641245, 0.11564718953641245,
  0.001488471369339183, 0.001488471369339183, 0.001488471369339183, 0.001488471369339183,
  3.7291992081615443e-06, 3.7291992081615443e-06, 3.7291992081615443e-06, 3.7291992081615443e-06,
  9.6062536515769e-10, 9.6062536515769e-10, 9.6062536515769e-10, 9.6062536515769e-10,
], 16);

const ONE_HALF: usize = memory.data<f32>([0.5, 0.5, 0.5, 0.5], 16);

@inline
function rational(table: usize, x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, v128.load(table)), v128.load(table, 16));
  const u = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(u, v128.load(table, 80)), v128.load(table, 64));
  p = f32x4.add(f32x4.mul(u, p), v128.load(table, 48));
  p = f32x4.add(f32x4.mul(u, p), v128.load(table, 32));
  let q = f32x4.add(f32x4.mul(u, v128.load(table, 160)), v128.load(table, 144));
  q = f32x4.add(f32x4.mul(u, q), v128.load(table, 128));
  q = f32x4.add(f32x4.mul(u, q), v128.load(table, 112));
  q = f32x4.add(f32x4.mul(u, q), v128.load(table, 96));
  return f32x4.div(f32x4.mul(x, p), q);
}

/** tanh(x) */
@inline
export function tanh4(x: v128): v128 {
  return rational(TANH, x);
}

/** 1 / (1 + exp(-x)) */
@inline
export function logistic4(x: v128): v128 {
  return f32x4.add(rational(HALF, x), v128.load(ONE_HALF));
}

// log2(e), the lower limit of x, and 2^r = sum of (r ln 2)^k / k!, k = 0..7, for |r| <= 1/2.
const EXP: usize = memory.data<f32>([
  1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 1.4426950408889634,
  -87.0, -87.0, -87.0, -87.0,
  1.0, 1.0, 1.0, 1.0,
  0.6931471805599453, 0.6931471805599453, 0.6931471805599453, 0.6931471805599453,
  0.2402265069591007, 0.2402265069591007, 0.2402265069591007, 0.2402265069591007,
  0.05550410866482158, 0.05550410866482158, 0.05550410866482158, 0.05550410866482158,
  0.009618129107628477, 0.009618129107628477, 0.009618129107628477, 0.009618129107628477,
  0.0013333558146428443, 0.0013333558146428443, 0.0013333558146428443, 0.0013333558146428443,
  0.00015403530393381606, 0.00015403530393381606, 0.00015403530393381606, 0.00015403530393381606,
  0.000015252733804059838, 0.000015252733804059838, 0.000015252733804059838, 0.000015252733804059838,
], 16);

/** The exponential linear unit: x where x > 0, exp(x) - 1 elsewhere. */
@inline
export function elu4(x: v128): v128 {
  const t = f32x4.mul(f32x4.pmax(f32x4.pmin(x, f32x4.splat(0)), v128.load(EXP, 16)), v128.load(EXP));
  const whole = f32x4.nearest(t);
  const r = f32x4.sub(t, whole);
  let p = f32x4.add(f32x4.mul(r, v128.load(EXP, 144)), v128.load(EXP, 128));
  p = f32x4.add(f32x4.mul(r, p), v128.load(EXP, 112));
  p = f32x4.add(f32x4.mul(r, p), v128.load(EXP, 96));
  p = f32x4.add(f32x4.mul(r, p), v128.load(EXP, 80));
  p = f32x4.add(f32x4.mul(r, p), v128.load(EXP, 64));
  p = f32x4.add(f32x4.mul(r, p), v128.load(EXP, 48));
  p = f32x4.add(f32x4.mul(r, p), v128.load(EXP, 32));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
  const negative = f32x4.sub(f32x4.mul(p, power), v128.load(EXP, 32));
  return v128.bitselect(negative, x, f32x4.le(x, f32x4.splat(0)));
}
