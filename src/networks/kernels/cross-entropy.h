// The cross-entropy method: for each observation it finds the action of the largest value, for a network of two hidden
// layers that reads an observation and an action. TypeScript (cross-entropy.ts) fills in the numbers.
//
// Samples are the lanes of tiles. What an observation adds to the first layer is the same for all of its samples, so it
// is computed once. The sums begin with it, as they do in a whole row, and so they have the same bits as those of
// `feedForward`.
#pragma once
#include "feed-forward.h"
#include "normals.h"

typedef struct {
  u32 first, second, third;  // layers
  u32 observation, actions;  // numbers of each
  u32 rows;                  // observations
  u32 samples, elites, iterations;
  u32 observations;  // [rows, observation]
  u32 noise;         // draws from N(0, 1), [iterations, rows, actions, tiles * lanes]
  u32 best;          // [rows, actions]
  u32 values;        // of the last iteration's samples, [rows, tiles * lanes]
  // of each part: words, where the actions' entries of each row of the first layer begin
  u32 splits;
  u32 scratch, scratchStride;  // of each part
} CrossEntropy;

// Tiles that a part keeps at once: as many as so many rows fill, and at least one.
INLINE u32 tilesOfRow(const CrossEntropy *c) { return (c->samples + LANES - 1) / LANES; }
INLINE u32 rowsTogether(const CrossEntropy *c) { return tilesOfRow(c) >= CHUNK ? 1 : CHUNK / tilesOfRow(c); }

// Where the blocks of a part's scratch memory are, in bytes.
typedef struct {
  size_t seen, base, bias, centre, spread, order, acts, inner, outer, q, total, actStride, stride;
} Scratch;
static Scratch scratchOf(const CrossEntropy *c, u64 firstRows, u64 secondRows) {
  const u64 tiles = (u64)tilesOfRow(c) * rowsTogether(c);
  Scratch s;
  // Numbers of rows are odd, so that a feature's rows in several tiles do not fall on the same cache set.
  s.actStride = (c->actions | 1) * (size_t)ROW;
  s.stride = ((firstRows > secondRows ? firstRows : secondRows) | 1) * (size_t)ROW;
  const u64 sizes[] = {(u64)c->observation * ROW,
                       firstRows * ROW,
                       firstRows * 4,
                       (u64)LANES * c->actions * 4,
                       (u64)LANES * c->actions * 4,
                       (u64)c->elites * 4,
                       tiles * s.actStride,
                       tiles * s.stride,
                       tiles * s.stride,
                       tiles * ROW};
  size_t *at[] = {&s.seen, &s.base, &s.bias, &s.centre, &s.spread, &s.order, &s.acts, &s.inner, &s.outer, &s.q};
  size_t next = 0;
  for (u32 i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    *at[i] = next;
    next += (sizes[i] + ROW - 1) / ROW * ROW;
  }
  s.total = next;
  return s;
}

// Computes a first layer's sums over some of its columns, on T whole tiles: entries [from[r], to[r]) of each row r, or
// weights [left, right) of a dense one.
typedef struct {
  const Layer *layer;
  u32 side, left, right;
  const u32 *from, *to;
  int mode;
} Columns;
INLINE void columnsOfTiles(const int T, char *m, const Columns *c, const float *bias, const char *x, size_t xs, char *y,
                           size_t ys) {
  const Layer *l = c->layer;
  for (u32 r = 0; r < l->rows; r++, y += ROW) {
    V a[8];
    UNROLLED (int i = 0; i < T * FULL; i++) a[i] = splat(bias[r]);
    if (l->dense) {
      const float *w = FLOATS(l->parts[0].weights[c->side]) + (size_t)r * l->columns;
      for (u32 k = c->left; k < c->right; k++) {
        const Entry e = {w[k], k * ROW};
        sparseRow(T, FULL, &e, &e + 1, x, xs, a);
      }
    } else {
      sparseRow(T, FULL, (const Entry *)(m + c->from[r]), (const Entry *)(m + c->to[r]), x, xs, a);
    }
    UNROLLED (int t = 0; t < T; t++)
      UNROLLED (int j = 0; j < FULL; j++) store(y + t * ys + j * WIDTH, endOf(c->mode, a[t * FULL + j], y));
  }
}
// This handles eight vectors of sums at a time.
#define TILES_TOGETHER (8 / FULL)
static __attribute__((noinline)) void columnsOfMany(char *m, const Columns *c, const float *bias, const char *x,
                                                    size_t xs, char *y, size_t ys) {
  columnsOfTiles(TILES_TOGETHER, m, c, bias, x, xs, y, ys);
}
#if WIDTH > 16
static __attribute__((noinline)) void columnsOfHalf(char *m, const Columns *c, const float *bias, const char *x,
                                                    size_t xs, char *y, size_t ys) {
  columnsOfTiles(TILES_TOGETHER / 2, m, c, bias, x, xs, y, ys);
}
#endif
static __attribute__((noinline)) void columnsOfOne(char *m, const Columns *c, const float *bias, const char *x,
                                                   size_t xs, char *y, size_t ys) {
  columnsOfTiles(1, m, c, bias, x, xs, y, ys);
}
static void columnsProduct(char *m, const Columns *c, const float *bias, const char *x, size_t xs, char *y, size_t ys,
                           u32 tiles) {
  for (; tiles >= TILES_TOGETHER; tiles -= TILES_TOGETHER, x += TILES_TOGETHER * xs, y += TILES_TOGETHER * ys)
    columnsOfMany(m, c, bias, x, xs, y, ys);
#if WIDTH > 16
  if (tiles >= TILES_TOGETHER / 2) {
    columnsOfHalf(m, c, bias, x, xs, y, ys);
    tiles -= TILES_TOGETHER / 2, x += TILES_TOGETHER / 2 * xs, y += TILES_TOGETHER / 2 * ys;
  }
#endif
  for (; tiles > 0; tiles--, x += xs, y += ys) columnsOfOne(m, c, bias, x, xs, y, ys);
}

// Finds the indices of the `count` largest of `samples` values, the best one first. Of equal values the first one wins,
// and values that are not numbers come last.
static void chooseElites(const float *values, u32 samples, u32 count, u32 *order) {
  u32 kept = 0;
  for (u32 k = 0; k < samples; k++) {
    if (kept == count && !(values[k] > values[order[count - 1]])) continue;
    u32 at = kept < count ? kept++ : count - 1;
    for (; at > 0 && values[order[at - 1]] < values[k]; at--) order[at] = order[at - 1];
    order[at] = k;
  }
}

static void crossEntropy(char *m, const CrossEntropy *c, u32 side, u32 part, u32 parts) {
  const Layer *first = LAYER(c->first), *second = LAYER(c->second), *third = LAYER(c->third);
  const u32 tiles = tilesOfRow(c), together = rowsTogether(c), actions = c->actions;
  const Scratch s = scratchOf(c, first->rows, second->rows);
  char *own = m + c->scratch + (size_t)part * c->scratchStride;
  float *centre = (float *)(own + s.centre), *spread = (float *)(own + s.spread), *bias = (float *)(own + s.bias);
  u32 *order = (u32 *)(own + s.order);
  u32 *splits = WORDS(c->splits) + (size_t)part * first->rows;
  const u32 *starts = WORDS(first->starts[side]);
  if (!first->dense)
    for (u32 r = 0; r < first->rows; r++) {
      u32 at = starts[r];
      while (at < starts[r + 1] && ((const Entry *)(m + at))->offset < c->observation * ROW) at += sizeof(Entry);
      splits[r] = at;
    }
  const Columns seeing = {first, side, 0, c->observation, starts, splits, PLAIN};
  const Columns acting = {first, side, c->observation, c->observation + actions, splits, starts + 1, RELU};
  const Rational tanh = rational(TANH);
  const size_t drawn = (size_t)tiles * LANES;  // samples of one number of an action

  for (u32 group = 0; group * LANES < c->rows; group++) {
    if (group % parts != part) continue;
    const u32 start = group * LANES, count = c->rows - start < LANES ? c->rows - start : LANES;
    // This is what the group's observations add to the first layer; a lane is an observation.
    float *seen = (float *)(own + s.seen);
    for (u32 lane = 0; lane < LANES; lane++)
      for (u32 i = 0; i < c->observation; i++)
        seen[i * LANES + lane] =
            lane < count ? FLOATS(c->observations)[(size_t)(start + lane) * c->observation + i] : 0;
    columnsProduct(m, &seeing, FLOATS(first->added[side]), own + s.seen, 0, own + s.base, 0, 1);
    for (u32 i = 0; i < LANES * actions; i++) centre[i] = 0, spread[i] = 1;

    for (u32 iteration = 0; iteration < c->iterations; iteration++) {
      const float *noise = FLOATS(c->noise) + ((size_t)iteration * c->rows + start) * actions * drawn;
      for (u32 lane = 0; lane < count; lane += together) {
        const u32 some = count - lane < together ? count - lane : together;
        for (u32 k = 0; k < some; k++) {
          char *acts = own + s.acts + (size_t)k * tiles * s.actStride,
               *inner = own + s.inner + (size_t)k * tiles * s.stride;
          for (u32 d = 0; d < actions; d++) {
            const u32 at = (lane + k) * actions + d;
            const V mean = splat(centre[at]), deviation = splat(spread[at]);
            const char *from = (const char *)(noise + at * drawn);
            for (u32 t = 0; t < tiles; t++, from += ROW)
              for (int j = 0; j < FULL; j++)
                store(acts + t * s.actStride + (size_t)d * ROW + j * WIDTH,
                      evaluate(&tanh, mean + deviation * load(from + j * WIDTH)));
          }
          const float *base = (const float *)(own + s.base) + lane + k;
          for (u32 r = 0; r < first->rows; r++) bias[r] = base[(size_t)r * LANES];
          columnsProduct(m, &acting, bias, acts - (size_t)c->observation * ROW, s.actStride, inner, s.stride, tiles);
        }
        layerForward(m, second, (int)side, RELU, own + s.inner, s.stride, own + s.outer, s.stride, some * tiles, FULL);
        layerForward(m, third, (int)side, PLAIN, own + s.outer, s.stride, own + s.q, ROW, some * tiles, FULL);

        for (u32 k = 0; k < some; k++) {
          const float *values = (const float *)(own + s.q) + k * drawn;
          chooseElites(values, c->samples, c->elites, order);
          if (iteration + 1 == c->iterations) {
            const u32 row = start + lane + k;
            const char *acts =
                own + s.acts + ((size_t)k * tiles + order[0] / LANES) * s.actStride + order[0] % LANES * 4;
            for (u32 d = 0; d < actions; d++)
              FLOATS(c->best)[(size_t)row * actions + d] = loadFloat(acts + (size_t)d * ROW);
            for (u32 i = 0; i < drawn; i++) FLOATS(c->values)[row * drawn + i] = values[i];
            continue;
          }
          for (u32 d = 0; d < actions; d++) {
            const u32 at = (lane + k) * actions + d;
            double sum = 0, squares = 0;
            for (u32 e = 0; e < c->elites; e++) sum += centre[at] + spread[at] * noise[at * drawn + order[e]];
            const double mean = sum / c->elites;
            for (u32 e = 0; e < c->elites; e++) {
              const double apart = centre[at] + spread[at] * noise[at * drawn + order[e]] - mean;
              squares += apart * apart;
            }
            centre[at] = (float)mean;
            spread[at] = (float)__builtin_sqrt(squares / (c->elites - 1));
          }
        }
      }
    }
  }
}
