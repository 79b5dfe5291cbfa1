/** From the sums of an update to the next weights. */

/** The horizontal sums of `count` vectors of partial sums. */
export function sumVectors(sums: usize, gradient: usize, count: i32): void {
  for (; count > 0; count--) {
    const pair = f32x4.add(v128.load(sums), v128.shuffle<f32>(v128.load(sums), v128.load(sums), 2, 3, 0, 1));
    store<f32>(gradient, f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1));
    sums += 16;
    gradient += 4;
  }
}

/** kept = values where the mask's bits are all 1, and 0 where they are all 0. */
export function applyMask(values: usize, mask: usize, kept: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(kept, v128.and(v128.load(values), v128.load(mask)));
    values += 16;
    mask += 16;
    kept += 16;
  }
  for (; count > 0; count--) {
    store<u32>(kept, load<u32>(values) & load<u32>(mask));
    values += 4;
    mask += 4;
    kept += 4;
  }
}

/** The sum of squares, in float64. */
export function squaredNorm(values: usize, count: i32): f64 {
  let even = f64x2.splat(0), odd = even;
  for (; count >= 4; count -= 4) {
    const four = v128.load(values);
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(four, four, 1, 0));
    even = f64x2.add(even, f64x2.mul(low, low));
    odd = f64x2.add(odd, f64x2.mul(high, high));
    values += 16;
  }
  even = f64x2.add(even, odd);
  let sum = f64x2.extract_lane(even, 0) + f64x2.extract_lane(even, 1);
  for (; count > 0; count--) {
    const value = load<f32>(values) as f64;
    sum += value * value;
    values += 4;
  }
  return sum;
}

@inline
function rmspropOne(weight: usize, gradient: f32, square: usize, rate: f32, alpha: f32, rest: f32, epsilon: f32): void {
  const v = alpha * load<f32>(square) + rest * (gradient * gradient);
  store<f32>(square, v);
  store<f32>(weight, load<f32>(weight) - (rate * gradient) / (sqrt<f32>(v) + epsilon));
}

/** v = alpha v + (1 - alpha) g^2, w -= rate g / (sqrt(v) + epsilon), for g = scale * gradient. */
export function rmsprop(
  weights: usize, gradient: usize, squares: usize, count: i32, scale: f32, rate: f32, alpha: f32, rest: f32, epsilon: f32,
): void {
  const scales = f32x4.splat(scale), rates = f32x4.splat(rate), alphas = f32x4.splat(alpha), rests = f32x4.splat(rest);
  const epsilons = f32x4.splat(epsilon);
  for (; count >= 4; count -= 4) {
    const g = f32x4.mul(v128.load(gradient), scales);
    const v = f32x4.add(f32x4.mul(alphas, v128.load(squares)), f32x4.mul(rests, f32x4.mul(g, g)));
    v128.store(squares, v);
    const change = f32x4.div(f32x4.mul(rates, g), f32x4.add(f32x4.sqrt(v), epsilons));
    v128.store(weights, f32x4.sub(v128.load(weights), change));
    weights += 16;
    gradient += 16;
    squares += 16;
  }
  for (; count > 0; count--) {
    rmspropOne(weights, load<f32>(gradient) * scale, squares, rate, alpha, rest, epsilon);
    weights += 4;
    gradient += 4;
    squares += 4;
  }
}

/** The same for the values of a sparse matrix's entries. */
export function rmspropSparse(
  entries: usize, gradient: usize, squares: usize, count: i32, scale: f32, rate: f32, alpha: f32, rest: f32, epsilon: f32,
): void {
  for (; count > 0; count--) {
    rmspropOne(entries, load<f32>(gradient) * scale, squares, rate, alpha, rest, epsilon);
    entries += 8;
    gradient += 4;
    squares += 4;
  }
}

/** Copies the entries' values to the addresses in `places`: those of the transposed matrix's entries. */
export function scatterValues(entries: usize, places: usize, count: i32): void {
  for (; count > 0; count--) {
    store<f32>(load<u32>(places) as usize, load<f32>(entries));
    entries += 8;
    places += 4;
  }
}

/** Transposes [rows, columns] to rows of `toStride` bytes. */
export function transposeMatrix(from: usize, rows: i32, columns: i32, to: usize, toStride: usize): void {
  for (let row = 0; row < rows; row++) {
    let at = to + ((row as usize) << 2);
    for (let column = 0; column < columns; column++) {
      store<f32>(at, load<f32>(from));
      from += 4;
      at += toStride;
    }
  }
}
