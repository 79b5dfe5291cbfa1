import { N0, N1, N2, N3, N4 } from "./variants";

/**
 * Y = W X for a sparse W in compressed rows: `rowStarts` holds, for each row and once more for the end, the address of
 * its first entry; an entry is a pair (value f32, offset u32), where the offset is that of the column's row of lanes in
 * the tile X. With the transposed entries it gives dX = W' dY.
 *
 * Two tiles of 3 or 4 vectors, or four of 1 or 2, share each entry's loads; their 8 sums leave V8 enough of its 15 registers. Two
 * entries a turn keep it from unrolling the loop by itself, and the sums are updated from the last to the first: up to Node 22, V8
 * moves all loads of a loop to its front, and spills registers, unless they stand in the opposite order of the variables they
 * are added to (33 GFLOP/s the other way round, 48 so). It is one function for each variant for the same reason: Binaryen
 * shuffles the variables of larger ones.
 */

type Forward = N0;
type Accumulate = N1;
type Gated = N2;
const FORWARD: i32 = 0;
const ACCUMULATE: i32 = 1;
const GATED: i32 = 2;

function rowsOfTiles<Mode, Tiles, Vectors>(
  rowStarts: usize, rows: i32, bias: usize, floor: v128,
  xa: usize, xStride: usize, ya: usize, yStride: usize, ga: usize, gateStride: usize,
): void {
  const mode = offsetof<Mode>() as i32;
  const tiles = offsetof<Tiles>() as i32;
  const vectors = offsetof<Vectors>() as i32;
  const xb = xa + xStride, xc = xb + xStride, xd = xc + xStride;
  let yb = ya + yStride, yc = yb + yStride, yd = yc + yStride;
  let gb = ga + gateStride, gc = gb + gateStride, gd = gc + gateStride;
  let entry = load<u32>(rowStarts) as usize;
  for (let end = rowStarts + ((rows as usize) << 2); rowStarts < end; ) {
    rowStarts += 4;
    const stop = load<u32>(rowStarts) as usize;
    let a0 = f32x4.splat(0);
    if (mode == FORWARD) {
      a0 = v128.load32_splat(bias);
      bias += 4;
    }
    let a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    if (mode == ACCUMULATE) {
      a0 = v128.load(ya);
      if (vectors > 1) a1 = v128.load(ya, 16);
      if (vectors > 2) a2 = v128.load(ya, 32);
      if (vectors > 3) a3 = v128.load(ya, 48);
      if (tiles > 1) {
        b0 = v128.load(yb);
        if (vectors > 1) b1 = v128.load(yb, 16);
        if (vectors > 2) b2 = v128.load(yb, 32);
        if (vectors > 3) b3 = v128.load(yb, 48);
      }
      if (tiles > 2) {
        c0 = v128.load(yc);
        if (vectors > 1) c1 = v128.load(yc, 16);
        d0 = v128.load(yd);
        if (vectors > 1) d1 = v128.load(yd, 16);
      }
    }
    for (; entry + 8 < stop; entry += 16) {
      const w0 = v128.load32_splat(entry);
      const offset0 = load<u32>(entry, 4) as usize;
      const w1 = v128.load32_splat(entry, 8);
      const offset1 = load<u32>(entry, 12) as usize;
      if (tiles > 2) {
        const pd = xd + offset0, qd = xd + offset1;
        if (vectors > 1) d1 = f32x4.add(f32x4.add(d1, f32x4.mul(w0, v128.load(pd, 16))), f32x4.mul(w1, v128.load(qd, 16)));
        d0 = f32x4.add(f32x4.add(d0, f32x4.mul(w0, v128.load(pd))), f32x4.mul(w1, v128.load(qd)));
        const pc = xc + offset0, qc = xc + offset1;
        if (vectors > 1) c1 = f32x4.add(f32x4.add(c1, f32x4.mul(w0, v128.load(pc, 16))), f32x4.mul(w1, v128.load(qc, 16)));
        c0 = f32x4.add(f32x4.add(c0, f32x4.mul(w0, v128.load(pc))), f32x4.mul(w1, v128.load(qc)));
      }
      if (tiles > 1) {
        const pb = xb + offset0, qb = xb + offset1;
        if (vectors > 3) b3 = f32x4.add(f32x4.add(b3, f32x4.mul(w0, v128.load(pb, 48))), f32x4.mul(w1, v128.load(qb, 48)));
        if (vectors > 2) b2 = f32x4.add(f32x4.add(b2, f32x4.mul(w0, v128.load(pb, 32))), f32x4.mul(w1, v128.load(qb, 32)));
        if (vectors > 1) b1 = f32x4.add(f32x4.add(b1, f32x4.mul(w0, v128.load(pb, 16))), f32x4.mul(w1, v128.load(qb, 16)));
        b0 = f32x4.add(f32x4.add(b0, f32x4.mul(w0, v128.load(pb))), f32x4.mul(w1, v128.load(qb)));
      }
      const pa = xa + offset0, qa = xa + offset1;
      if (vectors > 3) a3 = f32x4.add(f32x4.add(a3, f32x4.mul(w0, v128.load(pa, 48))), f32x4.mul(w1, v128.load(qa, 48)));
      if (vectors > 2) a2 = f32x4.add(f32x4.add(a2, f32x4.mul(w0, v128.load(pa, 32))), f32x4.mul(w1, v128.load(qa, 32)));
      if (vectors > 1) a1 = f32x4.add(f32x4.add(a1, f32x4.mul(w0, v128.load(pa, 16))), f32x4.mul(w1, v128.load(qa, 16)));
      a0 = f32x4.add(f32x4.add(a0, f32x4.mul(w0, v128.load(pa))), f32x4.mul(w1, v128.load(qa)));
    }
    if (entry < stop) {
      const w0 = v128.load32_splat(entry);
      const offset0 = load<u32>(entry, 4) as usize;
      if (tiles > 2) {
        const pd = xd + offset0;
        if (vectors > 1) d1 = f32x4.add(d1, f32x4.mul(w0, v128.load(pd, 16)));
        d0 = f32x4.add(d0, f32x4.mul(w0, v128.load(pd)));
        const pc = xc + offset0;
        if (vectors > 1) c1 = f32x4.add(c1, f32x4.mul(w0, v128.load(pc, 16)));
        c0 = f32x4.add(c0, f32x4.mul(w0, v128.load(pc)));
      }
      if (tiles > 1) {
        const pb = xb + offset0;
        if (vectors > 3) b3 = f32x4.add(b3, f32x4.mul(w0, v128.load(pb, 48)));
        if (vectors > 2) b2 = f32x4.add(b2, f32x4.mul(w0, v128.load(pb, 32)));
        if (vectors > 1) b1 = f32x4.add(b1, f32x4.mul(w0, v128.load(pb, 16)));
        b0 = f32x4.add(b0, f32x4.mul(w0, v128.load(pb)));
      }
      const pa = xa + offset0;
      if (vectors > 3) a3 = f32x4.add(a3, f32x4.mul(w0, v128.load(pa, 48)));
      if (vectors > 2) a2 = f32x4.add(a2, f32x4.mul(w0, v128.load(pa, 32)));
      if (vectors > 1) a1 = f32x4.add(a1, f32x4.mul(w0, v128.load(pa, 16)));
      a0 = f32x4.add(a0, f32x4.mul(w0, v128.load(pa)));
      entry += 8;
    }
    if (mode == FORWARD) {
      a0 = f32x4.pmax(a0, floor);
      if (vectors > 1) a1 = f32x4.pmax(a1, floor);
      if (vectors > 2) a2 = f32x4.pmax(a2, floor);
      if (vectors > 3) a3 = f32x4.pmax(a3, floor);
      if (tiles > 1) {
        b0 = f32x4.pmax(b0, floor);
        if (vectors > 1) b1 = f32x4.pmax(b1, floor);
        if (vectors > 2) b2 = f32x4.pmax(b2, floor);
        if (vectors > 3) b3 = f32x4.pmax(b3, floor);
      }
      if (tiles > 2) {
        c0 = f32x4.pmax(c0, floor);
        if (vectors > 1) c1 = f32x4.pmax(c1, floor);
        d0 = f32x4.pmax(d0, floor);
        if (vectors > 1) d1 = f32x4.pmax(d1, floor);
      }
    } else if (mode == GATED) {
      a0 = v128.and(a0, f32x4.gt(v128.load(ga), floor));
      if (vectors > 1) a1 = v128.and(a1, f32x4.gt(v128.load(ga, 16), floor));
      if (vectors > 2) a2 = v128.and(a2, f32x4.gt(v128.load(ga, 32), floor));
      if (vectors > 3) a3 = v128.and(a3, f32x4.gt(v128.load(ga, 48), floor));
      ga += 64;
      if (tiles > 1) {
        b0 = v128.and(b0, f32x4.gt(v128.load(gb), floor));
        if (vectors > 1) b1 = v128.and(b1, f32x4.gt(v128.load(gb, 16), floor));
        if (vectors > 2) b2 = v128.and(b2, f32x4.gt(v128.load(gb, 32), floor));
        if (vectors > 3) b3 = v128.and(b3, f32x4.gt(v128.load(gb, 48), floor));
        gb += 64;
      }
      if (tiles > 2) {
        c0 = v128.and(c0, f32x4.gt(v128.load(gc), floor));
        if (vectors > 1) c1 = v128.and(c1, f32x4.gt(v128.load(gc, 16), floor));
        gc += 64;
        d0 = v128.and(d0, f32x4.gt(v128.load(gd), floor));
        if (vectors > 1) d1 = v128.and(d1, f32x4.gt(v128.load(gd, 16), floor));
        gd += 64;
      }
    }
    v128.store(ya, a0);
    if (vectors > 1) v128.store(ya, a1, 16);
    if (vectors > 2) v128.store(ya, a2, 32);
    if (vectors > 3) v128.store(ya, a3, 48);
    ya += 64;
    if (tiles > 1) {
      v128.store(yb, b0);
      if (vectors > 1) v128.store(yb, b1, 16);
      if (vectors > 2) v128.store(yb, b2, 32);
      if (vectors > 3) v128.store(yb, b3, 48);
      yb += 64;
    }
    if (tiles > 2) {
      v128.store(yc, c0);
      if (vectors > 1) v128.store(yc, c1, 16);
      yc += 64;
      v128.store(yd, d0);
      if (vectors > 1) v128.store(yd, d1, 16);
      yd += 64;
    }
  }
}

@inline
function allTiles<Mode, Vectors>(
  rowStarts: usize, rows: i32, bias: usize, floor: v128,
  x: usize, xStride: usize, y: usize, yStride: usize, gate: usize, gateStride: usize, tiles: i32,
): void {
  if (offsetof<Vectors>() < 3) {
    for (; tiles > 3; tiles -= 4) {
      rowsOfTiles<Mode, N4, Vectors>(rowStarts, rows, bias, floor, x, xStride, y, yStride, gate, gateStride);
      x += xStride << 2;
      y += yStride << 2;
      gate += gateStride << 2;
    }
  }
  for (; tiles > 1; tiles -= 2) {
    rowsOfTiles<Mode, N2, Vectors>(rowStarts, rows, bias, floor, x, xStride, y, yStride, gate, gateStride);
    x += xStride << 1;
    y += yStride << 1;
    gate += gateStride << 1;
  }
  if (tiles) rowsOfTiles<Mode, N1, Vectors>(rowStarts, rows, bias, floor, x, xStride, y, yStride, gate, gateStride);
}

/** Y = W X + bias on `tiles` tiles, `xStride` and `yStride` bytes apart, through a ReLU if `relu`; `bias` is [rows]. */
export function sparseForward(
  rowStarts: usize, rows: i32, bias: usize, relu: bool,
  x: usize, xStride: usize, y: usize, yStride: usize, tiles: i32, vectors: i32,
): void {
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  if (vectors == 4) allTiles<Forward, N4>(rowStarts, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 3) allTiles<Forward, N3>(rowStarts, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 2) allTiles<Forward, N2>(rowStarts, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
  else allTiles<Forward, N1>(rowStarts, rows, bias, floor, x, xStride, y, yStride, 0, 0, tiles);
}

/** Y += W X */
export function sparseAccumulate(
  rowStarts: usize, rows: i32,
  x: usize, xStride: usize, y: usize, yStride: usize, tiles: i32, vectors: i32,
): void {
  const zero = f32x4.splat(0);
  if (vectors == 4) allTiles<Accumulate, N4>(rowStarts, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 3) allTiles<Accumulate, N3>(rowStarts, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
  else if (vectors == 2) allTiles<Accumulate, N2>(rowStarts, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
  else allTiles<Accumulate, N1>(rowStarts, rows, 0, zero, x, xStride, y, yStride, 0, 0, tiles);
}

/** Y = W X where the tile `gate` is positive, else 0: the gradient through a ReLU whose output `gate` is. */
export function sparseGated(
  rowStarts: usize, rows: i32,
  x: usize, xStride: usize, y: usize, yStride: usize, gate: usize, gateStride: usize, tiles: i32, vectors: i32,
): void {
  const zero = f32x4.splat(0);
  if (vectors == 4) allTiles<Gated, N4>(rowStarts, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
  else if (vectors == 3) allTiles<Gated, N3>(rowStarts, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
  else if (vectors == 2) allTiles<Gated, N2>(rowStarts, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
  else allTiles<Gated, N1>(rowStarts, rows, 0, zero, x, xStride, y, yStride, gate, gateStride, tiles);
}
