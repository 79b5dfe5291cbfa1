import { logistic4, tanh4 } from "./activation";

/**
 * The elementwise part of a GRU cell, in place on a tile of four blocks of gates, each `block` bytes after the last:
 * candidate from the input, reset, update, candidate from the hidden state (n, r, z, nh):
 *
 *     r = logistic(r), z = logistic(z), n = tanh(n + r nh), h' = (1 - z) n + z h
 *
 * In this order the rows that meet the input (n, r, z) and those that meet the hidden state (r, z, nh) are each contiguous.
 */

const ONE: usize = memory.data<f32>([1, 1, 1, 1], 16);

/** Leaves n, r, z and nh in place of the sums `gates`, and h' in `next`. */
export function gruForward(
  gates: usize, gatesStride: usize, block: usize, h: usize, hStride: usize, next: usize, nextStride: usize,
  hidden: i32, tiles: i32, vectors: i32,
): void {
  const bytes = (vectors as usize) << 4;
  const end = (hidden as usize) << 6;
  for (; tiles > 0; tiles--) {
    // In two passes: r and then n in one go is a chain of dependent operations too long for the processor to look past.
    for (let row: usize = 0; row < end; row += 64) {
      for (let at = row, stop = row + bytes; at < stop; at += 16) {
        const pr = gates + at + block, pz = pr + block;
        v128.store(pr, logistic4(v128.load(pr)));
        v128.store(pz, logistic4(v128.load(pz)));
      }
    }
    for (let row: usize = 0; row < end; row += 64) {
      for (let at = row, stop = row + bytes; at < stop; at += 16) {
        const pn = gates + at, pr = pn + block, pz = pr + block;
        const n = tanh4(f32x4.add(v128.load(pn), f32x4.mul(v128.load(pr), v128.load(pz + block))));
        v128.store(pn, n);
        v128.store(next + at, f32x4.add(n, f32x4.mul(v128.load(pz), f32x4.sub(v128.load(h + at), n))));
      }
    }
    gates += gatesStride;
    h += hStride;
    next += nextStride;
  }
}

/**
 * Given dL/dh' in `dh`, what `gruForward` left in `gates` and the previous `h`: the gradients of the four blocks of sums in
 * `dGates`, and the direct part z dL/dh' of dL/dh in place of `dh`.
 */
export function gruBackward(
  gates: usize, gatesStride: usize, dGates: usize, dGatesStride: usize, block: usize,
  h: usize, hStride: usize, dh: usize, dhStride: usize, hidden: i32, tiles: i32, vectors: i32,
): void {
  const bytes = (vectors as usize) << 4;
  for (; tiles > 0; tiles--) {
    for (let row: usize = 0, end = (hidden as usize) << 6; row < end; row += 64) {
      for (let at = row, stop = row + bytes; at < stop; at += 16) {
        const one = v128.load(ONE);
        const pn = gates + at, pr = pn + block, pz = pr + block;
        const n = v128.load(pn);
        const r = v128.load(pr);
        const z = v128.load(pz);
        const d = v128.load(dh + at);
        const keep = f32x4.mul(d, z);
        const rest = f32x4.sub(d, keep);
        const dn = f32x4.mul(rest, f32x4.sub(one, f32x4.mul(n, n)));
        const dr = f32x4.mul(f32x4.mul(dn, v128.load(pz + block)), f32x4.mul(r, f32x4.sub(one, r)));
        const dz = f32x4.mul(f32x4.mul(rest, z), f32x4.sub(v128.load(h + at), n));
        const qn = dGates + at, qr = qn + block, qz = qr + block;
        v128.store(qn, dn);
        v128.store(qr, dr);
        v128.store(qz, dz);
        v128.store(qz + block, f32x4.mul(dn, r));
        v128.store(dh + at, keep);
      }
    }
    gates += gatesStride;
    dGates += dGatesStride;
    h += hStride;
    dh += dhStride;
  }
}
