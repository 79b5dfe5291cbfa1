// How units move within a tick: they walk around units that stand in their way, take a step forward, and are pushed
// apart where they overlap.
#include "battle.h"

/** Cells ahead that a walker looks for units that stand in its way, and by how much it may graze them. */
#define LOOK_AHEAD 2.0
#define GRAZE 0.03
/** Directions that it tries, and the last of them once more so often that this is a multiple of 8: see loops.ts. */
#define DIRECTIONS 24
/** Places that are compared with one at a time. */
#define COMPARED 8
/** More, in cells or cells times cells a tick, than what rounding to floats takes from a few places and steps. */
#define ROUGHLY 1e-4
/** Share of an overlap that the faster unit gives way, where it walks into the back of a slower one. */
#define FASTER 0.75

void stand_still(const battle *b) {
  double *restrict vx = b->vx, *restrict vy = b->vy, *restrict way_x = b->way_x, *restrict way_y = b->way_y;
  for (int i = 0; i < b->units; i++) vx[i] = vy[i] = way_x[i] = way_y[i] = 0;
}

void walk_all(const battle *b) {
  const int units = b->units;
  for (int k = 0; k < units; k += 2) {
    // Two at a time. The last of an odd number is computed together with the one before, to the same bits once more.
    const int i = k < units - 1 ? k : units - 2;
    const pair dx = load(b->way_x + i), dy = load(b->way_y + i), length = __builtin_elementwise_sqrt(dx * dx + dy * dy);
    const truths is_walking = length > 0;
    const pair stride = least(load(b->speed + i), length), face_x = dx / length, face_y = dy / length;
    store(b->face_x + i, choose(is_walking, face_x, load(b->face_x + i)));
    store(b->face_y + i, choose(is_walking, face_y, load(b->face_y + i)));
    store(b->vx + i, choose(is_walking, face_x * stride, load(b->vx + i)));
    store(b->vy + i, choose(is_walking, face_y * stride, load(b->vy + i)));
  }
}

/** Tells which of four units stand in a circle of `squared` radius around a place. */
static inline four_truths are_within(const four_standers *s, float x, float y, float squared) {
  const four dx = s->x - x, dy = s->y - y;
  return dx * dx + dy * dy <= squared;
}

/** Tells exactly whether none of the first `stand` standing units is in the way of unit `i` in direction (dx, dy). */
static __attribute__((noinline)) int is_free(const battle *b, int i, int stand, double dx, double dy, double look) {
  for (const stander *s = b->standers, *end = s + stand; s < end; s++) {
    const double x = s->place[0] - b->x[i], y = s->place[1] - b->y[i], along = x * dx + y * dy;
    const double room = b->separation[i] + s->room - GRAZE;
    if (along > 0 && along <= look && __builtin_fabs(x * dy - y * dx) < room && s->unit != b->target[i]) return 0;
  }
  return 1;
}

/**
 * By how much four directions (dx, dy) are free of who stands at (x, y) from a walker and needs `room`: how far it is
 * beside them, behind, or more than `look` ahead, or `least` if this is less. It is below 0 for those that are taken.
 */
static inline four clearance(four least, float x, float y, float room, four dx, four dy, float look) {
  const four along = x * dx + y * dy, beside = __builtin_wasm_abs_f32x4(x * dy - y * dx) - room;
  const four off = __builtin_wasm_pmax_f32x4(beside, __builtin_wasm_pmax_f32x4(-along, along - look));
  return __builtin_wasm_pmin_f32x4(least, off);
}

/** Turns walker `i` around those of the `stand` standing units that are in its way. */
static __attribute__((noinline)) void turn_aside(const battle *b, int i, int stand) {
  const stander *standers = b->standers;
  four *near = b->near;
  const int t = b->target[i];
  const pair from = {b->x[i], b->y[i]};
  const double own = b->separation[i], vx = b->vx[i], vy = b->vy[i];
  double look = LOOK_AHEAD;
  if (t >= 0) {
    const double dx = b->x[t] - from[0], dy = b->y[t] - from[1], squared = dx * dx + dy * dy;
    if (squared < look * look) look = __builtin_sqrt(squared);
  }
  look += 0.5;
  // Whoever is farther off than this cannot be in the way, in any direction.
  const double widest = own + b->layer_separation[i], far = look * look + widest * widest;
  int count = 0;
  for (int k = 0; k < stand; k += 16) {
    const four_standers *s = b->fours + k / 4;
    const float x = (float)from[0], y = (float)from[1], most = (float)(far + ROUGHLY);
    unsigned few = sixteen_of(are_within(s, x, y, most), are_within(s + 1, x, y, most),
                              are_within(s + 2, x, y, most), are_within(s + 3, x, y, most));
    if (stand - k < 16) few &= (1u << (stand - k)) - 1;
    for (; few; few &= few - 1) {
      const stander *one = standers + k + __builtin_ctz(few);
      const pair way = one->place - from;
      near[count] = (four){(float)way[0], (float)way[1], (float)(own + one->room - GRAZE), 0};
      count += one->unit != t;
    }
  }
  const double stride = __builtin_sqrt(vx * vx + vy * vy), ux = vx / stride, uy = vy / stride;
  // First straight on. Once on one side of somebody, all of that side is tried before the other.
  const int first = (b->side[i] + 1) * DIRECTIONS;
  const double *cosines = b->cosines + first, *sines = b->sines + first;
  // With less precision, all directions but those that somebody just touches, or just does not, are told at once.
  const float *cos = b->rough_cosines + first, *sin = b->rough_sines + first;
  const float x = (float)ux, y = (float)uy, ahead = (float)look;
  for (int turn = 0; turn < DIRECTIONS; turn += 8) {
    const four cos_1 = load_four(cos + turn), sin_1 = load_four(sin + turn);
    const four cos_2 = load_four(cos + turn + 4), sin_2 = load_four(sin + turn + 4);
    const four dx_1 = x * cos_1 - y * sin_1, dy_1 = x * sin_1 + y * cos_1;
    const four dx_2 = x * cos_2 - y * sin_2, dy_2 = x * sin_2 + y * cos_2;
    four free_1 = {1, 1, 1, 1}, free_2 = free_1;
    for (int k = 0; k < count; k++) {
      free_1 = clearance(free_1, near[k][0], near[k][1], near[k][2], dx_1, dy_1, ahead);
      free_2 = clearance(free_2, near[k][0], near[k][1], near[k][2], dx_2, dy_2, ahead);
    }
    const float rounding = ROUGHLY;
    const unsigned surely = eight_of(free_1 > rounding, free_2 > rounding);
    for (unsigned rest = eight_of(free_1 >= -rounding, free_2 >= -rounding); rest; rest &= rest - 1) {
      const int k = __builtin_ctz(rest);
      const double cosine = cosines[turn + k], sine = sines[turn + k];
      const double dx = ux * cosine - uy * sine, dy = ux * sine + uy * cosine;
      if (!(surely >> k & 1) && !is_free(b, i, stand, dx, dy, look)) continue;
      if (turn + k > 0) {
        b->vx[i] = dx * stride;
        b->vy[i] = dy * stride;
      }
      b->side[i] = (sine > 0) - (sine < 0);
      return;
    }
  }
}

/** Lists who walks, and who stands on the ground. @returns how many walk and, in the upper 16 bits, how many stand */
static int list(const battle *b) {
  stander *restrict standers = b->standers;
  const double *restrict xs = b->x, *restrict ys = b->y, *restrict vxs = b->vx, *restrict vys = b->vy;
  const double *restrict separation = b->separation;
  const byte *restrict alive = b->alive, *restrict layer = b->layer;
  int *restrict walking = b->walking;
  const int units = b->units;
  int stand = 0, walkers = 0;
  for (int j = 0; j < units; j++) {
    if (!alive[j]) continue;
    if (vxs[j] != 0 || vys[j] != 0) walking[walkers++] = j;
    else if (layer[j] == GROUND) standers[stand++] = (stander){{xs[j], ys[j]}, separation[j], j};
  }
  return walkers | stand << 16;
}

/**
 * Turns walkers around units that stand in their way, before they touch them: to the side that they took last, if both
 * are as good.
 */
static void go_around(const battle *b, int walkers, int stand) {
  if (stand == 0) return;
  // Nobody is near a place that is no number.
  stander *standers = b->standers;
  for (int k = 0; k < 4; k++) standers[stand + k].place = (pair){__builtin_nan(""), 0};
  four_standers *fours = b->fours, *end = fours;
  for (const stander *s = standers; s < standers + stand; s += 4) {
    end->x = (four){(float)s[0].place[0], (float)s[1].place[0], (float)s[2].place[0], (float)s[3].place[0]};
    end->y = (four){(float)s[0].place[1], (float)s[1].place[1], (float)s[2].place[1], (float)s[3].place[1]};
    end->room = (four){(float)s[0].room, (float)s[1].room, (float)s[2].room, (float)s[3].room};
    end++->unit = (four_truths){s[0].unit, s[1].unit, s[2].unit, s[3].unit};
  }
  for (int n = 0; n < walkers; n++) {
    const int i = b->walking[n], t = b->target[i];
    if (b->layer[i] != GROUND) continue;
    // Most walkers have nobody in their way, which shows before the way is divided by its length, and with less
    // precision. Nobody walks faster than his speed, so that these bounds are wider than those of `turn_aside`.
    const double pace = b->speed[i];
    const float ahead = (float)((LOOK_AHEAD + 0.5) * pace + ROUGHLY), stride = (float)pace;
    const float own = (float)((b->separation[i] - GRAZE) * pace + ROUGHLY);
    const float x = (float)b->x[i], y = (float)b->y[i], vx = (float)b->vx[i], vy = (float)b->vy[i];
    // A loop that does not end early: when it would, nobody can foresee.
    four_truths in_way = {0, 0, 0, 0};
    for (const four_standers *s = fours; s < end; s++) {
      const four dx = s->x - x, dy = s->y - y, along = dx * vx + dy * vy, across = dx * vy - dy * vx;
      const four room = s->room * stride + own;
      // Truths are -1 and 0. Their sum takes one instruction, but of `|=` the compiler makes a choice of three.
      in_way += (along > (float)-ROUGHLY) & (along <= ahead) & (__builtin_wasm_abs_f32x4(across) < room) &
                (s->unit != t);
    }
    if (__builtin_wasm_bitmask_i32x4(in_way)) turn_aside(b, i, stand);
    else b->side[i] = 0;
  }
}

/** Returns where a unit gets whose way to `to` is closed, along what is closed. */
static __attribute__((noinline)) pair slide(const byte *strides, pair from, pair to) {
  const truths at = points_of(to), own = points_of(from);
  const int column = (int)at[0], row = (int)at[1], own_column = (int)own[0], own_row = (int)own[1];
  if ((unsigned)column < FINE_SIZE && strides[own_row * FINE_SIZE + column]) return (pair){to[0], from[1]};
  if ((unsigned)row < FINE_SIZE && strides[row * FINE_SIZE + own_column]) return (pair){from[0], to[1]};
  return from;
}

/** Returns where a unit that is at `from` gets on ground with cliffs by moving to `to`. */
static inline pair shift(const byte *strides, pair from, pair to) {
  return stride_at(strides, to) ? to : slide(strides, from, to);
}

/** Returns the place nearest to `to` where unit `i` can be on ground that is a rectangle. */
static inline pair within(const battle *b, int i, pair to) {
  return least(load(b->box + 4 * i + 2), greatest(load(b->box + 4 * i), to));
}

/** Lets units that have to gain speed go no faster than they have become; those that stand start anew. */
static void accelerate(const battle *b) {
  double *restrict vx = b->vx, *restrict vy = b->vy, *restrict pace = b->pace;
  const double *restrict acceleration = b->acceleration;
  for (int i = 0; i < b->units; i++) {
    if (acceleration[i] == 0) continue;
    const double wanted = __builtin_sqrt(vx[i] * vx[i] + vy[i] * vy[i]), reached = pace[i] + acceleration[i];
    pace[i] = wanted < reached ? wanted : reached;
    if (wanted > 0) {
      vx[i] *= pace[i] / wanted;
      vy[i] *= pace[i] / wanted;
    }
  }
}

/** Moves the listed walkers. */
static void move(const battle *b, int walkers) {
  double *restrict xs = b->x, *restrict ys = b->y, *restrict was_x = b->was_x, *restrict was_y = b->was_y;
  const double *restrict vx = b->vx, *restrict vy = b->vy;
  const ground *const *restrict grounds = b->grounds;
  const int *restrict walking = b->walking;
  for (int n = 0; n < walkers; n++) {
    const int i = walking[n];
    const pair from = {xs[i], ys[i]}, goal = from + (pair){vx[i], vy[i]};
    const pair to = grounds[i] ? shift(grounds[i]->strides, from, goal) : within(b, i, goal);
    was_x[i] = from[0];
    was_y[i] = from[1];
    xs[i] = to[0];
    ys[i] = to[1];
  }
}

/** Lists the living units by x, in `order`. @returns how many there are */
static int sort(const battle *b) {
  int *restrict order = b->order;
  double *restrict place_x = b->place_x;
  const double *restrict xs = b->x;
  const byte *restrict alive = b->alive;
  const int units = b->units;
  int living = 0;
  double last = -__builtin_inf();
  for (int k = 0; k < units; k++) {
    const int i = order[k];
    if (i < 0) break;
    if (!alive[i]) continue;
    const double x = xs[i];
    int m = living++;
    // Most still come after all before them.
    if (!(last > x)) last = x;
    else {
      for (; m > 0 && place_x[m - 1] > x; m--) {
        place_x[m] = place_x[m - 1];
        order[m] = order[m - 1];
      }
    }
    place_x[m] = x;
    order[m] = i;
  }
  if (living < units) order[living] = -1;
  return living;
}

/**
 * Tells which share of their overlap unit `i` gives way to unit `j`, which lies in direction `n` from it, if one of
 * both is faster and walks into the back of the other: it gives way by more. Else it is half.
 */
static double share_of_faster(const battle *b, int i, int j, pair n) {
  const double i_ahead = b->vx[i] * n[0] + b->vy[i] * n[1], j_ahead = -(b->vx[j] * n[0] + b->vy[j] * n[1]);
  if (i_ahead > 0 && j_ahead <= 0 && b->speed[i] > b->speed[j]) return FASTER;
  if (j_ahead > 0 && i_ahead <= 0 && b->speed[j] > b->speed[i]) return 1 - FASTER;
  return 0.5;
}

/** Tells which of two units are nearer to a place than allowed. */
static inline truths are_near(pair at, const body *two, double squared_room) {
  const pair a = two[0].place - at, b = two[1].place - at, aa = a * a, bb = b * b;
  return firsts(aa, bb) + seconds(aa, bb) < squared_room;
}

/** Compares a place with those of eight units. @returns two bits for each that is nearer than allowed */
static inline unsigned compare_eight(pair at, const body *bodies, double squared_room) {
  return bits_of(are_near(at, bodies, squared_room), are_near(at, bodies + 2, squared_room),
                 are_near(at, bodies + 4, squared_room), are_near(at, bodies + 6, squared_room));
}

/**
 * Tells whether one of the units after `asked` and before `other` lies at least `reach` to the right of `x`. Those that
 * began left of `least` do not.
 */
static int is_passed(const body *asked, const body *other, double x, double reach, double least) {
  while (--other > asked && other->began >= least)
    if (other->place[0] - x >= reach) return 1;
  return 0;
}

/** Returns where a unit gets that is pushed from its place to another by `share` of an overlap. */
static inline pair push(const battle *b, const body *unit, pair from, pair to, double share) {
  if (unit->ground) return shift(unit->ground->strides, from, to);
  const truths is_pushed = (pair){share, share} > 0;
  return choose(is_pushed, within(b, unit->index, to), from);
}

/**
 * Notes which of the next eight behind it each of the living units overlaps before anybody is pushed, with less
 * precision: two bits for each.
 */
static void foresee(const battle *b, int living) {
  const float *restrict x = b->rough_x, *restrict y = b->rough_y;
  unsigned short *restrict foreseen = b->foreseen;
  for (int k = 0; k < living; k++) {
    const float room = (float)b->touching[b->order[k]], squared_room = room * room;
    const four dx_1 = load_four(x + k + 1) - x[k], dy_1 = load_four(y + k + 1) - y[k];
    const four dx_2 = load_four(x + k + 5) - x[k], dy_2 = load_four(y + k + 5) - y[k];
    const four squared_1 = dx_1 * dx_1 + dy_1 * dy_1, squared_2 = dx_2 * dx_2 + dy_2 * dy_2;
    foreseen[k] = (unsigned short)pairs_of(squared_1 < squared_room, squared_2 < squared_room);
  }
}

/**
 * Pushes overlapping units of one layer apart, once a tick. Who stands to fight is not pushed by who walks.
 *
 * Each unit asks those behind it in the order of x before anybody was pushed, up to the first that lies farther to the
 * right than two of any kind can touch. Pushes bring places out of order, so that somebody behind that one may overlap
 * and is not pushed.
 */
static void separate(const battle *b, double widest) {
  const int living = sort(b);
  body *restrict bodies = b->bodies, *end = bodies + living;
  float *restrict rough_x = b->rough_x, *restrict rough_y = b->rough_y;
  for (int k = 0; k < living; k++) {
    const int i = b->order[k];
    const double x = b->place_x[k], y = b->y[i];
    body *unit = bodies + k;
    unit->place = (pair){x, y};
    unit->began = x;
    unit->separation = b->separation[i];
    unit->walks = (b->vx[i] != 0) | (b->vy[i] != 0);
    unit->speed = b->speed[i];
    unit->ground = b->grounds[i];
    unit->index = i;
    unit->layer = b->layer[i];
    rough_x[k] = (float)x;
    rough_y[k] = (float)y;
  }
  // Nobody overlaps with a place at infinity, which ends the search.
  for (int k = 0; k < COMPARED; k++) {
    end[k].began = end[k].place[0] = __builtin_inf();
    rough_x[living + k] = __builtin_inff();
  }
  foresee(b, living);
  // How far units have been pushed to the left and to the right by those before them, at most, and a bit more than what
  // may be lost by rounding.
  pair pushed = {ROUNDING, ROUNDING};
  for (body *unit = bodies; unit < end; unit++) {
    const double room = b->touching[unit->index], squared_room = room * room;
    const double reach = unit->separation + widest;
    pair at = unit->place;
    const body *asked = unit;
    int is_last = 0;
    unsigned next = b->foreseen[unit - bodies];
    for (body *behind = unit + 1; !is_last && behind->began - pushed[0] - at[0] < room; behind += COMPARED) {
      // Whom it overlaps was mostly foreseen, and with a branch the processor goes on with that before all earlier
      // pushes are known. The empty assembly keeps the compiler from making a choice of the branch, for which the
      // processor would wait.
      unsigned now = compare_eight(at, behind, squared_room);
      if (now != next) {
        __asm__ volatile("" : "+r"(now));
        next = now;
      }
      while (next) {
        const int first = __builtin_ctz(next);
        body *other = behind + first / 2;
        const unsigned left = 0xfffcu << first;
        next &= left;
        const pair to = other->place, d = to - at, squares = d * d;
        const double squared = squares[0] + squares[1], both = unit->separation + other->separation;
        if (!(squared < both * both) || unit->layer != other->layer) continue;
        const double least = at[0] + reach - pushed[1];
        if (other->began >= least && is_passed(asked, other, at[0], reach, least)) {
          is_last = 1;
          break;
        }
        asked = other;
        const double distance = __builtin_sqrt(squared), overlap = both - distance;
        // Exactly on top of one another: apart along x, the lower index to the left.
        const pair n = distance > 0 ? d / distance : (pair){unit->index < other->index ? 1 : -1, 0};
        // Nobody can foresee who walks, so that no branch asks for it.
        double share = (1 + unit->walks - other->walks) * 0.5;
        if (unit->speed != other->speed && unit->walks * other->walks != 0)
          share = share_of_faster(b, unit->index, other->index, n);
        const pair ofs = overlap * (pair){share, 1 - share};
        const pair pushed_to = push(b, other, to, to + n * ofs[1], ofs[1]);
        at = push(b, unit, at, at - n * ofs[0], ofs[0]);
        other->place = pushed_to;
        const double began = other->began;
        pushed = greatest(pushed, (pair){began, pushed_to[0]} - (pair){pushed_to[0], began} + ROUNDING);
        // Whoever was next mostly still is.
        unsigned now = compare_eight(at, behind, squared_room) & left;
        if (now != next) {
          __asm__ volatile("" : "+r"(now));
          next = now;
        }
      }
    }
    unit->place = at;
  }
  for (const body *unit = bodies; unit < end; unit++) {
    b->x[unit->index] = unit->place[0];
    b->y[unit->index] = unit->place[1];
  }
}

/** Limits how far each of the listed walkers is pushed to the length of its own step. */
static void hold(const battle *b, int walkers) {
  double *restrict x = b->x, *restrict y = b->y;
  const double *restrict was_x = b->was_x, *restrict was_y = b->was_y, *restrict speed = b->speed;
  int *restrict walking = b->walking;
  int count = 0;
  for (int n = 0; n < walkers; n++) {
    const int i = walking[n];
    const double dx = x[i] - was_x[i], dy = y[i] - was_y[i], longest = speed[i];
    // Nobody can foresee who is listed, so that no branch asks for it: whoever is not is overwritten by the next.
    walking[count] = i;
    // Whoever was not pushed has gone a whole step, give or take the rounding.
    count += dx * dx + dy * dy > longest * longest * (1 + 1e-9);
  }
  for (int n = 0; n < count; n++) {
    const int i = walking[n];
    const double dx = x[i] - was_x[i], dy = y[i] - was_y[i];
    const double part = speed[i] / __builtin_sqrt(dx * dx + dy * dy);
    x[i] = was_x[i] + dx * part;
    y[i] = was_y[i] + dy * part;
  }
}

void move_all(const battle *b) {
  const int listed = list(b), walkers = listed & 0xffff;
  go_around(b, walkers, listed >> 16);
  if (b->accelerates) accelerate(b);
  move(b, walkers);
  separate(b, b->numbers->max_separation);
  hold(b, walkers);
}
