// Passes of whole networks over the steps of a group of episodes, forwards and backwards. TypeScript (agent.ts,
// mixer.ts, central-mixer.ts, actor.ts) fills in the numbers that say where everything is. Passes can be shared between
// threads: `part` of `parts` is a set of strips.
#pragma once
#include "layer.h"
#include "mixing.h"
#include "tiles.h"
#include "turns.h"

enum { ONLINE = 1, TARGET = 2 };

// Steps whose gradients of dense weights are added up together, so that the lanes are summed once for all of them.
#define STEPS_TOGETHER 4

// Strips whose gradients of inputs are computed together, so that a run through a matrix's entries serves more lanes.
// The sums of the weights' gradients are those of each strip by itself.
#define STRIPS_TOGETHER (WIDTH > 16 ? 2 : 1)

typedef struct {
  u32 agents, actions, hidden, block;  // `block`: rows from one block of gates to the next
  u32 fc1, gru, fc2;                   // layers
  u32 inputs, inputStride;             // [steps + 1, agents] tiles
  u32 kept, recordStride;              // [steps + 2, agents] records: x and h, then four blocks of gates
  u32 passing, passingStride;          // [2 sides, 2 steps in turn, agents] of the same
  u32 values[2];                       // [steps + 1, agents, actions, lanes]
  u32 taken;                           // actions of a step, [steps, agents, lanes] bytes
  // bytes: 128-bit vectors of lanes that have an observation at step t, [steps + 1], and a step, [steps]
  u32 observed, running;
  u32 gradients;  // dL/dQ of the chosen actions, [steps, agents, lanes]
  // 0, or dL/dQ of all actions in the place of those, [steps, agents, actions, lanes]
  u32 every;
  // of a strip: STEPS_TOGETHER steps' dGates, dX and dValues of `most` tiles each, then dH of `most`
  u32 scratch, scratchStride;
  u32 most;  // tiles of the largest strip
  u32 steps;
} Agent;

// Strips are runs of pairs of agents.
INLINE u32 stripStart(u32 agents, u32 strip) {
  const u32 pairs = (agents + 1) / 2, strips = pairs < STRIPS ? pairs : STRIPS;
  const u32 at = strip >= strips ? agents : 2 * (strip * pairs / strips);
  return at < agents ? at : agents;
}
INLINE u32 stripsOf(u32 agents) { return (agents + 1) / 2 < STRIPS ? (agents + 1) / 2 : STRIPS; }

// Where one vector holds a row of 16 lanes, steps that at most eight episodes have would leave half of it empty. From
// some step on a tile then holds the first eight lanes of two agents, the one's and then the other's; it stands in the
// place of the first of them, and the second's place is empty. Every lane goes through the same operations, and
// gradients are folded to the same eight sums in the same order (`fold` adds two tiles' first eight lanes just as one
// tile's halves). This is the first such step: a multiple of STEPS_TOGETHER before the end, so that no sum runs over
// steps of both kinds.
INLINE u32 pairedFrom(const u8 *observed, u32 steps) {
#if WIDTH == 64
  u32 first = steps + 1;
  while (first > 0 && observed[first - 1] <= 2) first--;
  if (first + STEPS_TOGETHER <= steps) return steps - (steps - first) / STEPS_TOGETHER * STEPS_TOGETHER;
#endif
  return steps + 1;
}

#define HALF_ROW (ROW / 2)

// Rows of one episode in each lane, `bytes` of each, which will be laid out next. They come into the cache bit by bit
// while others are computed.
typedef struct {
  const char *const *rows;
  const u32 *bytes;
  u32 lane;
  size_t at;
} Ahead;
#define AHEAD_BYTES 512
INLINE void fetchAhead(Ahead *a) {
  if (a->lane >= LANES) return;
  const char *from = a->rows[a->lane] + a->at;
  UNROLLED (int line = 0; line < AHEAD_BYTES; line += 64) willRead(from + line);
  a->at += AHEAD_BYTES;
  if (a->at >= a->bytes[a->lane]) a->lane++, a->at = 0;
}
// Nothing will be laid out.
#define NOTHING_AHEAD {0, 0, LANES, 0}

// Turns tiles of one agent each into tiles of two, in place: `tiles` of `rows` rows, `stride` bytes apart.
static void joinPairs(char *tile, size_t stride, u32 rows, u32 tiles) {
  const V8 none = {0};
  for (u32 first = 0; first < tiles; first += 2, tile += 2 * stride)
    for (size_t at = 0; at < rows * (size_t)ROW; at += ROW)
      store8(tile + at + HALF_ROW, first + 1 < tiles ? load8(tile + stride + at) : none);
}
// Moves the second agent's lanes back to its own tile.
static void partPairs(char *tile, size_t stride, u32 rows, u32 tiles) {
  for (u32 first = 0; first + 1 < tiles; first += 2, tile += 2 * stride)
    for (size_t at = 0; at < rows * (size_t)ROW; at += ROW) store8(tile + stride + at, load8(tile + at + HALF_ROW));
}
// Does the same where tiles of two agents lie one behind the other. Lanes that do not exist become 0.
static void spreadPairs(char *tiles, size_t stride, u32 rows, u32 agents) {
  const V8 none = {0};
  for (u32 pair = (agents + 1) / 2; pair-- > 0;) {
    const char *from = tiles + pair * stride;
    char *to = tiles + 2 * pair * stride;
    for (size_t at = 0; at < rows * (size_t)ROW; at += ROW) {
      const V8 one = load8(from + at), other = load8(from + at + HALF_ROW);
      store8(to + at, one);
      store8(to + at + HALF_ROW, none);
      if (2 * pair + 1 >= agents) continue;
      store8(to + stride + at, other);
      store8(to + stride + at + HALF_ROW, none);
    }
  }
}

// Asks for the rows of a unit in the record of the next step, which is `later` bytes behind this one's: x and h, and
// four gates, if it will be kept.
INLINE void willKeep(const char *gates, size_t pitch, size_t later) {
  for (int k = -2; k < 4; k++) willWrite(gates + later + k * (ptrdiff_t)pitch);
}

// Replaces the first three of a unit's four sums (n, r, z, nh) by its gates.
INLINE void unitGates(const int N, const Rational *logistic, const Rational *tanh, V (*sums)[8]) {
  UNROLLED (int gate = 1; gate < 3; gate++) {
    evaluateSome(N, logistic, sums[gate]);
    UNROLLED (int q = 0; q < N; q++) sums[gate][q] = sums[gate][q] + logistic->offset;
  }
  UNROLLED (int q = 0; q < N; q++) sums[0][q] = sums[0][q] + sums[1][q] * sums[3][q];
  evaluateSome(N, tanh, sums[0]);
}

// Computes the GRU's products and gates unit by unit, on T tiles of NV vectors, so that the sums of a unit's four gates
// never leave the nearest cache. Without `keep`, only h' is stored.
INLINE void gruUnits(const int T, const int NV, const int keep, char *m, const Layer *l, int side, u32 hidden,
                     u32 block, const char *xh, size_t xs, char *gates, size_t gs, char *next, size_t ns, size_t later,
                     Ahead *ahead) {
  const u32 *starts = WORDS(l->starts[side]);
  const float *bias = FLOATS(l->added[side]);
  const size_t pitch = (size_t)block * ROW;
  const char *h = xh + pitch;
  const Rational logistic = rational(LOGISTIC), tanh = rational(TANH);
  for (u32 i = 0; i < hidden; i++) {
    fetchAhead(ahead);
    V sums[4][8];
    UNROLLED (int gate = 0; gate < 4; gate++) {
      const u32 row = gate * block + i;
      V a[8];
      UNROLLED (int q = 0; q < T * NV; q++) a[q] = splat(bias[row]);
      sparseRow(T, NV, (const Entry *)(m + starts[row]), (const Entry *)(m + starts[row + 1]), xh, xs, a);
      UNROLLED (int q = 0; q < T * NV; q++) sums[gate][q] = a[q];
    }
    unitGates(T * NV, &logistic, &tanh, sums);
    UNROLLED (int t = 0; t < T; t++) {
      UNROLLED (int j = 0; j < NV; j++) {
        const int q = t * NV + j;
        const size_t at = (size_t)i * ROW + j * WIDTH;
        const V n = sums[0][q], r = sums[1][q], z = sums[2][q];
        if (keep) {
          char *g = gates + t * gs + at;
          willKeep(g, pitch, later);
          store(g, n);
          store(g + pitch, r);
          store(g + 2 * pitch, z);
          store(g + 3 * pitch, sums[3][q]);
        }
        store(next + t * ns + at, n + z * (load(h + t * xs + at) - n));
      }
    }
  }
}

#if WIDTH > 16
#define UNITS(T, NV)                                                                                                   \
  static __attribute__((noinline)) void units_##T##_##NV(int keep, char *m, const Layer *l, int side, u32 hidden,      \
                                                         u32 block, const char *xh, size_t xs, char *gates, size_t gs, \
                                                         char *next, size_t ns, size_t later, Ahead *ahead) {          \
    if (keep) gruUnits(T, NV, 1, m, l, side, hidden, block, xh, xs, gates, gs, next, ns, later, ahead);                \
    else gruUnits(T, NV, 0, m, l, side, hidden, block, xh, xs, gates, gs, next, ns, later, ahead);                     \
  }
#if WIDTH == 32
UNITS(4, 2)
UNITS(3, 2)
UNITS(2, 2)
UNITS(1, 2)
UNITS(4, 1)
UNITS(2, 1)
UNITS(1, 1)
#else
UNITS(8, 1)
UNITS(4, 1)
UNITS(2, 1)
UNITS(1, 1)
#endif
#define UNITS_CALL(T, NV) units_##T##_##NV(keep, m, l, side, hidden, block, xh, xs, gates, gs, next, ns, later, ahead)
#define NEXT_UNITS(T) xh += (T) * xs, gates += (T) * gs, next += (T) * ns, tiles -= (T)
#endif

// Runs the GRU on some tiles: [x, h] is in `xh`, and h' goes to `next`. With `keep`, what the backward pass needs goes
// to `gates`, which is scratch memory otherwise. `later` bytes behind it is the place of the next step.
static void gruStep(int keep, char *m, const Layer *l, int side, u32 hidden, u32 block, const char *xh, size_t xs,
                    char *gates, size_t gs, char *next, size_t ns, u32 tiles, int nv, size_t later, Ahead *ahead) {
#if WIDTH > 16
  if (!l->dense) {
    while (tiles > 0) {
#if WIDTH == 32
      if (nv == 2) {
        if (tiles >= 4 && tiles != 5) UNITS_CALL(4, 2), NEXT_UNITS(4);
        else if (tiles >= 3) UNITS_CALL(3, 2), NEXT_UNITS(3);
        else if (tiles >= 2) UNITS_CALL(2, 2), NEXT_UNITS(2);
        else UNITS_CALL(1, 2), NEXT_UNITS(1);
      } else {
        if (tiles >= 4) UNITS_CALL(4, 1), NEXT_UNITS(4);
        else if (tiles >= 2) UNITS_CALL(2, 1), NEXT_UNITS(2);
        else UNITS_CALL(1, 1), NEXT_UNITS(1);
      }
#else
      if (tiles >= 8) UNITS_CALL(8, 1), NEXT_UNITS(8);
      else if (tiles >= 4) UNITS_CALL(4, 1), NEXT_UNITS(4);
      else if (tiles >= 2) UNITS_CALL(2, 1), NEXT_UNITS(2);
      else UNITS_CALL(1, 1), NEXT_UNITS(1);
#endif
    }
    return;
  }
#endif
  (void)keep, (void)later, (void)ahead;
  // The sums of two tiles at a time are still in the nearest cache when the gates are made of them.
  for (u32 some; tiles > 0; tiles -= some, xh += some * xs, gates += some * gs, next += some * ns) {
    some = tiles >= 2 ? 2 : 1;
    layerForward(m, l, side, PLAIN, xh, xs, gates, gs, some, nv);
    gruForward(gates, gs, (size_t)block * ROW, xh + (size_t)block * ROW, xs, next, ns, hidden, some, nv);
  }
}

// Tiles of one side's networks at one step: [x, h], the gates, and the place of h'.
typedef struct {
  char *record, *gates, *next;
  size_t stride;
} Side;

#if WIDTH == 64
// Computes x = ReLU(fc1) and the GRU of the online and the target networks together, on T tiles: they have the same
// connections and the same inputs. Narrower vectors gain nothing from it.
INLINE void bothSides(const int T, const int NV, char *m, const Agent *a, const char *inputs, size_t is, Side o, Side g,
                      size_t later, Ahead *ahead) {
  const Layer *fc1 = LAYER(a->fc1), *gru = LAYER(a->gru);
  const size_t pitch = (size_t)a->block * ROW;
  {
    const u32 *starts = WORDS(fc1->starts[0]);
    const float *bias = FLOATS(fc1->added[0]), *bias2 = FLOATS(fc1->added[1]);
    const ptrdiff_t apart = (ptrdiff_t)fc1->entries[1] - (ptrdiff_t)fc1->entries[0];
    const Entry *e = (const Entry *)(m + starts[0]);
    for (u32 r = 0; r < fc1->rows; r++) {
      V x[8], y[8];
      UNROLLED (int q = 0; q < T * NV; q++) x[q] = splat(bias[r]), y[q] = splat(bias2[r]);
      e = sparseRowOfBoth(T, NV, e, (const Entry *)(m + starts[r + 1]), apart, inputs, is, inputs, is, x, y);
      UNROLLED (int t = 0; t < T; t++)
        UNROLLED (int j = 0; j < NV; j++) {
          store(o.record + t * o.stride + (size_t)r * ROW + j * WIDTH, most(x[t * NV + j], zeros()));
          store(g.record + t * g.stride + (size_t)r * ROW + j * WIDTH, most(y[t * NV + j], zeros()));
        }
    }
  }
  const u32 *starts = WORDS(gru->starts[0]);
  const float *bias = FLOATS(gru->added[0]), *bias2 = FLOATS(gru->added[1]);
  const ptrdiff_t apart = (ptrdiff_t)gru->entries[1] - (ptrdiff_t)gru->entries[0];
  const Rational logistic = rational(LOGISTIC), tanh = rational(TANH);
  for (u32 i = 0; i < a->hidden; i++) {
    fetchAhead(ahead);
    V sums[4][8];
    UNROLLED (int gate = 0; gate < 4; gate++) {
      const u32 row = gate * a->block + i;
      V x[8], y[8];
      UNROLLED (int q = 0; q < T * NV; q++) x[q] = splat(bias[row]), y[q] = splat(bias2[row]);
      sparseRowOfBoth(T, NV, (const Entry *)(m + starts[row]), (const Entry *)(m + starts[row + 1]), apart, o.record,
                      o.stride, g.record, g.stride, x, y);
      UNROLLED (int q = 0; q < T * NV; q++) sums[gate][q] = x[q], sums[gate][T * NV + q] = y[q];
    }
    // Both sides' sums, one after the other.
    unitGates(2 * T * NV, &logistic, &tanh, sums);
    UNROLLED (int t = 0; t < T; t++) {
      UNROLLED (int j = 0; j < NV; j++) {
        const int q = t * NV + j;
        const size_t at = (size_t)i * ROW + j * WIDTH;
        const V n = sums[0][q], r = sums[1][q], z = sums[2][q];
        const V n2 = sums[0][T * NV + q], z2 = sums[2][T * NV + q];
        char *gates = o.gates + t * o.stride + at;
        willKeep(gates, pitch, later);
        store(gates, n);
        store(gates + pitch, r);
        store(gates + 2 * pitch, z);
        store(gates + 3 * pitch, sums[3][q]);
        store(o.next + t * o.stride + at, n + z * (load(o.record + pitch + t * o.stride + at) - n));
        store(g.next + t * g.stride + at, n2 + z2 * (load(g.record + pitch + t * g.stride + at) - n2));
      }
    }
  }
}

#define BOTH(T, NV)                                                                                                    \
  static __attribute__((noinline)) void both_##T##_##NV(char *m, const Agent *a, const char *inputs, size_t is,        \
                                                        Side o, Side g, size_t later, Ahead *ahead) {                  \
    bothSides(T, NV, m, a, inputs, is, o, g, later, ahead);                                                            \
  }
BOTH(4, 1)
BOTH(2, 1)
BOTH(1, 1)

static void bothForward(char *m, const Agent *a, const char *inputs, size_t is, Side o, Side g, u32 tiles, size_t later,
                        Ahead *ahead) {
  while (tiles > 0) {
    const u32 T = tiles >= 4 ? 4 : tiles >= 2 ? 2 : 1;
    if (T == 4) both_4_1(m, a, inputs, is, o, g, later, ahead);
    else if (T == 2) both_2_1(m, a, inputs, is, o, g, later, ahead);
    else both_1_1(m, a, inputs, is, o, g, later, ahead);
    inputs += T * is, tiles -= T;
    o.record += T * o.stride, o.gates += T * o.stride, o.next += T * o.stride;
    g.record += T * g.stride, g.gates += T * g.stride, g.next += T * g.stride;
  }
}
#endif

// Runs steps first..end-1 of the agents of one part, on the sides asked for. The online side leaves its records if
// `keep` is set.
static void agentSteps(char *m, const Agent *a, u32 sides, u32 keep, u32 first, u32 end, u32 part, u32 parts,
                       Ahead *ahead) {
  const u32 strips = stripsOf(a->agents);
  const u32 from = stripStart(a->agents, part * strips / parts),
            to = stripStart(a->agents, (part + 1) * strips / parts);
  const u32 tiles = to - from;
  if (tiles == 0) return;
  const Layer *fc1 = LAYER(a->fc1), *gru = LAYER(a->gru), *fc2 = LAYER(a->fc2);
  const size_t pitch = (size_t)a->block * ROW, actionRows = (size_t)a->actions * ROW,
               later = (size_t)a->agents * a->recordStride;
  const u32 paired = pairedFrom(BYTES(a->observed), a->steps);
  for (u32 t = first; t < end; t++) {
    const int nv = widths(BYTES(a->observed)[t]);
    // Places from one tile to the next, and the number of tiles.
    const size_t apart = t >= paired ? 2 : 1, inputStride = apart * a->inputStride;
    const u32 count = t >= paired ? (tiles + 1) / 2 : tiles;
    const char *inputs = m + a->inputs + ((size_t)t * a->agents + from) * a->inputStride;
    Side both[2];
    for (int side = 0; side < 2; side++) {
      if (!(sides & (side == 0 ? ONLINE : TARGET))) continue;
      const int kept = side == 0 && keep;
      const size_t stride = kept ? a->recordStride : a->passingStride;
      char *records = m + (kept ? a->kept : a->passing + (size_t)side * 2 * a->agents * stride);
      char *record = records + ((size_t)(kept ? t : t & 1) * a->agents + from) * stride;
      both[side] =
          (Side){record, record + 2 * pitch,
                 records + ((size_t)(kept ? t + 1 : (t + 1) & 1) * a->agents + from) * stride + pitch, apart * stride};
      if (t == 0)
        for (u32 i = 0; i < tiles; i++) __builtin_memset(record + i * stride + pitch, 0, (size_t)a->hidden * ROW);
      else if (t == paired) joinPairs(record + pitch, stride, a->hidden, tiles);
    }
    const int together = WIDTH == 64 && sides == (ONLINE | TARGET) && !fc1->dense && !gru->dense;
#if WIDTH == 64
    if (together) bothForward(m, a, inputs, inputStride, both[0], both[1], count, later, ahead);
#endif
    for (int side = 0; side < 2; side++) {
      if (!(sides & (side == 0 ? ONLINE : TARGET))) continue;
      const Side s = both[side];
      if (!together) {
        layerForward(m, fc1, side, RELU, inputs, inputStride, s.record, s.stride, count, nv);
        gruStep(side == 0 && keep, m, gru, side, a->hidden, a->block, s.record, s.stride, s.gates, s.stride, s.next,
                s.stride, count, nv, later, ahead);
      }
      char *values = m + a->values[side] + ((size_t)t * a->agents + from) * actionRows;
      layerForward(m, fc2, side, PLAIN, s.next, s.stride, values, apart * actionRows, count, nv);
      if (t >= paired) partPairs(values, actionRows, a->actions, tiles);
    }
  }
}

static void agentForward(char *m, const Agent *a, u32 sides, u32 keep, u32 first, u32 end, u32 part, u32 parts) {
  Ahead nothing = NOTHING_AHEAD;
  agentSteps(m, a, sides, keep, first, end, part, parts, &nothing);
}

// Goes back through time, for the agents of one part.
static void agentBackward(char *m, const Agent *a, u32 part, u32 parts) {
  const Layer *fc1 = LAYER(a->fc1), *gru = LAYER(a->gru), *fc2 = LAYER(a->fc2);
  const u32 strips = stripsOf(a->agents);
  const size_t pitch = (size_t)a->block * ROW, record = a->recordStride, step = (size_t)a->agents * record;
  const size_t inputStep = (size_t)a->agents * a->inputStride;
  // They are an odd number of rows apart, so that the same row of several tiles does not fall on the same cache set.
  const size_t gatesStride = (size_t)((4 * a->block) | 1) * ROW, dxStride = (size_t)(a->hidden | 1) * ROW,
               dvStride = (size_t)(a->actions | 1) * ROW;
  const int anyDense = fc1->dense | fc1->wanted | gru->dense | gru->wanted | fc2->dense | fc2->wanted;
  const u32 together = anyDense ? STEPS_TOGETHER : WIDTH == 16 ? 1 : 2;
  const u32 paired = pairedFrom(BYTES(a->observed), a->steps);
  const u32 lastStrip = (part + 1) * strips / parts;
  for (u32 strip = part * strips / parts, several; strip < lastStrip; strip += several) {
    several = lastStrip - strip < STRIPS_TOGETHER ? lastStrip - strip : STRIPS_TOGETHER;
    const u32 from = stripStart(a->agents, strip), own = stripStart(a->agents, strip + several) - from,
              most = several * a->most;
    char *dGates = m + a->scratch + (size_t)strip * a->scratchStride,
         *dx = dGates + STEPS_TOGETHER * most * gatesStride;
    char *dv = dx + STEPS_TOGETHER * most * dxStride, *dh = dv + STEPS_TOGETHER * most * dvStride;
    __builtin_memset(dh, 0, own * dxStride);
    u8 vectors[STEPS_TOGETHER];
    for (u32 end = a->steps; end > 0;) {
      const u32 count = end < together ? end : together;
      const int pairs = end > paired;
      const u32 tiles = pairs ? (own + 1) / 2 : own;
      const size_t apart = pairs ? 2 : 1, records = apart * record;
      if (end == paired) spreadPairs(dh, dxStride, a->hidden, own);
      for (u32 i = 0; i < count; i++) {
        const u32 t = end - 1 - i;
        vectors[i] = pairs ? 4 : BYTES(a->running)[t];
        const int nv = widths(vectors[i]);
        char *g = dGates + (size_t)i * most * gatesStride, *x = dx + (size_t)i * most * dxStride,
             *v = dv + (size_t)i * most * dvStride;
        char *now = m + a->kept + t * step + from * record;
        const size_t chosen = ((size_t)t * a->agents + from) * LANES;
        const char *gradients = m + a->gradients + chosen * 4;
        const u8 *taken = BYTES(a->taken) + chosen;
        const size_t values = (size_t)a->actions * ROW;
        const char *every = m + a->every + ((size_t)t * a->agents + from) * values;
        for (u32 tile = 0; tile < tiles; tile++) {
          if (a->every && pairs)
            rowsOfPair(every + 2 * tile * values, 2 * tile + 1 < own, a->actions, v + tile * dvStride);
          else if (a->every) __builtin_memcpy(v + tile * dvStride, every + tile * values, values);
          else if (pairs)
            chosenOfPair(gradients + 2 * tile * ROW, taken + 2 * tile * LANES, 2 * tile + 1 < own, a->actions,
                         v + tile * dvStride);
          else chosenTile(gradients + tile * ROW, taken + tile * LANES, a->actions, v + tile * dvStride);
        }
        layerBackward(m, fc2, ADD, 0, a->hidden, v, dvStride, dh, dxStride, dh, dxStride, tiles, nv);
        gruBackward(now + 2 * pitch, records, g, gatesStride, pitch, now + pitch, records, dh, dxStride, a->hidden,
                    tiles, nv);
        layerBackward(m, gru, GATED, 0, a->hidden, g, gatesStride, x, dxStride, now, records, tiles, nv);
        layerBackward(m, gru, ADD, a->block, a->hidden, g, gatesStride, dh, dxStride, dh, dxStride, tiles, nv);
      }
      const u32 last = end - 1, folded = pairs ? 1 : 2;
      for (u32 s = 0; s < several; s++) {
        // The strip's first agent, its first tile among these, and its tiles.
        const u32 first = stripStart(a->agents, strip + s), agents = stripStart(a->agents, strip + s + 1) - first;
        const u32 tile = (first - from) / (u32)apart, ownTiles = pairs ? (agents + 1) / 2 : agents;
        const char *now = m + a->kept + last * step + first * record;
        // What the passes of earlier steps read comes into the cache meanwhile: whole records (x, h and four gates) and
        // inputs.
        layerGradient(m, gru, strip + s, dGates + tile * gatesStride, gatesStride, (ptrdiff_t)(most * gatesStride), now,
                      records, -(ptrdiff_t)step, ownTiles, folded, count, vectors, 6 * a->block);
        layerGradient(m, fc2, strip + s, dv + tile * dvStride, dvStride, (ptrdiff_t)(most * dvStride),
                      now + step + pitch, records, -(ptrdiff_t)step, ownTiles, folded, count, vectors, 0);
        layerGradient(m, fc1, strip + s, dx + tile * dxStride, dxStride, (ptrdiff_t)(most * dxStride),
                      m + a->inputs + last * inputStep + (size_t)first * a->inputStride, apart * a->inputStride,
                      -(ptrdiff_t)inputStep, ownTiles, folded, count, vectors, fc1->columns);
      }
      end -= count;
    }
  }
}

// Steps that go through all layers of a mixer together. Mixers have no memory, and this many steps stay in the cache.
#define CHUNK 8

// Runs are of at most CHUNK steps with equally many vectors of running lanes, one after the other; the n-th run belongs
// to strip n mod STRIPS.
typedef struct { u32 first, count, vectors, number; } Run;
INLINE Run firstRun(void) { return (Run){0, 0, 0, (u32)-1}; }
INLINE int nextRun(Run *run, const u8 *running, u32 steps) {
  run->first += run->count;
  if (run->first >= steps) return 0;
  run->vectors = running[run->first];
  run->count = 1;
  while (run->count < CHUNK && run->first + run->count < steps && running[run->first + run->count] == run->vectors)
    run->count++;
  run->number++;
  return 1;
}
#define STRIP_OF(run) ((run).number % STRIPS)
#define IN_PART(run) (STRIP_OF(run) % parts == part)

typedef struct {
  u32 agents, actions, embed;
  u32 w1First, w1Second, wFinalFirst, wFinalSecond, b1, vFirst, vSecond;  // layers
  u32 states, stateStride;                                                // [steps + 1] tiles
  u32 w1, wFinal, b1At, value, w1Inner, wFinalInner, valueInner;          // where a step's record holds them
  u32 kept, passing, stride;      // records of all steps, and CHUNK of each part
  u32 qKept, qPassing, dq;        // [steps, agents, lanes]
  u32 dTotals, totals[2];         // [steps, lanes]
  u32 replacements, replaced[2];  // of counterfactual joint actions, [steps, agents, actions, lanes]
  u32 available;                  // bytes, [steps + 1, agents, actions, lanes]
  // of a part, for the counterfactuals: (agents + 4) vectors of 64 bytes for each of `embed`
  u32 scratch, scratchStride;
  u32 running, steps;
} Mixer;

// Computes the mixing networks' weights at some states, into the records from `base` on.
static void hypernetworks(char *m, const Mixer *x, int side, char *base, u32 first, u32 count, int nv) {
  const char *states = m + x->states + (size_t)first * x->stateStride;
  const size_t ss = x->stateStride, s = x->stride;
  layerForward(m, LAYER(x->w1First), side, RELU, states, ss, base + x->w1Inner, s, count, nv);
  layerForward(m, LAYER(x->wFinalFirst), side, RELU, states, ss, base + x->wFinalInner, s, count, nv);
  layerForward(m, LAYER(x->b1), side, PLAIN, states, ss, base + x->b1At, s, count, nv);
  layerForward(m, LAYER(x->vFirst), side, RELU, states, ss, base + x->valueInner, s, count, nv);
  layerForward(m, LAYER(x->w1Second), side, PLAIN, base + x->w1Inner, s, base + x->w1, s, count, nv);
  layerForward(m, LAYER(x->wFinalSecond), side, PLAIN, base + x->wFinalInner, s, base + x->wFinal, s, count, nv);
  layerForward(m, LAYER(x->vSecond), side, PLAIN, base + x->valueInner, s, base + x->value, s, count, nv);
}

static void mixerForward(char *m, const Mixer *x, u32 side, u32 offset, u32 keep, u32 part, u32 parts) {
  Run run = firstRun();
  while (nextRun(&run, BYTES(x->running), x->steps)) {
    if (!IN_PART(run)) continue;
    const int nv = widths(run.vectors);
    char *base = m + (keep ? x->kept + (size_t)run.first * x->stride : x->passing + (size_t)part * CHUNK * x->stride);
    hypernetworks(m, x, (int)side, base, run.first + offset, run.count, nv);
    const size_t qs = (size_t)x->agents * ROW;
    mixForward(m + (keep ? x->qKept : x->qPassing) + run.first * qs, qs, base + x->w1, base + x->wFinal, base + x->b1At,
               base + x->value, x->stride, m + x->totals[side] + (size_t)run.first * ROW, x->agents, x->embed,
               run.count, nv);
  }
}

// Goes back through a layer and the ReLU before it. Leaves the layer's gradient, and in place of what `inner` held the
// gradient of its value before the ReLU.
static void throughRelu(char *m, const Layer *l, u32 strip, const char *dy, size_t ds, char *inner, size_t xs,
                        u32 tiles, u32 vectors) {
  const u8 one = (u8)vectors;
  layerGradient(m, l, strip, dy, ds, 0, inner, xs, 0, tiles, 2, 1, &one, 0);
  layerBackward(m, l, GATED, 0, l->columns, dy, ds, inner, xs, inner, xs, tiles, widths(vectors));
}

static void mixerBackward(char *m, const Mixer *x, u32 part, u32 parts) {
  Run run = firstRun();
  while (nextRun(&run, BYTES(x->running), x->steps)) {
    if (!IN_PART(run)) continue;
    const u32 strip = STRIP_OF(run), count = run.count;
    const u8 vectors = (u8)run.vectors;
    const size_t qs = (size_t)x->agents * ROW, s = x->stride, ss = x->stateStride;
    char *base = m + x->kept + (size_t)run.first * s;
    const char *states = m + x->states + (size_t)run.first * ss, *dTotal = m + x->dTotals + (size_t)run.first * ROW;
    mixBackward(dTotal, m + x->qKept + run.first * qs, m + x->dq + run.first * qs, qs, base + x->w1, base + x->wFinal,
                base + x->b1At, s, x->agents, x->embed, count, widths(vectors));
    // From this line on the records hold gradients where they held outputs.
    throughRelu(m, LAYER(x->w1Second), strip, base + x->w1, s, base + x->w1Inner, s, count, vectors);
    throughRelu(m, LAYER(x->wFinalSecond), strip, base + x->wFinal, s, base + x->wFinalInner, s, count, vectors);
    throughRelu(m, LAYER(x->vSecond), strip, dTotal, ROW, base + x->valueInner, s, count, vectors);
    layerGradient(m, LAYER(x->w1First), strip, base + x->w1Inner, s, 0, states, ss, 0, count, 2, 1, &vectors, 0);
    layerGradient(m, LAYER(x->wFinalFirst), strip, base + x->wFinalInner, s, 0, states, ss, 0, count, 2, 1, &vectors,
                  0);
    layerGradient(m, LAYER(x->b1), strip, base + x->b1At, s, 0, states, ss, 0, count, 2, 1, &vectors, 0);
    layerGradient(m, LAYER(x->vFirst), strip, base + x->valueInner, s, 0, states, ss, 0, count, 2, 1, &vectors, 0);
  }
}

static void mixerCounterfactuals(char *m, const Mixer *x, u32 side, u32 offset, u32 part, u32 parts) {
  Run run = firstRun();
  const size_t qs = (size_t)x->agents * ROW, rows = qs * x->actions;
  while (nextRun(&run, BYTES(x->running), x->steps)) {
    if (!IN_PART(run)) continue;
    const int nv = widths(run.vectors);
    char *base = m + x->passing + (size_t)part * CHUNK * x->stride;
    hypernetworks(m, x, (int)side, base, run.first + offset, run.count, nv);
    mixCounterfactuals(m + x->qPassing + run.first * qs, qs, m + x->replacements + run.first * rows, rows,
                       BYTES(x->available) + (run.first + offset) * rows / 4, base + x->w1, base + x->wFinal,
                       base + x->b1At, base + x->value, x->stride, m + x->replaced[side] + run.first * rows,
                       m + x->scratch + (size_t)part * x->scratchStride, x->agents, x->actions, x->embed, run.count,
                       nv);
  }
}

// WQMIX's unrestricted mixer: Q* = net([state, values]) + V(state).
typedef struct {
  u32 agents, state;
  u32 net0, net2, net4, net6, vFirst, vSecond;  // layers
  u32 states, stateStride;                      // [steps + 1] tiles, with room for the values behind each state
  // bytes from one layer's outputs to the next in a step's record: net0, net2, net4, V
  u32 block;
  u32 kept, passing, stride;
  u32 qKept, qPassing, dq;
  u32 stateValues, dTotals, totals[2];
  u32 running, steps;
} Central;

// Puts the agents' values behind each state, where they stay until others are put there.
static char *statesAndValues(char *m, const Central *c, u32 first, u32 count, const char *values) {
  char *states = m + c->states + (size_t)first * c->stateStride;
  for (u32 i = 0; i < count; i++)
    __builtin_memcpy(states + i * (size_t)c->stateStride + (size_t)c->state * ROW, values + (size_t)i * c->agents * ROW,
                     (size_t)c->agents * ROW);
  return states;
}

static void centralForward(char *m, const Central *c, u32 side, u32 offset, u32 keep, u32 part, u32 parts) {
  Run run = firstRun();
  const size_t qs = (size_t)c->agents * ROW, s = c->stride, block = c->block;
  while (nextRun(&run, BYTES(c->running), c->steps)) {
    if (!IN_PART(run)) continue;
    const int nv = widths(run.vectors);
    const u32 count = run.count;
    char *base = m + (keep ? c->kept + (size_t)run.first * s : c->passing + (size_t)part * CHUNK * s);
    char *input =
        statesAndValues(m, c, run.first + offset, count, m + (keep ? c->qKept : c->qPassing) + run.first * qs);
    char *values = m + c->stateValues + (size_t)run.first * ROW,
         *totals = m + c->totals[side] + (size_t)run.first * ROW;
    layerForward(m, LAYER(c->vFirst), (int)side, RELU, input, c->stateStride, base + 3 * block, s, count, nv);
    layerForward(m, LAYER(c->vSecond), (int)side, PLAIN, base + 3 * block, s, values, ROW, count, nv);
    layerForward(m, LAYER(c->net0), (int)side, RELU, input, c->stateStride, base, s, count, nv);
    layerForward(m, LAYER(c->net2), (int)side, RELU, base, s, base + block, s, count, nv);
    layerForward(m, LAYER(c->net4), (int)side, RELU, base + block, s, base + 2 * block, s, count, nv);
    layerForward(m, LAYER(c->net6), (int)side, PLAIN, base + 2 * block, s, totals, ROW, count, nv);
    for (u32 i = 0; i < count; i++)
      for (int j = 0; j < nv; j++)
        store(totals + i * ROW + j * WIDTH, load(totals + i * ROW + j * WIDTH) + load(values + i * ROW + j * WIDTH));
  }
}

static void centralBackward(char *m, const Central *c, u32 part, u32 parts) {
  Run run = firstRun();
  const size_t qs = (size_t)c->agents * ROW, s = c->stride, block = c->block;
  while (nextRun(&run, BYTES(c->running), c->steps)) {
    if (!IN_PART(run)) continue;
    const u32 strip = STRIP_OF(run), count = run.count;
    const u8 vectors = (u8)run.vectors;
    char *base = m + c->kept + (size_t)run.first * s;
    const char *dTotal = m + c->dTotals + (size_t)run.first * ROW;
    // Other values may stand behind the states by now.
    char *input = statesAndValues(m, c, run.first, count, m + c->qKept + run.first * qs);
    char *dq = m + c->dq + run.first * qs;
    __builtin_memset(dq, 0, count * qs);
    // From this line on the records hold gradients where they held outputs.
    throughRelu(m, LAYER(c->net6), strip, dTotal, ROW, base + 2 * block, s, count, vectors);
    throughRelu(m, LAYER(c->net4), strip, base + 2 * block, s, base + block, s, count, vectors);
    throughRelu(m, LAYER(c->net2), strip, base + block, s, base, s, count, vectors);
    layerGradient(m, LAYER(c->net0), strip, base, s, 0, input, c->stateStride, 0, count, 2, 1, &vectors, 0);
    layerBackward(m, LAYER(c->net0), ADD, c->state, c->agents, base, s, dq, qs, dq, qs, count, widths(vectors));
    throughRelu(m, LAYER(c->vSecond), strip, dTotal, ROW, base + 3 * block, s, count, vectors);
    layerGradient(m, LAYER(c->vFirst), strip, base + 3 * block, s, 0, input, c->stateStride, 0, count, 2, 1, &vectors,
                  0);
  }
}

// The online agent for acting: lane e * agents + a is agent a of environment e.
typedef struct {
  u32 observation, actions, hidden, block;
  u32 fc1, gru, fc2;
  u32 lanes;
  u32 rows, last;  // [lanes, observation] as they come, and [lanes] bytes, the last actions
  u32 inputs, inputStride;
  u32 records[2], recordStride;  // two steps', in turn
  u32 outputs, outputStride;
  u32 values;  // [lanes, actions]
  // For at most FEW lanes of one team, in rows of that many: x, h, four gates, h' and -0, then the inputs and -0.
  u32 few;
  Turned turned[3];  // fc1, gru and fc2
} Actor;

// Lays out the inputs of the lanes of one tile.
static void layOutActing(char *m, const Actor *a, u32 lane, char *tile, u32 vectors) {
  const char *rows[LANES];
  for (u32 i = 0; i < LANES; i++) rows[i] = m + a->rows + (size_t)(lane + i) * a->observation * 4;
  tileFromRows(rows, a->observation, tile, vectors);
  oneHotTile(BYTES(a->last) + lane, a->actions, tile + (size_t)a->observation * ROW, vectors);
}

// The rows of h', of -0 and of the first input in what `few` points to.
INLINE u32 fewNext(const Actor *a) { return 6 * a->block; }
INLINE u32 fewNothing(const Actor *a) { return 7 * a->block; }
INLINE u32 fewInputs(const Actor *a) { return 7 * a->block + 1; }
// The row of -0 that is read by a layer (fc1, gru, fc2), counted from its first input.
INLINE u32 paddingOf(const Actor *a, u32 columns, u32 layer) {
  return layer == 0 ? columns : layer == 1 ? fewNothing(a) : fewNothing(a) - fewNext(a);
}

#ifdef ACTS_IN_TURNS
// Acts for one team of at most FEW agents whose layers are all sparse. Returns whether it did.
static int actInTurns(char *m, const Actor *a, u32 step, Cell cell) {
  const Layer *layers[] = {LAYER(a->fc1), LAYER(a->gru), LAYER(a->fc2)};
  const u32 inputs = layers[0]->columns, ids = a->observation + a->actions;
  if (!a->few || a->lanes < FEWEST || a->lanes > FEW) return 0;
  for (u32 i = 0; i < 3; i++)
    if (!turnRows(m, layers[i], (Turned *)&a->turned[i], paddingOf(a, inputs, i))) return 0;
  const size_t pitch = (size_t)a->block * FEW_ROW;
  char *xh = m + a->few, *h = xh + pitch, *gates = h + pitch, *next = xh + (size_t)fewNext(a) * FEW_ROW,
       *nothing = xh + (size_t)fewNothing(a) * FEW_ROW, *x = xh + (size_t)fewInputs(a) * FEW_ROW;
  // Between steps the hidden state is where `actorForward` would keep it.
  const char *before = m + a->records[step & 1] + (size_t)a->block * ROW;
  char *after = m + a->records[(step + 1) & 1] + (size_t)a->block * ROW;
  const V8 minus = -(V8){0};
  store8(nothing, minus);
  store8(x + (size_t)inputs * FEW_ROW, minus);
  const char *rows[FEW];
  u8 agents[FEW];
  for (u32 i = 0; i < FEW; i++) {
    rows[i] = m + a->rows + (size_t)i * a->observation * 4;
    agents[i] = (u8)(i < a->lanes ? i : 255);
  }
  halfTileFromRows(rows, a->observation, x);
  oneHotHalf(BYTES(a->last), a->actions, x + (size_t)a->observation * FEW_ROW);
  oneHotHalf(agents, inputs - ids, x + (size_t)ids * FEW_ROW);
  for (u32 i = 0; i < a->hidden; i++) store8(h + (size_t)i * FEW_ROW, load8(before + (size_t)i * ROW));
  reluInTurns(m, &a->turned[0], layers[0]->rows, x, xh);
  plainInTurns(m, &a->turned[1], layers[1]->rows, xh, gates);
  cell(gates, pitch, h, next, (size_t)a->hidden * FEW_ROW);
  for (u32 i = 0; i < a->hidden; i++) store8(after + (size_t)i * ROW, load8(next + (size_t)i * FEW_ROW));
  // The inputs are no longer needed.
  plainInTurns(m, &a->turned[2], layers[2]->rows, next, gates);
  for (u32 lane = 0; lane < a->lanes; lane++)
    for (u32 action = 0; action < a->actions; action++)
      FLOATS(a->values)[(size_t)lane * a->actions + action] = loadFloat(gates + (size_t)action * FEW_ROW + lane * 4);
  return 1;
}
#endif

// `cell` may compute with wider vectors than these where they divide the hidden state's rows of FEW lanes.
static void actorForward(char *m, const Actor *a, u32 step, Cell cell) {
#ifdef ACTS_IN_TURNS
  if (actInTurns(m, a, step, cell)) return;
#endif
  Ahead nothing = NOTHING_AHEAD;
  const u32 whole = a->lanes / LANES, rest = a->lanes % LANES;
  const size_t pitch = (size_t)a->block * ROW;
  for (u32 piece = 0; piece < 2; piece++) {
    const u32 first = piece ? whole : 0, count = piece ? rest > 0 : whole, vectors = piece ? (rest + 3) / 4 : 4;
    if (count == 0) continue;
    const int nv = widths(vectors);
    char *x = m + a->inputs + (size_t)first * a->inputStride;
    char *xh = m + a->records[step & 1] + (size_t)first * a->recordStride;
    char *next = m + a->records[(step + 1) & 1] + (size_t)first * a->recordStride + pitch;
    char *out = m + a->outputs + (size_t)first * a->outputStride;
    for (u32 tile = 0; tile < count; tile++)
      layOutActing(m, a, (first + tile) * LANES, x + (size_t)tile * a->inputStride, vectors);
    layerForward(m, LAYER(a->fc1), 0, RELU, x, a->inputStride, xh, a->recordStride, count, nv);
    gruStep(0, m, LAYER(a->gru), 0, a->hidden, a->block, xh, a->recordStride, xh + 2 * pitch, a->recordStride, next,
            a->recordStride, count, nv, 0, &nothing);
    layerForward(m, LAYER(a->fc2), 0, PLAIN, next, a->recordStride, out, a->outputStride, count, nv);
  }
  rowsFromTiles(m + a->outputs, a->outputStride, a->actions, m + a->values, a->lanes);
}

// Sets the rows that say which agent of a pair is which, in the tile of the first agent. They differ where a tile holds
// both.
INLINE void numberAgents(char *tile, int pairs, int second) {
  const V8 one = {1, 1, 1, 1, 1, 1, 1, 1}, none = {0};
  store8(tile, one), store8(tile + HALF_ROW, pairs ? none : one);
  if (second) store8(tile + ROW, none), store8(tile + ROW + HALF_ROW, pairs ? one : none);
}

// Lays out the inputs of two agents at a time, of eight lanes each.
static void layOutPairs(const char *const *sources, u32 from, u32 to, u32 observation, u32 actions, char *inputs,
                        size_t stride, const u8 *last, const char *nothing) {
  for (u32 agent = from; agent < to; agent += 2) {
    const int second = agent + 1 < to;
    const char *rows[LANES];
    u8 lastOfBoth[LANES];
    for (u32 lane = 0; lane < LANES / 2; lane++) {
      rows[lane] = sources[lane] + (size_t)agent * observation * 4;
      rows[lane + LANES / 2] = second ? rows[lane] + (size_t)observation * 4 : nothing;
      lastOfBoth[lane] = last[agent * LANES + lane];
      lastOfBoth[lane + LANES / 2] = second ? last[(agent + 1) * LANES + lane] : 255;
    }
    char *tile = inputs + agent * stride;
    tileFromRows(rows, observation, tile, 4);
    oneHotTile(lastOfBoth, actions, tile + (size_t)observation * ROW, 4);
    numberAgents(tile + (size_t)(observation + actions + agent) * ROW, 1, second);
  }
}

// Lays out one step of a group's inputs, for the agents from `from` to `to - 1`. `sources` are the addresses of the
// lanes' rows, [agents, observation] each.
static void layOutInputs(const char *const *sources, u32 from, u32 to, u32 observation, u32 actions, char *inputs,
                         size_t stride, const u8 *last, u32 vectors) {
  for (u32 agent = from; agent < to; agent++) {
    if (WIDTH == 64 && (agent - from) % 2 == 0)
      numberAgents(inputs + agent * stride + (size_t)(observation + actions + agent) * ROW, 0, agent + 1 < to);
    const char *rows[LANES];
    for (u32 lane = 0; lane < LANES; lane++) rows[lane] = sources[lane] + (size_t)agent * observation * 4;
    tileFromRows(rows, observation, inputs + agent * stride, vectors);
    oneHotTile(last + agent * LANES, actions, inputs + agent * stride + (size_t)observation * ROW, vectors);
  }
}

// Where a group's inputs are laid out, and where they come from.
typedef struct {
  u32 agents, actions, observation, state;
  u32 inputs, inputStride;  // [steps + 1, agents] tiles
  u32 states, stateStride;  // [steps + 1] tiles
  u32 taken;                // actions, [steps, agents, lanes] bytes; before them a step of 255s, for no action
  u32 observed;             // 128-bit vectors of lanes that have an observation at step t
  u32 staging, laneBytes;   // a few steps of each lane's rows
  u32 steps;
  u32 available;  // bytes, [steps + 1, agents, actions, lanes]
} Batch;

// The kinds of data that are laid out.
enum { OBSERVATIONS, STATES, AVAILABLE };
// Bytes of one step of one episode.
INLINE size_t bytesOfStep(const Batch *b, u32 what) {
  return what == AVAILABLE ? (size_t)b->agents * b->actions
         : what == STATES  ? b->state * (size_t)4
                           : (size_t)b->agents * b->observation * 4;
}

// Lays out steps first..first+count-1 of the states, or of the observations of some agents. `sources` are the addresses
// of each lane's row of step `from`, of which the lane has `have` rows; the others are zeros.
static void layOutSome(char *m, const Batch *b, u32 states, u32 firstAgent, u32 endAgent, u32 first, u32 count,
                       const char *const *sources, u32 from, const u32 *have, const char *nothing) {
  const size_t size = bytesOfStep(b, states ? STATES : OBSERVATIONS);
  const u32 paired = pairedFrom(BYTES(b->observed), b->steps);
  for (u32 t = first; t < first + count; t++) {
    const u32 vectors = BYTES(b->observed)[t];
    const char *rows[LANES];
    for (u32 lane = 0; lane < LANES; lane++)
      rows[lane] = t - from < have[lane] ? sources[lane] + (t - from) * size : nothing;
    char *inputs = m + b->inputs + (size_t)t * b->agents * b->inputStride;
    const u8 *last = BYTES(b->taken) + ((size_t)t - 1) * b->agents * LANES;
    if (states) tileFromRows(rows, b->state, m + b->states + (size_t)t * b->stateStride, vectors);
    else if (t >= paired)
      layOutPairs(rows, firstAgent, endAgent, b->observation, b->actions, inputs, b->inputStride, last, nothing);
    else layOutInputs(rows, firstAgent, endAgent, b->observation, b->actions, inputs, b->inputStride, last, vectors);
  }
}

// Lays out which actions are available. All actions are where a lane has no row.
static void layOutAvailable(char *m, const Batch *b, u32 first, u32 count, const char *const *sources, u32 from,
                            const u32 *have) {
  const size_t size = bytesOfStep(b, AVAILABLE), skipped = (first - from) * size;
  const char *rows[LANES];
  size_t bytes[LANES];
  for (u32 lane = 0; lane < LANES; lane++) {
    rows[lane] = sources[lane] + skipped;
    bytes[lane] = have[lane] * size > skipped ? have[lane] * size - skipped : 0;
  }
  bytesFromRows(rows, bytes, count * size, BYTES(b->available) + first * size * LANES);
}

static void layOut(char *m, const Batch *b, u32 what, u32 first, u32 count, const char *const *sources, u32 from,
                   const u32 *have, const char *nothing) {
  if (what == AVAILABLE) layOutAvailable(m, b, first, count, sources, from, have);
  else layOutSome(m, b, what == STATES, 0, b->agents, first, count, sources, from, have, nothing);
}

// Steps that are laid out and then computed at a time, while they are still in the cache.
#define LAID_OUT 4

// Lays out the inputs of one part's agents from step 0 on, and runs their networks over them. What is laid out next
// comes into the cache meanwhile.
static void agentLoadAndForward(char *m, const Batch *b, const Agent *a, u32 sides, u32 keep,
                                const char *const *sources, const u32 *have, u32 part, u32 parts) {
  const u32 strips = stripsOf(a->agents);
  const u32 from = stripStart(a->agents, part * strips / parts),
            to = stripStart(a->agents, (part + 1) * strips / parts);
  const size_t size = bytesOfStep(b, OBSERVATIONS);
  for (u32 first = 0; first <= a->steps; first += LAID_OUT) {
    const u32 count = a->steps + 1 - first < LAID_OUT ? a->steps + 1 - first : LAID_OUT;
    layOutSome(m, b, 0, from, to, first, count, sources, 0, have, m + b->staging);
    const char *rows[LANES];
    u32 bytes[LANES];
    for (u32 lane = 0; lane < LANES; lane++) {
      const u32 next = first + count, left = have[lane] > next ? have[lane] - next : 0;
      rows[lane] = sources[lane] + (left ? next * size : 0);
      bytes[lane] = (left < LAID_OUT ? left : LAID_OUT) * (u32)size;
    }
    // A part of the agents reads parts of these rows only.
    Ahead ahead = {rows, bytes, parts == 1 ? 0 : LANES, 0};
    agentSteps(m, a, sides, keep, first, first + count, part, parts, &ahead);
  }
}

// Lays out what TypeScript copied to `staging`.
static void layOutStaged(char *m, const Batch *b, u32 states, u32 first, u32 count) {
  const char *sources[LANES];
  u32 have[LANES];
  for (u32 lane = 0; lane < LANES; lane++) {
    sources[lane] = m + b->staging + (size_t)lane * b->laneBytes;
    have[lane] = count;
  }
  layOut(m, b, states, first, count, sources, first, have, sources[0]);
}

// ---- Passes over a list of layers, which are words at `list`.

static double collectAll(char *m, u32 list, u32 count) {
  double squared = 0;
  for (u32 i = 0; i < count; i++) squared += layerCollect(m, LAYER(WORDS(list)[i]));
  return squared;
}
static void stepAll(char *m, u32 list, u32 count, const Optimiser *o) {
  for (u32 i = 0; i < count; i++) layerStep(m, LAYER(WORDS(list)[i]), o);
}
static void followAll(char *m, u32 list, u32 count, float tau) {
  for (u32 i = 0; i < count; i++) layerFollow(m, LAYER(WORDS(list)[i]), tau);
}
static void clearAll(char *m, u32 list, u32 count) {
  for (u32 i = 0; i < count; i++) layerClear(m, LAYER(WORDS(list)[i]));
}

// Computes six chains of multiplications and six of additions, in registers and independent of each other, as fast as
// this core's units of this width work. Returns a value that depends on all of them.
static float multiplyAddPeak(u32 iterations, float by, float plus) {
  const V factor = splat(by), term = splat(plus);
  V products[6], sums[6];
  UNROLLED (int i = 0; i < 6; i++) products[i] = factor, sums[i] = term;
  for (; iterations > 0; iterations--) {
    UNROLLED (int i = 0; i < 6; i++) {
      products[i] = products[i] * factor;
      sums[i] = sums[i] + term;
    }
  }
  V all = zeros();
  UNROLLED (int i = 0; i < 6; i++) all = all + products[i] + sums[i];
  return all[0];
}
