// Vectors of float32 lanes, as wide as the processor's registers: WIDTH bytes. Every lane goes through the same float32
// operations in the same order whatever the width is, and no multiplication is fused with an addition
// (-ffp-contract=off), so that every build of these kernels gives the same bits.
//
// Data lie in tiles: [feature][16 lanes] of float32, one cache line a feature, where a lane is an episode (training) or
// an agent of one environment (acting). Every weight is then one broadcast times a contiguous run of lanes, so
// unstructured sparsity vectorises. Addresses are numbers of bytes from the start of the engine's memory, which
// TypeScript lays out.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifndef WIDTH
#define WIDTH 16
#endif

typedef uint32_t u32;
typedef uint8_t u8;
typedef float V __attribute__((vector_size(WIDTH), aligned(4), may_alias));
typedef int32_t VI __attribute__((vector_size(WIDTH), aligned(4), may_alias));
typedef float V4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t VI4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float V8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float V16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef double D4 __attribute__((vector_size(32), aligned(8), may_alias));

#define INLINE static inline __attribute__((always_inline))
// A loop that is written out in full.
#define UNROLLED(...) _Pragma("clang loop unroll(full)") for (__VA_ARGS__)

#define LANES 16
// Bytes of one feature's row of lanes.
#define ROW 64
// Vectors that hold a row.
#define FULL (ROW / WIDTH)
#define VECTOR_LANES (WIDTH / 4)

// Vectors of this width that hold the lanes of `vectors` 128-bit vectors. Lanes beyond those are computed as well and
// ignored.
INLINE int widths(u32 vectors) { return (int)((vectors * 16 + WIDTH - 1) / WIDTH); }

INLINE V load(const char *p) { return *(const V *)p; }
INLINE void store(char *p, V v) { *(V *)p = v; }
INLINE V4 load4(const char *p) { return *(const V4 *)p; }
INLINE void store4(char *p, V4 v) { *(V4 *)p = v; }
INLINE float loadFloat(const char *p) { return *(const float __attribute__((may_alias)) *)p; }
INLINE void storeFloat(char *p, float x) { *(float __attribute__((may_alias)) *)p = x; }
INLINE u32 loadWord(const char *p) { return *(const u32 __attribute__((may_alias)) *)p; }

#if WIDTH == 16
INLINE V splat(float x) { return (V){x, x, x, x}; }
#elif WIDTH == 32
INLINE V splat(float x) { return (V){x, x, x, x, x, x, x, x}; }
#else
INLINE V splat(float x) { return (V){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
#endif
INLINE V zeros(void) { return splat(0); }

// Ask for the cache line of an address that will soon be read or written. Vectors wider than 128 bits are computed so
// fast that they would wait for the memory otherwise. The address need not exist.
INLINE void willRead(const char *p) {
  if (WIDTH > 16) __builtin_prefetch(p, 0, 2);
}
INLINE void willWrite(const char *p) {
  if (WIDTH > 16) __builtin_prefetch(p, 1, 2);
}

INLINE V choose(VI mask, V yes, V no) { return (V)((mask & (VI)yes) | (~mask & (VI)no)); }

// Returns b where it is smaller (larger), else a; this also holds where one of them is not a number.
#if defined(__wasm__)
#include <wasm_simd128.h>
INLINE V least(V a, V b) { return (V)wasm_f32x4_pmin((v128_t)a, (v128_t)b); }
INLINE V most(V a, V b) { return (V)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
#elif WIDTH == 32
#include <immintrin.h>
INLINE V least(V a, V b) { return (V)_mm256_min_ps((__m256)b, (__m256)a); }
INLINE V most(V a, V b) { return (V)_mm256_max_ps((__m256)b, (__m256)a); }
#elif WIDTH == 64
#include <immintrin.h>
INLINE V least(V a, V b) { return (V)_mm512_min_ps((__m512)b, (__m512)a); }
INLINE V most(V a, V b) { return (V)_mm512_max_ps((__m512)b, (__m512)a); }
#else
INLINE V least(V a, V b) { return choose(b < a, b, a); }
INLINE V most(V a, V b) { return choose(a < b, b, a); }
#endif
INLINE V absolute(V a) { return (V)((VI)a & 0x7fffffff); }
INLINE V where(VI mask, V a) { return (V)(mask & (VI)a); }

INLINE V8 load8(const char *p) { return *(const V8 *)p; }
INLINE void store8(char *p, V8 v) { *(V8 *)p = v; }
INLINE V8 both8(V4 low, V4 high) { return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7); }
INLINE V4 low8(V8 a) { return __builtin_shufflevector(a, a, 0, 1, 2, 3); }
INLINE V4 high8(V8 a) { return __builtin_shufflevector(a, a, 4, 5, 6, 7); }

INLINE V16 load16(const char *p) { return *(const V16 *)p; }

// The sum of four partial sums, and of eight.
INLINE float sum4(V4 a) { return (a[0] + a[2]) + (a[1] + a[3]); }
INLINE float sum8(V8 a) { return sum4(low8(a) + high8(a)); }
