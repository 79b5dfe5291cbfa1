import { LOGISTIC, TANH } from "./activation";
import { N0, N1 } from "./variants";

/**
 * The elementwise part of a GRU cell, in place on a tile of four blocks of gates, each `block` bytes after the last:
 * candidate from the input, reset, update, candidate from the hidden state (n, r, z, nh):
 *
 *     r = logistic(r), z = logistic(z), n = tanh(n + r nh), h' = (1 - z) n + z h
 *
 * In this order the rows that meet the input (n, r, z) and those that meet the hidden state (r, z, nh) are each contiguous.
 */

const ONE: usize = memory.data<f32>([1, 1, 1, 1], 16);

type Gate = N0;
type Candidate = N1;
const GATE: i32 = 0;

/**
 * A pass over the rows of a block: r or z in place, or n and with it h'. The function's constants are loaded in front of the loop, and
 * there is a pass for each gate: r, z and n in one go are more constants than registers, and a chain of dependent operations too long for
 * the processor to look past. Two vectors a turn, step by step together, so that one's operations fill the other's waits.
 */
@inline
function pass<Mode>(table: usize, from: usize, block: usize, h: usize, next: usize, hidden: i32, vectors: i32): void {
  const mode = offsetof<Mode>() as i32;
  const most = v128.load(table);
  const least = v128.load(table, 16);
  const p0 = v128.load(table, 32), p1 = v128.load(table, 48), p2 = v128.load(table, 64), p3 = v128.load(table, 80);
  const q0 = v128.load(table, 96), q1 = v128.load(table, 112), q2 = v128.load(table, 128), q3 = v128.load(table, 144), q4 = v128.load(table, 160);
  const half = f32x4.splat(0.5);
  // Full rows follow each other without a gap: one run.
  const rows = (hidden as usize) << 6, pitch: usize = vectors == 4 ? rows : 64, bytes = vectors == 4 ? rows : (vectors as usize) << 4;
  for (let row: usize = 0; row < rows; row += pitch) {
    let at = row;
    const stop = row + bytes;
    for (; at + 16 < stop; at += 32) {
      const to = from + at, pr = to + block, pz = pr + block;
      let x = v128.load(to), y = v128.load(to, 16);
      if (mode != GATE) {
        x = f32x4.add(x, f32x4.mul(v128.load(pr), v128.load(pz + block)));
        y = f32x4.add(y, f32x4.mul(v128.load(pr, 16), v128.load(pz + block, 16)));
      }
      x = f32x4.pmax(f32x4.pmin(x, most), least);
      y = f32x4.pmax(f32x4.pmin(y, most), least);
      const u = f32x4.mul(x, x), v = f32x4.mul(y, y);
      let q = f32x4.add(f32x4.mul(u, q4), q3), s = f32x4.add(f32x4.mul(v, q4), q3);
      q = f32x4.add(f32x4.mul(u, q), q2);
      s = f32x4.add(f32x4.mul(v, s), q2);
      let p = f32x4.add(f32x4.mul(u, p3), p2), r = f32x4.add(f32x4.mul(v, p3), p2);
      q = f32x4.add(f32x4.mul(u, q), q1);
      s = f32x4.add(f32x4.mul(v, s), q1);
      p = f32x4.add(f32x4.mul(u, p), p1);
      r = f32x4.add(f32x4.mul(v, r), p1);
      q = f32x4.add(f32x4.mul(u, q), q0);
      s = f32x4.add(f32x4.mul(v, s), q0);
      p = f32x4.add(f32x4.mul(u, p), p0);
      r = f32x4.add(f32x4.mul(v, r), p0);
      x = f32x4.div(f32x4.mul(x, p), q);
      y = f32x4.div(f32x4.mul(y, r), s);
      if (mode == GATE) {
        v128.store(to, f32x4.add(x, half));
        v128.store(to, f32x4.add(y, half), 16);
      } else {
        v128.store(to, x);
        v128.store(to, y, 16);
        v128.store(next + at, f32x4.add(x, f32x4.mul(v128.load(pz), f32x4.sub(v128.load(h + at), x))));
        v128.store(next + at, f32x4.add(y, f32x4.mul(v128.load(pz, 16), f32x4.sub(v128.load(h + at, 16), y))), 16);
      }
    }
    for (; at < stop; at += 16) {
      const to = from + at, pr = to + block, pz = pr + block;
      let x = v128.load(to);
      if (mode != GATE) x = f32x4.add(x, f32x4.mul(v128.load(pr), v128.load(pz + block)));
      x = f32x4.pmax(f32x4.pmin(x, most), least);
      const u = f32x4.mul(x, x);
      let p = f32x4.add(f32x4.mul(u, p3), p2);
      p = f32x4.add(f32x4.mul(u, p), p1);
      p = f32x4.add(f32x4.mul(u, p), p0);
      let q = f32x4.add(f32x4.mul(u, q4), q3);
      q = f32x4.add(f32x4.mul(u, q), q2);
      q = f32x4.add(f32x4.mul(u, q), q1);
      q = f32x4.add(f32x4.mul(u, q), q0);
      const y = f32x4.div(f32x4.mul(x, p), q);
      if (mode == GATE) {
        v128.store(to, f32x4.add(y, half));
      } else {
        v128.store(to, y);
        v128.store(next + at, f32x4.add(y, f32x4.mul(v128.load(pz), f32x4.sub(v128.load(h + at), y))));
      }
    }
  }
}

/** Leaves n, r, z and nh in place of the sums `gates`, and h' in `next`. */
export function gruForward(
  gates: usize, gatesStride: usize, block: usize, h: usize, hStride: usize, next: usize, nextStride: usize,
  hidden: i32, tiles: i32, vectors: i32,
): void {
  for (; tiles > 0; tiles--) {
    pass<Gate>(LOGISTIC, gates + block, block, h, next, hidden, vectors);
    pass<Gate>(LOGISTIC, gates + 2 * block, block, h, next, hidden, vectors);
    pass<Candidate>(TANH, gates, block, h, next, hidden, vectors);
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
