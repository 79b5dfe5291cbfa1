// These functions turn rows of features into tiles and back.
#pragma once
#include "vector.h"

#define SHUFFLE __builtin_shufflevector

#if WIDTH > 16
// Turns over eight features of eight lanes, into rows that are `pitch` bytes apart.
INLINE void transposeEight(const char *const *rows, size_t at, char *to, const size_t pitch) {
  V8 r[8], t[8], s[8];
  UNROLLED (int i = 0; i < 8; i++) r[i] = load8(rows[i] + at);
  UNROLLED (int i = 0; i < 8; i += 2) {
    t[i] = SHUFFLE(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[i + 1] = SHUFFLE(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  UNROLLED (int i = 0; i < 8; i += 4) {
    UNROLLED (int k = 0; k < 2; k++) {
      s[i + 2 * k] = SHUFFLE(t[i + k], t[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      s[i + 2 * k + 1] = SHUFFLE(t[i + k], t[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  UNROLLED (int i = 0; i < 4; i++) {
    store8(to + i * pitch, SHUFFLE(s[i], s[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
    store8(to + (i + 4) * pitch, SHUFFLE(s[i], s[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
  }
}
#endif

// Turns row-major [lane][feature] of the lanes of one tile into [feature][16 lanes]; `rows` holds the addresses of the
// lanes' rows.
INLINE void tileOfPitch(const char *const *rows, u32 features, char *tile, u32 vectors, const size_t pitch) {
#if WIDTH > 16
  if (features >= 8) {
    for (size_t at = 0, last = (size_t)(features - 8) * 4;; at = at + 32 < last ? at + 32 : last) {
      transposeEight(rows, at, tile + at / 4 * pitch, pitch);
      if (vectors > 2) transposeEight(rows + 8, at, tile + at / 4 * pitch + 32, pitch);
      if (at == last) return;
    }
  }
#endif
  for (u32 vector = 0; vector < vectors; vector++) {
    const char *a = rows[vector * 4], *b = rows[vector * 4 + 1], *c = rows[vector * 4 + 2], *d = rows[vector * 4 + 3];
    char *to = tile + vector * 16;
    size_t at = 0, end = (size_t)features * 4;
    for (; at + 16 <= end; at += 16, to += 4 * pitch) {
      const V4 va = load4(a + at), vb = load4(b + at), vc = load4(c + at), vd = load4(d + at);
      const V4 ab = SHUFFLE(va, vb, 0, 4, 1, 5), ab2 = SHUFFLE(va, vb, 2, 6, 3, 7);
      const V4 cd = SHUFFLE(vc, vd, 0, 4, 1, 5), cd2 = SHUFFLE(vc, vd, 2, 6, 3, 7);
      store4(to, SHUFFLE(ab, cd, 0, 1, 4, 5));
      store4(to + pitch, SHUFFLE(ab, cd, 2, 3, 6, 7));
      store4(to + 2 * pitch, SHUFFLE(ab2, cd2, 0, 1, 4, 5));
      store4(to + 3 * pitch, SHUFFLE(ab2, cd2, 2, 3, 6, 7));
    }
    for (; at < end; at += 4, to += pitch) {
      storeFloat(to, loadFloat(a + at));
      storeFloat(to + 4, loadFloat(b + at));
      storeFloat(to + 8, loadFloat(c + at));
      storeFloat(to + 12, loadFloat(d + at));
    }
  }
}
static void tileFromRows(const char *const *rows, u32 features, char *tile, u32 vectors) {
  tileOfPitch(rows, features, tile, vectors, ROW);
}
// Does the same for eight lanes, into rows of eight.
static void halfTileFromRows(const char *const *rows, u32 features, char *tile) {
  tileOfPitch(rows, features, tile, 2, ROW / 2);
}

typedef u8 Sixteen __attribute__((vector_size(16), aligned(1), may_alias));

// Turns bytes, row-major [lane][feature], into [feature][16 lanes]. A lane's row has `have` bytes, and the others are
// 1.
static void bytesFromRows(const char *const *rows, const size_t *have, size_t features, u8 *to) {
  for (size_t first = 0; first < features; first += 16) {
    Sixteen r[16], s[16];
    for (u32 lane = 0; lane < 16; lane++) {
      if (first + 16 <= have[lane]) {
        r[lane] = *(const Sixteen *)(rows[lane] + first);
        continue;
      }
      u8 some[16];
      __builtin_memset(some, 1, 16);
      if (first < have[lane]) __builtin_memcpy(some, rows[lane] + first, have[lane] - first);
      r[lane] = *(const Sixteen *)some;
    }
    // Four perfect shuffles of the sixteen rows transpose them.
    for (int round = 0; round < 4; round++) {
      UNROLLED (int i = 0; i < 8; i++) {
        s[2 * i] = SHUFFLE(r[i], r[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        s[2 * i + 1] = SHUFFLE(r[i], r[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      }
      UNROLLED (int i = 0; i < 16; i++) r[i] = s[i];
    }
    for (size_t i = 0; i < 16 && first + i < features; i++) *(Sixteen *)(to + (first + i) * LANES) = r[i];
  }
}

// Goes the opposite way for the first `lanes` lanes of consecutive tiles: to [lane][feature], with dense rows.
static void rowsFromTiles(const char *tile, size_t stride, u32 features, char *rows, u32 lanes) {
  for (u32 lane = 0; lane < lanes; lane++) {
    const char *from = tile + (lane / LANES) * stride + (lane % LANES) * 4;
    for (u32 feature = 0; feature < features; feature++, rows += 4, from += ROW) storeFloat(rows, loadFloat(from));
  }
}

// Reads the numbers of four lanes from bytes.
INLINE VI4 widen(const u8 *bytes) { return (VI4){bytes[0], bytes[1], bytes[2], bytes[3]}; }

// Makes one-hot rows of `numbers` [16 lanes] (bytes below `count`; 255 gives zeros): `count` rows of a tile.
static void oneHotTile(const u8 *numbers, u32 count, char *tile, u32 vectors) {
  const VI4 one = (VI4)(V4){1, 1, 1, 1};
  for (u32 vector = 0; vector < vectors; vector++) {
    const VI4 number = widen(numbers + vector * 4);
    char *to = tile + vector * 16;
    for (u32 row = 0; row < count; row++, to += ROW) store4(to, (V4)(one & (number == (int32_t)row)));
  }
}

// Does the same for eight lanes, in rows of eight.
static void oneHotHalf(const u8 *numbers, u32 count, char *tile) {
  typedef int32_t VI8 __attribute__((vector_size(32)));
  const VI8 one = (VI8)(V8){1, 1, 1, 1, 1, 1, 1, 1};
  VI8 number;
  for (int lane = 0; lane < 8; lane++) number[lane] = numbers[lane];
  for (u32 row = 0; row < count; row++, tile += ROW / 2) store8(tile, (V8)(one & (number == (int32_t)row)));
}

// Makes rows that hold each lane's value where the row's number is the lane's in `numbers` [16 lanes], and 0 elsewhere.
static void chosenTile(const char *values, const u8 *numbers, u32 count, char *tile) {
  for (u32 vector = 0; vector < 4; vector++) {
    const VI4 number = widen(numbers + vector * 4), value = (VI4)load4(values + vector * 16);
    char *to = tile + vector * 16;
    for (u32 row = 0; row < count; row++, to += ROW) store4(to, (V4)(value & (number == (int32_t)row)));
  }
}
