import { widen } from "./tiles";

/**
 * Q_tot of joint actions that differ from a given one in one agent's action, on tiles of one step each (see mix.ts):
 *
 *     total[i][a] = sum over e of elu(sum over j != i of q[j] |w1[j][e]| + b1[e] + alternative[i][a] |w1[i][e]|) |wFinal[e]| + V
 *
 * Taking q[i] |w1[i][e]| out of a sum over all agents would leave its rounding error, which is large where q[i] is. So the sum over the
 * others is put together from those over the agents before i and behind it.
 *
 * Nearly all the time goes into exp. It is taken in two loops over e that meet in memory, because out-of-order execution sees too
 * few elements at once of one loop with the whole chain of operations; and its constants are loaded in front of the loops, where
 * few enough are left in each for V8's registers. (4.1 ns an element in one loop, 2.8 so, on a Zen 4 core.)
 */

// exp(x) = 2^n 2^r, with x log2(e) = n + r and |r| <= 1/2: log2(e), its inverse, the lower limit of x log2(e), from where exp(x) - 1
// is -1, and the number that rounds what is added to it to whole numbers, which are then its lowest bits.
const SPLIT: usize = memory.data<f32>([
  1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 1.4426950408889634,
  0.6931471805599453, 0.6931471805599453, 0.6931471805599453, 0.6931471805599453,
  -28.0, -28.0, -28.0, -28.0,
  12582912.0, 12582912.0, 12582912.0, 12582912.0,
], 16);

// 2^r as a polynomial, from the lowest coefficient: fitted for the smallest largest relative error (9.2e-8), with 2^0 = 1.
const POWER: usize = memory.data<f32>([
  1.0, 1.0, 1.0, 1.0,
  0.6931469775991661, 0.6931469775991661, 0.6931469775991661, 0.6931469775991661,
  0.2402224208532137, 0.2402224208532137, 0.2402224208532137, 0.2402224208532137,
  0.05550733743237307, 0.05550733743237307, 0.05550733743237307, 0.05550733743237307,
  0.00967151264210911, 0.00967151264210911, 0.00967151264210911, 0.00967151264210911,
  0.001326472720355006, 0.001326472720355006, 0.001326472720355006, 0.001326472720355006,
], 16);

/**
 * The sum over e of elu(x[e]) final[e], for log2(e) x[e] = base[e] + value weight[e].
 *
 * @param lines [embed] of base, weight and final, up to `end`
 * @param halves room for [embed] of two vectors
 */
@inline
function eluSum(lines: usize, end: usize, halves: usize, value: v128): v128 {
  const zero = f32x4.splat(0);
  const lowest = v128.load(SPLIT, 32);
  const rounding = v128.load(SPLIT, 48);
  // The part where x is positive, over ln(2); where it is not, exp(x) - 1 is to follow.
  let positive = zero;
  for (let line = lines, to = halves; line < end; line += 48) {
    const x = f32x4.add(v128.load(line), f32x4.mul(value, v128.load(line, 16)));
    const limited = f32x4.pmax(f32x4.pmin(x, zero), lowest);
    const shifted = f32x4.add(limited, rounding);
    v128.store(to, shifted);
    v128.store(to, f32x4.sub(limited, f32x4.sub(shifted, rounding)), 16);
    positive = f32x4.add(positive, f32x4.mul(f32x4.pmax(x, zero), v128.load(line, 32)));
    to += 32;
  }
  let sum = f32x4.mul(positive, v128.load(SPLIT, 16));

  const one = v128.load(POWER);
  const c1 = v128.load(POWER, 16);
  const c2 = v128.load(POWER, 32);
  const c3 = v128.load(POWER, 48);
  const c4 = v128.load(POWER, 64);
  const c5 = v128.load(POWER, 80);
  for (let line = lines, from = halves; line < end; line += 48) {
    const r = v128.load(from, 16);
    const r2 = f32x4.mul(r, r);
    const low = f32x4.add(f32x4.mul(r, c1), one);
    const middle = f32x4.add(f32x4.mul(r, c3), c2);
    const high = f32x4.add(f32x4.mul(r, c5), c4);
    const power = f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(high, r2), middle), r2), low);
    // n goes into the exponent.
    const exp = i32x4.add(power, i32x4.shl(v128.load(from), 23));
    sum = f32x4.add(sum, f32x4.mul(f32x4.sub(exp, one), v128.load(line, 32)));
    from += 32;
  }
  return sum;
}

/**
 * `alternatives` and `total` are [agents, actions] rows of each tile. The total is -Infinity where `available`, bytes [agents,
 * actions, lanes] of each tile, is 0; that saves the work where it is so in all lanes of a vector.
 *
 * @param scratch room for (agents + 6) vectors for each of `embed`
 */
export function mixCounterfactuals(
  q: usize, qStride: usize, alternatives: usize, alternativesStride: usize, available: usize, w1: usize, wFinal: usize, b1: usize, value: usize, stride: usize,
  total: usize, totalStride: usize, scratch: usize, agents: i32, actions: i32, embed: i32, tiles: i32, vectors: i32,
): void {
  const agentRows = (embed as usize) << 6;
  const vectorsOfEmbed = (embed as usize) << 4;
  const lines = scratch, linesEnd = lines + 3 * vectorsOfEmbed;
  const halves = linesEnd;
  const before = halves + 2 * vectorsOfEmbed;
  const behind = before + vectorsOfEmbed;
  const none = f32x4.splat(-Infinity);
  for (; tiles > 0; tiles--) {
    for (let lane: usize = 0, lanes = (vectors as usize) << 4; lane < lanes; lane += 16) {
      const v = v128.load(value + lane);
      for (let at: usize = 0; at < vectorsOfEmbed; at += 16) {
        const row = lane + (at << 2);
        v128.store(before + at, v128.load(b1 + row));
        v128.store(lines + 3 * at, f32x4.abs(v128.load(wFinal + row)), 32);
        let sum = f32x4.splat(0);
        for (let i = agents - 1; i >= 0; i--) {
          v128.store(behind + (i as usize) * vectorsOfEmbed + at, sum);
          sum = f32x4.add(sum, f32x4.mul(v128.load(q + lane + ((i as usize) << 6)), f32x4.abs(v128.load(w1 + (i as usize) * agentRows + row))));
        }
      }
      let from = alternatives + lane;
      let may = available + (lane >> 2);
      let to = total + lane;
      for (let i: usize = 0; i < (agents as usize); i++) {
        const own = v128.load(q + lane + (i << 6));
        const scale = v128.load(SPLIT);
        let line = lines;
        for (let at: usize = 0; at < vectorsOfEmbed; at += 16) {
          const weight = f32x4.abs(v128.load(w1 + i * agentRows + lane + (at << 2)));
          const sum = v128.load(before + at);
          v128.store(line, f32x4.mul(f32x4.add(sum, v128.load(behind + i * vectorsOfEmbed + at)), scale));
          v128.store(line, f32x4.mul(weight, scale), 16);
          v128.store(before + at, f32x4.add(sum, f32x4.mul(own, weight)));
          line += 48;
        }
        for (let action = actions; action > 0; action--) {
          let sum = none;
          if (load<u32>(may)) {
            sum = f32x4.add(eluSum(lines, linesEnd, halves, v128.load(from)), v);
            sum = v128.bitselect(none, sum, i32x4.eq(widen(may), i32x4.splat(0)));
          }
          v128.store(to, sum);
          may += 16;
          from += 64;
          to += 64;
        }
      }
    }
    q += qStride;
    alternatives += alternativesStride;
    available += alternativesStride >> 2;
    w1 += stride;
    wFinal += stride;
    b1 += stride;
    value += stride;
    total += totalStride;
  }
}
