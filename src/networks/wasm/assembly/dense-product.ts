import { N0, N1, N2, N3, N4 } from "./variants";

/**
 * The same products as sparse-product.ts for a dense W, row-major [rows, columns]: register tiles of 2 rows x 3..4 vectors
 * or 4 rows x 1..2 vectors, so that a load of X serves several rows.
 */

type Forward = N0;
type Accumulate = N1;
type Gated = N2;
const FORWARD: i32 = 0;
const ACCUMULATE: i32 = 1;
const GATED: i32 = 2;

/** One vector of one output row: where its sum starts. */
@inline
function begin<Mode>(bias: usize, y: usize): v128 {
  const mode = offsetof<Mode>() as i32;
  return mode == FORWARD ? v128.load32_splat(bias) : mode == ACCUMULATE ? v128.load(y) : f32x4.splat(0);
}

@inline
function finish<Mode>(sum: v128, floor: v128, gate: usize, y: usize): void {
  const mode = offsetof<Mode>() as i32;
  v128.store(y, mode == FORWARD ? f32x4.pmax(sum, floor) : mode == GATED ? v128.and(sum, f32x4.gt(v128.load(gate), floor)) : sum);
}

@inline
function rows1<Mode, Vectors>(w: usize, wStride: usize, columns: i32, bias: usize, floor: v128, x: usize, y: usize, gate: usize): void {
  const vectors = offsetof<Vectors>() as i32;
  let a0 = begin<Mode>(bias + 0, y + 0);
  let a1 = vectors > 1 ? begin<Mode>(bias + 0, y + 16) : f32x4.splat(0);
  let a2 = vectors > 2 ? begin<Mode>(bias + 0, y + 32) : f32x4.splat(0);
  let a3 = vectors > 3 ? begin<Mode>(bias + 0, y + 48) : f32x4.splat(0);
  const end = w + ((columns as usize) << 2);
  while (w < end) {
    const s0 = v128.load32_splat(w);
    const x0 = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(s0, x0));
    if (vectors > 1) {
      const x1 = v128.load(x, 16);
      a1 = f32x4.add(a1, f32x4.mul(s0, x1));
    }
    if (vectors > 2) {
      const x2 = v128.load(x, 32);
      a2 = f32x4.add(a2, f32x4.mul(s0, x2));
    }
    if (vectors > 3) {
      const x3 = v128.load(x, 48);
      a3 = f32x4.add(a3, f32x4.mul(s0, x3));
    }
    x += 64;
    w += 4;
  }
  finish<Mode>(a0, floor, gate + 0, y + 0);
  if (vectors > 1) finish<Mode>(a1, floor, gate + 16, y + 16);
  if (vectors > 2) finish<Mode>(a2, floor, gate + 32, y + 32);
  if (vectors > 3) finish<Mode>(a3, floor, gate + 48, y + 48);
}

@inline
function rows2<Mode, Vectors>(w: usize, wStride: usize, columns: i32, bias: usize, floor: v128, x: usize, y: usize, gate: usize): void {
  const vectors = offsetof<Vectors>() as i32;
  let a0 = begin<Mode>(bias + 0, y + 0);
  let a1 = vectors > 1 ? begin<Mode>(bias + 0, y + 16) : f32x4.splat(0);
  let a2 = vectors > 2 ? begin<Mode>(bias + 0, y + 32) : f32x4.splat(0);
  let a3 = vectors > 3 ? begin<Mode>(bias + 0, y + 48) : f32x4.splat(0);
  let b0 = begin<Mode>(bias + 4, y + 64);
  let b1 = vectors > 1 ? begin<Mode>(bias + 4, y + 80) : f32x4.splat(0);
  let b2 = vectors > 2 ? begin<Mode>(bias + 4, y + 96) : f32x4.splat(0);
  let b3 = vectors > 3 ? begin<Mode>(bias + 4, y + 112) : f32x4.splat(0);
  const w1 = w + wStride;
  const end = w + ((columns as usize) << 2);
  let k: usize = 0;
  while (w < end) {
    const s0 = v128.load32_splat(w);
    const s1 = v128.load32_splat(w1 + k);
    const x0 = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(s0, x0));
    b0 = f32x4.add(b0, f32x4.mul(s1, x0));
    if (vectors > 1) {
      const x1 = v128.load(x, 16);
      a1 = f32x4.add(a1, f32x4.mul(s0, x1));
      b1 = f32x4.add(b1, f32x4.mul(s1, x1));
    }
    if (vectors > 2) {
      const x2 = v128.load(x, 32);
      a2 = f32x4.add(a2, f32x4.mul(s0, x2));
      b2 = f32x4.add(b2, f32x4.mul(s1, x2));
    }
    if (vectors > 3) {
      const x3 = v128.load(x, 48);
      a3 = f32x4.add(a3, f32x4.mul(s0, x3));
      b3 = f32x4.add(b3, f32x4.mul(s1, x3));
    }
    x += 64;
    w += 4;
    k += 4;
  }
  finish<Mode>(a0, floor, gate + 0, y + 0);
  if (vectors > 1) finish<Mode>(a1, floor, gate + 16, y + 16);
  if (vectors > 2) finish<Mode>(a2, floor, gate + 32, y + 32);
  if (vectors > 3) finish<Mode>(a3, floor, gate + 48, y + 48);
  finish<Mode>(b0, floor, gate + 64, y + 64);
  if (vectors > 1) finish<Mode>(b1, floor, gate + 80, y + 80);
  if (vectors > 2) finish<Mode>(b2, floor, gate + 96, y + 96);
  if (vectors > 3) finish<Mode>(b3, floor, gate + 112, y + 112);
}

@inline
function rows4<Mode, Vectors>(w: usize, wStride: usize, columns: i32, bias: usize, floor: v128, x: usize, y: usize, gate: usize): void {
  const vectors = offsetof<Vectors>() as i32;
  let a0 = begin<Mode>(bias + 0, y + 0);
  let a1 = vectors > 1 ? begin<Mode>(bias + 0, y + 16) : f32x4.splat(0);
  let a2 = vectors > 2 ? begin<Mode>(bias + 0, y + 32) : f32x4.splat(0);
  let a3 = vectors > 3 ? begin<Mode>(bias + 0, y + 48) : f32x4.splat(0);
  let b0 = begin<Mode>(bias + 4, y + 64);
  let b1 = vectors > 1 ? begin<Mode>(bias + 4, y + 80) : f32x4.splat(0);
  let b2 = vectors > 2 ? begin<Mode>(bias + 4, y + 96) : f32x4.splat(0);
  let b3 = vectors > 3 ? begin<Mode>(bias + 4, y + 112) : f32x4.splat(0);
  let c0 = begin<Mode>(bias + 8, y + 128);
  let c1 = vectors > 1 ? begin<Mode>(bias + 8, y + 144) : f32x4.splat(0);
  let c2 = vectors > 2 ? begin<Mode>(bias + 8, y + 160) : f32x4.splat(0);
  let c3 = vectors > 3 ? begin<Mode>(bias + 8, y + 176) : f32x4.splat(0);
  let d0 = begin<Mode>(bias + 12, y + 192);
  let d1 = vectors > 1 ? begin<Mode>(bias + 12, y + 208) : f32x4.splat(0);
  let d2 = vectors > 2 ? begin<Mode>(bias + 12, y + 224) : f32x4.splat(0);
  let d3 = vectors > 3 ? begin<Mode>(bias + 12, y + 240) : f32x4.splat(0);
  const w1 = w + wStride;
  const w2 = w1 + wStride;
  const w3 = w2 + wStride;
  const end = w + ((columns as usize) << 2);
  let k: usize = 0;
  while (w < end) {
    const s0 = v128.load32_splat(w);
    const s1 = v128.load32_splat(w1 + k);
    const s2 = v128.load32_splat(w2 + k);
    const s3 = v128.load32_splat(w3 + k);
    const x0 = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(s0, x0));
    b0 = f32x4.add(b0, f32x4.mul(s1, x0));
    c0 = f32x4.add(c0, f32x4.mul(s2, x0));
    d0 = f32x4.add(d0, f32x4.mul(s3, x0));
    if (vectors > 1) {
      const x1 = v128.load(x, 16);
      a1 = f32x4.add(a1, f32x4.mul(s0, x1));
      b1 = f32x4.add(b1, f32x4.mul(s1, x1));
      c1 = f32x4.add(c1, f32x4.mul(s2, x1));
      d1 = f32x4.add(d1, f32x4.mul(s3, x1));
    }
    if (vectors > 2) {
      const x2 = v128.load(x, 32);
      a2 = f32x4.add(a2, f32x4.mul(s0, x2));
      b2 = f32x4.add(b2, f32x4.mul(s1, x2));
      c2 = f32x4.add(c2, f32x4.mul(s2, x2));
      d2 = f32x4.add(d2, f32x4.mul(s3, x2));
    }
    if (vectors > 3) {
      const x3 = v128.load(x, 48);
      a3 = f32x4.add(a3, f32x4.mul(s0, x3));
      b3 = f32x4.add(b3, f32x4.mul(s1, x3));
      c3 = f32x4.add(c3, f32x4.mul(s2, x3));
      d3 = f32x4.add(d3, f32x4.mul(s3, x3));
    }
    x += 64;
    w += 4;
    k += 4;
  }
  finish<Mode>(a0, floor, gate + 0, y + 0);
  if (vectors > 1) finish<Mode>(a1, floor, gate + 16, y + 16);
  if (vectors > 2) finish<Mode>(a2, floor, gate + 32, y + 32);
  if (vectors > 3) finish<Mode>(a3, floor, gate + 48, y + 48);
  finish<Mode>(b0, floor, gate + 64, y + 64);
  if (vectors > 1) finish<Mode>(b1, floor, gate + 80, y + 80);
  if (vectors > 2) finish<Mode>(b2, floor, gate + 96, y + 96);
  if (vectors > 3) finish<Mode>(b3, floor, gate + 112, y + 112);
  finish<Mode>(c0, floor, gate + 128, y + 128);
  if (vectors > 1) finish<Mode>(c1, floor, gate + 144, y + 144);
  if (vectors > 2) finish<Mode>(c2, floor, gate + 160, y + 160);
  if (vectors > 3) finish<Mode>(c3, floor, gate + 176, y + 176);
  finish<Mode>(d0, floor, gate + 192, y + 192);
  if (vectors > 1) finish<Mode>(d1, floor, gate + 208, y + 208);
  if (vectors > 2) finish<Mode>(d2, floor, gate + 224, y + 224);
  if (vectors > 3) finish<Mode>(d3, floor, gate + 240, y + 240);
}

@inline
function allTiles<Mode, Vectors>(
  weights: usize, columns: i32, rows: i32, biases: usize, floor: v128,
  x: usize, xStride: usize, y: usize, yStride: usize, gate: usize, gateStride: usize, tiles: i32,
): void {
  const vectors = offsetof<Vectors>() as i32;
  const wStride = (columns as usize) << 2;
  for (; tiles > 0; tiles--) {
    let w = weights, bias = biases, to = y, by = gate;
    let left = rows;
    if (vectors < 3) {
      for (; left >= 4; left -= 4) {
        rows4<Mode, Vectors>(w, wStride, columns, bias, floor, x, to, by);
        w += wStride << 2;
        bias += 16;
        to += 256;
        by += 256;
      }
    }
    for (; left >= 2; left -= 2) {
      rows2<Mode, Vectors>(w, wStride, columns, bias, floor, x, to, by);
      w += wStride << 1;
      bias += 8;
      to += 128;
      by += 128;
    }
    if (left) rows1<Mode, Vectors>(w, wStride, columns, bias, floor, x, to, by);
    x += xStride;
    y += yStride;
    gate += gateStride;
  }
}

/** Y = W X + bias on `tiles` tiles, `xStride` and `yStride` bytes apart, through a ReLU if `relu`; `bias` is [rows]. */
export function denseForward(
  weights: usize, columns: i32, rows: i32, bias: usize, relu: bool,
  x: usize, xStride: usize, y: usize, yStride: usize, tiles: i32, vectors: i32,
): void {
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  if (vectors == 4) allTiles<Forward, N4>(weights, columns, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 3) allTiles<Forward, N3>(weights, columns, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 2) allTiles<Forward, N2>(weights, columns, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
  else allTiles<Forward, N1>(weights, columns, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
}

/** Y += W X */
export function denseAccumulate(
  weights: usize, columns: i32, rows: i32,
  x: usize, xStride: usize, y: usize, yStride: usize, tiles: i32, vectors: i32,
): void {
  const zero = f32x4.splat(0);
  if (vectors == 4) allTiles<Accumulate, N4>(weights, columns, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 3) allTiles<Accumulate, N3>(weights, columns, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 2) allTiles<Accumulate, N2>(weights, columns, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
  else allTiles<Accumulate, N1>(weights, columns, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
}

/** Y = W X where the tile `gate` is positive, else 0: the gradient through a ReLU whose output `gate` is. */
export function denseGated(
  weights: usize, columns: i32, rows: i32,
  x: usize, xStride: usize, y: usize, yStride: usize, gate: usize, gateStride: usize, tiles: i32, vectors: i32,
): void {
  const zero = f32x4.splat(0);
  if (vectors == 4) allTiles<Gated, N4>(weights, columns, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
  else if (vectors == 3) allTiles<Gated, N3>(weights, columns, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
  else if (vectors == 2) allTiles<Gated, N2>(weights, columns, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
  else allTiles<Gated, N1>(weights, columns, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
}
