// Activation functions, and the elementwise part of a GRU cell.
#pragma once
#include "vector.h"

// x P(x^2) / Q(x^2) up to a limit, beyond which the function counts as constant, plus an offset.
typedef struct { V limit, negative, p0, p1, p2, p3, q1, q2, q3, q4, offset; } Rational;

// The coefficients were fitted for the smallest largest error: below 5e-7 for tanh and 3e-7 for the logistic function,
// rounding included.
#define TANH_NUMBERS                                                                                                   \
  {8.0f,                                                                                                               \
   -8.0f,                                                                                                              \
   0.9999998544420605f,                                                                                                \
   0.12925660203234537f,                                                                                               \
   0.00295102079025504f,                                                                                               \
   1.1428391818402548e-05f,                                                                                            \
   0.4625887581456498f,                                                                                                \
   0.02381554190942693f,                                                                                               \
   0.00023866874932233884f,                                                                                            \
   2.459200934803686e-07f,                                                                                             \
   0.0f}
// tanh(x / 2) / 2 + 1/2
#define LOGISTIC_NUMBERS                                                                                               \
  {16.0f,                                                                                                              \
   -16.0f,                                                                                                             \
   0.24999996361051513f,                                                                                               \
   0.008078537627021586f,                                                                                              \
   4.6109699847735e-05f,                                                                                               \
   4.4642155540634955e-08f,                                                                                            \
   0.11564718953641245f,                                                                                               \
   0.001488471369339183f,                                                                                              \
   3.7291992081615443e-06f,                                                                                            \
   9.6062536515769e-10f,                                                                                               \
   0.5f}

static const float TANH[11] = TANH_NUMBERS;
static const float LOGISTIC[11] = LOGISTIC_NUMBERS;

// The numbers of a function, in vectors. They are hidden from the compiler, which would otherwise build each of them
// from a constant at every use.
INLINE Rational rational(const float *numbers) {
  __asm__("" : "+r"(numbers));
  return (Rational){splat(numbers[0]), splat(numbers[1]), splat(numbers[2]), splat(numbers[3]),
                    splat(numbers[4]), splat(numbers[5]), splat(numbers[6]), splat(numbers[7]),
                    splat(numbers[8]), splat(numbers[9]), splat(numbers[10])};
}

#if WIDTH == 64
// Lets the compiler compute these eight before what follows, and keep them in registers.
INLINE void computeFirst(V *a, V *b) {
  __asm__ volatile("" : "+v"(a[0]), "+v"(a[1]), "+v"(a[2]), "+v"(a[3]), "+v"(b[0]), "+v"(b[1]), "+v"(b[2]), "+v"(b[3]));
}
#endif

INLINE V evaluate(const Rational *f, V x) {
  x = most(least(x, f->limit), f->negative);
  const V u = x * x;
  V q = u * f->q4 + f->q3;
  q = u * q + f->q2;
  V p = u * f->p3 + f->p2;
  q = u * q + f->q1;
  p = u * p + f->p1;
  q = u * q + splat(1.0f);
  p = u * p + f->p0;
  return (x * p) / q;
}

// Replaces some vectors by the function of them.
INLINE void evaluateSome(const int N, const Rational *f, V *x) {
#if WIDTH == 64
  // Four at a time, step by step together. One by one they would wait in the processor's queue for their own results,
  // and nothing else fits into it meanwhile.
  UNROLLED (int first = 0; first < N; first += 4) {
    const int n = N - first < 4 ? N - first : 4;
    V u[4], p[4], q[4], *y = x + first;
    UNROLLED (int i = 0; i < n; i++) y[i] = most(least(y[i], f->limit), f->negative);
    UNROLLED (int i = 0; i < n; i++) u[i] = y[i] * y[i];
    if (n == 4) computeFirst(y, u);
    UNROLLED (int i = 0; i < n; i++) q[i] = u[i] * f->q4, p[i] = u[i] * f->p3;
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = q[i] + f->q3, p[i] = p[i] + f->p2;
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = u[i] * q[i], p[i] = u[i] * p[i];
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = q[i] + f->q2, p[i] = p[i] + f->p1;
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = u[i] * q[i], p[i] = u[i] * p[i];
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = q[i] + f->q1, p[i] = p[i] + f->p0;
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = u[i] * q[i], p[i] = y[i] * p[i];
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) q[i] = q[i] + splat(1.0f);
    if (n == 4) computeFirst(p, q);
    UNROLLED (int i = 0; i < n; i++) y[i] = p[i] / q[i];
  }
#else
  UNROLLED (int i = 0; i < N; i++) x[i] = evaluate(f, x[i]);
#endif
}

// e^x - 1 for x <= 0: x log2(e) is split so that e^x = 2^n 2^r with |r| <= 1/2. Below -28 the result is -1 in float32.
// 2^r is a polynomial that was fitted for the smallest largest relative error (9.2e-8), with 2^0 = 1.
#define LOG2E 1.4426950408889634f
INLINE V expMinus1(V scaled) {
  const V limited = most(least(scaled, zeros()), splat(-28.0f));
  const V shifted = limited + splat(12582912.0f);
  const V r = limited - (shifted - splat(12582912.0f));
  const V r2 = r * r;
  const V low = r * splat(0.6931469775991661f) + splat(1.0f);
  const V middle = r * splat(0.05550733743237307f) + splat(0.2402224208532137f);
  const V high = r * splat(0.001326472720355006f) + splat(0.00967151264210911f);
  const V power = (high * r2 + middle) * r2 + low;
  // This adds n to the exponent.
  return (V)((VI)power + ((VI)shifted << 23)) - splat(1.0f);
}

// The exponential linear unit: x where x > 0, exp(x) - 1 elsewhere.
INLINE V elu(V x) { return choose(x > zeros(), x, expMinus1(x * splat(LOG2E))); }

// A GRU cell. A tile of gates has four blocks, `block` bytes apart: candidate from the input, reset, update, candidate
// from the hidden state (n, r, z, nh). In this order the rows that meet the input (n, r, z) and those that meet the
// hidden state (r, z, nh) are contiguous.
//
//     r = logistic(r), z = logistic(z), n = tanh(n + r nh), h' = (1 - z) n + z h

// The passes go over the rows of a block: r or z in place, then n and with it h'. There is a pass for each gate,
// because r, z and n in one pass need more constants than a small processor has registers, and make a chain of
// operations that is too long for it to look past. Two vectors are handled in a turn, step by step together, so that
// the operations of one fill the waiting times of the other.
INLINE void evaluateTwo(const Rational *f, V *a, V *b) {
  const V x = most(least(*a, f->limit), f->negative), y = most(least(*b, f->limit), f->negative);
  const V u = x * x, v = y * y, one = splat(1.0f);
  V q = u * f->q4 + f->q3, s = v * f->q4 + f->q3;
  q = u * q + f->q2, s = v * s + f->q2;
  V p = u * f->p3 + f->p2, r = v * f->p3 + f->p2;
  q = u * q + f->q1, s = v * s + f->q1;
  p = u * p + f->p1, r = v * r + f->p1;
  q = u * q + one, s = v * s + one;
  p = u * p + f->p0, r = v * r + f->p0;
  *a = (x * p) / q, *b = (y * r) / s;
}

// Goes over a run of bytes.
INLINE void gateRun(const Rational *f, char *at, const char *stop) {
  for (; at + WIDTH < stop; at += 2 * WIDTH) {
    V a = load(at), b = load(at + WIDTH);
    evaluateTwo(f, &a, &b);
    store(at, a + f->offset);
    store(at + WIDTH, b + f->offset);
  }
  for (; at < stop; at += WIDTH) store(at, evaluate(f, load(at)) + f->offset);
}
INLINE void candidateRun(const Rational *f, char *gates, size_t block, const char *h, char *next, size_t at,
                         size_t stop) {
  for (; at + WIDTH < stop; at += 2 * WIDTH) {
    char *g = gates + at, *r = g + block, *z = r + block, *nh = z + block;
    V a = load(g) + load(r) * load(nh), b = load(g + WIDTH) + load(r + WIDTH) * load(nh + WIDTH);
    evaluateTwo(f, &a, &b);
    store(g, a);
    store(g + WIDTH, b);
    store(next + at, a + load(z) * (load(h + at) - a));
    store(next + at + WIDTH, b + load(z + WIDTH) * (load(h + at + WIDTH) - b));
  }
  for (; at < stop; at += WIDTH) {
    char *g = gates + at, *r = g + block, *z = r + block, *nh = z + block;
    const V n = evaluate(f, load(g) + load(r) * load(nh));
    store(g, n);
    store(next + at, n + load(z) * (load(h + at) - n));
  }
}

static __attribute__((noinline)) void gatePass(char *gates, u32 hidden, int nv) {
  const Rational f = rational(LOGISTIC);
  // Full rows follow each other without a gap, so they are one run.
  const size_t rows = (size_t)hidden * ROW, pitch = nv == FULL ? rows : ROW,
               bytes = nv == FULL ? rows : (size_t)nv * WIDTH;
  for (size_t row = 0; row < rows; row += pitch) gateRun(&f, gates + row, gates + row + bytes);
}
static __attribute__((noinline)) void candidatePass(char *gates, size_t block, const char *h, char *next, u32 hidden,
                                                    int nv) {
  const Rational f = rational(TANH);
  const size_t rows = (size_t)hidden * ROW, pitch = nv == FULL ? rows : ROW,
               bytes = nv == FULL ? rows : (size_t)nv * WIDTH;
  for (size_t row = 0; row < rows; row += pitch) candidateRun(&f, gates, block, h, next, row, row + bytes);
}
typedef void (*Cell)(char *gates, size_t block, const char *h, char *next, size_t bytes);

// Does all of a cell whose rows hold `bytes` in all, without a gap.
static __attribute__((noinline)) void cellInARun(char *gates, size_t block, const char *h, char *next, size_t bytes) {
  const Rational logistic = rational(LOGISTIC), tanh = rational(TANH);
  gateRun(&logistic, gates + block, gates + block + bytes);
  gateRun(&logistic, gates + 2 * block, gates + 2 * block + bytes);
  candidateRun(&tanh, gates, block, h, next, 0, bytes);
}

// Leaves n, r, z and nh in place of the sums, and h' in `next`.
static void gruForward(char *gates, size_t gs, size_t block, const char *h, size_t hs, char *next, size_t ns,
                       u32 hidden, u32 tiles, int nv) {
  for (; tiles > 0; tiles--, gates += gs, h += hs, next += ns) {
    gatePass(gates + block, hidden, nv);
    gatePass(gates + 2 * block, hidden, nv);
    candidatePass(gates, block, h, next, hidden, nv);
  }
}

// Takes dL/dh' in `dh`, what `gruForward` left in `gates`, and the previous h. Leaves the gradients of the four blocks
// of sums in `gates`, and the direct part z dL/dh' of dL/dh in place of `dh`.
static __attribute__((noinline)) void gruBackward(const char *gates, size_t gs, char *dGates, size_t ds, size_t block,
                                                  const char *h, size_t hs, char *dh, size_t dhs, u32 hidden, u32 tiles,
                                                  int nv) {
  const V one = splat(1.0f);
  for (; tiles > 0; tiles--, gates += gs, dGates += ds, h += hs, dh += dhs) {
    for (size_t row = 0; row < hidden * (size_t)ROW; row += ROW) {
      for (size_t at = row; at < row + (size_t)nv * WIDTH; at += WIDTH) {
        const V n = load(gates + at), r = load(gates + block + at), z = load(gates + 2 * block + at);
        const V d = load(dh + at), keep = d * z, rest = d - keep;
        const V dn = rest * (one - n * n);
        store(dGates + at, dn);
        store(dGates + block + at, (dn * load(gates + 3 * block + at)) * (r * (one - r)));
        store(dGates + 2 * block + at, (rest * z) * (load(h + at) - n));
        store(dGates + 3 * block + at, dn * r);
        store(dh + at, keep);
      }
    }
  }
}
