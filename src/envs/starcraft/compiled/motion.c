// How units move within a tick: they walk around units that stand in their way, take a step forward, and are pushed
// apart where they overlap.
#include "battle.h"

/** Cells ahead that a walker looks for units that stand in its way, and by how much it may graze them. */
#define LOOK_AHEAD 2.0
#define GRAZE 0.03
/** Directions that it tries instead, in turns of 15 degrees to each side. */
#define TURNS 8
/** Share of an overlap that the faster unit gives way, where it walks into the back of a slower one. */
#define FASTER 0.75

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
    const double widest = own + b->layer_separation[i];
    // Whoever is farther off than this cannot be in the way, in any direction.
    const double far = (LOOK_AHEAD + 0.5) * (LOOK_AHEAD + 0.5) + widest * widest;
    int count = 0;
    for (int k = 0; k < stand; k += 2) {
      const pair dx = load(place_x + k) - x, dy = load(place_y + k) - y;
      const int near = which(dx * dx + dy * dy <= far);
      if (near == 0) continue;
      // Who is not near is overwritten by the next: which it is cannot be foreseen, and a wrong guess takes longer than
      // writing.
      near_x[count] = dx[0];
      near_y[count] = dy[0];
      near_room[count] = own + place_room[k] - GRAZE;
      count += (near & 1) & (standing[k] != t);
      if ((near & 2) && standing[k + 1] != t) {
        near_x[count] = dx[1];
        near_y[count] = dy[1];
        near_room[count++] = own + place_room[k + 1] - GRAZE;
      }
    }
    double look = LOOK_AHEAD;
    if (t >= 0) {
      const double dx = xs[t] - x, dy = ys[t] - y, squared = dx * dx + dy * dy;
      if (squared < look * look) look = __builtin_sqrt(squared);
    }
    look += 0.5;
    const double stride = __builtin_sqrt(vx * vx + vy * vy), ux = vx / stride, uy = vy / stride;
    int is_free = 1;
    for (int k = 0; k < count; k++) {
      const double dx = near_x[k], dy = near_y[k], room = near_room[k];
      const double along = dx * ux + dy * uy, across = dx * uy - dy * ux;
      is_free &= !((along > 0) & (along <= look) & (across < room) & (across > -room));
    }
    if (is_free) {
      sides[i] = 0;
      continue;
    }
    const int taken = sides[i];
    int blocker = 0;
    for (int turn = 1; turn <= 2 * TURNS && !is_free; turn++) {
      // Once on one side of somebody, all of that side is tried first.
      const int angle = taken == 0 ? (turn + 1) >> 1 : turn <= TURNS ? turn : turn - TURNS;
      const int sign = taken == 0 ? ((turn & 1) ? -1 : 1) : turn <= TURNS ? taken : -taken;
      const double cosine = b->cosines[angle], sine = sign * b->sines[angle];
      const double dx = ux * cosine - uy * sine, dy = ux * sine + uy * cosine;
      is_free = 1;
      // Who was in the way of the last direction is likely to be in that of the next, and is looked at first.
      for (int k = 0, m = blocker; k < count; k++, m = m + 1 < count ? m + 1 : 0) {
        const double px = near_x[m], py = near_y[m], room = near_room[m];
        const double along = px * dx + py * dy;
        if (along <= 0 || along > look) continue;
        const double across = px * dy - py * dx;
        if (across < room && across > -room) {
          is_free = 0;
          blocker = m;
          break;
        }
      }
      if (is_free) {
        sides[i] = sign;
        vxs[i] = dx * stride;
        vys[i] = dy * stride;
      }
    }
  }
}

/** Moves unit `i` by (dx, dy) as far as the ground lets it, sliding along what is closed. */
static void shift(const battle *b, int i, double dx, double dy) {
  const double x = b->x[i] + dx, y = b->y[i] + dy;
  const ground *g = b->grounds[i];
  if (!g) {
    b->x[i] = x < b->left[i] ? b->left[i] : x > b->right[i] ? b->right[i] : x;
    b->y[i] = y < b->bottom[i] ? b->bottom[i] : y > b->top[i] ? b->top[i] : y;
    return;
  }
  const byte *clear = g->strides;
  const int column = x >= 0 && x < MAP_SIZE ? (int)(x * FINE) : -1;
  const int row = y >= 0 && y < MAP_SIZE ? (int)(y * FINE) : -1;
  const int own_column = (int)(b->x[i] * FINE), own_row = (int)(b->y[i] * FINE);
  if (column >= 0 && row >= 0 && clear[row * FINE_SIZE + column]) {
    b->x[i] = x;
    b->y[i] = y;
  } else if (column >= 0 && clear[own_row * FINE_SIZE + column]) b->x[i] = x;
  else if (row >= 0 && clear[row * FINE_SIZE + own_column]) b->y[i] = y;
}

/**
 * Moves every walker. Units that have to gain speed go no faster than they have become; those that stand start anew.
 */
static void move(const battle *b) {
  double *restrict vx = b->vx, *restrict vy = b->vy, *restrict pace = b->pace;
  for (int i = 0; i < b->units; i++) {
    if (b->acceleration[i] != 0) {
      const double wanted = __builtin_sqrt(vx[i] * vx[i] + vy[i] * vy[i]), reached = pace[i] + b->acceleration[i];
      pace[i] = wanted < reached ? wanted : reached;
      if (wanted > 0) {
        vx[i] *= pace[i] / wanted;
        vy[i] *= pace[i] / wanted;
      }
    }
    if ((vx[i] == 0 && vy[i] == 0) || !b->alive[i]) continue;
    b->was_x[i] = b->x[i];
    b->was_y[i] = b->y[i];
    shift(b, i, vx[i], vy[i]);
  }
}

/** Lists the living units by x, in `order`, and their places. */
static int sort(const battle *b) {
  int *restrict order = b->order;
  double *restrict place_x = b->place_x, *restrict place_y = b->place_y;
  const double *restrict xs = b->x, *restrict ys = b->y;
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
  for (int k = 0; k < living; k++) place_y[k] = ys[order[k]];
  return living;
}

/** Pushes units `i` and `j` apart, which are at (dx, dy) from each other, centre to centre, and nearer than `both`. */
static void part(const battle *b, int i, int j, double dx, double dy, double both) {
  const double distance = __builtin_sqrt(dx * dx + dy * dy);
  // Exactly on top of one another: apart along x, the lower index to the left.
  const double nx = distance > 0 ? dx / distance : i < j ? 1 : -1, ny = distance > 0 ? dy / distance : 0;
  const double overlap = both - distance;
  const double vxi = b->vx[i], vyi = b->vy[i], vxj = b->vx[j], vyj = b->vy[j];
  const int i_walks = vxi != 0 || vyi != 0, j_walks = vxj != 0 || vyj != 0;
  const double i_ahead = vxi * nx + vyi * ny, j_ahead = -(vxj * nx + vyj * ny);
  double share = i_walks == j_walks ? 0.5 : i_walks ? 1 : 0;
  if (i_walks && j_walks) {
    // The faster, who walks into the back of a slower one, gives way by more.
    if (i_ahead > 0 && j_ahead <= 0 && b->speed[i] > b->speed[j]) share = FASTER;
    else if (j_ahead > 0 && i_ahead <= 0 && b->speed[j] > b->speed[i]) share = 1 - FASTER;
  }
  const double of_i = overlap * share, of_j = overlap * (1 - share);
  if (of_i > 0) shift(b, i, -nx * of_i, -ny * of_i);
  if (of_j > 0) shift(b, j, nx * of_j, ny * of_j);
}

static double greater(double a, double b) { return a > b ? a : b; }

static double away(double a, double b) { return __builtin_fabs(a - b); }

/**
 * Pushes overlapping units of one layer apart, once a tick. Who stands to fight is not pushed by who walks.
 */
static void separate(const battle *b, double widest) {
  const int living = sort(b);
  double *place_x = b->place_x, *place_y = b->place_y;
  // Two are compared at a time; nobody overlaps with a place at infinity, which ends the search.
  place_x[living] = __builtin_inf();
  // Nobody of the layer is nearer than `most` behind the first place that is this far and as much farther as pushes
  // have brought two places out of order.
  double *sorted_x = b->near_x, pushed = 0;
  for (int k = 0; k < living; k++) sorted_x[k] = place_x[k];
  for (int k = 0; k < living; k++) {
    const int i = b->order[k];
    const double own = b->separation[i], reach = own + widest, most = own + b->layer_separation[i],
                 squared_most = most * most;
    double x = b->x[i], y = b->y[i], end = most + 2 * pushed < reach ? most + 2 * pushed : reach;
    for (int m = k + 1; m < living;) {
      const pair dxs = load(place_x + m) - x, dys = load(place_y + m) - y, squares = dxs * dxs + dys * dys;
      const int beyond = which(dxs >= end);
      if (which(squares < squared_most) == 0) {
        if (beyond) break;
        m += 2;
        continue;
      }
      // One of the two may overlap; pushing it apart changes places, so that the next is compared afterwards.
      if (beyond & 1) break;
      const double dx = dxs[0], dy = dys[0], squared = squares[0];
      const int j = b->order[m];
      if (squared < squared_most) {
        const double both = own + b->separation[j];
        if (squared < both * both && b->layer[i] == b->layer[j]) {
          part(b, i, j, dx, dy, both);
          x = b->x[i];
          y = b->y[i];
          place_x[m] = b->x[j];
          place_y[m] = b->y[j];
          pushed = greater(pushed, greater(away(x, sorted_x[k]), away(place_x[m], sorted_x[m])));
          end = most + 2 * pushed < reach ? most + 2 * pushed : reach;
        }
      }
      m++;
    }
  }
}

/** Limits how far a unit is pushed to the length of its own step. */
static void hold(const battle *b) {
  double *restrict x = b->x, *restrict y = b->y;
  const double *restrict was_x = b->was_x, *restrict was_y = b->was_y, *restrict vx = b->vx, *restrict vy = b->vy;
  for (int i = 0; i < b->units; i++) {
    if ((vx[i] == 0 && vy[i] == 0) || !b->alive[i]) continue;
    const double dx = x[i] - was_x[i], dy = y[i] - was_y[i], squared = dx * dx + dy * dy, most = b->speed[i];
    // Whoever was not pushed has gone a whole step, give or take the rounding.
    if (squared <= most * most * (1 + 1e-9)) continue;
    const double part = most / __builtin_sqrt(squared);
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
