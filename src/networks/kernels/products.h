// Products of a weight matrix with tiles.
//
// A sparse matrix W is kept in compressed rows. `starts` holds the address of each row's first entry, and once more the
// end; an entry is a weight and the offset of its column's row of lanes in the tile X. With the transposed entries the
// same product gives dX = W' dY.
#pragma once
#include "vector.h"

typedef struct {
  float weight;
  u32 offset;
} __attribute__((may_alias)) Entry;

// What the sums become: Y = ReLU(W X + b) or W X + b; Y += W X; Y = W X where a gate is positive, else 0.
enum { RELU, PLAIN, ADD, GATED };

INLINE V startOf(int mode, float bias, const char *y) {
  return mode <= PLAIN ? splat(bias) : mode == ADD ? load(y) : zeros();
}
INLINE V endOf(int mode, V sum, const char *gate) {
  if (mode == RELU) return most(sum, zeros());
  if (mode == GATED) return where(load(gate) > zeros(), sum);
  return sum;
}

// Computes one row's sums on T tiles of NV vectors each.
INLINE const Entry *sparseRow(const int T, const int NV, const Entry *e, const Entry *stop, const char *x, size_t xs,
                              V *a) {
#if WIDTH == 16
  // The last sum comes first: V8 moves all loads of a loop to its front and spills registers, unless the loads stand in
  // the opposite order of the variables to which they are added.
  for (; e < stop; e++) {
    const V w = splat(e->weight);
    const char *p = x + e->offset;
    UNROLLED (int t = T - 1; t >= 0; t--)
      UNROLLED (int j = NV - 1; j >= 0; j--) a[t * NV + j] += w * load(p + t * xs + j * WIDTH);
  }
#else
  for (; e < stop; e++) {
    const V w = splat(e->weight);
    const char *p = x + e->offset;
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++) a[t * NV + j] += w * load(p + t * xs + j * WIDTH);
  }
#endif
  return e;
}

// Computes the same row of two matrices with the same connections: the online one, whose entries are given, and the
// target one, whose entries are `apart` bytes from those. One stream of indices serves both.
INLINE const Entry *sparseRowOfBoth(const int T, const int NV, const Entry *e, const Entry *stop, ptrdiff_t apart,
                                    const char *x, size_t xs, const char *z, size_t zs, V *a, V *b) {
  for (; e < stop; e++) {
    const V w = splat(e->weight), v = splat(((const Entry *)((const char *)e + apart))->weight);
    const char *p = x + e->offset, *q = z + e->offset;
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++) {
        a[t * NV + j] += w * load(p + t * xs + j * WIDTH);
        b[t * NV + j] += v * load(q + t * zs + j * WIDTH);
      }
  }
  return e;
}

INLINE void sparseRows(const int mode, const int T, const int NV, char *m, const u32 *starts, u32 rows,
                       const float *bias, const char *x, size_t xs, char *y, size_t ys, const char *g, size_t gs) {
  const Entry *e = (const Entry *)(m + starts[0]);
  for (u32 r = 0; r < rows; r++, y += ROW, g += ROW) {
    V a[8];
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++)
        a[t * NV + j] = startOf(mode, mode <= PLAIN ? bias[r] : 0, y + t * ys + j * WIDTH);
    e = sparseRow(T, NV, e, (const Entry *)(m + starts[r + 1]), x, xs, a);
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++)
        store(y + t * ys + j * WIDTH, endOf(mode, a[t * NV + j], g + t * gs + j * WIDTH));
  }
}

// The functions below are not inlined further: there is one for each number of tiles and vectors.
#define SPARSE(mode, T, NV)                                                                                            \
  static __attribute__((noinline)) void sparse_##mode##_##T##_##NV(char *m, const u32 *starts, u32 rows,               \
                                                                   const float *bias, const char *x, size_t xs,        \
                                                                   char *y, size_t ys, const char *g, size_t gs) {     \
    sparseRows(mode, T, NV, m, starts, rows, bias, x, xs, y, ys, g, gs);                                               \
  }
#define SPARSE_MODES(T, NV)                                                                                            \
  SPARSE(RELU, T, NV)                                                                                                  \
  SPARSE(PLAIN, T, NV)                                                                                                 \
  SPARSE(ADD, T, NV)                                                                                                   \
  SPARSE(GATED, T, NV)
#define SPARSE_CALL(mode, T, NV) sparse_##mode##_##T##_##NV(m, starts, rows, bias, x, xs, y, ys, g, gs)
#define SPARSE_ANY(T, NV)                                                                                              \
  (mode == RELU    ? SPARSE_CALL(RELU, T, NV)                                                                          \
   : mode == PLAIN ? SPARSE_CALL(PLAIN, T, NV)                                                                         \
   : mode == ADD   ? SPARSE_CALL(ADD, T, NV)                                                                           \
                   : SPARSE_CALL(GATED, T, NV))
#define NEXT_TILES(T) x += (T) * xs, y += (T) * ys, g += (T) * gs, tiles -= (T)

// Eight sums at a time need few enough registers on every processor.
#if WIDTH == 16
SPARSE_MODES(2, 4)
SPARSE_MODES(1, 4)
SPARSE_MODES(2, 3)
SPARSE_MODES(1, 3)
SPARSE_MODES(4, 2)
SPARSE_MODES(2, 2)
SPARSE_MODES(1, 2)
SPARSE_MODES(4, 1)
SPARSE_MODES(2, 1)
SPARSE_MODES(1, 1)
#elif WIDTH == 32
SPARSE_MODES(4, 2)
SPARSE_MODES(3, 2)
SPARSE_MODES(2, 2)
SPARSE_MODES(1, 2)
SPARSE_MODES(4, 1)
SPARSE_MODES(2, 1)
SPARSE_MODES(1, 1)
#else
SPARSE_MODES(8, 1)
SPARSE_MODES(4, 1)
SPARSE_MODES(2, 1)
SPARSE_MODES(1, 1)
#endif

static void sparseProduct(int mode, char *m, const u32 *starts, u32 rows, const float *bias, const char *x, size_t xs,
                          char *y, size_t ys, const char *g, size_t gs, u32 tiles, int nv) {
  while (tiles > 0) {
#if WIDTH == 16
    if (nv == 4) {
      if (tiles >= 2) SPARSE_ANY(2, 4), NEXT_TILES(2);
      else SPARSE_ANY(1, 4), NEXT_TILES(1);
    } else if (nv == 3) {
      if (tiles >= 2) SPARSE_ANY(2, 3), NEXT_TILES(2);
      else SPARSE_ANY(1, 3), NEXT_TILES(1);
    } else if (nv == 2) {
      if (tiles >= 4) SPARSE_ANY(4, 2), NEXT_TILES(4);
      else if (tiles >= 2) SPARSE_ANY(2, 2), NEXT_TILES(2);
      else SPARSE_ANY(1, 2), NEXT_TILES(1);
    } else {
      if (tiles >= 4) SPARSE_ANY(4, 1), NEXT_TILES(4);
      else if (tiles >= 2) SPARSE_ANY(2, 1), NEXT_TILES(2);
      else SPARSE_ANY(1, 1), NEXT_TILES(1);
    }
#elif WIDTH == 32
    if (nv == 2) {
      if (tiles >= 4 && tiles != 5) SPARSE_ANY(4, 2), NEXT_TILES(4);
      else if (tiles >= 3) SPARSE_ANY(3, 2), NEXT_TILES(3);
      else if (tiles >= 2) SPARSE_ANY(2, 2), NEXT_TILES(2);
      else SPARSE_ANY(1, 2), NEXT_TILES(1);
    } else {
      if (tiles >= 4) SPARSE_ANY(4, 1), NEXT_TILES(4);
      else if (tiles >= 2) SPARSE_ANY(2, 1), NEXT_TILES(2);
      else SPARSE_ANY(1, 1), NEXT_TILES(1);
    }
#else
    if (tiles >= 8) SPARSE_ANY(8, 1), NEXT_TILES(8);
    else if (tiles >= 4) SPARSE_ANY(4, 1), NEXT_TILES(4);
    else if (tiles >= 2) SPARSE_ANY(2, 1), NEXT_TILES(2);
    else SPARSE_ANY(1, 1), NEXT_TILES(1);
#endif
  }
}

// A dense W, [rows, columns]: R rows on T tiles of NV vectors, so that a load of X serves several rows.
INLINE void denseRows(const int mode, const int R, const int T, const int NV, const float *w, u32 columns,
                      const float *bias, const char *x, size_t xs, char *y, size_t ys, const char *g, size_t gs) {
  V a[16];
  UNROLLED (int i = 0; i < R; i++)
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++)
        a[(i * T + t) * NV + j] = startOf(mode, mode <= PLAIN ? bias[i] : 0, y + i * ROW + t * ys + j * WIDTH);
  for (u32 k = 0; k < columns; k++, x += ROW) {
    V b[4];
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++) b[t * NV + j] = load(x + t * xs + j * WIDTH);
    UNROLLED (int i = 0; i < R; i++) {
      const V s = splat(w[i * columns + k]);
      UNROLLED (int q = 0; q < T * NV; q++) a[i * T * NV + q] += s * b[q];
    }
  }
  UNROLLED (int i = 0; i < R; i++)
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < NV; j++)
        store(y + i * ROW + t * ys + j * WIDTH, endOf(mode, a[(i * T + t) * NV + j], g + i * ROW + t * gs + j * WIDTH));
}

#define DENSE(mode, R, T, NV)                                                                                          \
  static __attribute__((noinline)) void dense_##mode##_##R##_##T##_##NV(                                               \
      const float *w, u32 columns, const float *bias, const char *x, size_t xs, char *y, size_t ys, const char *g,     \
      size_t gs) {                                                                                                     \
    denseRows(mode, R, T, NV, w, columns, bias, x, xs, y, ys, g, gs);                                                  \
  }
#define DENSE_MODES(R, T, NV)                                                                                          \
  DENSE(RELU, R, T, NV)                                                                                                \
  DENSE(PLAIN, R, T, NV)                                                                                               \
  DENSE(ADD, R, T, NV)                                                                                                 \
  DENSE(GATED, R, T, NV)
#define DENSE_CALL(mode, R, T, NV) dense_##mode##_##R##_##T##_##NV(w, columns, b, x, xs, to, ys, by, gs)
#define DENSE_ANY(R, T, NV)                                                                                            \
  (mode == RELU    ? DENSE_CALL(RELU, R, T, NV)                                                                        \
   : mode == PLAIN ? DENSE_CALL(PLAIN, R, T, NV)                                                                       \
   : mode == ADD   ? DENSE_CALL(ADD, R, T, NV)                                                                         \
                   : DENSE_CALL(GATED, R, T, NV))
#define NEXT_ROWS(R) w += (R) * columns, b += mode <= PLAIN ? (R) : 0, to += (R) * ROW, by += (R) * ROW, left -= (R)

#if WIDTH == 16
DENSE_MODES(2, 1, 4)
DENSE_MODES(1, 1, 4)
DENSE_MODES(2, 1, 3)
DENSE_MODES(1, 1, 3)
DENSE_MODES(4, 1, 2)
DENSE_MODES(1, 1, 2)
DENSE_MODES(4, 1, 1)
DENSE_MODES(1, 1, 1)
#elif WIDTH == 32
DENSE_MODES(6, 1, 2)
DENSE_MODES(2, 1, 2)
DENSE_MODES(1, 1, 2)
DENSE_MODES(6, 1, 1)
DENSE_MODES(2, 1, 1)
DENSE_MODES(1, 1, 1)
#else
DENSE_MODES(8, 2, 1)
DENSE_MODES(2, 2, 1)
DENSE_MODES(1, 2, 1)
DENSE_MODES(8, 1, 1)
DENSE_MODES(2, 1, 1)
DENSE_MODES(1, 1, 1)
#endif

static void denseProduct(int mode, const float *weights, u32 columns, u32 rows, const float *bias, const char *x,
                         size_t xs, char *y, size_t ys, const char *g, size_t gs, u32 tiles, int nv) {
  while (tiles > 0) {
    const float *w = weights, *b = bias;
    char *to = y;
    const char *by = g;
    u32 left = rows;
#if WIDTH == 16
    if (nv == 4) {
      while (left >= 2) DENSE_ANY(2, 1, 4), NEXT_ROWS(2);
      if (left) DENSE_ANY(1, 1, 4);
    } else if (nv == 3) {
      while (left >= 2) DENSE_ANY(2, 1, 3), NEXT_ROWS(2);
      if (left) DENSE_ANY(1, 1, 3);
    } else if (nv == 2) {
      while (left >= 4) DENSE_ANY(4, 1, 2), NEXT_ROWS(4);
      while (left) DENSE_ANY(1, 1, 2), NEXT_ROWS(1);
    } else {
      while (left >= 4) DENSE_ANY(4, 1, 1), NEXT_ROWS(4);
      while (left) DENSE_ANY(1, 1, 1), NEXT_ROWS(1);
    }
    NEXT_TILES(1);
#elif WIDTH == 32
    if (nv == 2) {
      while (left >= 6) DENSE_ANY(6, 1, 2), NEXT_ROWS(6);
      while (left >= 2) DENSE_ANY(2, 1, 2), NEXT_ROWS(2);
      if (left) DENSE_ANY(1, 1, 2);
    } else {
      while (left >= 6) DENSE_ANY(6, 1, 1), NEXT_ROWS(6);
      while (left >= 2) DENSE_ANY(2, 1, 1), NEXT_ROWS(2);
      if (left) DENSE_ANY(1, 1, 1);
    }
    NEXT_TILES(1);
#else
    if (tiles >= 2) {
      while (left >= 8) DENSE_ANY(8, 2, 1), NEXT_ROWS(8);
      while (left >= 2) DENSE_ANY(2, 2, 1), NEXT_ROWS(2);
      if (left) DENSE_ANY(1, 2, 1);
      NEXT_TILES(2);
    } else {
      while (left >= 8) DENSE_ANY(8, 1, 1), NEXT_ROWS(8);
      while (left >= 2) DENSE_ANY(2, 1, 1), NEXT_ROWS(2);
      if (left) DENSE_ANY(1, 1, 1);
      NEXT_TILES(1);
    }
#endif
  }
}
