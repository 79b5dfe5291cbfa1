// A layer: one or two weight matrices that read a tile of input rows and add to a tile of output rows, and their
// biases. TypeScript (layers.ts) fills in the numbers; all of them are addresses in bytes unless they are counts.
#pragma once
#include "gradients.h"

// Partial sums of an update's gradients are kept for each strip of its work by itself, and are added up in the order of
// the strips. So threads may work on different strips and leave the same bits.
#define STRIPS 4

// A weight matrix stored whole, as [span of output rows, columns].
typedef struct {
  u32 columns, span;     // columns of the matrix, and rows of the output tile among which its rows lie
  u32 first, inputRow;   // the first of these rows, and the input tile's row of column 0
  u32 weights[2];        // online, target
  u32 transposed;        // [columns, span], of the online side
  u32 squares, moments;  // the optimiser's mean squares and, of Adam, means
  u32 sums;              // [strips][span, columns]
  u32 mask, masked;      // words of bits all 1 or all 0, and room for the gradient under it; 0: nothing is pruned
  u32 collected;         // the whole gradient
} Part;

typedef struct {
  u32 count;
  u32 rows;       // words: the output row that each value is added to
  u32 values[2];  // online, target
  u32 squares, moments, gradient;
} Bias;

typedef struct {
  u32 dense;  // whether `parts` hold the weights now, or the entries
  // whether gradients of pruned connections are wanted: then `parts` add them up, also where the weights are entries
  u32 wanted;
  u32 rows;       // of the output tile
  u32 columns;    // rows of the input tile
  u32 starts[2];  // [rows + 1], online and target
  u32 transposedStarts;
  u32 entries[2];
  u32 transposed;                         // entries of W'
  u32 places;                             // for each entry, where its value is among the transposed ones
  u32 count;                              // entries
  u32 squares, moments, sums, collected;  // of the entries: [count], [count], [strips][count, 8], [count]
  u32 added[2];                           // sums of the biases, [rows]
  u32 biasSums;                           // [strips][rows, 8]
  u32 version;                            // changes with every change of the online side; never 0 after one
  u32 partCount, biasCount;
  Part parts[2];
  Bias biases[2];
} Layer;

#define FLOATS(address) ((float *)(m + (address)))
#define WORDS(address) ((u32 *)(m + (address)))
#define BYTES(address) ((u8 *)(m + (address)))
#define LAYER(address) ((const Layer *)(m + (address)))

// Y = W X + b, through a ReLU if `mode` says so. Where there are two dense matrices (those of a GRU), the rows of the
// first come first; those of the second begin where the input no longer meets the first alone.
static void layerForward(char *m, const Layer *l, int side, int mode, const char *x, size_t xs, char *y, size_t ys,
                         u32 tiles, int nv) {
  const float *bias = FLOATS(l->added[side]);
  if (!l->dense) {
    sparseProduct(mode, m, WORDS(l->starts[side]), l->rows, bias, x, xs, y, ys, y, ys, tiles, nv);
    return;
  }
  u32 done = 0;
  for (u32 p = 0; p < l->partCount; p++) {
    const Part *part = &l->parts[p];
    const char *from = x + (size_t)part->inputRow * ROW;
    const float *w = FLOATS(part->weights[side]);
    const u32 shared = p == 0 || done < part->first ? 0 : done - part->first;
    if (shared > 0)
      denseProduct(ADD, w, part->columns, shared, bias, from, xs, y + (size_t)part->first * ROW, ys, y, ys, tiles, nv);
    const u32 own = part->first + shared;
    denseProduct(mode, w + (size_t)shared * part->columns, part->columns, part->span - shared, bias + own, from, xs,
                 y + (size_t)own * ROW, ys, y, ys, tiles, nv);
    done = part->first + part->span;
  }
}

// dX += W' dY, or through the ReLU whose output is the gate, for `rows` input rows from `row` on; `dx` is the address
// of the first.
static void layerBackward(char *m, const Layer *l, int mode, u32 row, u32 rows, const char *dy, size_t ds, char *dx,
                          size_t xs, const char *gate, size_t gs, u32 tiles, int nv) {
  if (!l->dense) {
    sparseProduct(mode, m, WORDS(l->transposedStarts) + row, rows, 0, dy, ds, dx, xs, gate, gs, tiles, nv);
    return;
  }
  for (u32 p = 0; p < l->partCount; p++) {
    const Part *part = &l->parts[p];
    if (row < part->inputRow || row >= part->inputRow + part->columns) continue;
    denseProduct(mode, FLOATS(part->transposed) + (size_t)(row - part->inputRow) * part->span, part->span, rows, 0,
                 dy + (size_t)part->first * ROW, ds, dx, xs, gate, gs, tiles, nv);
  }
}

// Adds up the gradients of `steps` steps, whose tiles are dStep and xStep bytes apart, into the sums of a strip.
// `vectors` are the 128-bit vectors of each step; `folded` and `ahead` mean the same as in `sampledProduct`.
static void layerGradient(char *m, const Layer *l, u32 strip, const char *dy, size_t ds, ptrdiff_t dStep, const char *x,
                          size_t xs, ptrdiff_t xStep, u32 tiles, u32 folded, u32 steps, const u8 *vectors, u32 ahead) {
  char *biasSums = m + l->biasSums + (size_t)strip * l->rows * SUMS;
  const int all = l->dense || l->wanted;
  for (u32 s = 0; s < steps;) {
    u32 same = 1;
    while (s + same < steps && vectors[s + same] == vectors[s]) same++;
    const char *d = dy + (ptrdiff_t)s * dStep;
    if (all) addRowSums(l->rows, biasSums, d, ds, dStep, tiles, folded, same, widths(vectors[s]));
    else
      sampledProduct(m, WORDS(l->starts[0]), l->rows, l->columns, m + l->sums + (size_t)strip * l->count * SUMS,
                     biasSums, d, ds, dStep, x + (ptrdiff_t)s * xStep, xs, xStep, tiles, folded, same,
                     widths(vectors[s]), ahead);
    s += same;
  }
  if (!all) return;
  u8 eights[16];
  for (u32 s = 0; s < steps; s++) {
    eights[s] = (vectors[s] + 1) / 2;
#if WIDTH == 16
    // Wider vectors have made the other half of the last eight lanes zero.
    if (vectors[s] % 2)
      for (u32 tile = 0; tile < tiles; tile++)
        for (u32 r = 0; r < l->rows; r++)
          store((char *)dy + (ptrdiff_t)s * dStep + tile * ds + r * (size_t)ROW + vectors[s] * 16, zeros());
#endif
  }
  for (u32 p = 0; p < l->partCount; p++) {
    const Part *part = &l->parts[p];
    denseGradient(FLOATS(part->sums) + (size_t)strip * part->span * part->columns, part->columns, part->span,
                  dy + (size_t)part->first * ROW, ds, dStep, x + (size_t)part->inputRow * ROW, xs, xStep, tiles, steps,
                  eights);
  }
}

#if WIDTH > 16
// Does so for STEPS_OF_TWO steps of a sparse layer where one tile holds the agents of two strips, this one and the next
// (which may not exist).
static void layerGradientOfTwo(char *m, const Layer *l, u32 strip, int both, const char *dy, ptrdiff_t dStep,
                               const char *x, ptrdiff_t xStep, u32 ahead) {
  char *sums = m + l->sums + (size_t)strip * l->count * SUMS,
       *biasSums = m + l->biasSums + (size_t)strip * l->rows * SUMS;
  sampledProductOfTwo(both, m, WORDS(l->starts[0]), l->rows, l->columns, sums, sums + (size_t)l->count * SUMS, biasSums,
                      biasSums + (size_t)l->rows * SUMS, dy, dStep, x, xStep, ahead);
}
#endif

// ---- The way from the sums of an update to the next weights.

static double squaredNorm(const float *values, u32 count) {
  D4 sums = {0, 0, 0, 0};
  u32 i = 0;
  for (; i + 4 <= count; i += 4) {
    const D4 four = {values[i], values[i + 1], values[i + 2], values[i + 3]};
    sums += four * four;
  }
  double sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
  for (; i < count; i++) sum += (double)values[i] * values[i];
  return sum;
}

static void addStrips(const float *sums, size_t count, float *total) {
  for (size_t i = 0; i < count; i++) {
    float sum = sums[i];
    for (u32 s = 1; s < STRIPS; s++) sum += sums[s * count + i];
    total[i] = sum;
  }
}

static void applyMask(const float *values, const u32 *mask, float *kept, u32 count) {
  for (u32 i = 0; i < count; i++) ((u32 *)kept)[i] = ((const u32 *)values)[i] & mask[i];
}

// Brings the partial sums of the gradients together and returns the sum of their squares. With `wanted` gradients
// TypeScript, which knows where they belong, has picked those of the entries before: then only the squares are added
// up.
static double layerCollect(char *m, const Layer *l) {
  double squared = 0;
  if (l->dense) {
    for (u32 p = 0; p < l->partCount; p++) {
      const Part *part = &l->parts[p];
      const u32 count = part->span * part->columns;
      addStrips(FLOATS(part->sums), count, FLOATS(part->collected));
      if (part->mask) applyMask(FLOATS(part->collected), WORDS(part->mask), FLOATS(part->masked), count);
      squared += squaredNorm(FLOATS(part->mask ? part->masked : part->collected), count);
    }
  } else {
    if (l->wanted) {
      for (u32 p = 0; p < l->partCount; p++)
        addStrips(FLOATS(l->parts[p].sums), (size_t)l->parts[p].span * l->parts[p].columns,
                  FLOATS(l->parts[p].collected));
    } else {
      float *to = FLOATS(l->collected);
      const size_t strip = (size_t)l->count * SUMS;
      for (u32 k = 0; k < l->count; k++) {
        const char *from = m + l->sums + (size_t)k * SUMS;
        V8 sum = load8(from);
        for (u32 s = 1; s < STRIPS; s++) sum = sum + load8(from + s * strip);
        to[k] = sum8(sum);
      }
    }
    if (!l->wanted) squared += squaredNorm(FLOATS(l->collected), l->count);
  }
  const size_t strip = (size_t)l->rows * SUMS;
  for (u32 b = 0; b < l->biasCount; b++) {
    const Bias *bias = &l->biases[b];
    float *to = FLOATS(bias->gradient);
    for (u32 i = 0; i < bias->count; i++) {
      const char *from = m + l->biasSums + (size_t)WORDS(bias->rows)[i] * SUMS;
      V8 sum = load8(from);
      for (u32 s = 1; s < STRIPS; s++) sum = sum + load8(from + s * strip);
      to[i] = sum8(sum);
    }
    squared += squaredNorm(to, bias->count);
  }
  return squared;
}

// With g = scale * gradient, RMSprop does v = beta2 v + rest2 g^2, w -= rate g / (sqrt(v) + epsilon). Adam also does m
// = beta1 m + rest1 g, and w -= rate m / (sqrt(v) / root + epsilon), where rate is divided by the correction of the
// first moment and root is the square root of that of the second.
enum { RMSPROP, ADAM };
typedef struct {
  u32 kind;
  float scale, rate, beta1, rest1, beta2, rest2, root, epsilon;
} Optimiser;

INLINE void rmspropOne(const Optimiser *o, float *weight, float gradient, float *square) {
  const float g = gradient * o->scale;
  const float v = o->beta2 * *square + o->rest2 * (g * g);
  *square = v;
  *weight = *weight - (o->rate * g) / (__builtin_sqrtf(v) + o->epsilon);
}

INLINE void adamOne(const Optimiser *o, float *weight, float gradient, float *moment, float *square) {
  const float g = gradient * o->scale;
  const float m = o->beta1 * *moment + o->rest1 * g;
  const float v = o->beta2 * *square + o->rest2 * (g * g);
  *moment = m;
  *square = v;
  *weight = *weight - (o->rate * m) / (__builtin_sqrtf(v) / o->root + o->epsilon);
}

static void stepValues(const Optimiser *o, float *weights, const float *gradient, float *moments, float *squares,
                       u32 count) {
  if (o->kind == ADAM)
    for (u32 i = 0; i < count; i++) adamOne(o, weights + i, gradient[i], moments + i, squares + i);
  else
    for (u32 i = 0; i < count; i++) rmspropOne(o, weights + i, gradient[i], squares + i);
}

static void transposeMatrix(const float *from, u32 rows, u32 columns, float *to) {
  for (u32 r = 0; r < rows; r++)
    for (u32 c = 0; c < columns; c++) to[(size_t)c * rows + r] = from[(size_t)r * columns + c];
}

// Makes anew what is kept beside the weights of a side: the values of W' (online) and the sums of the biases.
static void layerRefresh(char *m, const Layer *l, int side) {
  if (side == 0) {
    u32 *version = (u32 *)&l->version;
    if (++*version == 0) *version = 1;
    if (l->dense) {
      for (u32 p = 0; p < l->partCount; p++)
        transposeMatrix(FLOATS(l->parts[p].weights[0]), l->parts[p].span, l->parts[p].columns,
                        FLOATS(l->parts[p].transposed));
    } else {
      const Entry *entries = (const Entry *)(m + l->entries[0]);
      const u32 *places = WORDS(l->places);
      for (u32 k = 0; k < l->count; k++) ((Entry *)(m + places[k]))->weight = entries[k].weight;
    }
  }
  float *added = FLOATS(l->added[side]);
  for (u32 r = 0; r < l->rows; r++) added[r] = 0;
  for (u32 b = 0; b < l->biasCount; b++) {
    const Bias *bias = &l->biases[b];
    for (u32 i = 0; i < bias->count; i++) added[WORDS(bias->rows)[i]] += FLOATS(bias->values[side])[i];
  }
}

static void layerStep(char *m, const Layer *l, const Optimiser *o) {
  if (l->dense) {
    for (u32 p = 0; p < l->partCount; p++) {
      const Part *part = &l->parts[p];
      stepValues(o, FLOATS(part->weights[0]), FLOATS(part->mask ? part->masked : part->collected),
                 FLOATS(part->moments), FLOATS(part->squares), part->span * part->columns);
    }
  } else {
    Entry *entries = (Entry *)(m + l->entries[0]);
    const float *gradient = FLOATS(l->collected);
    float *moments = FLOATS(l->moments), *squares = FLOATS(l->squares);
    if (o->kind == ADAM)
      for (u32 k = 0; k < l->count; k++) adamOne(o, &entries[k].weight, gradient[k], moments + k, squares + k);
    else
      for (u32 k = 0; k < l->count; k++) rmspropOne(o, &entries[k].weight, gradient[k], squares + k);
  }
  for (u32 b = 0; b < l->biasCount; b++) {
    const Bias *bias = &l->biases[b];
    stepValues(o, FLOATS(bias->values[0]), FLOATS(bias->gradient), FLOATS(bias->moments), FLOATS(bias->squares),
               bias->count);
  }
  layerRefresh(m, l, 0);
}

static void followValues(float *target, const float *online, float tau, u32 count) {
  for (u32 i = 0; i < count; i++) target[i] = target[i] + tau * (online[i] - target[i]);
}

// Soft update: target += tau (online - target), for every connection and bias.
static void layerFollow(char *m, const Layer *l, float tau) {
  if (l->dense) {
    for (u32 p = 0; p < l->partCount; p++) {
      const Part *part = &l->parts[p];
      followValues(FLOATS(part->weights[1]), FLOATS(part->weights[0]), tau, part->span * part->columns);
    }
  } else {
    const Entry *online = (const Entry *)(m + l->entries[0]);
    Entry *target = (Entry *)(m + l->entries[1]);
    for (u32 k = 0; k < l->count; k++)
      target[k].weight = target[k].weight + tau * (online[k].weight - target[k].weight);
  }
  for (u32 b = 0; b < l->biasCount; b++) {
    const Bias *bias = &l->biases[b];
    followValues(FLOATS(bias->values[1]), FLOATS(bias->values[0]), tau, bias->count);
  }
  layerRefresh(m, l, 1);
}

static void layerClear(char *m, const Layer *l) {
  if (l->dense || l->wanted)
    for (u32 p = 0; p < l->partCount; p++)
      __builtin_memset(m + l->parts[p].sums, 0, (size_t)STRIPS * l->parts[p].span * l->parts[p].columns * 4);
  if (!l->dense) __builtin_memset(m + l->sums, 0, (size_t)STRIPS * l->count * SUMS);
  __builtin_memset(m + l->biasSums, 0, (size_t)STRIPS * l->rows * SUMS);
}
