import { elu4 } from "./activation";

/**
 * The elementwise part of QMIX's mixing network, on tiles of one step each:
 *
 *     hidden[e] = elu(sum over agents of q[a] |w1[a][e]| + b1[e]),  Q_tot = sum over e of hidden[e] |wFinal[e]| + V
 *
 * `w1` [agents, embed], `wFinal` [embed], `b1` [embed] and `value` [1] are rows of a tile `stride` bytes from one step to the next.
 */

/** Leaves hidden in place of b1, and Q_tot in `total`. */
export function mixForward(
  q: usize, qStride: usize, w1: usize, wFinal: usize, b1: usize, value: usize, stride: usize, total: usize, totalStride: usize,
  agents: i32, embed: i32, tiles: i32, vectors: i32,
): void {
  const agentRows = (embed as usize) << 6;
  for (; tiles > 0; tiles--) {
    for (let lane: usize = 0, lanes = (vectors as usize) << 4; lane < lanes; lane += 16) {
      let sum = v128.load(value + lane);
      for (let at = lane; at < agentRows; at += 64) {
        let hidden = v128.load(b1 + at);
        let weight = w1 + at;
        let from = q + lane;
        for (let agent = agents; agent > 0; agent--) {
          hidden = f32x4.add(hidden, f32x4.mul(v128.load(from), f32x4.abs(v128.load(weight))));
          weight += agentRows;
          from += 64;
        }
        hidden = elu4(hidden);
        v128.store(b1 + at, hidden);
        sum = f32x4.add(sum, f32x4.mul(hidden, f32x4.abs(v128.load(wFinal + at))));
      }
      v128.store(total + lane, sum);
    }
    q += qStride;
    w1 += stride;
    wFinal += stride;
    b1 += stride;
    value += stride;
    total += totalStride;
  }
}

/** d * sign(w), with sign(0) = 0 */
@inline
function signed(d: v128, w: v128): v128 {
  return v128.and(v128.xor(d, v128.and(w, i32x4.splat(0x80000000))), f32x4.ne(w, f32x4.splat(0)));
}

/**
 * Given dL/dQ_tot and what `mixForward` left: the gradients of w1, wFinal and b1 in place of them, and of the agents'
 * values in `dq`. (dL/dV is dL/dQ_tot.)
 */
export function mixBackward(
  dTotal: usize, dTotalStride: usize, q: usize, qStride: usize, dq: usize, dqStride: usize,
  w1: usize, wFinal: usize, b1: usize, stride: usize, agents: i32, embed: i32, tiles: i32, vectors: i32,
): void {
  const agentRows = (embed as usize) << 6;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (; tiles > 0; tiles--) {
    for (let lane: usize = 0, lanes = (vectors as usize) << 4; lane < lanes; lane += 16) {
      const d = v128.load(dTotal + lane);
      for (let at = lane; at < agentRows; at += 64) {
        const hidden = v128.load(b1 + at);
        const weight = v128.load(wFinal + at);
        const slope = v128.bitselect(one, f32x4.add(hidden, one), f32x4.gt(hidden, zero));
        v128.store(wFinal + at, signed(f32x4.mul(d, hidden), weight));
        v128.store(b1 + at, f32x4.mul(f32x4.mul(d, f32x4.abs(weight)), slope));
      }
      let from = w1 + lane;
      for (let agent: usize = 0, end = (agents as usize) << 6; agent < end; agent += 64) {
        const value = v128.load(q + lane + agent);
        let sum = zero;
        for (let at = lane; at < agentRows; at += 64) {
          const weight = v128.load(from);
          const dHidden = v128.load(b1 + at);
          sum = f32x4.add(sum, f32x4.mul(dHidden, f32x4.abs(weight)));
          v128.store(from, signed(f32x4.mul(dHidden, value), weight));
          from += 64;
        }
        v128.store(dq + lane + agent, sum);
      }
    }
    dTotal += dTotalStride;
    q += qStride;
    dq += dqStride;
    w1 += stride;
    wFinal += stride;
    b1 += stride;
  }
}
