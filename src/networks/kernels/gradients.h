// Gradients of weights and biases: dW[o][i] = sum over lanes, tiles and steps of dY[o] X[i]. Lanes that have ended hold
// dY = 0 and a finite X.
//
// For a sparse W only the remaining entries are computed (a sampled product). Each has eight partial sums that run over
// all steps and groups of an update. Two tiles, 32 lanes, are added up to these eight in a fixed tree, whatever the
// width of a vector.
#pragma once
#include "products.h"

// Bytes of the partial sums of one gradient.
#define SUMS 32

INLINE V productOf(const int T, const int NV, const V *y, const V *x, int j) {
  if (T == 2) return y[j] * x[j] + y[NV + j] * x[NV + j];
  return y[j] * x[j];
}
INLINE V sumOf(const int T, const int NV, const V *y, int j) {
  if (T == 2) return y[j] + y[NV + j];
  return y[j];
}

// Folds the products of one tile or two to eight sums: [lane l] = (p[l] + p[l + 16]) + (p[l + 8] + p[l + 24]).
INLINE V8 fold(const int T, const int NV, const V *y, const V *x) {
#if WIDTH == 16
  V4 low = productOf(T, NV, y, x, 0);
  if (NV > 2) low = low + productOf(T, NV, y, x, 2);
  V4 high = {0, 0, 0, 0};
  if (NV > 1) high = productOf(T, NV, y, x, 1);
  if (NV > 3) high = high + productOf(T, NV, y, x, 3);
  return both8(low, high);
#elif WIDTH == 32
  V8 sums = productOf(T, NV, y, x, 0);
  if (NV > 1) sums = sums + productOf(T, NV, y, x, 1);
  return sums;
#else
  const V all = productOf(T, NV, y, x, 0);
  return __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
         __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}

// Folds dY alone in the same way, for the biases.
INLINE V8 foldOnes(const int T, const int NV, const V *y) {
#if WIDTH == 16
  V4 low = sumOf(T, NV, y, 0);
  if (NV > 2) low = low + sumOf(T, NV, y, 2);
  V4 high = {0, 0, 0, 0};
  if (NV > 1) high = sumOf(T, NV, y, 1);
  if (NV > 3) high = high + sumOf(T, NV, y, 3);
  return both8(low, high);
#elif WIDTH == 32
  V8 sums = sumOf(T, NV, y, 0);
  if (NV > 1) sums = sums + sumOf(T, NV, y, 1);
  return sums;
#else
  const V all = sumOf(T, NV, y, 0);
  return __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
         __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}

// Reads one word of each of a tile's rows in order, so that the tile comes into the cache at the speed of the memory:
// the processor foresees an even stride, but not the rows that a sparse product picks. X was written long before the
// backward pass through time comes to it.
INLINE void fetchTile(const char *tile, u32 rows) {
  u32 seen = 0;
  for (const char *end = tile + (size_t)rows * ROW; tile < end; tile += ROW) seen |= loadWord(tile);
  // The result is kept, since the compilers would otherwise leave out the loads.
  __asm__ volatile("" : : "r"(seen));
}

// Adds dY X' at the entries to `sums`, [entries, 8], and dY to `biasSums`, [rows, 8], over S steps of T tiles each.
// Meanwhile the first `ahead` rows of the tiles of the following S steps come into the cache.
INLINE void sampleRows(const int S, const int T, const int NV, char *m, const u32 *starts, u32 rows, char *sums,
                       char *biasSums, const char *y, size_t ys, size_t yStep, const char *x, size_t xs, size_t xStep,
                       u32 ahead) {
  const Entry *e = (const Entry *)(m + starts[0]);
  for (u32 r = 0; r < rows; r++, y += ROW, biasSums += SUMS) {
    const Entry *stop = (const Entry *)(m + starts[r + 1]);
    V d[8];
    for (u32 k = r * ahead / rows, end = (r + 1) * ahead / rows; k < end; k++)
      UNROLLED (int s = 0; s < S; s++)
        UNROLLED (int t = 0; t < T; t++) willRead(x + (S + s) * xStep + t * xs + k * (size_t)ROW);
    V8 bias = load8(biasSums);
    UNROLLED (int s = 0; s < S; s++) {
      UNROLLED (int t = 0; t < T; t++)
        UNROLLED (int j = 0; j < NV; j++) d[(s * T + t) * NV + j] = load(y + s * yStep + t * ys + j * WIDTH);
      bias = bias + foldOnes(T, NV, d + s * T * NV);
    }
    store8(biasSums, bias);
#if WIDTH == 64
    // The folds of two entries fill a vector together.
    for (; e + 1 < stop; e += 2, sums += 2 * SUMS) {
      const char *p = x + e[0].offset, *p2 = x + e[1].offset;
      V sum = load(sums);
      UNROLLED (int s = 0; s < S; s++) {
        V b[8], b2[8];
        UNROLLED (int t = 0; t < T; t++) b[t] = load(p + s * xStep + t * xs), b2[t] = load(p2 + s * xStep + t * xs);
        const V all = productOf(T, NV, d + s * T * NV, b, 0), all2 = productOf(T, NV, d + s * T * NV, b2, 0);
        sum = sum + (__builtin_shufflevector(all, all2, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                     __builtin_shufflevector(all, all2, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
      }
      store(sums, sum);
    }
#endif
    for (; e < stop; e++, sums += SUMS) {
      const char *p = x + e->offset;
      V8 sum = load8(sums);
      UNROLLED (int s = 0; s < S; s++) {
        V b[8];
        UNROLLED (int t = 0; t < T; t++)
          UNROLLED (int j = 0; j < NV; j++) b[t * NV + j] = load(p + s * xStep + t * xs + j * WIDTH);
        sum = sum + fold(T, NV, d + s * T * NV, b);
      }
      store8(sums, sum);
    }
  }
}

#define SAMPLE(S, T, NV)                                                                                               \
  static __attribute__((noinline)) void sample_##S##_##T##_##NV(                                                       \
      char *m, const u32 *starts, u32 rows, char *sums, char *biasSums, const char *y, size_t ys, size_t yStep,        \
      const char *x, size_t xs, size_t xStep, u32 ahead) {                                                             \
    sampleRows(S, T, NV, m, starts, rows, sums, biasSums, y, ys, yStep, x, xs, xStep, ahead);                          \
  }
#define SAMPLE_CALL(S, T, NV)                                                                                          \
  sample_##S##_##T##_##NV(m, starts, rows, sums, biasSums, y, ys, yStep, x, xs, xStep, ahead)
#if WIDTH == 16
SAMPLE(1, 2, 4)
SAMPLE(1, 2, 3)
SAMPLE(1, 2, 2)
SAMPLE(1, 2, 1)
SAMPLE(1, 1, 4)
SAMPLE(1, 1, 3)
SAMPLE(1, 1, 2)
SAMPLE(1, 1, 1)
#elif WIDTH == 32
SAMPLE(2, 2, 2)
SAMPLE(2, 2, 1)
SAMPLE(2, 1, 2)
SAMPLE(2, 1, 1)
SAMPLE(1, 2, 2)
SAMPLE(1, 2, 1)
SAMPLE(1, 1, 2)
SAMPLE(1, 1, 1)
#else
SAMPLE(4, 2, 1)
SAMPLE(2, 2, 1)
SAMPLE(4, 1, 1)
SAMPLE(2, 1, 1)
SAMPLE(1, 2, 1)
SAMPLE(1, 1, 1)
#endif

// Adds up the gradients of `steps` steps whose tiles lie yStep and xStep bytes apart, first step first. Each has
// `tiles` tiles, of which `folded` at a time are added up to the eight sums: two, or one where a tile holds the lanes
// of two agents. `ahead` means the same as in `sampleRows`.
static void sampledProduct(char *m, const u32 *starts, u32 rows, u32 columns, char *sums, char *biasSums, const char *y,
                           size_t ys, ptrdiff_t yStep, const char *x, size_t xs, ptrdiff_t xStep, u32 tiles, u32 folded,
                           u32 steps, int nv, u32 ahead) {
#if WIDTH > 16
  // Where a step has several pairs of tiles, these are like steps of one pair each.
  if (tiles > folded && steps == 1 && tiles % folded == 0) {
    steps = tiles / folded, tiles = folded;
    yStep = (ptrdiff_t)(folded * ys), xStep = (ptrdiff_t)(folded * xs);
  }
#endif
  while (steps > 0) {
    const u32 s = tiles > folded ? 1 : WIDTH == 64 && steps >= 4 ? 4 : WIDTH > 16 && steps >= 2 ? 2 : 1;
    const char *y0 = y, *x0 = x;
    for (u32 left = tiles; left > 0;) {
      const u32 pair = left < folded ? left : folded;
      for (u32 k = 0; k < s; k++)
        for (u32 tile = 0; tile < pair; tile++) fetchTile(x + (ptrdiff_t)k * xStep + tile * xs, columns);
#if WIDTH == 16
      if (pair == 2)
        nv == 4   ? SAMPLE_CALL(1, 2, 4)
        : nv == 3 ? SAMPLE_CALL(1, 2, 3)
        : nv == 2 ? SAMPLE_CALL(1, 2, 2)
                  : SAMPLE_CALL(1, 2, 1);
      else
        nv == 4   ? SAMPLE_CALL(1, 1, 4)
        : nv == 3 ? SAMPLE_CALL(1, 1, 3)
        : nv == 2 ? SAMPLE_CALL(1, 1, 2)
                  : SAMPLE_CALL(1, 1, 1);
#elif WIDTH == 32
      if (pair == 2) {
        if (s == 2) nv == 2 ? SAMPLE_CALL(2, 2, 2) : SAMPLE_CALL(2, 2, 1);
        else nv == 2 ? SAMPLE_CALL(1, 2, 2) : SAMPLE_CALL(1, 2, 1);
      } else {
        if (s == 2) nv == 2 ? SAMPLE_CALL(2, 1, 2) : SAMPLE_CALL(2, 1, 1);
        else nv == 2 ? SAMPLE_CALL(1, 1, 2) : SAMPLE_CALL(1, 1, 1);
      }
#else
      if (pair == 2) s == 4 ? SAMPLE_CALL(4, 2, 1) : s == 2 ? SAMPLE_CALL(2, 2, 1) : SAMPLE_CALL(1, 2, 1);
      else s == 4 ? SAMPLE_CALL(4, 1, 1) : s == 2 ? SAMPLE_CALL(2, 1, 1) : SAMPLE_CALL(1, 1, 1);
#endif
      y += pair * ys, x += pair * xs, left -= pair;
    }
    y = y0 + (ptrdiff_t)s * yStep, x = x0 + (ptrdiff_t)s * xStep, steps -= s;
  }
}

#if WIDTH > 16
#define STEPS_OF_TWO 4

// Adds up the sums of two strips whose agents share a tile, over so many steps: the halves of a row, added up, are four
// partial sums of the one and of the other. The other four of either stay as they are. With `both` 0 there is no second
// strip.
INLINE void sampleRowsOfTwo(const int both, char *m, const u32 *starts, u32 rows, char *sums, char *sums2,
                            char *biasSums, char *biasSums2, const char *y, size_t yStep, const char *x, size_t xStep,
                            u32 ahead) {
  const V4 none = {0, 0, 0, 0};
  const Entry *e = (const Entry *)(m + starts[0]);
  for (u32 r = 0; r < rows; r++, y += ROW, biasSums += SUMS, biasSums2 += SUMS) {
    const Entry *stop = (const Entry *)(m + starts[r + 1]);
    V16 d[STEPS_OF_TWO];
    for (u32 k = r * ahead / rows, end = (r + 1) * ahead / rows; k < end; k++)
      UNROLLED (int s = 0; s < STEPS_OF_TWO; s++) willRead(x + (STEPS_OF_TWO + s) * xStep + k * (size_t)ROW);
    V8 bias = both8(load4(biasSums), both ? load4(biasSums2) : none);
    UNROLLED (int s = 0; s < STEPS_OF_TWO; s++) {
      d[s] = load16(y + s * yStep);
      bias = bias + (__builtin_shufflevector(d[s], d[s], 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(d[s], d[s], 8, 9, 10, 11, 12, 13, 14, 15));
    }
    store4(biasSums, low8(bias));
    if (both) store4(biasSums2, high8(bias));
    for (; e + 1 < stop; e += 2, sums += 2 * SUMS, sums2 += 2 * SUMS) {
      const char *p = x + e[0].offset, *p2 = x + e[1].offset;
      const V8 one = both8(load4(sums), both ? load4(sums2) : none),
               two = both8(load4(sums + SUMS), both ? load4(sums2 + SUMS) : none);
      V16 sum = __builtin_shufflevector(one, two, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
      UNROLLED (int s = 0; s < STEPS_OF_TWO; s++) {
        const V16 all = d[s] * load16(p + s * xStep), all2 = d[s] * load16(p2 + s * xStep);
        sum = sum + (__builtin_shufflevector(all, all2, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                     __builtin_shufflevector(all, all2, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
      }
      store4(sums, __builtin_shufflevector(sum, sum, 0, 1, 2, 3));
      store4(sums + SUMS, __builtin_shufflevector(sum, sum, 8, 9, 10, 11));
      if (!both) continue;
      store4(sums2, __builtin_shufflevector(sum, sum, 4, 5, 6, 7));
      store4(sums2 + SUMS, __builtin_shufflevector(sum, sum, 12, 13, 14, 15));
    }
    for (; e < stop; e++, sums += SUMS, sums2 += SUMS) {
      const char *p = x + e->offset;
      V8 sum = both8(load4(sums), both ? load4(sums2) : none);
      UNROLLED (int s = 0; s < STEPS_OF_TWO; s++) {
        const V16 all = d[s] * load16(p + s * xStep);
        sum = sum + (__builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15));
      }
      store4(sums, low8(sum));
      if (both) store4(sums2, high8(sum));
    }
  }
}

#define SAMPLE_TWO(both)                                                                                               \
  static __attribute__((noinline)) void sampleTwo_##both(char *m, const u32 *starts, u32 rows, char *sums,             \
                                                         char *sums2, char *biasSums, char *biasSums2, const char *y,  \
                                                         size_t yStep, const char *x, size_t xStep, u32 ahead) {       \
    sampleRowsOfTwo(both, m, starts, rows, sums, sums2, biasSums, biasSums2, y, yStep, x, xStep, ahead);               \
  }
SAMPLE_TWO(1)
SAMPLE_TWO(0)

// Does what `sampledProduct` does, for STEPS_OF_TWO steps of one tile each that two strips share.
static void sampledProductOfTwo(int both, char *m, const u32 *starts, u32 rows, u32 columns, char *sums, char *sums2,
                                char *biasSums, char *biasSums2, const char *y, ptrdiff_t yStep, const char *x,
                                ptrdiff_t xStep, u32 ahead) {
  for (int s = 0; s < STEPS_OF_TWO; s++) fetchTile(x + s * xStep, columns);
  (both ? sampleTwo_1 : sampleTwo_0)(m, starts, rows, sums, sums2, biasSums, biasSums2, y, yStep, x, xStep, ahead);
}
#endif

// Adds up dY alone, in the same order.
static void addRowSums(u32 rows, char *biasSums, const char *y, size_t ys, ptrdiff_t yStep, u32 tiles, u32 folded,
                       u32 steps, int nv) {
  for (; steps > 0; steps--, y += yStep) {
    for (u32 tile = 0; tile < tiles; tile += folded) {
      const char *p = y + tile * ys;
      const int T = folded == 2 && tiles - tile >= 2 ? 2 : 1;
      for (u32 r = 0; r < rows; r++, p += ROW) {
        V d[8];
        for (int t = 0; t < T; t++)
          for (int j = 0; j < nv; j++) d[t * nv + j] = load(p + t * ys + j * WIDTH);
#if WIDTH == 16
        const V8 folded = T == 2 ? (nv == 4   ? foldOnes(2, 4, d)
                                    : nv == 3 ? foldOnes(2, 3, d)
                                    : nv == 2 ? foldOnes(2, 2, d)
                                              : foldOnes(2, 1, d))
                                 : (nv == 4   ? foldOnes(1, 4, d)
                                    : nv == 3 ? foldOnes(1, 3, d)
                                    : nv == 2 ? foldOnes(1, 2, d)
                                              : foldOnes(1, 1, d));
#elif WIDTH == 32
        const V8 folded = T == 2 ? (nv == 2 ? foldOnes(2, 2, d) : foldOnes(2, 1, d))
                                 : (nv == 2 ? foldOnes(1, 2, d) : foldOnes(1, 1, d));
#else
        const V8 folded = T == 2 ? foldOnes(2, 1, d) : foldOnes(1, 1, d);
#endif
        store8(biasSums + r * SUMS, load8(biasSums + r * SUMS) + folded);
      }
    }
  }
}

// Computes a block of A rows and B columns of a dense dW += dY X', over steps and tiles, eight lanes at a time.
#if WIDTH == 16
// Of the eight lanes it takes the first four at all steps and then the others, so that a block of nine fits the
// registers.
INLINE void denseBlock(const int A, const int B, float *dw, u32 columns, const char *y, size_t ys, ptrdiff_t yStep,
                       const char *x, size_t xs, ptrdiff_t xStep, u32 tiles, u32 steps, const u8 *eights) {
  V4 halves[2][16];
  for (int half = 0; half < 2; half++) {
    V4 a[16];
    UNROLLED (int i = 0; i < A * B; i++) a[i] = (V4){0, 0, 0, 0};
    const char *yStart = y + half * 16, *xStart = x + half * 16;
    for (u32 s = 0; s < steps; s++, yStart += yStep, xStart += xStep) {
      const size_t bytes = (size_t)eights[s] * 32;
      const char *yt = yStart, *xt = xStart;
      for (u32 t = 0; t < tiles; t++, yt += ys, xt += xs) {
        UNROLLED (size_t at = 0; at < ROW; at += 32) {
          if (at >= bytes) break;
          V4 b[4];
          UNROLLED (int j = 0; j < B; j++) b[j] = load4(xt + j * ROW + at);
          UNROLLED (int i = 0; i < A; i++) {
            const V4 d = load4(yt + i * ROW + at);
            UNROLLED (int j = 0; j < B; j++) a[i * B + j] += d * b[j];
          }
        }
      }
    }
    UNROLLED (int i = 0; i < A * B; i++) halves[half][i] = a[i];
  }
  UNROLLED (int i = 0; i < A; i++)
    UNROLLED (int j = 0; j < B; j++) dw[(size_t)i * columns + j] += sum4(halves[0][i * B + j] + halves[1][i * B + j]);
}
#else
INLINE void denseBlock(const int A, const int B, float *dw, u32 columns, const char *y, size_t ys, ptrdiff_t yStep,
                       const char *x, size_t xs, ptrdiff_t xStep, u32 tiles, u32 steps, const u8 *eights) {
  V8 a[16];
  UNROLLED (int i = 0; i < A * B; i++) a[i] = (V8){0, 0, 0, 0, 0, 0, 0, 0};
  for (u32 s = 0; s < steps; s++, y += yStep, x += xStep) {
    const size_t bytes = (size_t)eights[s] * 32;
    const char *yt = y, *xt = x;
    for (u32 t = 0; t < tiles; t++, yt += ys, xt += xs) {
      for (size_t at = 0; at < bytes; at += 32) {
        V8 b[4];
        UNROLLED (int j = 0; j < B; j++) b[j] = *(const V8 *)(xt + j * ROW + at);
        UNROLLED (int i = 0; i < A; i++) {
          const V8 d = *(const V8 *)(yt + i * ROW + at);
          UNROLLED (int j = 0; j < B; j++) a[i * B + j] += d * b[j];
        }
      }
    }
  }
  UNROLLED (int i = 0; i < A; i++)
    UNROLLED (int j = 0; j < B; j++) dw[(size_t)i * columns + j] += sum8(a[i * B + j]);
}
#endif

#if WIDTH == 16
#define BLOCK_ROWS 4
#define BLOCK_COLUMNS 2
#elif WIDTH == 32
#define BLOCK_ROWS 3
#define BLOCK_COLUMNS 3
#else
#define BLOCK_ROWS 4
#define BLOCK_COLUMNS 4
#endif

// Adds dY X' to dW [rows, columns]. `eights` says for each step how many groups of eight lanes there are.
static void denseGradient(float *dw, u32 columns, u32 rows, const char *y, size_t ys, ptrdiff_t yStep, const char *x,
                          size_t xs, ptrdiff_t xStep, u32 tiles, u32 steps, const u8 *eights) {
  u32 r = 0;
  for (; r + BLOCK_ROWS <= rows; r += BLOCK_ROWS) {
    u32 c = 0;
    for (; c + BLOCK_COLUMNS <= columns; c += BLOCK_COLUMNS)
      denseBlock(BLOCK_ROWS, BLOCK_COLUMNS, dw + (size_t)r * columns + c, columns, y + r * ROW, ys, yStep, x + c * ROW,
                 xs, xStep, tiles, steps, eights);
    for (; c < columns; c++)
      denseBlock(BLOCK_ROWS, 1, dw + (size_t)r * columns + c, columns, y + r * ROW, ys, yStep, x + c * ROW, xs, xStep,
                 tiles, steps, eights);
  }
  for (; r < rows; r++) {
    u32 c = 0;
    for (; c + BLOCK_COLUMNS <= columns; c += BLOCK_COLUMNS)
      denseBlock(1, BLOCK_COLUMNS, dw + (size_t)r * columns + c, columns, y + r * ROW, ys, yStep, x + c * ROW, xs,
                 xStep, tiles, steps, eights);
    for (; c < columns; c++)
      denseBlock(1, 1, dw + (size_t)r * columns + c, columns, y + r * ROW, ys, yStep, x + c * ROW, xs, xStep, tiles,
                 steps, eights);
  }
}
