/**
 * Six chains of multiplications and six of additions, in registers and independent of each other: 48 floating-point operations an
 * iteration, as fast as this core's 128-bit units go. Returns a value that depends on all of them.
 */
export function multiplyAddPeak(iterations: i32, by: f32, plus: f32): f32 {
  const factor = f32x4.splat(by);
  const term = f32x4.splat(plus);
  let a = factor, b = a, c = a, d = a, e = a, f = a;
  let g = term, h = g, i = g, j = g, k = g, l = g;
  for (; iterations > 0; iterations--) {
    a = f32x4.mul(a, factor);
    g = f32x4.add(g, term);
    b = f32x4.mul(b, factor);
    h = f32x4.add(h, term);
    c = f32x4.mul(c, factor);
    i = f32x4.add(i, term);
    d = f32x4.mul(d, factor);
    j = f32x4.add(j, term);
    e = f32x4.mul(e, factor);
    k = f32x4.add(k, term);
    f = f32x4.mul(f, factor);
    l = f32x4.add(l, term);
  }
  const sum = f32x4.add(
    f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h))),
    f32x4.add(f32x4.add(i, j), f32x4.add(k, l)),
  );
  return f32x4.extract_lane(sum, 0);
}
