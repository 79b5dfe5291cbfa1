// Checks whether a record that the addon was given fits the memory: everything that the passes would read or write must
// lie in it. A pass runs only after its record was checked, so that no number given to the addon makes it leave the
// memory.
#pragma once
#include "table.h"

// Says whether `count` items of `bytes` each lie in the memory from `at` on.
static int fits(size_t size, u32 at, uint64_t count, uint64_t bytes) {
  uint64_t whole;
  if (at % 4 || __builtin_mul_overflow(count, bytes, &whole)) return 0;
  return whole == 0 || (whole <= size && at <= size - whole);
}

// The table is that of the widest vectors of this processor, whichever table is at work: it looks through entries.
static const Table *looking;

// Checks compressed rows: `starts` are addresses of entries of [from, from + count), in order, with offsets of whole
// rows below `limit`.
static int rowsFit(const char *m, size_t size, u32 starts, u32 rows, u32 entries, u32 count, u32 limit) {
  if (!fits(size, starts, (uint64_t)rows + 1, 4) || !fits(size, entries, count, sizeof(Entry))) return 0;
  const u32 *start = (const u32 *)(m + starts);
  if (start[0] != entries || start[rows] != entries + count * (u32)sizeof(Entry)) return 0;
  u32 wrong = 0;
  for (u32 r = 0; r < rows; r++) wrong |= (start[r + 1] < start[r]) | ((start[r] - entries) % sizeof(Entry));
  return !wrong && looking->offsetsFit((const Entry *)(m + entries), count, (limit - 1) * ROW);
}

// Checks what a pass reads of a layer's compressed rows: those of the online and the target side, and the transposed
// ones.
enum { READS_ONLINE = 1, READS_TARGET = 2, READS_TRANSPOSED = 4, READS_ALL = 7 };

static const Layer *layerOf(const char *m, size_t size, u32 at, u32 reads) {
  if (!fits(size, at, 1, sizeof(Layer))) return 0;
  const Layer *l = (const Layer *)(m + at);
  if (l->rows == 0 || l->columns == 0 || l->rows > 1 << 20 || l->columns > 1 << 20 || l->partCount < 1 ||
      l->partCount > 2 || l->biasCount > 2)
    return 0;
  if (!fits(size, l->added[0], l->rows, 4) || !fits(size, l->added[1], l->rows, 4) ||
      !fits(size, l->biasSums, (uint64_t)STRIPS * l->rows, SUMS))
    return 0;
  if (!l->dense) {
    for (u32 side = 0; side < 2; side++)
      if (reads & (side == 0 ? READS_ONLINE : READS_TARGET) &&
          !rowsFit(m, size, l->starts[side], l->rows, l->entries[side], l->count, l->columns))
        return 0;
    if (reads & READS_TRANSPOSED &&
        !rowsFit(m, size, l->transposedStarts, l->columns, l->transposed, l->count, l->rows))
      return 0;
    if (!fits(size, l->places, l->count, 4) || !fits(size, l->squares, l->count, 4) ||
        !fits(size, l->moments, l->count, 4) || !fits(size, l->collected, l->count, 4))
      return 0;
    if (!fits(size, l->sums, (uint64_t)STRIPS * l->count, SUMS)) return 0;
  }
  for (u32 p = 0; p < l->partCount; p++) {
    const Part *part = &l->parts[p];
    if (part->columns == 0 || part->span == 0 || part->columns > l->columns ||
        part->inputRow > l->columns - part->columns)
      return 0;
    if (part->span > l->rows || part->first > l->rows - part->span) return 0;
    const uint64_t count = (uint64_t)part->span * part->columns;
    const u32 blocks[] = {part->weights[0], part->weights[1], part->transposed,
                          part->squares,    part->moments,    part->collected};
    for (u32 i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
      if (!fits(size, blocks[i], count, 4)) return 0;
    if (!fits(size, part->sums, STRIPS * count, 4)) return 0;
    if (part->mask && (!fits(size, part->mask, count, 4) || !fits(size, part->masked, count, 4))) return 0;
  }
  for (u32 b = 0; b < l->biasCount; b++) {
    const Bias *bias = &l->biases[b];
    const u32 blocks[] = {bias->rows, bias->values[0], bias->values[1], bias->squares, bias->moments, bias->gradient};
    for (u32 i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
      if (!fits(size, blocks[i], bias->count, 4)) return 0;
    u32 beyond = 0;
    for (u32 i = 0; i < bias->count; i++) beyond |= ((const u32 *)(m + bias->rows))[i] >= l->rows;
    if (beyond) return 0;
  }
  return l;
}

// Checks what only a change of the weights reads besides: the places of the values of W'.
static int placesFit(const char *m, const Layer *l) {
  if (l->dense) return 1;
  const u32 *places = (const u32 *)(m + l->places);
  for (u32 k = 0; k < l->count; k++)
    if (places[k] < l->transposed || (places[k] - l->transposed) % sizeof(Entry) ||
        (places[k] - l->transposed) / sizeof(Entry) >= l->count)
      return 0;
  return 1;
}

static int layersOf(const char *m, size_t size, u32 list, u32 count) {
  if (!fits(size, list, count, 4)) return 0;
  for (u32 i = 0; i < count; i++) {
    const Layer *l = layerOf(m, size, ((const u32 *)(m + list))[i], READS_ALL);
    if (!l || !placesFit(m, l)) return 0;
  }
  return 1;
}

// Checks a layer that reads tiles of `columns` rows and writes tiles of `rows`.
static int layerIs(const char *m, size_t size, u32 at, uint64_t rows, uint64_t columns, u32 reads) {
  const Layer *l = layerOf(m, size, at, reads);
  return l && l->rows == rows && l->columns == columns;
}
// Checks a layer as in a dense GRU, whose second matrix begins where the first one begins.
static int partsOverlap(const char *m, u32 at) {
  const Layer *l = (const Layer *)(m + at);
  return l->partCount == 1 || (l->parts[1].first <= l->parts[0].first + l->parts[0].span &&
                               l->parts[1].first + l->parts[1].span >= l->parts[0].first + l->parts[0].span);
}

// Checks the numbers of 128-bit vectors of lanes at so many steps.
static int vectorsFit(const char *m, size_t size, u32 at, uint64_t steps) {
  if ((uint64_t)at + steps > size) return 0;
  for (uint64_t t = 0; t < steps; t++)
    if (((const u8 *)m)[at + t] < 1 || ((const u8 *)m)[at + t] > 4) return 0;
  return 1;
}

#define SMALL(x) ((x) > 0 && (x) <= 1 << 16)

static int agentLayersFit(const char *m, size_t size, u32 fc1, u32 gru, u32 fc2, u32 hidden, u32 block, u32 actions,
                          u32 reads) {
  const Layer *first = layerOf(m, size, fc1, reads), *last = layerOf(m, size, fc2, reads);
  return first && first->rows == hidden && first->partCount == 1 && last && last->partCount == 1 &&
         last->rows == actions && last->columns == hidden &&
         layerIs(m, size, gru, (uint64_t)3 * block + hidden, (uint64_t)block + hidden, reads) && partsOverlap(m, gru);
}

static const Agent *agentOf(const char *m, size_t size, u32 at, u32 reads) {
  if (!fits(size, at, 1, sizeof(Agent))) return 0;
  const Agent *a = (const Agent *)(m + at);
  if (!SMALL(a->agents) || !SMALL(a->actions) || !SMALL(a->hidden) || !SMALL(a->block) || !SMALL(a->steps) ||
      a->block < a->hidden)
    return 0;
  if (!agentLayersFit(m, size, a->fc1, a->gru, a->fc2, a->hidden, a->block, a->actions, reads)) return 0;
  const uint64_t record = ((uint64_t)5 * a->block + a->hidden) * ROW, tiles = a->agents, steps = a->steps;
  if (a->inputStride < ((const Layer *)(m + a->fc1))->columns * (uint64_t)ROW || a->recordStride < record ||
      a->passingStride < record)
    return 0;
  if (!fits(size, a->inputs, (steps + 1) * tiles, a->inputStride) ||
      !fits(size, a->kept, (steps + 2) * tiles, a->recordStride))
    return 0;
  if (!fits(size, a->passing, 4 * tiles, a->passingStride)) return 0;
  for (int side = 0; side < 2; side++)
    if (!fits(size, a->values[side], (steps + 1) * tiles * a->actions, ROW)) return 0;
  if (!fits(size, a->taken, steps * tiles, LANES) || !fits(size, a->gradients, steps * tiles, ROW)) return 0;
  if (a->every && !fits(size, a->every, steps * tiles * a->actions, ROW)) return 0;
  if (!vectorsFit(m, size, a->observed, steps + 1) || !vectorsFit(m, size, a->running, steps)) return 0;
  u32 most = 0;
  for (u32 strip = 0; strip < stripsOf(a->agents); strip++) {
    const u32 length = stripStart(a->agents, strip + 1) - stripStart(a->agents, strip);
    most = length > most ? length : most;
  }
  if (a->most < most || a->most > a->agents) return 0;
  const uint64_t part =
      (uint64_t)a->most * ROW *
      (STEPS_TOGETHER * ((uint64_t)((4 * a->block) | 1) + (a->hidden | 1) + (a->actions | 1)) + (a->hidden | 1));
  return a->scratchStride >= part && fits(size, a->scratch, STRIPS, a->scratchStride) ? a : 0;
}

static const Mixer *mixerOf(const char *m, size_t size, u32 at, u32 reads, int counterfactuals) {
  if (!fits(size, at, 1, sizeof(Mixer))) return 0;
  const Mixer *x = (const Mixer *)(m + at);
  if (!SMALL(x->agents) || !SMALL(x->actions) || !SMALL(x->embed) || !SMALL(x->steps)) return 0;
  const Layer *first = layerOf(m, size, x->w1First, reads), *final = layerOf(m, size, x->wFinalFirst, reads);
  if (!first || !final || first->rows > 1 << 16 || final->rows > 1 << 16) return 0;
  const uint64_t state = first->columns, steps = x->steps, w1 = (uint64_t)x->agents * x->embed;
  if (!layerIs(m, size, x->w1Second, w1, first->rows, reads) || final->columns != state ||
      !layerIs(m, size, x->wFinalSecond, x->embed, final->rows, reads) ||
      !layerIs(m, size, x->b1, x->embed, state, reads) || !layerIs(m, size, x->vFirst, x->embed, state, reads) ||
      !layerIs(m, size, x->vSecond, 1, x->embed, reads))
    return 0;
  const u32 layers[] = {x->w1First, x->w1Second, x->wFinalFirst, x->wFinalSecond, x->b1, x->vFirst, x->vSecond};
  for (u32 i = 0; i < 7; i++)
    if (((const Layer *)(m + layers[i]))->partCount != 1) return 0;
  const struct {
    u32 at;
    uint64_t rows;
  } parts[] = {{x->w1, w1},
               {x->wFinal, x->embed},
               {x->b1At, x->embed},
               {x->value, 1},
               {x->w1Inner, first->rows},
               {x->wFinalInner, final->rows},
               {x->valueInner, x->embed}};
  for (u32 i = 0; i < 7; i++)
    if (parts[i].at % ROW || parts[i].at + parts[i].rows * ROW > x->stride) return 0;
  if (x->stateStride < state * ROW || !fits(size, x->states, steps + 1, x->stateStride)) return 0;
  if (x->joinedStride < joinedBytes(x) || !fits(size, x->joined, STRIPS, x->joinedStride)) return 0;
  if (!fits(size, x->kept, steps, x->stride) || !fits(size, x->passing, STRIPS * CHUNK, x->stride)) return 0;
  const u32 lines[] = {x->qKept, x->qPassing, x->dq};
  for (u32 i = 0; i < 3; i++)
    if (!fits(size, lines[i], steps * x->agents, ROW)) return 0;
  if (!fits(size, x->dTotals, steps, ROW) || !fits(size, x->totals[0], steps, ROW) ||
      !fits(size, x->totals[1], steps, ROW))
    return 0;
  if (!vectorsFit(m, size, x->running, steps)) return 0;
  if (!counterfactuals) return x;
  const uint64_t rows = steps * x->agents * x->actions;
  if (!fits(size, x->replacements, rows, ROW) || !fits(size, x->replaced[0], rows, ROW) ||
      !fits(size, x->replaced[1], rows, ROW))
    return 0;
  if (!fits(size, x->available, (steps + 1) * x->agents * x->actions, LANES)) return 0;
  return x->scratchStride >= ((uint64_t)x->agents + 4) * x->embed * ROW &&
                 fits(size, x->scratch, STRIPS, x->scratchStride)
             ? x
             : 0;
}

static const Central *centralOf(const char *m, size_t size, u32 at, u32 reads) {
  if (!fits(size, at, 1, sizeof(Central))) return 0;
  const Central *c = (const Central *)(m + at);
  if (!SMALL(c->agents) || !SMALL(c->steps) || c->state > 1 << 20 || c->block % ROW ||
      c->stride < 4 * (uint64_t)c->block)
    return 0;
  const uint64_t width = c->block / ROW, input = (uint64_t)c->state + c->agents, steps = c->steps;
  const Layer *net0 = layerOf(m, size, c->net0, reads), *net2 = layerOf(m, size, c->net2, reads),
              *net4 = layerOf(m, size, c->net4, reads), *v = layerOf(m, size, c->vFirst, reads);
  if (!net0 || !net2 || !net4 || !v) return 0;
  if (net0->rows > width || net2->rows > width || net4->rows > width || v->rows > width) return 0;
  if (net0->columns != input || net2->columns != net0->rows || net4->columns != net2->rows || v->columns != c->state)
    return 0;
  if (!layerIs(m, size, c->net6, 1, net4->rows, reads) || !layerIs(m, size, c->vSecond, 1, v->rows, reads)) return 0;
  const u32 layers[] = {c->net0, c->net2, c->net4, c->net6, c->vFirst, c->vSecond};
  for (u32 i = 0; i < 6; i++)
    if (((const Layer *)(m + layers[i]))->partCount != 1) return 0;
  if (c->stateStride < input * ROW || !fits(size, c->states, steps + 1, c->stateStride)) return 0;
  if (!fits(size, c->kept, steps, c->stride) || !fits(size, c->passing, STRIPS * CHUNK, c->stride)) return 0;
  const u32 lines[] = {c->qKept, c->qPassing, c->dq};
  for (u32 i = 0; i < 3; i++)
    if (!fits(size, lines[i], steps * c->agents, ROW)) return 0;
  const u32 single[] = {c->stateValues, c->dTotals, c->totals[0], c->totals[1]};
  for (u32 i = 0; i < 4; i++)
    if (!fits(size, single[i], steps, ROW)) return 0;
  return vectorsFit(m, size, c->running, steps) ? c : 0;
}

// Checks a layer whose rows are taken in turns: the room for them and, if it still holds, what was made of the layer.
// Offsets of 16 bits need no check, since so many bytes lie in the memory behind the tiles.
static int turnedFits(const char *m, size_t size, const Layer *l, const Turned *t, u32 padding) {
  const u32 turns = turnsOf(l->rows);
  if (!fits(size, t->turns, turns, sizeof(Turn)) || !fits(size, t->weights, t->capacity, 4) ||
      !fits(size, t->offsets, t->capacity, 2))
    return 0;
  if (!turnsHold(l, t, padding)) return 1;
  uint64_t entries = 0;
  for (u32 i = 0; i < turns; i++) entries += ((const Turn *)(m + t->turns))[i].count;
  return entries * IN_TURNS <= t->capacity;
}

static const Actor *actorOf(const char *m, size_t size, u32 at) {
  if (!fits(size, at, 1, sizeof(Actor))) return 0;
  const Actor *a = (const Actor *)(m + at);
  if (!SMALL(a->lanes) || !SMALL(a->actions) || !SMALL(a->hidden) || !SMALL(a->block) || a->block < a->hidden ||
      a->observation > 1 << 20)
    return 0;
  // No entries are read where all layers' rows are known in turns.
  const u32 layers[] = {a->fc1, a->gru, a->fc2};
  if (!fits(size, a->fc1, 1, sizeof(Layer))) return 0;
  const u32 columns = ((const Layer *)(m + a->fc1))->columns;
  u32 reads = a->few && a->lanes >= FEWEST && a->lanes <= FEW ? 0 : READS_ONLINE;
  for (u32 i = 0; i < 3 && reads == 0; i++)
    if (!fits(size, layers[i], 1, sizeof(Layer)) ||
        !turnsHold((const Layer *)(m + layers[i]), &a->turned[i], paddingOf(a, columns, i)))
      reads = READS_ONLINE;
  if (!agentLayersFit(m, size, a->fc1, a->gru, a->fc2, a->hidden, a->block, a->actions, reads)) return 0;
  const uint64_t tiles = (a->lanes + LANES - 1) / LANES;
  if (columns < (uint64_t)a->observation + a->actions || a->inputStride < (uint64_t)columns * ROW ||
      a->outputStride < (uint64_t)a->actions * ROW)
    return 0;
  if (a->recordStride < ((uint64_t)5 * a->block + a->hidden) * ROW) return 0;
  if (!fits(size, a->rows, tiles * LANES * a->observation, 4) || !fits(size, a->last, tiles, LANES) ||
      !fits(size, a->inputs, tiles, a->inputStride))
    return 0;
  if (!fits(size, a->records[0], tiles, a->recordStride) || !fits(size, a->records[1], tiles, a->recordStride))
    return 0;
  if (a->few) {
    const uint64_t rows = (uint64_t)fewInputs(a) + columns + 1;
    if (!fits(size, a->few, 1, rows * FEW_ROW + (1 << 16) + FEW_ROW)) return 0;
    if (a->actions > 4 * a->block) return 0;
    for (u32 i = 0; i < 3; i++)
      if (!turnedFits(m, size, (const Layer *)(m + layers[i]), &a->turned[i], paddingOf(a, columns, i))) return 0;
  }
  return fits(size, a->outputs, tiles, a->outputStride) && fits(size, a->values, (uint64_t)a->lanes * a->actions, 4)
             ? a
             : 0;
}

// With `keeps` there must also be room for what the backward pass needs.
static const FeedForward *feedForwardOf(const char *m, size_t size, u32 at, u32 reads, int keeps) {
  if (!fits(size, at, 1, sizeof(FeedForward))) return 0;
  const FeedForward *f = (const FeedForward *)(m + at);
  const Layer *first = layerOf(m, size, f->first, reads), *second = layerOf(m, size, f->second, reads),
              *third = layerOf(m, size, f->third, reads);
  if (!SMALL(f->tiles) || !first || !second || !third || first->partCount != 1 || second->partCount != 1 ||
      third->partCount != 1)
    return 0;
  if (second->columns != first->rows || third->columns != second->rows) return 0;
  const uint64_t firstRows = (uint64_t)first->rows * ROW, secondRows = (uint64_t)second->rows * ROW, tiles = f->tiles;
  if (f->secondAt % ROW || f->secondAt < firstRows || f->stride < f->secondAt + secondRows) return 0;
  if (f->inputStride < (uint64_t)first->columns * ROW || f->outputStride < (uint64_t)third->rows * ROW) return 0;
  if (!fits(size, f->inputs, tiles, f->inputStride) || !fits(size, f->outputs, tiles, f->outputStride) ||
      !vectorsFit(m, size, f->vectors, tiles))
    return 0;
  if (!keeps) return fits(size, f->passing, STRIPS * CHUNK, f->stride) ? f : 0;
  if (!fits(size, f->kept, tiles, f->stride) || !fits(size, f->gradients, tiles, f->outputStride)) return 0;
  return fits(size, f->inputGradients, tiles, f->inputStride) ? f : 0;
}

static const CrossEntropy *crossEntropyOf(const char *m, size_t size, u32 at, u32 reads) {
  if (!fits(size, at, 1, sizeof(CrossEntropy))) return 0;
  const CrossEntropy *c = (const CrossEntropy *)(m + at);
  const Layer *first = layerOf(m, size, c->first, reads), *second = layerOf(m, size, c->second, reads),
              *third = layerOf(m, size, c->third, reads);
  if (!first || !second || !third || first->partCount != 1 || second->partCount != 1 || third->partCount != 1) return 0;
  if (!SMALL(c->actions) || !SMALL(c->samples) || !SMALL(c->elites) || !SMALL(c->iterations) ||
      c->observation > 1 << 16 || c->elites > c->samples)
    return 0;
  if (first->columns != (u64)c->observation + c->actions || second->columns != first->rows ||
      third->columns != second->rows || third->rows != 1)
    return 0;
  if (first->dense && (first->parts[0].first != 0 || first->parts[0].span != first->rows ||
                       first->parts[0].inputRow != 0 || first->parts[0].columns != first->columns))
    return 0;
  const u64 rows = c->rows, drawn = (u64)tilesOfRow(c) * LANES;
  if (!fits(size, c->observations, rows, (u64)c->observation * 4) ||
      !fits(size, c->noise, (u64)c->iterations * rows, c->actions * drawn * 4))
    return 0;
  if (!fits(size, c->best, rows, (u64)c->actions * 4) || !fits(size, c->values, rows, drawn * 4) ||
      !fits(size, c->splits, STRIPS, (u64)first->rows * 4))
    return 0;
  return c->scratchStride % 4 == 0 && c->scratchStride >= scratchOf(c, first->rows, second->rows).total &&
                 fits(size, c->scratch, STRIPS, c->scratchStride)
             ? c
             : 0;
}

static const Batch *batchOf(const char *m, size_t size, u32 at) {
  if (!fits(size, at, 1, sizeof(Batch))) return 0;
  const Batch *b = (const Batch *)(m + at);
  if (!SMALL(b->agents) || !SMALL(b->actions) || !SMALL(b->steps) || b->observation > 1 << 20 || b->state > 1 << 20 ||
      b->observation == 0 || b->state == 0)
    return 0;
  const uint64_t steps = b->steps, tiles = b->agents;
  if (b->inputStride < ((uint64_t)b->observation + b->actions + b->agents) * ROW ||
      b->stateStride < (uint64_t)b->state * ROW)
    return 0;
  if (!fits(size, b->inputs, (steps + 1) * tiles, b->inputStride) || !fits(size, b->states, steps + 1, b->stateStride))
    return 0;
  if (b->taken < tiles * LANES || !fits(size, b->taken, steps * tiles, LANES) ||
      !vectorsFit(m, size, b->observed, steps + 1))
    return 0;
  if (!fits(size, b->available, (steps + 1) * tiles * b->actions, LANES)) return 0;
  const uint64_t row = tiles * b->observation > b->state ? tiles * b->observation : b->state;
  return b->laneBytes >= row * 4 && fits(size, b->staging, LANES, b->laneBytes) ? b : 0;
}

static const Next *nextOf(const char *m, size_t size, u32 at) {
  if (!fits(size, at, 1, sizeof(Next))) return 0;
  const Next *n = (const Next *)(m + at);
  if (!SMALL(n->agents) || !SMALL(n->actions) || !SMALL(n->steps) || n->kind > SOFT_MELLOWMAX) return 0;
  const uint64_t steps = n->steps, rows = (steps + 1) * n->agents * n->actions;
  if (!fits(size, n->values, rows, ROW) || !fits(size, n->available, rows, LANES) ||
      !fits(size, n->out, steps * n->agents, ROW))
    return 0;
  if (n->kind == DOUBLE_Q && !fits(size, n->choosing, rows, ROW)) return 0;
  if (!fits(size, n->running - n->running % 4, 1, n->running % 4 + steps)) return 0;
  for (u32 t = 0; t < n->steps; t++)
    if (((const u8 *)m)[n->running + t] > LANES) return 0;
  return n;
}
