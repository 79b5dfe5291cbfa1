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
#if WIDTH > 16
_Static_assert(STEPS_OF_TWO == STEPS_TOGETHER, "these steps go together");
#endif

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

// Steps that few episodes of a group have would leave most of a row empty. From some step on a tile therefore holds the
// first lanes of several agents: eight of two agents where a row is one vector, then four of four agents where each
// pair of them is a strip by itself. It stands in the place of the first of them, and the places of the others are
// empty. Every lane goes through the same operations, and gradients are folded to the same sums in the same order: what
// is left out are zeros, and adding a zero changes no sum, since none of them ever is -0.
//
// Two agents' lanes are the two halves of a row. Four agents' are its quarters, in the order first, third, second,
// fourth: so that each agent's first lanes are also where they are in a tile of its own or of two, for the step before
// such a tile reads them there; and so that the halves of a row, added up, are the sums of the two strips.
typedef struct { u32 two, four; } Shared;  // the first steps of such tiles, or a step that does not exist

// Returns the first of the last steps that have at most so many 128-bit vectors of lanes: a multiple of STEPS_TOGETHER
// before the end, so that no sum runs over steps of both kinds.
INLINE u32 lastSteps(const u8 *observed, u32 steps, u32 vectors) {
  u32 first = steps + 1;
  while (first > 0 && observed[first - 1] <= vectors) first--;
  return first + STEPS_TOGETHER <= steps ? steps - (steps - first) / STEPS_TOGETHER * STEPS_TOGETHER : steps + 1;
}
INLINE Shared sharedFrom(const u8 *observed, u32 steps, u32 agents) {
  return (Shared){WIDTH == 64 ? lastSteps(observed, steps, 2) : steps + 1,
                  WIDTH > 16 && agents > 2 && agents <= 2 * STRIPS ? lastSteps(observed, steps, 1) : steps + 1};
}
// Returns how many agents share a tile at a step.
INLINE u32 sharingAt(Shared shared, u32 t) { return t >= shared.four ? 4 : t >= shared.two ? 2 : 1; }
// Returns the first lane of an agent, counted from the first one of its tile.
INLINE u32 laneOf(u32 sharing, u32 agent) { return agent % sharing % 2 * 8 + agent % sharing / 2 * 4; }

// Moves the lanes of agents from tiles of `from` agents each to tiles of `to`, one of which may overwrite the other.
// `fromStride` and `toStride` are the bytes from one such tile to the next. Lanes that do not exist become 0.
static void share(char *tiles, u32 from, size_t fromStride, u32 to, size_t toStride, u32 rows, u32 agents) {
  const u32 vectors = 4 / (from > to ? from : to);  // of an agent
  for (u32 group = (agents + 3) / 4; group-- > 0;) {
    const u32 some = agents - 4 * group < 4 ? agents - 4 * group : 4;
    const char *source = tiles + group * (4 / from) * fromStride;
    char *target = tiles + group * (4 / to) * toStride;
    for (size_t row = 0; row < rows * (size_t)ROW; row += ROW) {
      V4 lanes[4][4] = {{{0}}};
      for (u32 agent = 0; agent < some; agent++) {
        const char *own = source + agent / from * fromStride + row + laneOf(from, agent) * 4;
        for (u32 k = 0; k < vectors; k++) lanes[agent / to][laneOf(to, agent) / 4 + k] = load4(own + k * 16);
      }
      for (u32 tile = 0; tile < (some + to - 1) / to; tile++)
        for (u32 k = 0; k < 4; k++) store4(target + tile * toStride + row + k * 16, lanes[tile][k]);
    }
  }
}

// Makes rows that hold each lane's value where the row's number is the lane's in `numbers`, and 0 elsewhere, for a tile
// of some agents' first lanes, of which `agents` exist. The agents follow each other a row apart.
static void chosenOfSome(const char *values, const u8 *numbers, u32 sharing, u32 agents, u32 count, char *tile) {
  float chosen[LANES] = {0};
  u8 all[LANES] = {0};
  for (u32 i = 0; i < sharing && i < agents; i++) {
    __builtin_memcpy(chosen + laneOf(sharing, i), values + i * ROW, LANES / sharing * 4);
    __builtin_memcpy(all + laneOf(sharing, i), numbers + i * LANES, LANES / sharing);
  }
  chosenTile((const char *)chosen, all, count, tile);
}

// Makes the rows of all actions in such a tile; the agents follow each other `count` rows apart.
static void rowsOfSome(const char *values, u32 sharing, u32 agents, u32 count, char *tile) {
  for (u32 row = 0; row < count; row++, values += ROW, tile += ROW) {
    float all[LANES] = {0};
    for (u32 i = 0; i < sharing && i < agents; i++)
      __builtin_memcpy(all + laneOf(sharing, i), values + (size_t)i * count * ROW, LANES / sharing * 4);
    __builtin_memcpy(tile, all, ROW);
  }
}

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
  const Shared shared = sharedFrom(BYTES(a->observed), a->steps, a->agents);
  for (u32 t = first; t < end; t++) {
    const u32 sharing = sharingAt(shared, t), before = t > 0 ? sharingAt(shared, t - 1) : sharing;
    const int nv = sharing > 1 ? FULL : widths(BYTES(a->observed)[t]);
    const size_t inputStride = sharing * (size_t)a->inputStride;
    const u32 count = (tiles + sharing - 1) / sharing;
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
                 records + ((size_t)(kept ? t + 1 : (t + 1) & 1) * a->agents + from) * stride + pitch,
                 sharing * stride};
      if (t == 0)
        for (u32 i = 0; i < tiles; i++) __builtin_memset(record + i * stride + pitch, 0, (size_t)a->hidden * ROW);
      else if (sharing > before)
        share(record + pitch, before, before * stride, sharing, sharing * stride, a->hidden, tiles);
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
      layerForward(m, fc2, side, PLAIN, s.next, s.stride, values, sharing * actionRows, count, nv);
      if (sharing > 1) share(values, sharing, sharing * actionRows, 1, actionRows, a->actions, tiles);
    }
  }
}

static void agentForward(char *m, const Agent *a, u32 sides, u32 keep, u32 first, u32 end, u32 part, u32 parts) {
  Ahead nothing = NOTHING_AHEAD;
  agentSteps(m, a, sides, keep, first, end, part, parts, &nothing);
}

// Moves what was laid out and kept from step `first` on to tiles of another number of agents, in place.
static void shareAll(char *m, const Agent *a, u32 first, u32 from, u32 to, u32 part, u32 parts) {
  const u32 strips = stripsOf(a->agents), agent = stripStart(a->agents, part * strips / parts),
            own = stripStart(a->agents, (part + 1) * strips / parts) - agent;
  const size_t record = a->recordStride, input = a->inputStride;
  for (u32 t = first; t <= a->steps; t++) {
    const size_t at = (size_t)t * a->agents + agent;
    share(m + a->kept + at * record, from, from * record, to, to * record, 5 * a->block + a->hidden, own);
    share(m + a->inputs + at * input, from, from * input, to, to * input, LAYER(a->fc1)->columns, own);
  }
}

// Gradients of a few steps of some tiles: of gates, of x and of Q-values; and of the hidden state of the step in hand.
// From one tile to the next there are as many bytes as the strides say.
typedef struct {
  char *dGates, *dx, *dv, *dh;
  size_t gatesStride, dxStride, dvStride;
  ptrdiff_t gatesStep, dxStep, dvStep;
} Back;

// Makes room for so many tiles from a strip's scratch memory on. Tiles are an odd number of rows apart, so that the
// same row of several does not fall on the same cache set.
static Back backOf(char *m, const Agent *a, u32 strip, u32 tiles) {
  Back b;
  b.gatesStride = (size_t)((4 * a->block) | 1) * ROW;
  b.dxStride = (size_t)(a->hidden | 1) * ROW;
  b.dvStride = (size_t)(a->actions | 1) * ROW;
  b.gatesStep = (ptrdiff_t)(tiles * b.gatesStride);
  b.dxStep = (ptrdiff_t)(tiles * b.dxStride);
  b.dvStep = (ptrdiff_t)(tiles * b.dvStride);
  b.dGates = m + a->scratch + (size_t)strip * a->scratchStride;
  b.dx = b.dGates + STEPS_TOGETHER * b.gatesStep;
  b.dv = b.dx + STEPS_TOGETHER * b.dxStep;
  b.dh = b.dv + STEPS_TOGETHER * b.dvStep;
  return b;
}

// Goes back from step `end` - 1 to step `stop`, for the agents of several strips, `together` steps at a time.
static void backSteps(char *m, const Agent *a, Shared shared, u32 strip, u32 several, const Back *b, u32 end, u32 stop,
                      u32 together) {
  const Layer *fc1 = LAYER(a->fc1), *gru = LAYER(a->gru), *fc2 = LAYER(a->fc2);
  const size_t pitch = (size_t)a->block * ROW, record = a->recordStride, step = (size_t)a->agents * record;
  const size_t inputStep = (size_t)a->agents * a->inputStride, values = (size_t)a->actions * ROW;
  const u32 from = stripStart(a->agents, strip), own = stripStart(a->agents, strip + several) - from;
  u8 vectors[STEPS_TOGETHER];
  for (u32 count; end > stop; end -= count) {
    const u32 sharing = sharingAt(shared, end - 1), behind = end < a->steps ? sharingAt(shared, end) : sharing;
    const u32 tiles = (own + sharing - 1) / sharing;
    const size_t records = sharing * record;
    const u32 most = sharing == 4 ? STEPS_TOGETHER : together;
    count = end < most ? end : most;
    if (behind > sharing) share(b->dh, behind, b->dxStride, sharing, b->dxStride, a->hidden, own);
    for (u32 i = 0; i < count; i++) {
      const u32 t = end - 1 - i;
      vectors[i] = sharing > 1 ? 4 : BYTES(a->running)[t];
      const int nv = widths(vectors[i]);
      char *g = b->dGates + i * b->gatesStep, *x = b->dx + i * b->dxStep, *v = b->dv + i * b->dvStep;
      char *now = m + a->kept + t * step + from * record;
      const size_t chosen = ((size_t)t * a->agents + from) * LANES;
      const char *gradients = m + a->gradients + chosen * 4;
      const u8 *taken = BYTES(a->taken) + chosen;
      const char *every = m + a->every + ((size_t)t * a->agents + from) * values;
      for (u32 tile = 0; tile < tiles; tile++) {
        const u32 agent = tile * sharing;
        char *to = v + tile * b->dvStride;
        if (a->every && sharing > 1) rowsOfSome(every + agent * values, sharing, own - agent, a->actions, to);
        else if (a->every) __builtin_memcpy(to, every + agent * values, values);
        else if (sharing > 1)
          chosenOfSome(gradients + agent * ROW, taken + agent * LANES, sharing, own - agent, a->actions, to);
        else chosenTile(gradients + agent * ROW, taken + agent * LANES, a->actions, to);
      }
      layerBackward(m, fc2, ADD, 0, a->hidden, v, b->dvStride, b->dh, b->dxStride, b->dh, b->dxStride, tiles, nv);
      gruBackward(now + 2 * pitch, records, g, b->gatesStride, pitch, now + pitch, records, b->dh, b->dxStride,
                  a->hidden, tiles, nv);
      layerBackward(m, gru, GATED, 0, a->hidden, g, b->gatesStride, x, b->dxStride, now, records, tiles, nv);
      layerBackward(m, gru, ADD, a->block, a->hidden, g, b->gatesStride, b->dh, b->dxStride, b->dh, b->dxStride, tiles,
                    nv);
    }
    const u32 last = end - 1, folded = sharing == 1 ? 2 : 1;
    const ptrdiff_t back = -(ptrdiff_t)step, inputsBack = -(ptrdiff_t)inputStep;
    for (u32 s = 0; s < several; s += sharing == 4 ? 2 : 1) {
      // The strip's first agent, its first tile among these, and its tiles.
      const u32 first = stripStart(a->agents, strip + s), agents = stripStart(a->agents, strip + s + 1) - first;
      const u32 tile = (first - from) / sharing, ownTiles = (agents + sharing - 1) / sharing;
      const char *now = m + a->kept + last * step + first * record, *h = now + step + pitch,
                 *inputs = m + a->inputs + last * inputStep + (size_t)first * a->inputStride;
      const char *dGates = b->dGates + tile * b->gatesStride, *dv = b->dv + tile * b->dvStride,
                 *dx = b->dx + tile * b->dxStride;
      // What the passes of earlier steps read comes into the cache meanwhile: whole records (x, h and four gates) and
      // inputs.
#if WIDTH > 16
      if (sharing == 4) {
        // A tile holds two strips, if there is another one. Of such steps there is a multiple of STEPS_TOGETHER.
        const int both = s + 1 < several;
        layerGradientOfTwo(m, gru, strip + s, both, dGates, b->gatesStep, now, back, 6 * a->block);
        layerGradientOfTwo(m, fc2, strip + s, both, dv, b->dvStep, h, back, 0);
        layerGradientOfTwo(m, fc1, strip + s, both, dx, b->dxStep, inputs, inputsBack, fc1->columns);
        continue;
      }
#endif
      layerGradient(m, gru, strip + s, dGates, b->gatesStride, b->gatesStep, now, records, back, ownTiles, folded,
                    count, vectors, 6 * a->block);
      layerGradient(m, fc2, strip + s, dv, b->dvStride, b->dvStep, h, records, back, ownTiles, folded, count, vectors,
                    0);
      layerGradient(m, fc1, strip + s, dx, b->dxStride, b->dxStep, inputs, sharing * a->inputStride, inputsBack,
                    ownTiles, folded, count, vectors, fc1->columns);
    }
  }
}

// Goes back through time, for the agents of one part.
static void agentBackward(char *m, const Agent *a, u32 part, u32 parts) {
  const Layer *fc1 = LAYER(a->fc1), *gru = LAYER(a->gru), *fc2 = LAYER(a->fc2);
  const u32 strips = stripsOf(a->agents), firstStrip = part * strips / parts, lastStrip = (part + 1) * strips / parts;
  const int anyDense = fc1->dense | fc1->wanted | gru->dense | gru->wanted | fc2->dense | fc2->wanted;
  const u32 together = anyDense ? STEPS_TOGETHER : WIDTH == 16 ? 1 : 2;
  Shared shared = sharedFrom(BYTES(a->observed), a->steps, a->agents);
  // Gradients of dense weights are added up in another order, in which four agents cannot share a tile.
  const Shared given = shared;
  if (anyDense) {
    shared.four = a->steps + 1;
    shareAll(m, a, given.four, 4, sharingAt(shared, given.four), part, parts);
  }
  // Memory of strips that do not exist is free for those before them, where no other part has it.
  const u32 room = parts == 1 ? STRIPS_TOGETHER : 1;
  for (u32 strip = firstStrip, several; strip < lastStrip; strip += several) {
    several = lastStrip - strip < STRIPS_TOGETHER ? lastStrip - strip : STRIPS_TOGETHER;
    const Back b = backOf(m, a, strip, (several > room ? several : room) * a->most);
    __builtin_memset(b.dh, 0, several * a->most * b.dxStride);
  }
  u32 end = a->steps;
  if (parts == 1 && shared.four < end) {
    // Where four agents share a tile, the tiles of all strips go together: each lies in the memory of its own strips.
    Back b = backOf(m, a, 0, room * a->most);
    b.gatesStride = b.dxStride = b.dvStride = room * (size_t)a->scratchStride;
    backSteps(m, a, shared, 0, strips, &b, end, shared.four, together);
    end = shared.four;
  }
  for (u32 strip = firstStrip, several; strip < lastStrip; strip += several) {
    several = lastStrip - strip < STRIPS_TOGETHER ? lastStrip - strip : STRIPS_TOGETHER;
    const Back b = backOf(m, a, strip, (several > room ? several : room) * a->most);
    backSteps(m, a, shared, strip, several, &b, end, 0, together);
  }
  // Another network may read the same inputs.
  if (anyDense) shareAll(m, a, given.four, sharingAt(shared, given.four), 4, part, parts);
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
  // of a part, for CHUNK / 2 tiles of two steps: states, the agents' values, their gradients, totals, their gradients
  u32 joined, joinedStride;
  u32 running, steps;
} Mixer;

#define HALF_ROW (ROW / 2)

// Where one vector holds a row, two steps share a tile if at most eight episodes have them: the first one's lanes are
// the first half of a row and the next one's the other. Gradients are folded to the same sums as from two tiles.
typedef struct { char *states, *q, *dq, *totals, *dTotals; } Joined;
INLINE int joins(const Run *run) { return WIDTH == 64 && run->vectors <= 2 && run->count > 1; }
INLINE Joined joinedOf(char *m, const Mixer *x, u32 part) {
  const size_t tiles = CHUNK / 2;
  char *states = m + x->joined + (size_t)part * x->joinedStride, *q = states + tiles * x->stateStride;
  char *dq = q + tiles * x->agents * ROW, *totals = dq + tiles * x->agents * ROW;
  return (Joined){states, q, dq, totals, totals + tiles * ROW};
}
INLINE size_t joinedBytes(const Mixer *x) {
  return CHUNK / 2 * ((size_t)x->stateStride + 2 * (size_t)x->agents * ROW + 2 * ROW);
}

// Puts two steps' tiles of some rows into one, for `count` steps; a last one stays alone.
static void joinSteps(const char *from, size_t stride, u32 rows, u32 count, char *to, size_t toStride) {
  const V8 none = {0};
  for (u32 i = 0; i < count; i += 2, from += 2 * stride, to += toStride)
    for (size_t at = 0; at < rows * (size_t)ROW; at += ROW) {
      store8(to + at, load8(from + at));
      store8(to + at + HALF_ROW, i + 1 < count ? load8(from + stride + at) : none);
    }
}
// Goes the opposite way. The other lanes become 0.
static void partSteps(const char *from, u32 rows, u32 count, char *to) {
  const V8 none = {0};
  const size_t tile = rows * (size_t)ROW;
  for (u32 i = 0; i < count; i++, to += tile)
    for (size_t at = 0; at < tile; at += ROW) {
      store8(to + at, load8(from + i / 2 * tile + i % 2 * HALF_ROW + at));
      store8(to + at + HALF_ROW, none);
    }
}

// Computes the mixing networks' weights at some states, into the records from `base` on.
static void hypernetworks(char *m, const Mixer *x, int side, char *base, const char *states, u32 count, int nv) {
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
    const size_t qs = (size_t)x->agents * ROW;
    const char *states = m + x->states + (size_t)(run.first + offset) * x->stateStride,
               *q = m + (keep ? x->qKept : x->qPassing) + run.first * qs;
    char *totals = m + x->totals[side] + (size_t)run.first * ROW;
    if (joins(&run)) {
      const Joined j = joinedOf(m, x, part);
      const u32 tiles = (run.count + 1) / 2;
      joinSteps(states, x->stateStride, LAYER(x->b1)->columns, run.count, j.states, x->stateStride);
      joinSteps(q, qs, x->agents, run.count, j.q, qs);
      hypernetworks(m, x, (int)side, base, j.states, tiles, nv);
      mixForward(j.q, qs, base + x->w1, base + x->wFinal, base + x->b1At, base + x->value, x->stride, j.totals,
                 x->agents, x->embed, tiles, nv);
      partSteps(j.totals, 1, run.count, totals);
      continue;
    }
    hypernetworks(m, x, (int)side, base, states, run.count, nv);
    mixForward(q, qs, base + x->w1, base + x->wFinal, base + x->b1At, base + x->value, x->stride, totals, x->agents,
               x->embed, run.count, nv);
  }
}

// Goes back through a layer and the ReLU before it. Leaves the layer's gradient, and in place of what `inner` held the
// gradient of its value before the ReLU.
static void throughRelu(char *m, const Layer *l, u32 strip, const char *dy, size_t ds, char *inner, size_t xs,
                        u32 tiles, u32 folded, u32 vectors) {
  const u8 one = (u8)vectors;
  layerGradient(m, l, strip, dy, ds, 0, inner, xs, 0, tiles, folded, 1, &one, 0);
  layerBackward(m, l, GATED, 0, l->columns, dy, ds, inner, xs, inner, xs, tiles, widths(vectors));
}

static void mixerBackward(char *m, const Mixer *x, u32 part, u32 parts) {
  Run run = firstRun();
  while (nextRun(&run, BYTES(x->running), x->steps)) {
    if (!IN_PART(run)) continue;
    const u32 strip = STRIP_OF(run);
    const size_t qs = (size_t)x->agents * ROW, s = x->stride, ss = x->stateStride;
    char *base = m + x->kept + (size_t)run.first * s, *dq = m + x->dq + run.first * qs;
    const char *states = m + x->states + (size_t)run.first * ss, *dTotal = m + x->dTotals + (size_t)run.first * ROW,
               *q = m + x->qKept + run.first * qs;
    char *dqOut = dq;
    u32 count = run.count, folded = 2;
    u8 vectors = (u8)run.vectors;
    if (joins(&run)) {
      const Joined j = joinedOf(m, x, part);
      joinSteps(states, ss, LAYER(x->b1)->columns, count, j.states, ss);
      joinSteps(q, qs, x->agents, count, j.q, qs);
      joinSteps(dTotal, ROW, 1, count, j.dTotals, ROW);
      states = j.states, q = j.q, dTotal = j.dTotals, dqOut = j.dq;
      count = (count + 1) / 2, folded = 1, vectors = 4;
    }
    mixBackward(dTotal, q, dqOut, qs, base + x->w1, base + x->wFinal, base + x->b1At, s, x->agents, x->embed, count,
                widths(vectors));
    if (dqOut != dq) partSteps(dqOut, x->agents, run.count, dq);
    // From this line on the records hold gradients where they held outputs.
    throughRelu(m, LAYER(x->w1Second), strip, base + x->w1, s, base + x->w1Inner, s, count, folded, vectors);
    throughRelu(m, LAYER(x->wFinalSecond), strip, base + x->wFinal, s, base + x->wFinalInner, s, count, folded,
                vectors);
    throughRelu(m, LAYER(x->vSecond), strip, dTotal, ROW, base + x->valueInner, s, count, folded, vectors);
    const struct {
      u32 layer, at;
    } first[] = {
        {x->w1First, x->w1Inner}, {x->wFinalFirst, x->wFinalInner}, {x->b1, x->b1At}, {x->vFirst, x->valueInner}};
    for (u32 i = 0; i < 4; i++)
      layerGradient(m, LAYER(first[i].layer), strip, base + first[i].at, s, 0, states, ss, 0, count, folded, 1,
                    &vectors, 0);
  }
}

static void mixerCounterfactuals(char *m, const Mixer *x, u32 side, u32 offset, u32 part, u32 parts) {
  Run run = firstRun();
  const size_t qs = (size_t)x->agents * ROW, rows = qs * x->actions;
  while (nextRun(&run, BYTES(x->running), x->steps)) {
    if (!IN_PART(run)) continue;
    const int nv = widths(run.vectors);
    char *base = m + x->passing + (size_t)part * CHUNK * x->stride;
    hypernetworks(m, x, (int)side, base, m + x->states + (size_t)(run.first + offset) * x->stateStride, run.count, nv);
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
    throughRelu(m, LAYER(c->net6), strip, dTotal, ROW, base + 2 * block, s, count, 2, vectors);
    throughRelu(m, LAYER(c->net4), strip, base + 2 * block, s, base + block, s, count, 2, vectors);
    throughRelu(m, LAYER(c->net2), strip, base + block, s, base, s, count, 2, vectors);
    layerGradient(m, LAYER(c->net0), strip, base, s, 0, input, c->stateStride, 0, count, 2, 1, &vectors, 0);
    layerBackward(m, LAYER(c->net0), ADD, c->state, c->agents, base, s, dq, qs, dq, qs, count, widths(vectors));
    throughRelu(m, LAYER(c->vSecond), strip, dTotal, ROW, base + 3 * block, s, count, 2, vectors);
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

// Sets the rows that say which agent is which, in the tile of an agent that may hold up to three others as well.
INLINE void numberAgents(char *tile, u32 sharing, u32 agents) {
  for (u32 agent = 0; agent < 4 && agent < agents; agent++, tile += ROW) {
    float row[LANES] = {0};
    if (agent < sharing)
      for (u32 lane = 0; lane < LANES / sharing; lane++) row[laneOf(sharing, agent) + lane] = 1;
    __builtin_memcpy(tile, row, ROW);
  }
}

// Lays out the inputs of two or four agents at a time, of eight or four lanes each.
static void layOutShared(u32 sharing, const char *const *sources, u32 from, u32 to, u32 observation, u32 actions,
                         char *inputs, size_t stride, const u8 *last, const char *nothing) {
  for (u32 first = from; first < to; first += sharing) {
    const char *rows[LANES];
    u8 lastOfAll[LANES];
    for (u32 i = 0; i < sharing; i++) {
      const u32 agent = first + i, at = laneOf(sharing, i);
      for (u32 lane = 0; lane < LANES / sharing; lane++) {
        rows[at + lane] = agent < to ? sources[lane] + (size_t)agent * observation * 4 : nothing;
        lastOfAll[at + lane] = agent < to ? last[agent * LANES + lane] : 255;
      }
    }
    char *tile = inputs + first * stride;
    tileFromRows(rows, observation, tile, 4);
    oneHotTile(lastOfAll, actions, tile + (size_t)observation * ROW, 4);
    numberAgents(tile + (size_t)(observation + actions + first) * ROW, sharing, to - first);
  }
}

// Lays out one step of a group's inputs, for the agents from `from` to `to - 1`. `sources` are the addresses of the
// lanes' rows, [agents, observation] each.
static void layOutInputs(const char *const *sources, u32 from, u32 to, u32 observation, u32 actions, char *inputs,
                         size_t stride, const u8 *last, u32 vectors) {
  for (u32 agent = from; agent < to; agent++) {
    if (WIDTH > 16 && (agent - from) % 2 == 0)
      numberAgents(inputs + agent * stride + (size_t)(observation + actions + agent) * ROW, 1, to - agent);
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
  const Shared shared = sharedFrom(BYTES(b->observed), b->steps, b->agents);
  for (u32 t = first; t < first + count; t++) {
    const u32 vectors = BYTES(b->observed)[t];
    const char *rows[LANES];
    for (u32 lane = 0; lane < LANES; lane++)
      rows[lane] = t - from < have[lane] ? sources[lane] + (t - from) * size : nothing;
    char *inputs = m + b->inputs + (size_t)t * b->agents * b->inputStride;
    const u8 *last = BYTES(b->taken) + ((size_t)t - 1) * b->agents * LANES;
    if (states) tileFromRows(rows, b->state, m + b->states + (size_t)t * b->stateStride, vectors);
    else if (sharingAt(shared, t) > 1)
      layOutShared(sharingAt(shared, t), rows, firstAgent, endAgent, b->observation, b->actions, inputs, b->inputStride,
                   last, nothing);
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
