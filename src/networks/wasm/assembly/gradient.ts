import { fetchTile } from "./cache";
import { N1, N2, N3, N4 } from "./variants";

/**
 * Gradients of weights and biases: dW[o][i] = sum over lanes, tiles and steps of dY[o] X[i]. Lanes that have ended must
 * hold dY = 0 and a finite X.
 *
 * For a sparse W only the remaining entries are computed (a sampled product). Each has a vector of four partial sums
 * that runs over all steps and groups of an update, so that the horizontal sum is paid once an update, not once a tile.
 * X was written long before the way back through time comes to it: its tiles are fetched first.
 */

@inline
function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

function sampleTiles<Tiles, Vectors>(
  rowStarts: usize, rows: i32, columns: i32, sums: usize, biasSums: usize, ya: usize, yStride: usize, xa: usize, xStride: usize,
): void {
  const tiles = offsetof<Tiles>() as i32;
  const vectors = offsetof<Vectors>() as i32;
  const xb = xa + xStride, xc = xb + xStride, xd = xc + xStride;
  const zero = f32x4.splat(0);
  for (let tile = 0, x = xa; tile < tiles; tile++, x += xStride) fetchTile(x, columns);
  let entry = load<u32>(rowStarts) as usize;
  for (let end = rowStarts + ((rows as usize) << 2); rowStarts < end; ) {
    rowStarts += 4;
    const stop = load<u32>(rowStarts) as usize;
    const yb = ya + yStride, yc = yb + yStride, yd = yc + yStride;
    const a0 = v128.load(ya);
    const a1 = vectors > 1 ? v128.load(ya, 16) : zero;
    const a2 = vectors > 2 ? v128.load(ya, 32) : zero;
    const a3 = vectors > 3 ? v128.load(ya, 48) : zero;
    const b0 = tiles > 1 ? v128.load(yb) : zero;
    const b1 = tiles > 1 && vectors > 1 ? v128.load(yb, 16) : zero;
    const b2 = tiles > 1 && vectors > 2 ? v128.load(yb, 32) : zero;
    const b3 = tiles > 1 && vectors > 3 ? v128.load(yb, 48) : zero;
    const c0 = tiles > 2 ? v128.load(yc) : zero;
    const c1 = tiles > 2 && vectors > 1 ? v128.load(yc, 16) : zero;
    const d0 = tiles > 2 ? v128.load(yd) : zero;
    const d1 = tiles > 2 && vectors > 1 ? v128.load(yd, 16) : zero;
    ya += 64;
    let bias = a0;
    if (vectors > 1) bias = f32x4.add(bias, a1);
    if (vectors > 2) bias = f32x4.add(bias, a2);
    if (vectors > 3) bias = f32x4.add(bias, a3);
    if (tiles > 1) bias = f32x4.add(bias, b0);
    if (tiles > 1 && vectors > 1) bias = f32x4.add(bias, b1);
    if (tiles > 1 && vectors > 2) bias = f32x4.add(bias, b2);
    if (tiles > 1 && vectors > 3) bias = f32x4.add(bias, b3);
    if (tiles > 2) bias = f32x4.add(bias, c0);
    if (tiles > 2 && vectors > 1) bias = f32x4.add(bias, c1);
    if (tiles > 2) bias = f32x4.add(bias, d0);
    if (tiles > 2 && vectors > 1) bias = f32x4.add(bias, d1);
    v128.store(biasSums, f32x4.add(v128.load(biasSums), bias));
    biasSums += 16;
    for (; entry < stop; entry += 8) {
      const offset = load<u32>(entry, 4) as usize;
      let sum = v128.load(sums);
      const pa = xa + offset;
      sum = multiplyAdd(sum, a0, v128.load(pa));
      if (vectors > 1) sum = multiplyAdd(sum, a1, v128.load(pa, 16));
      if (vectors > 2) sum = multiplyAdd(sum, a2, v128.load(pa, 32));
      if (vectors > 3) sum = multiplyAdd(sum, a3, v128.load(pa, 48));
      if (tiles > 1) {
        const pb = xb + offset;
        sum = multiplyAdd(sum, b0, v128.load(pb));
        if (vectors > 1) sum = multiplyAdd(sum, b1, v128.load(pb, 16));
        if (vectors > 2) sum = multiplyAdd(sum, b2, v128.load(pb, 32));
        if (vectors > 3) sum = multiplyAdd(sum, b3, v128.load(pb, 48));
      }
      if (tiles > 2) {
        const pc = xc + offset;
        sum = multiplyAdd(sum, c0, v128.load(pc));
        if (vectors > 1) sum = multiplyAdd(sum, c1, v128.load(pc, 16));
        const pd = xd + offset;
        sum = multiplyAdd(sum, d0, v128.load(pd));
        if (vectors > 1) sum = multiplyAdd(sum, d1, v128.load(pd, 16));
      }
      v128.store(sums, sum);
      sums += 16;
    }
  }
}

@inline
function sampleAll<Vectors>(
  rowStarts: usize, rows: i32, columns: i32, sums: usize, biasSums: usize,
  y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32,
): void {
  if (offsetof<Vectors>() < 3) {
    for (; tiles > 3; tiles -= 4) {
      sampleTiles<N4, Vectors>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride);
      y += yStride << 2;
      x += xStride << 2;
    }
  }
  for (; tiles > 1; tiles -= 2) {
    sampleTiles<N2, Vectors>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride);
    y += yStride << 1;
    x += xStride << 1;
  }
  if (tiles) sampleTiles<N1, Vectors>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride);
}

/**
 * Adds dY X' at the entries of `rows` rows of W [rows, columns] to `sums` [entries, 4 partial sums] (that of the first row's first entry), and
 * the sums of dY to `biasSums` [rows, 4 partial sums].
 */
export function sparseGradient(
  rowStarts: usize, rows: i32, columns: i32, sums: usize, biasSums: usize,
  y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32, vectors: i32,
): void {
  if (vectors == 4) sampleAll<N4>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride, tiles);
  else if (vectors == 3) sampleAll<N3>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride, tiles);
  else if (vectors == 2) sampleAll<N2>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride, tiles);
  else sampleAll<N1>(rowStarts, rows, columns, sums, biasSums, y, yStride, x, xStride, tiles);
}

/** Adds the sums of dY over lanes and tiles to `biasSums` [rows, 4 partial sums]. */
export function rowSums(biasSums: usize, rows: i32, y: usize, yStride: usize, tiles: i32, vectors: i32): void {
  for (let row = 0; row < rows; row++) {
    let sum = v128.load(biasSums);
    let p = y;
    for (let tile = 0; tile < tiles; tile++) {
      sum = f32x4.add(sum, v128.load(p));
      if (vectors > 1) sum = f32x4.add(sum, v128.load(p, 16));
      if (vectors > 2) sum = f32x4.add(sum, v128.load(p, 32));
      if (vectors > 3) sum = f32x4.add(sum, v128.load(p, 48));
      p += yStride;
    }
    v128.store(biasSums, sum);
    biasSums += 16;
    y += 64;
  }
}

/** The horizontal sums of four vectors, as one vector. */
@inline
function sumsOf4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(ab, cd, 0, 2), v128.shuffle<f64>(ab, cd, 1, 3));
}

// One vector of lanes a turn: with more, V8 (up to Node 22) moves too many loads to the front of the loop and spills registers.
function block2x4(dw: usize, dwStride: usize, y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32, bytes: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (; tiles > 0; tiles--) {
    for (let py = y, px = x, stop = y + bytes; py < stop; ) {
      const x0 = v128.load(px);
      const x1 = v128.load(px, 64);
      const x2 = v128.load(px, 128);
      const x3 = v128.load(px, 192);
      const y0 = v128.load(py);
      a0 = multiplyAdd(a0, y0, x0);
      a1 = multiplyAdd(a1, y0, x1);
      a2 = multiplyAdd(a2, y0, x2);
      a3 = multiplyAdd(a3, y0, x3);
      const y1 = v128.load(py, 64);
      b0 = multiplyAdd(b0, y1, x0);
      b1 = multiplyAdd(b1, y1, x1);
      b2 = multiplyAdd(b2, y1, x2);
      b3 = multiplyAdd(b3, y1, x3);
      py += 16;
      px += 16;
    }
    y += yStride;
    x += xStride;
  }
  v128.store(dw, f32x4.add(v128.load(dw), sumsOf4(a0, a1, a2, a3)));
  dw += dwStride;
  v128.store(dw, f32x4.add(v128.load(dw), sumsOf4(b0, b1, b2, b3)));
}

function block2x1(dw: usize, dwStride: usize, y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32, bytes: usize): void {
  let a0 = f32x4.splat(0), b0 = a0;
  for (; tiles > 0; tiles--) {
    for (let py = y, px = x, stop = y + bytes; py < stop; ) {
      const x0 = v128.load(px);
      const y0 = v128.load(py);
      a0 = multiplyAdd(a0, y0, x0);
      const y1 = v128.load(py, 64);
      b0 = multiplyAdd(b0, y1, x0);
      py += 16;
      px += 16;
    }
    y += yStride;
    x += xStride;
  }
  store<f32>(dw, load<f32>(dw) + f32x4.extract_lane(sumsOf4(a0, a0, a0, a0), 0));
  dw += dwStride;
  store<f32>(dw, load<f32>(dw) + f32x4.extract_lane(sumsOf4(b0, b0, b0, b0), 0));
}

function block1x4(dw: usize, dwStride: usize, y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32, bytes: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  for (; tiles > 0; tiles--) {
    for (let py = y, px = x, stop = y + bytes; py < stop; ) {
      const x0 = v128.load(px);
      const x1 = v128.load(px, 64);
      const x2 = v128.load(px, 128);
      const x3 = v128.load(px, 192);
      const y0 = v128.load(py);
      a0 = multiplyAdd(a0, y0, x0);
      a1 = multiplyAdd(a1, y0, x1);
      a2 = multiplyAdd(a2, y0, x2);
      a3 = multiplyAdd(a3, y0, x3);
      py += 16;
      px += 16;
    }
    y += yStride;
    x += xStride;
  }
  v128.store(dw, f32x4.add(v128.load(dw), sumsOf4(a0, a1, a2, a3)));
}

function block1x1(dw: usize, dwStride: usize, y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32, bytes: usize): void {
  let a0 = f32x4.splat(0);
  for (; tiles > 0; tiles--) {
    for (let py = y, px = x, stop = y + bytes; py < stop; ) {
      const x0 = v128.load(px);
      const y0 = v128.load(py);
      a0 = multiplyAdd(a0, y0, x0);
      py += 16;
      px += 16;
    }
    y += yStride;
    x += xStride;
  }
  store<f32>(dw, load<f32>(dw) + f32x4.extract_lane(sumsOf4(a0, a0, a0, a0), 0));
}

/** Adds dY X' over lanes and tiles to dW [rows, columns]. */
export function denseGradient(
  dw: usize, columns: i32, rows: i32, y: usize, yStride: usize, x: usize, xStride: usize, tiles: i32, vectors: i32,
): void {
  const dwStride = (columns as usize) << 2;
  const bytes = (vectors as usize) << 4;
  for (; rows > 0; rows -= 2) {
    let to = dw, from = x;
    let left = columns;
    for (; left >= 4; left -= 4) {
      if (rows > 1) block2x4(to, dwStride, y, yStride, from, xStride, tiles, bytes);
      else block1x4(to, dwStride, y, yStride, from, xStride, tiles, bytes);
      to += 16;
      from += 256;
    }
    for (; left > 0; left--) {
      if (rows > 1) block2x1(to, dwStride, y, yStride, from, xStride, tiles, bytes);
      else block1x1(to, dwStride, y, yStride, from, xStride, tiles, bytes);
      to += 4;
      from += 64;
    }
    dw += dwStride << 1;
    y += 128;
  }
}
