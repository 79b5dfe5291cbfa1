// Products of a sparse layer with the few lanes of one team, for acting. Where a row is one vector, most of the time is
// lost at the ends of a matrix's rows, which no processor foresees, and in waiting for one addition after another. So
// rows are taken eight at a time, in turns, in the order of how many entries they have. The shorter ones are
// filled up with entries of weight 1 that read a row of -0: adding that to a sum changes no bit of it, whatever it is.
//
// Tiles have rows of eight lanes here, so that all that a step needs fits the nearest cache.
#pragma once
#include "layer.h"

#define FEW (LANES / 2)
// With fewer lanes than these a row of FEW would take more vectors than there are lanes for.
#if defined(__x86_64__)
#define FEWEST 1
#else
#define FEWEST (FEW / 2 + 1)
#endif
#define FEW_ROW (FEW * 4)
#define IN_TURNS 8

// Rows of a layer in turns: bytes from the output tile to each, their biases, and how many entries each has, filled up.
typedef struct {
  u32 count;
  uint16_t rows[IN_TURNS];
  float bias[IN_TURNS];
} Turn;

// The online side of a layer, put in this order. `weights` and `offsets`, 16 bits each, are [turns, count, IN_TURNS].
typedef struct {
  u32 version;  // the layer's when this was made of it, or 0
  u32 turns;
  u32 weights, offsets;
  u32 capacity;  // entries that there is room for
} Turned;

INLINE u32 turnsOf(u32 rows) { return (rows + IN_TURNS - 1) / IN_TURNS; }

// Says whether a layer's rows can be taken in turns, and whether what was made of it still holds.
INLINE int canTurn(const Layer *l, u32 padding) {
  return !l->dense && padding <= 65535 / FEW_ROW && l->rows <= 65535 / FEW_ROW;
}
INLINE int turnsHold(const Layer *l, const Turned *t, u32 padding) {
  return canTurn(l, padding) && t->version != 0 && t->version == l->version;
}

// Makes it anew if the layer has changed; `padding` is the row of -0, counted from the layer's first input. Returns 0
// where that cannot be.
static int turnRows(char *m, const Layer *l, Turned *to, u32 padding) {
  if (turnsHold(l, to, padding)) return 1;
  if (!canTurn(l, padding)) return 0;
  to->version = 0;
  const u32 *starts = WORDS(l->starts[0]);
  const u32 rows = l->rows, capacity = to->capacity;
  Turn *turn = (Turn *)(m + to->turns) - 1;
  float *weights = FLOATS(to->weights);
  uint16_t *offsets = (uint16_t *)(m + to->offsets);
  u32 placed = 0, used = 0, longest = 0, length = 0;
  for (u32 r = 0; r < rows; r++) {
    const u32 count = (starts[r + 1] - starts[r]) / sizeof(Entry);
    longest = count > longest ? count : longest;
  }
  for (u32 count = longest, below;; count = below) {
    int more = 0;
    below = 0;
    for (u32 r = 0; r < rows && placed < rows; r++) {
      const u32 own = (starts[r + 1] - starts[r]) / sizeof(Entry);
      if (own < count) more = 1, below = own > below ? own : below;
      if (own != count) continue;
      const u32 slot = placed++ % IN_TURNS;
      if (slot == 0) {
        if (count > (capacity - used) / IN_TURNS) return 0;
        (++turn)->count = length = count;
        used += IN_TURNS * count;
      }
      const u32 first = used - IN_TURNS * length;
      const Entry *from = (const Entry *)(m + starts[r]);
      // The slots behind it hold the same row until they get others; the last ones keep it.
      for (u32 s = slot; s < IN_TURNS; s++) {
        turn->rows[s] = (uint16_t)(r * FEW_ROW);
        turn->bias[s] = FLOATS(l->added[0])[r];
        for (u32 k = 0; k < length; k++) {
          weights[first + k * IN_TURNS + s] = k < own ? from[k].weight : 1;
          offsets[first + k * IN_TURNS + s] =
              (uint16_t)(k < own ? from[k].offset / (ROW / FEW_ROW) : padding * FEW_ROW);
        }
      }
    }
    if (!more || placed == rows) break;
  }
  to->version = l->version;
  return 1;
}

// WebAssembly has too few registers for it, and gains nothing.
#if WIDTH < 64 && !defined(__wasm__)
#define ACTS_IN_TURNS
#define FEW_VECTORS (FEW_ROW / WIDTH)

INLINE void rowsInTurns(const int mode, char *m, const Turned *l, u32 rows, const char *x, char *y) {
  const Turn *turn = (const Turn *)(m + l->turns);
  const float *w = FLOATS(l->weights);
  const uint16_t *offset = (const uint16_t *)(m + l->offsets);
  for (u32 left = turnsOf(rows); left > 0; left--, turn++) {
    V a[IN_TURNS * FEW_VECTORS];
    UNROLLED (int i = 0; i < IN_TURNS; i++)
      UNROLLED (int j = 0; j < FEW_VECTORS; j++) a[i * FEW_VECTORS + j] = splat(turn->bias[i]);
    for (const float *stop = w + IN_TURNS * turn->count; w < stop; w += IN_TURNS, offset += IN_TURNS) {
      UNROLLED (int i = 0; i < IN_TURNS; i++) {
        const V weight = splat(w[i]);
        const char *p = x + offset[i];
        UNROLLED (int j = 0; j < FEW_VECTORS; j++) a[i * FEW_VECTORS + j] += weight * load(p + j * WIDTH);
      }
    }
    UNROLLED (int i = 0; i < IN_TURNS; i++) {
      UNROLLED (int j = 0; j < FEW_VECTORS; j++) {
        const V sum = a[i * FEW_VECTORS + j];
        store(y + turn->rows[i] + j * WIDTH, mode == RELU ? most(sum, zeros()) : sum);
      }
    }
  }
}
static __attribute__((noinline)) void reluInTurns(char *m, const Turned *l, u32 rows, const char *x, char *y) {
  rowsInTurns(RELU, m, l, rows, x, y);
}
static __attribute__((noinline)) void plainInTurns(char *m, const Turned *l, u32 rows, const char *x, char *y) {
  rowsInTurns(PLAIN, m, l, rows, x, y);
}
#endif
