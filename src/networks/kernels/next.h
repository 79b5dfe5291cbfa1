// Values of next states (src/targets/operators.ts), with the same bits: every lane goes through the same float64
// operations in the same order, and the terms of its sums are those of available actions only.
#pragma once
#include "networks.h"

enum { DOUBLE_Q, MAX, SOFTMAX, MELLOWMAX, SOFT_MELLOWMAX };

typedef struct {
  u32 agents, actions, steps;
  u32 kind;
  u32 values, choosing;  // Q-values that judge and, for DOUBLE_Q, that choose: [steps + 1, agents, actions, lanes]
  u32 available;         // bytes, of the same shape
  u32 running;           // bytes: lanes that have a step t, [steps]
  u32 out;               // [steps, agents, lanes]
} Next;

// ---- e^x for x <= 0 (src/targets/exponential.ts): a table of e^(-k / 64), and a polynomial for the rest.

#define PARTS_OF_ONE 64
#define LOWEST -40
static double exponentials[-LOWEST * PARTS_OF_ONE + 1];

static void fillExponentials(void) {
  if (__atomic_load_n((u32 *)&exponentials[0] + 1, __ATOMIC_ACQUIRE)) return;
  double step = 1, term = 1;
  for (int i = 1; i <= 10; i++) step += term *= -1.0 / PARTS_OF_ONE / i;
  double value = 1;
  for (int k = 1; k <= -LOWEST * PARTS_OF_ONE; k++) exponentials[k] = value *= step;
  const double one = 1;
  u32 high;
  __builtin_memcpy(&high, (const char *)&one + 4, 4);
  // This is written last, so that whoever sees it sees the other entries as well. Several threads write the same
  // values.
  __atomic_store_n((u32 *)&exponentials[0] + 1, high, __ATOMIC_RELEASE);
}

// ---- The natural logarithm of a positive normal number; NaN for anything else. x = 2^k (1 + f) with 1 + f between
// sqrt(1/2) and sqrt(2), and log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + R(s^2)) for s = f / (2 + f). Operations and
// coefficients are those of Sun's fdlibm, which V8's Math.log follows, so that both give the same bits.
static double logarithm(double x) {
  if (!(x >= 0x1p-1022 && x <= 0x1.fffffffffffffp1023)) return (x - x) / (x - x);
  uint64_t bits;
  __builtin_memcpy(&bits, &x, 8);
  const int32_t fraction = (int32_t)(bits >> 32) & 0xfffff;
  const int32_t above = (fraction + 0x95f64) & 0x100000;
  const double k = (int32_t)(bits >> 52) - 1023 + (above >> 20);
  bits = (uint64_t)(u32)(fraction | (above ^ 0x3ff00000)) << 32 | (u32)bits;
  double one;
  __builtin_memcpy(&one, &bits, 8);
  const double f = one - 1;
  const double high = k * 6.93147180369123816490e-01, low = k * 1.90821492927058770002e-10;
  if ((0xfffff & (2 + fraction)) < 3) {
    // |f| < 2^-20
    if (f == 0) return k == 0 ? 0 : high + low;
    const double rest = f * f * (0.5 - 0.33333333333333333 * f);
    return k == 0 ? f - rest : high - ((rest - low) - f);
  }
  const double s = f / (2 + f), z = s * s, w = z * z;
  const double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double odd =
      z * (6.666666666666735130e-01 +
           w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const double series = odd + even;
  if (((fraction - 0x6147a) | (0x6b851 - fraction)) > 0) {
    const double half = 0.5 * f * f;
    return k == 0 ? f - (half - s * (half + series)) : high - ((half - (s * (half + series) + low)) - f);
  }
  return k == 0 ? f - s * (f - series) : high - ((s * (f - series) - low) - f);
}

// ---- One agent's next state in all lanes; `q` and `available` point to its first action. Returns whether each lane
// has an available action.

// All lanes of a row, in as many registers as they take.
typedef float Row __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t RowOfWords __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef double Doubles __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t Longs __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef signed char RowOfBytes __attribute__((vector_size(LANES), aligned(1), may_alias));

// Returns all bits set in the lanes in which an action is available.
INLINE RowOfBytes availableIn(const u8 *available) { return *(const RowOfBytes *)available != 0; }
// Says whether it is available in any lane. An action that is available to nobody (often an attack on a unit that
// nobody sees) is passed over.
INLINE int anywhere(const u8 *available) {
  uint64_t halves[2];
  __builtin_memcpy(halves, available, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}
INLINE Row chooseRow(RowOfWords mask, Row yes, Row no) {
  return (Row)((mask & (RowOfWords)yes) | (~mask & (RowOfWords)no));
}
INLINE Doubles chooseDoubles(Longs mask, Doubles yes, Doubles no) {
  return (Doubles)((mask & (Longs)yes) | (~mask & (Longs)no));
}
INLINE Doubles doublesOf(double x) { return (Doubles){0} + x; }

// Looks up the table's entries of these numbers.
INLINE Doubles entriesOf(RowOfWords k) {
  Doubles e;
#if WIDTH == 64
  for (int i = 0; i < LANES; i += 8)
    *(__m512d *)((double *)&e + i) = _mm512_i32gather_pd(*(__m256i *)((int32_t *)&k + i), exponentials, 8);
#elif WIDTH == 32
  for (int i = 0; i < LANES; i += 4)
    *(__m256d *)((double *)&e + i) = _mm256_i32gather_pd(exponentials, *(__m128i *)((int32_t *)&k + i), 8);
#else
  UNROLLED (int i = 0; i < LANES; i++) e[i] = exponentials[k[i]];
#endif
  return e;
}

// The same for all lanes.
INLINE Doubles negativeExponentials(Doubles x) {
  const Doubles within = chooseDoubles((x >= (double)LOWEST) & (x <= 0.0), x, doublesOf(0));
  const RowOfWords k = __builtin_convertvector(0.5 - within * (double)PARTS_OF_ONE, RowOfWords);
  const Doubles r = x + __builtin_convertvector(k, Doubles) * (1.0 / PARTS_OF_ONE);
  const Doubles e = entriesOf(k) * (1 + r * (1 + r * (0.5 + r * (1.0 / 6))));
  return chooseDoubles(x < (double)LOWEST, doublesOf(0), e);
}

// Facts about the values of a lane's available actions.
typedef struct {
  Doubles most, least, notFinite;
  RowOfWords count;
} Extremes;

static int extremes(const float *q, const u8 *available, u32 actions, u32 lanes, Extremes *e) {
  Doubles most = doublesOf(-__builtin_inf()), least = doublesOf(__builtin_inf()), notFinite = doublesOf(0);
  RowOfWords count = {0};
  for (u32 a = 0; a < actions; a++, q += LANES, available += LANES) {
    if (!anywhere(available)) continue;
    const Doubles x = __builtin_convertvector(*(const Row *)q, Doubles);
    const RowOfBytes is = availableIn(available);
    const Longs mask = __builtin_convertvector(is, Longs);
    most = chooseDoubles(mask & (x > most), x, most);
    least = chooseDoubles(mask & (x < least), x, least);
    notFinite = chooseDoubles(mask, notFinite + (x - x), notFinite);
    count -= __builtin_convertvector(is, RowOfWords);
  }
  *e = (Extremes){most, least, notFinite, count};
  for (u32 i = 0; i < lanes; i++)
    if (count[i] == 0) return 0;
  return 1;
}

// Adds the terms e^(factor (q - reference)), and if `weighted` these times (q - reference).
INLINE void addTerms(const int weighted, const float *q, const u8 *available, u32 actions, double factor,
                     Doubles reference, Doubles *sums, Doubles *products) {
  Doubles sum = doublesOf(0), product = doublesOf(0);
  for (u32 a = 0; a < actions; a++, q += LANES, available += LANES) {
    if (!anywhere(available)) continue;
    const Longs mask = __builtin_convertvector(availableIn(available), Longs);
    const Doubles x = chooseDoubles(mask, __builtin_convertvector(*(const Row *)q, Doubles) - reference, doublesOf(0));
    const Doubles e = negativeExponentials(factor * x);
    sum = chooseDoubles(mask, sum + e, sum);
    if (weighted) product = chooseDoubles(mask, product + e * x, product);
  }
  *sums = sum;
  if (weighted) *products = product;
}

static int operate(u32 kind, const float *q, const u8 *available, u32 actions, u32 lanes, double alpha, double omega,
                   double beta, float *out) {
  Extremes e;
  if (!extremes(q, available, actions, lanes, &e)) return 0;
  Doubles above, below, unused, values;
  if (kind == MAX) {
    values = e.most + e.notFinite;
  } else if (kind == SOFTMAX) {
    const Doubles reference = beta >= 0 ? e.most : e.least;
    addTerms(1, q, available, actions, beta, reference, &below, &above);
    values = reference + above / below;
  } else if (kind == MELLOWMAX || alpha == 0) {
    addTerms(0, q, available, actions, omega, e.most, &above, &unused);
    for (u32 i = 0; i < lanes; i++) values[i] = e.most[i] + logarithm(above[i] / e.count[i]) / omega;
  } else {
    // With a negative factor the largest term is that of the smallest value.
    const double both = alpha + omega;
    const Doubles bottom = alpha >= 0 ? e.most : e.least, top = both >= 0 ? e.most : bottom;
    above = below = doublesOf(0);
    for (u32 a = 0; a < actions; a++) {
      if (!anywhere(available + a * LANES)) continue;
      const Longs mask = __builtin_convertvector(availableIn(available + a * LANES), Longs);
      const Doubles value =
          chooseDoubles(mask, __builtin_convertvector(*(const Row *)(q + a * LANES), Doubles), bottom);
      above += (Doubles)(mask & (Longs)negativeExponentials(both * (value - top)));
      below += (Doubles)(mask & (Longs)negativeExponentials(alpha * (value - bottom)));
    }
    const Doubles base = chooseDoubles(top == bottom, top, (both * top - alpha * bottom) / omega);
    for (u32 i = 0; i < lanes; i++) values[i] = base[i] + logarithm(above[i] / below[i]) / omega;
  }
  for (u32 i = 0; i < lanes; i++) out[i] = (float)values[i];
  return 1;
}

// Finds the judging network's value of the choosing network's best available action; of equal ones it takes the lowest.
static int doubleQ(const float *choosing, const float *judging, const u8 *available, u32 actions, u32 lanes,
                   float *out) {
  Row most = (Row){0} - __builtin_inff(), value = {0}, notFinite = {0};
  RowOfWords found = {0};
  for (u32 a = 0; a < actions; a++, choosing += LANES, judging += LANES, available += LANES) {
    const Row x = *(const Row *)choosing;
    const RowOfWords is = __builtin_convertvector(availableIn(available), RowOfWords),
                     better = is & ((x > most) | ~found);
    most = chooseRow(better, x, most);
    value = chooseRow(better, *(const Row *)judging, value);
    notFinite = chooseRow(is, notFinite + (x - x), notFinite);
    found |= is;
  }
  const Row values = value + notFinite;
  for (u32 i = 0; i < lanes; i++) {
    if (!found[i]) return 0;
    out[i] = values[i];
  }
  return 1;
}

// Computes the values of next states at the steps of one part, 0 in lanes that have ended. Returns 0 where an agent has
// no available action.
static u32 nextValues(char *m, const Next *given, double alpha, double omega, double beta, u32 part, u32 parts) {
  fillExponentials();
  // The numbers were checked before; nothing that is written below may change them, wherever it is written.
  const Next here = *given, *n = &here;
  const size_t rows = (size_t)n->actions * LANES;
  for (u32 t = part; t < n->steps; t += parts) {
    const u32 running = BYTES(n->running)[t], lanes = running < LANES ? running : LANES;
    for (u32 agent = 0; agent < n->agents; agent++) {
      const size_t at = ((size_t)(t + 1) * n->agents + agent) * rows;
      const float *q = FLOATS(n->values) + at;
      const u8 *available = BYTES(n->available) + at;
      float *out = FLOATS(n->out) + ((size_t)t * n->agents + agent) * LANES;
      const int has = n->kind == DOUBLE_Q ? doubleQ(FLOATS(n->choosing) + at, q, available, n->actions, lanes, out)
                                          : operate(n->kind, q, available, n->actions, lanes, alpha, omega, beta, out);
      if (!has) return 0;
      for (u32 i = lanes; i < LANES; i++) out[i] = 0;
    }
  }
  return 1;
}
