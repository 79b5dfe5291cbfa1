// The elementwise part of QMIX's mixing network, on tiles of one step each:
//
//     hidden[e] = elu(sum over agents of q[a] |w1[a][e]| + b1[e]),  Q_tot = sum over e of hidden[e] |wFinal[e]| + V
//
// `w1` [agents, embed], `wFinal` [embed], `b1` [embed] and `value` [1] are rows of a tile `stride` bytes from one step
// to the next.
#pragma once
#include "gates.h"

// Leaves hidden in place of b1, and Q_tot in `total`.
static __attribute__((noinline)) void mixForward(const char *q, size_t qs, const char *w1, const char *wFinal, char *b1,
                                                 const char *value, size_t stride, char *total, u32 agents, u32 embed,
                                                 u32 tiles, int nv) {
  const size_t agentRows = (size_t)embed * ROW;
  for (; tiles > 0; tiles--, q += qs, w1 += stride, wFinal += stride, b1 += stride, value += stride, total += ROW) {
    for (size_t lane = 0; lane < (size_t)nv * WIDTH; lane += WIDTH) {
      V sum = load(value + lane);
      for (size_t at = lane; at < agentRows; at += ROW) {
        V hidden = load(b1 + at);
        const char *weight = w1 + at, *from = q + lane;
        for (u32 agent = 0; agent < agents; agent++, weight += agentRows, from += ROW)
          hidden = hidden + load(from) * absolute(load(weight));
        hidden = elu(hidden);
        store(b1 + at, hidden);
        sum = sum + hidden * absolute(load(wFinal + at));
      }
      store(total + lane, sum);
    }
  }
}

// d sign(w), with sign(0) = 0
INLINE V signedBy(V d, V w) { return where(w != zeros(), (V)((VI)d ^ ((VI)w & (int32_t)0x80000000))); }

// Takes dL/dQ_tot and what `mixForward` left. Leaves the gradients of w1, wFinal and b1 in place of them, and those of
// the agents' values in `dq`. (dL/dV is dL/dQ_tot.)
static __attribute__((noinline)) void mixBackward(const char *dTotal, const char *q, char *dq, size_t qs, char *w1,
                                                  char *wFinal, char *b1, size_t stride, u32 agents, u32 embed,
                                                  u32 tiles, int nv) {
  const size_t agentRows = (size_t)embed * ROW;
  const V one = splat(1.0f);
  for (; tiles > 0; tiles--, dTotal += ROW, q += qs, dq += qs, w1 += stride, wFinal += stride, b1 += stride) {
    for (size_t lane = 0; lane < (size_t)nv * WIDTH; lane += WIDTH) {
      const V d = load(dTotal + lane);
      for (size_t at = lane; at < agentRows; at += ROW) {
        const V hidden = load(b1 + at), weight = load(wFinal + at);
        store(wFinal + at, signedBy(d * hidden, weight));
        store(b1 + at, (d * absolute(weight)) * choose(hidden > zeros(), one, hidden + one));
      }
      char *from = w1 + lane;
      for (u32 agent = 0; agent < agents; agent++) {
        const V value = load(q + lane + agent * ROW);
        V sum = zeros();
        for (size_t at = lane; at < agentRows; at += ROW, from += ROW) {
          const V weight = load(from), dHidden = load(b1 + at);
          sum = sum + dHidden * absolute(weight);
          store(from, signedBy(dHidden * value, weight));
        }
        store(dq + lane + agent * ROW, sum);
      }
    }
  }
}

// Q_tot of joint actions that differ from a given one in one agent's action:
//
//     total[i][a] = sum over e of elu(sum over j != i of q[j] |w1[j][e]| + b1[e] + alternative[i][a] |w1[i][e]|)
//     |wFinal[e]| + V
//
// Taking q[i] |w1[i][e]| out of a sum over all agents would leave its rounding error, which is large where q[i] is
// large. So the sum over the others is put together from the sum over the agents before i and the sum over those behind
// it.
//
// Nearly all the time goes into exp. The sums are kept multiplied by log2(e), which exp needs; the positive part is
// divided by it at the end.

// The sum over e of elu(x[e]) final[e], for log2(e) x[e] = base[e] + value weight[e]; `lines` are [embed] of base,
// weight and final.
INLINE V eluSum(const V *lines, u32 embed, V value) {
  V positive = zeros(), negative = zeros();
  for (u32 e = 0; e < embed; e++, lines += 3) {
    const V x = lines[0] + value * lines[1];
    positive = positive + most(x, zeros()) * lines[2];
    negative = negative + expMinus1(x) * lines[2];
  }
  return positive * splat(0.6931471805599453f) + negative;
}

// `alternatives` and `total` are [agents, actions] rows of each tile. The total is -Infinity where `available`, bytes
// [agents, actions, lanes] of each tile, is 0. This saves the work where it is 0 in all lanes of a vector. `scratch`
// has room for (agents + 4) vectors for each of `embed`.
static __attribute__((noinline)) void mixCounterfactuals(const char *q, size_t qs, const char *alternatives, size_t as,
                                                         const u8 *available, const char *w1, const char *wFinal,
                                                         const char *b1, const char *value, size_t stride, char *total,
                                                         char *scratch, u32 agents, u32 actions, u32 embed, u32 tiles,
                                                         int nv) {
  const size_t agentRows = (size_t)embed * ROW;
  V *lines = (V *)scratch, *before = lines + 3 * embed, *behind = before + embed;
  const V none = splat(-__builtin_inff()), scale = splat(LOG2E);
  for (; tiles > 0; tiles--) {
    for (size_t lane = 0; lane < (size_t)nv * WIDTH; lane += WIDTH) {
      const V v = load(value + lane);
      for (u32 e = 0; e < embed; e++) {
        const size_t row = lane + (size_t)e * ROW;
        before[e] = load(b1 + row);
        lines[3 * e + 2] = absolute(load(wFinal + row));
        V sum = zeros();
        for (u32 i = agents; i-- > 0;) {
          behind[i * embed + e] = sum;
          sum = sum + load(q + lane + i * ROW) * absolute(load(w1 + i * agentRows + row));
        }
      }
      const char *from = alternatives + lane;
      const u8 *may = available + lane / 4;
      char *to = total + lane;
      for (u32 i = 0; i < agents; i++) {
        const V own = load(q + lane + i * ROW);
        for (u32 e = 0; e < embed; e++) {
          const V weight = absolute(load(w1 + i * agentRows + lane + (size_t)e * ROW)), sum = before[e];
          lines[3 * e] = (sum + behind[i * embed + e]) * scale;
          lines[3 * e + 1] = weight * scale;
          before[e] = sum + own * weight;
        }
        for (u32 action = 0; action < actions; action++, may += LANES, from += ROW, to += ROW) {
          VI there;
          int any = 0;
          for (int l = 0; l < VECTOR_LANES; l++) {
            there[l] = may[l] ? -1 : 0;
            any |= may[l];
          }
          store(to, any ? choose(there, eluSum(lines, embed, load(from)) + v, none) : none);
        }
      }
    }
    q += qs, alternatives += as, available += as / 4, w1 += stride, wFinal += stride, b1 += stride, value += stride,
        total += as;
  }
}
