// How units move within a tick: they walk around units that stand in their way, take a step forward, and are pushed
// apart where they overlap.
#include "battle.h"

/** Cells ahead that a walker looks for units that stand in its way, and by how much it may graze them. */
#define LOOK_AHEAD 2.0
#define GRAZE 0.03
/** Directions that it tries, and as many of them once more as make this a multiple of 4: see loops.ts. */
#define DIRECTIONS 20
/** Places that are compared with one at a time. */
#define COMPARED 8
/** More, in cells, than what rounding takes from the sum of a few places on the map. */
#define ROUNDING 1e-9
/** Share of an overlap that the faster unit gives way, where it walks into the back of a slower one. */
#define FASTER 0.75

/**
 * Tells which of the four directions from `turn` on, of those that a walker tries at `cosines` and `sines` from its own
 * (ux, uy), are free: within `look` none of the first `count` units near it stands there. Bit k is for turn + k.
 */
static inline int free_turns(const battle *b, int count, const double *cosines, const double *sines, double ux,
                             double uy, double look) {
  const double *near_x = b->near_x, *near_y = b->near_y, *near_room = b->near_room;
  const pair cosine_1 = load(cosines), sine_1 = load(sines), cosine_2 = load(cosines + 2), sine_2 = load(sines + 2);
  const pair dx_1 = ux * cosine_1 - uy * sine_1, dy_1 = ux * sine_1 + uy * cosine_1;
  const pair dx_2 = ux * cosine_2 - uy * sine_2, dy_2 = ux * sine_2 + uy * cosine_2;
  truths taken_1 = {0, 0}, taken_2 = {0, 0};
  for (int k = 0; k < count; k++) {
    const double x = near_x[k], y = near_y[k];
    const pair room = {near_room[k], near_room[k]};
    const pair along_1 = x * dx_1 + y * dy_1, across_1 = x * dy_1 - y * dx_1;
    const pair along_2 = x * dx_2 + y * dy_2, across_2 = x * dy_2 - y * dx_2;
    taken_1 |= (along_1 > 0) & (along_1 <= look) & (across_1 < room) & (across_1 > -room);
    taken_2 |= (along_2 > 0) & (along_2 <= look) & (across_2 < room) & (across_2 > -room);
  }
  return ~(which(taken_1) | which(taken_2) << 2) & 15;
}

/**
 * Turns walkers around units that stand in their way, before they touch them: to the side that they took last, if both
 * are as good.
 */
static void go_around(const battle *b) {
  // Local pointers tell the compiler that what is written here moves no array.
  const double *restrict xs = b->x, *restrict ys = b->y, *restrict separation = b->separation;
  double *restrict place_x = b->place_x, *restrict place_y = b->place_y, *restrict place_room = b->place_room;
  double *restrict place_unit = (double *)b->bodies;
  double *restrict near_x = b->near_x, *restrict near_y = b->near_y, *restrict near_room = b->near_room;
  double *restrict vxs = b->vx, *restrict vys = b->vy;
  int *restrict standing = b->standing, *restrict walking = b->walking, *restrict sides = b->side;
  int stand = 0, walkers = 0;
  for (int j = 0; j < b->units; j++) {
    if (!b->alive[j] || b->layer[j] != GROUND) continue;
    if (vxs[j] != 0 || vys[j] != 0) walking[walkers++] = j;
    else {
      standing[stand] = j;
      place_x[stand] = xs[j];
      place_y[stand] = ys[j];
      place_unit[stand] = j;
      place_room[stand++] = separation[j];
    }
  }
  if (stand == 0) return;
  // Two are compared at a time; nobody is near a place that is no number.
  place_x[stand] = place_y[stand] = __builtin_nan("");
  for (int n = 0; n < walkers; n++) {
    const int i = walking[n], t = b->target[i];
    const double x = xs[i], y = ys[i], own = separation[i], vx = vxs[i], vy = vys[i];
    // Most walkers have nobody in their way, which shows before the way is known by its length. Nobody walks faster
    // than his speed, so that these bounds are as wide as those below or wider, whatever is rounded.
    const double pace = b->speed[i] * (1 + 1e-9), ahead = (LOOK_AHEAD + 0.5) * pace, grazed = own - GRAZE;
    // A loop that does not end early: when it would, nobody can foresee.
    truths in_way = {0, 0};
    for (int k = 0; k < stand; k += 2) {
      const pair dx = load(place_x + k) - x, dy = load(place_y + k) - y;
      const pair along = dx * vx + dy * vy, across = dx * vy - dy * vx, room = (load(place_room + k) + grazed) * pace;
      in_way |= (along > 0) & (along <= ahead) & (across < room) & (across > -room) & (load(place_unit + k) != t);
    }
    if (which(in_way) == 0) {
      sides[i] = 0;
      continue;
    }
    double look = LOOK_AHEAD;
    if (t >= 0) {
      const double dx = xs[t] - x, dy = ys[t] - y, squared = dx * dx + dy * dy;
      if (squared < look * look) look = __builtin_sqrt(squared);
    }
    look += 0.5;
    // Whoever is farther off than this cannot be in the way, in any direction.
    const double widest = own + b->layer_separation[i], far = look * look + widest * widest;
    int count = 0;
    for (int k = 0; k < stand; k += 2) {
      const pair dx = load(place_x + k) - x, dy = load(place_y + k) - y, room = own + load(place_room + k) - GRAZE;
      const int near = which(dx * dx + dy * dy <= far);
      // Who is not near is overwritten by the next: which it is cannot be foreseen, and a wrong guess takes longer than
      // writing.
      near_x[count] = dx[0];
      near_y[count] = dy[0];
      near_room[count] = room[0];
      count += (near & 1) & (standing[k] != t);
      near_x[count] = dx[1];
      near_y[count] = dy[1];
      near_room[count] = room[1];
      count += (near >> 1) & (standing[k + 1] != t);
    }
    const double stride = __builtin_sqrt(vx * vx + vy * vy), ux = vx / stride, uy = vy / stride;
    // First straight on. Once on one side of somebody, all of that side is tried before the other.
    const int taken = sides[i];
    const double *cosines = b->cosines + (taken + 1) * DIRECTIONS, *sines = b->sines + (taken + 1) * DIRECTIONS;
    for (int turn = 0; turn < DIRECTIONS; turn += 4) {
      const int free = free_turns(b, count, cosines + turn, sines + turn, ux, uy, look);
      if (free == 0) continue;
      turn += __builtin_ctz((unsigned)free);
      const double cosine = cosines[turn], sine = sines[turn];
      if (turn > 0) {
        vxs[i] = (ux * cosine - uy * sine) * stride;
        vys[i] = (ux * sine + uy * cosine) * stride;
      }
      sides[i] = (sine > 0) - (sine < 0);
      break;
    }
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

/**
 * Moves every walker. Units that have to gain speed go no faster than they have become; those that stand start anew.
 */
static void move(const battle *b) {
  double *restrict xs = b->x, *restrict ys = b->y, *restrict was_x = b->was_x, *restrict was_y = b->was_y;
  double *restrict vx = b->vx, *restrict vy = b->vy, *restrict pace = b->pace;
  const double *restrict acceleration = b->acceleration;
  const ground *const *restrict grounds = b->grounds;
  for (int i = 0; i < b->units; i++) {
    if (acceleration[i] != 0) {
      const double wanted = __builtin_sqrt(vx[i] * vx[i] + vy[i] * vy[i]), reached = pace[i] + acceleration[i];
      pace[i] = wanted < reached ? wanted : reached;
      if (wanted > 0) {
        vx[i] *= pace[i] / wanted;
        vy[i] *= pace[i] / wanted;
      }
    }
    // The dead do not walk.
    if (vx[i] == 0 && vy[i] == 0) continue;
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
  for (int k = 0; k < units; k++) {
    const int i = order[k];
    if (i < 0) break;
    if (!alive[i]) continue;
    const double x = xs[i];
    int m = living++;
    for (; m > 0 && place_x[m - 1] > x; m--) {
      place_x[m] = place_x[m - 1];
      order[m] = order[m - 1];
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
 * Pushes overlapping units of one layer apart, once a tick. Who stands to fight is not pushed by who walks.
 *
 * Each unit asks those behind it in the order of x before anybody was pushed, up to the first that lies farther to the
 * right than two of any kind can touch. Pushes bring places out of order, so that somebody behind that one may overlap
 * and is not pushed.
 */
static void separate(const battle *b, double widest) {
  const int living = sort(b);
  body *restrict bodies = b->bodies, *end = bodies + living;
  for (int k = 0; k < living; k++) {
    const int i = b->order[k];
    const double x = b->place_x[k];
    body *unit = bodies + k;
    unit->place = (pair){x, b->y[i]};
    unit->began = x;
    unit->separation = b->separation[i];
    unit->walks = (b->vx[i] != 0) | (b->vy[i] != 0);
    unit->speed = b->speed[i];
    unit->ground = b->grounds[i];
    unit->index = i;
    unit->layer = b->layer[i];
  }
  // Nobody overlaps with a place at infinity, which ends the search.
  for (int k = 0; k < COMPARED; k++) end[k].began = end[k].place[0] = __builtin_inf();
  // How far units have been pushed to the left and to the right by those before them, at most, and a bit more than what
  // may be lost by rounding.
  pair pushed = {ROUNDING, ROUNDING};
  for (body *unit = bodies; unit < end; unit++) {
    const double room = unit->separation + b->layer_separation[unit->index], squared_room = room * room;
    const double reach = unit->separation + widest;
    pair at = unit->place;
    const body *asked = unit;
    int is_last = 0;
    for (body *behind = unit + 1; !is_last && behind->began - pushed[0] - at[0] < room; behind += COMPARED) {
      unsigned next = compare_eight(at, behind, squared_room);
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
        // Whoever was next mostly still is, and with a branch the processor goes on with it before this is known. The
        // empty assembly keeps the compiler from making a choice of the branch, for which the processor would wait.
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

/** Limits how far a unit is pushed to the length of its own step. */
static void hold(const battle *b) {
  double *restrict x = b->x, *restrict y = b->y;
  const double *restrict was_x = b->was_x, *restrict was_y = b->was_y, *restrict vx = b->vx, *restrict vy = b->vy;
  const double *restrict speed = b->speed;
  int *restrict far = b->standing;
  int count = 0;
  for (int i = 0; i < b->units; i++) {
    const double dx = x[i] - was_x[i], dy = y[i] - was_y[i], longest = speed[i];
    // Nobody can foresee who is listed, so that no branch asks for it: whoever is not is overwritten by the next.
    far[count] = i;
    // Whoever was not pushed has gone a whole step, give or take the rounding. The dead do not walk.
    count += ((vx[i] != 0) | (vy[i] != 0)) & (dx * dx + dy * dy > longest * longest * (1 + 1e-9));
  }
  for (int k = 0; k < count; k++) {
    const int i = far[k];
    const double dx = x[i] - was_x[i], dy = y[i] - was_y[i];
    const double part = speed[i] / __builtin_sqrt(dx * dx + dy * dy);
    x[i] = was_x[i] + dx * part;
    y[i] = was_y[i] + dy * part;
  }
}

void move_all(const battle *b) {
  go_around(b);
  move(b);
  separate(b, b->numbers->max_separation);
  hold(b);
}
