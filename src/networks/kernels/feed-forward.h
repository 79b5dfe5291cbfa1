// Networks of two hidden layers with ReLU, and a tanh at their end if wanted, on tiles that are independent of each
// other: critics of actions, and actors. TypeScript (feed-forward.ts) fills in the numbers.
#pragma once
#include "networks.h"

typedef struct {
  u32 first, second, third;   // layers
  u32 inputs, inputStride;    // [tiles]
  u32 kept, passing, stride;  // what the hidden layers hold: records of all tiles, and CHUNK of each part
  u32 secondAt;               // where the second layer's rows stand in a record
  u32 outputs, outputStride;  // [tiles]
  u32 gradients;              // dL/doutputs, [tiles] as the outputs; overwritten on the way back
  u32 inputGradients;         // dL/dinputs, [tiles] as the inputs
  u32 squashes;               // whether a tanh follows
  u32 vectors;                // bytes: 128-bit vectors of lanes of each tile
  u32 tiles;
} FeedForward;

static void squash(char *tile, u32 rows, int nv) {
  const Rational f = rational(TANH);
  for (u32 r = 0; r < rows; r++, tile += ROW)
    for (int j = 0; j < nv; j++) store(tile + j * WIDTH, evaluate(&f, load(tile + j * WIDTH)));
}

// Runs a network over all tiles. With `keep`, the values of the hidden layers stay for the backward pass.
static void feedForward(char *m, const FeedForward *f, u32 side, u32 keep, u32 part, u32 parts) {
  const Layer *first = LAYER(f->first), *second = LAYER(f->second), *third = LAYER(f->third);
  Run run = firstRun();
  while (nextRun(&run, BYTES(f->vectors), f->tiles)) {
    if (!IN_PART(run)) continue;
    const int nv = widths(run.vectors);
    const size_t s = f->stride, os = f->outputStride;
    char *base = m + (keep ? f->kept + (size_t)run.first * s : f->passing + (size_t)part * CHUNK * s);
    char *out = m + f->outputs + (size_t)run.first * os;
    layerForward(m, first, (int)side, RELU, m + f->inputs + (size_t)run.first * f->inputStride, f->inputStride, base, s,
                 run.count, nv);
    layerForward(m, second, (int)side, RELU, base, s, base + f->secondAt, s, run.count, nv);
    layerForward(m, third, (int)side, PLAIN, base + f->secondAt, s, out, os, run.count, nv);
    if (f->squashes)
      for (u32 tile = 0; tile < run.count; tile++) squash(out + tile * os, third->rows, nv);
  }
}

// Goes back through all tiles of the last pass of the online side that kept its values, from dL/doutputs. With `adds`,
// the gradients of the parameters are added up; with `through`, dL/dinputs is computed.
static void feedBackward(char *m, const FeedForward *f, u32 adds, u32 through, u32 part, u32 parts) {
  const Layer *first = LAYER(f->first), *second = LAYER(f->second), *third = LAYER(f->third);
  Run run = firstRun();
  while (nextRun(&run, BYTES(f->vectors), f->tiles)) {
    if (!IN_PART(run)) continue;
    const u32 strip = STRIP_OF(run), count = run.count;
    const u8 vectors = (u8)run.vectors;
    const int nv = widths(vectors);
    const size_t s = f->stride, os = f->outputStride, is = f->inputStride;
    char *base = m + f->kept + (size_t)run.first * s, *inner = base + f->secondAt,
         *d = m + f->gradients + (size_t)run.first * os;
    const char *inputs = m + f->inputs + (size_t)run.first * is, *out = m + f->outputs + (size_t)run.first * os;
    if (f->squashes) {
      const V one = splat(1.0f);
      for (u32 tile = 0; tile < count; tile++)
        for (size_t row = 0; row < third->rows * (size_t)ROW; row += ROW)
          for (size_t at = tile * os + row; at < tile * os + row + (size_t)nv * WIDTH; at += WIDTH) {
            const V y = load(out + at);
            store(d + at, load(d + at) * (one - y * y));
          }
    }
    // From this line on the records hold gradients where they held outputs.
    if (adds) {
      throughRelu(m, third, strip, d, os, inner, s, count, 2, vectors);
      throughRelu(m, second, strip, inner, s, base, s, count, 2, vectors);
      layerGradient(m, first, strip, base, s, 0, inputs, is, 0, count, 2, 1, &vectors, 0);
    } else {
      layerBackward(m, third, GATED, 0, third->columns, d, os, inner, s, inner, s, count, nv);
      layerBackward(m, second, GATED, 0, second->columns, inner, s, base, s, base, s, count, nv);
    }
    if (!through) continue;
    char *dx = m + f->inputGradients + (size_t)run.first * is;
    __builtin_memset(dx, 0, count * is);
    layerBackward(m, first, ADD, 0, first->columns, base, s, dx, is, dx, is, count, nv);
  }
}
