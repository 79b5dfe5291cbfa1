// How units move within a tick: they walk around units that stand in their way, take a step forward, and are pushed
// apart where they overlap.
#include "battle.h"

/** Cells ahead that a walker looks for units that stand in its way, and by how much it may graze them. */
#define LOOK_AHEAD 2.0
#define GRAZE 0.03
/** Directions that it tries, and as many of them once more as make this a multiple of 4: see loops.ts. */
#define DIRECTIONS 20
/** Places that are compared with one at a time. */
#define COMPARED 4
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
    int is_way_free = 1;
    for (int k = 0; k < stand && is_way_free; k += 2) {
      const pair dx = load(place_x + k) - x, dy = load(place_y + k) - y;
      const pair along = dx * vx + dy * vy, across = dx * vy - dy * vx, room = (load(place_room + k) + grazed) * pace;
      const int in_way = which((along > 0) & (along <= ahead) & (across < room) & (across > -room));
      is_way_free = in_way == 0 || ((!(in_way & 1) || standing[k] == t) && (!(in_way & 2) || standing[k + 1] == t));
    }
    if (is_way_free) {
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

/**
 * Compares a place with the four that `places` lists first. @returns two bits for each that is nearer than
 * `squared_room`, and from bit 8 on, two for each that lies at least `end` to the right
 */
static inline unsigned compare_four(pair at, const double *places, pair end, double squared_room) {
  const pair a = load(places) - at, b = load(places + 2) - at, c = load(places + 4) - at, d = load(places + 6) - at;
  const pair aa = a * a, bb = b * b, cc = c * c, dd = d * d;
  return bits_of(firsts(aa, bb) + seconds(aa, bb) < squared_room, firsts(cc, dd) + seconds(cc, dd) < squared_room,
                 firsts(a, b) >= end, firsts(c, d) >= end);
}

/** Pushes overlapping units of one layer apart, once a tick. Who stands to fight is not pushed by who walks. */
static void separate(const battle *b, double widest) {
  const int living = sort(b);
  const int *restrict order = b->order;
  const double *restrict ys = b->y, *restrict vx = b->vx, *restrict vy = b->vy;
  const double *restrict separation = b->separation, *restrict speed = b->speed;
  const double *restrict sorted_x = b->place_x;
  double *restrict places = b->places, *restrict place_room = b->place_room, *restrict walks = b->near_y;
  const byte *restrict layer = b->layer;
  const ground *const *restrict grounds = b->grounds;
  for (int k = 0; k < living; k++) {
    const int i = order[k];
    places[2 * k] = sorted_x[k];
    places[2 * k + 1] = ys[i];
    place_room[k] = separation[i];
    walks[k] = (vx[i] != 0) | (vy[i] != 0);
  }
  // Nobody overlaps with a place at infinity, which ends the search.
  for (int k = living; k < living + COMPARED; k++) places[2 * k] = __builtin_inf();
  // Nobody of the layer is nearer than `room` behind the first place that is this far and as much farther as
  // pushes have brought two places out of order.
  pair pushed = {0, 0};
  for (int k = 0; k < living; k++) {
    const int i = order[k];
    const double own = place_room[k], room = own + b->layer_separation[i], squared_room = room * room;
    const pair reach = {own + widest, own + widest};
    pair at = load(places + 2 * k), end = least(reach, room + 2 * pushed);
    const ground *own_ground = grounds[i];
    for (int base = k + 1, is_last = 0; !is_last; base += COMPARED) {
      unsigned next = compare_four(at, places + 2 * base, end, squared_room);
      for (;;) {
        const unsigned either = (next | next >> 8) & 0xff;
        if (either == 0) break;
        const int first = __builtin_ctz(either), m = base + first / 2;
        is_last = next >> (first + 8) & 1;
        if (is_last) break;
        const unsigned behind = (0xfcu << first & 0xff) * 0x101;
        next &= behind;
        const int j = order[m];
        const pair to = load(places + 2 * m), d = to - at, squares = d * d;
        const double squared = squares[0] + squares[1], both = own + place_room[m];
        if (!(squared < both * both) || layer[i] != layer[j]) continue;
        const double distance = __builtin_sqrt(squared), overlap = both - distance;
        // Exactly on top of one another: apart along x, the lower index to the left.
        const pair n = distance > 0 ? d / distance : (pair){i < j ? 1 : -1, 0};
        // Nobody can foresee who walks, so that no branch asks for it.
        double share = (1 + walks[k] - walks[m]) * 0.5;
        if (speed[i] != speed[j] && walks[k] * walks[m] != 0) share = share_of_faster(b, i, j, n);
        const pair ofs = overlap * (pair){share, 1 - share};
        pair pushed_i = at - n * ofs[0], pushed_j = to + n * ofs[1];
        const truths are_pushed = ofs > 0;
        if (own_ground) pushed_i = shift(own_ground->strides, at, pushed_i);
        else pushed_i = choose((truths){are_pushed[0], are_pushed[0]}, within(b, i, pushed_i), at);
        const ground *ground_j = grounds[j];
        if (ground_j) pushed_j = shift(ground_j->strides, to, pushed_j);
        else pushed_j = choose((truths){are_pushed[1], are_pushed[1]}, within(b, j, pushed_j), to);
        at = pushed_i;
        store(places + 2 * m, pushed_j);
        const pair by = away((pair){at[0], pushed_j[0]}, (pair){sorted_x[k], sorted_x[m]});
        pushed = greatest(pushed, greatest(by, (pair){by[1], by[0]}));
        end = least(reach, room + 2 * pushed);
        // Whoever was next mostly still is, and with a branch the processor goes on with it before this is known. The
        // empty assembly keeps the compiler from making a choice of the branch, for which the processor would wait.
        unsigned now = compare_four(at, places + 2 * base, end, squared_room) & behind;
        if (now != next) {
          __asm__ volatile("" : "+r"(now));
          next = now;
        }
      }
    }
    store(places + 2 * k, at);
  }
  for (int k = 0; k < living; k++) {
    const int i = order[k];
    b->x[i] = places[2 * k];
    b->y[i] = places[2 * k + 1];
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
