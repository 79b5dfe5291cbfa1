// Draws from N(0, 1): sixteen streams of xoshiro128++ (Blackman and Vigna), one for each lane whatever the width of
// vectors, and the transformation of Box and Muller.
#pragma once
#include "vector.h"

typedef uint64_t u64;
typedef u32 VU __attribute__((vector_size(WIDTH), aligned(4), may_alias));

INLINE VU rotate(VU x, int by) { return (x << by) | (x >> (32 - by)); }

// Returns the next 32 random bits of each lane.
INLINE VU nextBits(VU *s) {
  const VU result = rotate(s[0] + s[3], 7) + s[0], t = s[1] << 9;
  s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 11);
  return result;
}

// Returns a number in (0, 1], made of 24 random bits.
INLINE V uniform(VU bits) { return __builtin_convertvector((VI)(bits >> 8) + 1, V) * splat(0x1p-24f); }

// ln u, for a result u of `uniform`: with u = m 2^e and m near 1 it is e ln 2 + 2 artanh s for s = (m - 1) / (m + 1),
// below 0.1716, by its series.
INLINE V logarithmOf(V u) {
  const VI bits = (VI)u, scaled = bits - 0x3f3504f3;  // sqrt(1/2)
  const VI e = scaled >> 23;
  const V m = (V)(bits - (e << 23));
  const V s = (m - splat(1.0f)) / (m + splat(1.0f)), z = s * s;
  V p = z * splat(1.0f / 9) + splat(1.0f / 7);
  p = z * p + splat(1.0f / 5);
  p = z * p + splat(1.0f / 3);
  p = z * p + splat(1.0f);
  return __builtin_convertvector(e, V) * splat(0.69314718f) + splat(2.0f) * s * p;
}

INLINE V rootOf(V x) {
  V root;
  UNROLLED (int i = 0; i < VECTOR_LANES; i++) root[i] = __builtin_sqrtf(x[i]);
  return root;
}

// Makes two independent draws in each lane.
INLINE void drawTwo(VU *s, V *a, V *b) {
  const V radius = rootOf(splat(-2.0f) * logarithmOf(uniform(nextBits(s))));
  // The angle is a quarter turn, chosen by two bits, and at most an eighth of a turn to either side of it. The series
  // of sine and cosine give the latter.
  const VU bits = nextBits(s);
  const VI quarter = (VI)(bits >> 30);
  const V x = __builtin_convertvector((VI)((bits >> 6) & 0xffffff) - 0x800000, V) * splat(0x1p-24f * 1.57079633f),
          z = x * x;
  const V sine = x + x * z * (splat(-1.0f / 6) + z * (splat(1.0f / 120) + z * splat(-1.0f / 5040)));
  const V cosine = splat(1.0f) +
                   z * (splat(-1.0f / 2) + z * (splat(1.0f / 24) + z * (splat(-1.0f / 720) + z * splat(1.0f / 40320))));
  // A quarter turn turns (cosine, sine) into (-sine, cosine), and a half turn makes both negative.
  const VI odd = -(quarter & 1), negative = (quarter & 2) << 30;
  *a = radius * (V)((VI)choose(odd, -sine, cosine) ^ negative);
  *b = radius * (V)((VI)choose(odd, cosine, sine) ^ negative);
}

// Makes `count` rows of 16 draws, an even number of rows, from two words of seed.
static void normals(char *to, u32 count, u32 low, u32 high) {
  u32 words[4][LANES];
  // splitmix64 fills the streams' states.
  u64 seed = (u64)high << 32 | low;
  for (u32 lane = 0; lane < LANES; lane++)
    for (u32 k = 0; k < 4; k += 2) {
      u64 z = seed += 0x9e3779b97f4a7c15u;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      z ^= z >> 31;
      words[k][lane] = (u32)z, words[k + 1][lane] = (u32)(z >> 32);
    }
  for (int v = 0; v < FULL; v++) {
    VU s[4];
    for (int k = 0; k < 4; k++) s[k] = *(const VU *)&words[k][v * VECTOR_LANES];
    for (u32 row = 0; row + 2 <= count; row += 2) {
      V a, b;
      drawTwo(s, &a, &b);
      store(to + (size_t)row * ROW + v * WIDTH, a);
      store(to + (size_t)(row + 1) * ROW + v * WIDTH, b);
    }
  }
}
