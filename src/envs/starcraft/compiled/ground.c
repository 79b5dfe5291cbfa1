// Ways around what is closed: see ../ground.ts, which prepares the ground.
#include "battle.h"

/** Distance between two looks along a line of walk, in cells. */
#define LOOK 0.15
/** Number of goals whose ways are kept: see ../ground.ts. */
#define GOALS 512
/** A bend nearer than this has been passed. */
#define AT_BEND 0.05
/** A unit that chases another around cliffs looks for a new bend after this many steps. */
#define LOOK_AGAIN 4
/** Looks a cell, at least, along a wedge in which nothing may be closed. */
#define WEDGE 40
/** Fine points of a patch of the map along one axis, and such patches of the map. */
#define PATCH 2
#define PATCHES (FINE_SIZE / PATCH)
/** What is known of lines between a corner and a patch: nothing yet; none, not all, or all of them can be walked. */
enum { UNKNOWN, HIDDEN, UNSURE, OPEN_WITHIN, OPEN };
/** Rounding may lead from places this near to the edge of a fine point into the next, in cells. */
#define EDGE 1e-8
/** Distance between two places where it is asked whether a line crosses what is closed, in cells. */
#define CROSSING 0.25

static double length(double x, double y, double to_x, double to_y) {
  const double dx = to_x - x, dy = to_y - y;
  return __builtin_sqrt(dx * dx + dy * dy);
}

/** How many fine points are closed in a rectangle, whose right column and top row are the first that do not count. */
static inline int closed_in(const ground *g, int left, int bottom, int right, int top) {
  const unsigned short *below = g->closed + bottom * (FINE_SIZE + 1), *up_to = g->closed + top * (FINE_SIZE + 1);
  return (unsigned short)(up_to[right] - up_to[left] - below[right] + below[left]);
}

/** Tells whether all fine points around two places and between them, in a rectangle, are surely clear. */
static inline int is_clear_between(const ground *g, double x, double y, double to_x, double to_y) {
  const truths point = points_of((pair){x, y}), to_point = points_of((pair){to_x, to_y});
  const int column = (int)point[0], row = (int)point[1], to_column = (int)to_point[0], to_row = (int)to_point[1];
  // One point more on each side, so that no rounding leads out of the rectangle.
  const int left = (column < to_column ? column : to_column) - 1, right = (column < to_column ? to_column : column) + 2;
  const int bottom = (row < to_row ? row : to_row) - 1, top = (row < to_row ? to_row : row) + 2;
  if (left < 0 || right > FINE_SIZE || bottom < 0 || top > FINE_SIZE) return 0;
  return closed_in(g, left, bottom, right, top) == 0;
}

/** Tells whether a unit can walk straight from (x, y) to (to_x, to_y). */
EXPORT(can_walk) int can_walk(const ground *g, double x, double y, double to_x, double to_y) {
  if (is_clear_between(g, x, y, to_x, to_y)) return 1;
  const double dx = to_x - x, dy = to_y - y, looks = __builtin_ceil(__builtin_sqrt(dx * dx + dy * dy) / LOOK);
  const pair from = {x, y}, way = {dx, dy};
  // Most of these lines are closed, which shows soonest at the end, for goals on cliffs, and in the middle. Two looks at
  // a time do not wait for each other.
  if (looks >= 4) {
    const double half = __builtin_floor(looks / 2), quarter = __builtin_floor(looks / 4);
    if (!stride_at(g->strides, from + way * looks / looks) || !stride_at(g->strides, from + way * half / looks))
      return 0;
    if (!stride_at(g->strides, from + way * quarter / looks) ||
        !stride_at(g->strides, from + way * (looks - quarter) / looks))
      return 0;
  }
  // Then each quarter of the line, from both ends on. Looks lie on the line but for rounding, which is far less than the
  // point more on each side.
  for (int quarter = 0; quarter < 4; quarter++) {
    const pair start = from + way * (0.25 * quarter), end = from + way * (0.25 * (quarter + 1));
    if (is_clear_between(g, start[0], start[1], end[0], end[1])) continue;
    double first = __builtin_floor(looks * (0.25 * quarter)), last = __builtin_ceil(looks * (0.25 * (quarter + 1)));
    if (first < 1) first = 1;
    while (first <= last) {
      const int near = stride_at(g->strides, from + way * first / looks);
      const int far = stride_at(g->strides, from + way * last / looks);
      if (near == 0 || far == 0) return 0;
      first += near;
      last -= far;
    }
  }
  return 1;
}

/** Shortens the ways from each of `n` corners to a place to those that lead by a corner: `to_via` and then `rest`. */
static inline void shorten(double *ways, const double *to_via, double rest, int n) {
  int k = 0;
  for (; k < n - 1; k += 2) store(ways + k, least(load(ways + k), load(to_via + k) + rest));
  if (k < n && to_via[k] + rest < ways[k]) ways[k] = to_via[k] + rest;
}

/**
 * Lengthens ways over corners by Floyd and Warshall's algorithm: first between corners, with lines that can be walked.
 */
EXPORT(connect_corners) void connect_corners(const ground *g) {
  const int n = g->corners;
  double *between = g->between;
  for (int a = 0; a < n; a++) {
    for (int b = 0; b < n; b++) {
      const double x = g->corner_x[a], y = g->corner_y[a], to_x = g->corner_x[b], to_y = g->corner_y[b];
      between[b * n + a] = can_walk(g, x, y, to_x, to_y) ? length(x, y, to_x, to_y) : __builtin_inf();
    }
  }
  for (int via = 0; via < n; via++)
    for (int b = 0; b < n; b++) shorten(between + b * n, between + via * n, between[b * n + via], n);
}

/**
 * Tells whether all fine points are closed that are no more than two points from that of a place along both axes. Then
 * no line that passes there can be walked: one of its looks is no farther off than LOOK.
 */
static inline int is_solid(const ground *g, pair place) {
  const truths point = points_of(place);
  const int left = (int)point[0] - 2, right = left + 5, bottom = (int)point[1] - 2, top = bottom + 5;
  if (left < 0 || right > FINE_SIZE || bottom < 0 || top > FINE_SIZE) return 0;
  return closed_in(g, left, bottom, right, top) == 25;
}

/**
 * Tells whether no line can be walked between a place and any other in fine point (column, row): the line to its middle
 * crosses something solid. Those to others pass this crossing .09 cells off or less, and so do, with .24, their looks.
 */
static int is_crossed(const ground *g, pair from, int column, int row) {
  const pair to = {(column + 0.5) / FINE, (row + 0.5) / FINE}, way = to - from, squares = way * way;
  const double distance = __builtin_sqrt(squares[0] + squares[1]);
  for (double at = CROSSING; at < distance; at += CROSSING)
    if (is_solid(g, from + way * (at / distance))) return 1;
  return 0;
}

/**
 * Tells whether every line between a place and any in a square of the map can be walked: nothing is closed in the wedge
 * from the place to the square, which is looked through in steps.
 */
static int is_wedge_open(const ground *g, pair from, pair low, pair high) {
  const pair middle = (low + high) / 2 - from, squares = middle * middle;
  const int steps = 8 + (int)(__builtin_sqrt(squares[0] + squares[1]) * WEDGE);
  for (int step = 0; step < steps; step++) {
    const double near = step / (double)steps, far = (step + 1) / (double)steps;
    const pair left = from + least((low - from) * near, (low - from) * far) - ROUNDING;
    const pair right = from + greatest((high - from) * near, (high - from) * far) + ROUNDING;
    const truths first = points_of(left), last = points_of(right);
    const int column = (int)first[0], row = (int)first[1], last_column = (int)last[0], last_row = (int)last[1];
    if (column < 0 || row < 0 || last_column >= FINE_SIZE || last_row >= FINE_SIZE) return 0;
    if (closed_in(g, column, row, last_column + 1, last_row + 1)) return 0;
  }
  return 1;
}

/** Tells whether every line between a place and any in the square of fine point (column, row) can be walked. */
static int is_point_open(const ground *g, pair from, int column, int row, double edge) {
  const pair low = (pair){column, row} / FINE + edge;
  return is_wedge_open(g, from, low, low + 1.0 / FINE - 2 * edge);
}

/** Finds what is known of lines between corner `k` and the clear places in a patch whose first fine point is given. */
static __attribute__((noinline)) byte find_sight(const ground *g, int k, int first_column, int first_row) {
  const pair corner = {g->corner_x[k], g->corner_y[k]};
  int are_open = 1, are_open_within = 1, are_hidden = 1;
  for (int point = 0; point < PATCH * PATCH && (are_open_within || are_hidden); point++) {
    const int column = first_column + point % PATCH, row = first_row + point / PATCH;
    if (g->strides[row * FINE_SIZE + column] == 0) continue;
    are_open = are_open && is_point_open(g, corner, column, row, -ROUNDING);
    are_open_within = are_open_within && (are_open || is_point_open(g, corner, column, row, EDGE));
    are_hidden = are_hidden && is_crossed(g, corner, column, row);
  }
  return are_hidden ? HIDDEN : are_open ? OPEN : are_open_within ? OPEN_WITHIN : UNSURE;
}

/**
 * Tells whether a line between corner `k` and (x, y) can be walked, in either direction, as far as this is known from
 * lines between the corner and all clear places in the same patch of the map. What is found out about a patch is kept.
 */
static inline byte sight(const ground *g, int k, double x, double y) {
  const truths point = points_of((pair){x, y});
  const int column = (int)point[0], row = (int)point[1];
  if ((unsigned)(column | row) >= FINE_SIZE || g->strides[row * FINE_SIZE + column] == 0) return UNSURE;
  byte *known = g->sights + (row / PATCH * PATCHES + column / PATCH) * g->corners + k;
  if (*known == UNKNOWN) *known = find_sight(g, k, column / PATCH * PATCH, row / PATCH * PATCH);
  if (*known != OPEN_WITHIN) return *known;
  const pair part = (pair){x, y} * FINE - (pair){column, row};
  return which((part < 2 * EDGE * FINE) | (part > 1 - 2 * EDGE * FINE)) ? UNSURE : OPEN;
}

/** The lengths of the shortest ways from each corner to a goal. */
static const double *ways_to(const ground *g, double goal_x, double goal_y) {
  const int n = g->corners, slot = ((int)(goal_x * 4096) * 31 + (int)(goal_y * 4096)) & (GOALS - 1);
  double *to_goal = g->to_goal + slot * n;
  if (g->goals[2 * slot] == goal_x && g->goals[2 * slot + 1] == goal_y) return to_goal;
  g->goals[2 * slot] = goal_x;
  g->goals[2 * slot + 1] = goal_y;
  for (int k = 0; k < n; k++) {
    const double x = g->corner_x[k], y = g->corner_y[k];
    const byte seen = sight(g, k, goal_x, goal_y);
    const int is_straight = seen == OPEN || (seen == UNSURE && can_walk(g, x, y, goal_x, goal_y));
    to_goal[k] = is_straight ? length(x, y, goal_x, goal_y) : __builtin_inf();
  }
  for (int via = 0; via < n; via++)
    if (to_goal[via] < __builtin_inf()) shorten(to_goal, g->between + via * n, to_goal[via], n);
  return to_goal;
}

/**
 * Finds where a unit has to head for on the way from (x, y) to (goal_x, goal_y), between which it cannot walk straight:
 * the goal itself, the clear point nearest to it, or a bend. Writes it into `out` [2].
 */
static void find_bend(const ground *g, double x, double y, double goal_x, double goal_y, double *out) {
  int column = (int)(goal_x * FINE), row = (int)(goal_y * FINE);
  column = column < 0 ? 0 : column >= FINE_SIZE ? FINE_SIZE - 1 : column;
  row = row < 0 ? 0 : row >= FINE_SIZE ? FINE_SIZE - 1 : row;
  const int is_clear = g->strides[row * FINE_SIZE + column] != 0;
  if (!is_clear) {
    const int point = g->nearest[row * FINE_SIZE + column];
    goal_x = (point % FINE_SIZE + 0.5) / FINE;
    goal_y = (point / FINE_SIZE + 0.5) / FINE;
  }
  out[0] = goal_x;
  out[1] = goal_y;
  if (!is_clear && can_walk(g, x, y, goal_x, goal_y)) return;
  const int n = g->corners;
  const double *to_goal = ways_to(g, goal_x, goal_y);
  const pair never = {__builtin_inf(), __builtin_inf()};
  double *ways = g->ways;
  for (int k = 0; k < n; k += 2) {
    const pair dx = load(g->corner_x + k) - x, dy = load(g->corner_y + k) - y, squared = dx * dx + dy * dy;
    const pair to_corner = __builtin_elementwise_sqrt(squared);
    // A unit at a bend goes on to the next.
    store(ways + k, choose(to_corner > AT_BEND, to_corner + load(to_goal + k), never));
  }
  // Two are compared at a time.
  ways[n] = __builtin_inf();
  // Ways are tried from the shortest on, so that few lines have to be looked along.
  for (;;) {
    pair shortest = never;
    for (int k = 0; k < n; k += 2) shortest = least(shortest, load(ways + k));
    const double way = shortest[0] < shortest[1] ? shortest[0] : shortest[1];
    if (way == __builtin_inf()) return;
    int best = 0, is;
    while (!(is = which(load(ways + best) == way))) best += 2;
    best += is == 2;
    const double bend_x = g->corner_x[best], bend_y = g->corner_y[best];
    const byte seen = sight(g, best, x, y);
    if (seen == OPEN || (seen == UNSURE && can_walk(g, x, y, bend_x, bend_y))) {
      out[0] = bend_x;
      out[1] = bend_y;
      return;
    }
    ways[best] = __builtin_inf();
  }
}

/** Writes into `out` [2] where a unit has to head for on the way from (x, y) to (goal_x, goal_y). */
EXPORT(head_for) void head_for(const ground *g, double x, double y, double goal_x, double goal_y, double *out) {
  out[0] = goal_x;
  out[1] = goal_y;
  if (!can_walk(g, x, y, goal_x, goal_y)) find_bend(g, x, y, goal_x, goal_y, out);
}

/** Tells whether unit `i` can walk straight to a place. What was closed on its way mostly still is. */
static inline int can_walk_on(const battle *b, int i, double to_x, double to_y) {
  const ground *g = b->grounds[i];
  const pair from = {b->x[i], b->y[i]}, way = (pair){to_x, to_y} - from;
  if (is_solid(g, from + way * b->crossing[i])) return 0;
  if (can_walk(g, from[0], from[1], to_x, to_y)) return 1;
  for (double part = 0.125; part < 1; part += 0.125) {
    if (!is_solid(g, from + way * part)) continue;
    b->crossing[i] = part;
    break;
  }
  return 0;
}

void walk_around(const battle *b, int i, double to_x, double to_y) {
  if (b->bend_x[i] >= 0) {
    const double x = b->x[i], y = b->y[i], dx = b->bend_x[i] - x, dy = b->bend_y[i] - y;
    if (dx * dx + dy * dy < 0.36) {
      const ground *g = b->grounds[i];
      if (!g || can_walk_on(b, i, to_x, to_y)) {
        b->bend_x[i] = -1;
        walk_soon(b, i, to_x, to_y);
        return;
      }
      double bend[2];
      find_bend(g, x, y, to_x, to_y, bend);
      b->bend_x[i] = bend[0];
      b->bend_y[i] = bend[1];
    }
    to_x = b->bend_x[i];
    to_y = b->bend_y[i];
  }
  walk_soon(b, i, to_x, to_y);
}

void find_bends(const battle *b) {
  for (int i = 0; i < b->units; i++) {
    const ground *g = b->grounds[i];
    if (!b->alive[i] || !g) continue;
    double goal_x = b->goal_x[i], goal_y = b->goal_y[i];
    int t = b->target[i];
    if (t < 0 && b->command[i] == ATTACK_MOVE && b->enemy_follows) t = nearest_living(b, i, 0, b->allies);
    if (t >= 0) {
      goal_x = b->x[t];
      goal_y = b->y[t];
    } else if (b->command[i] != ATTACK_MOVE) {
      b->bend_x[i] = -1;
      continue;
    }
    const double x = b->x[i], y = b->y[i];
    if (can_walk_on(b, i, goal_x, goal_y)) {
      b->bend_x[i] = -1;
      continue;
    }
    const double dx = b->bend_x[i] - x, dy = b->bend_y[i] - y, near = 2 * TICKS_PER_STEP * b->speed[i];
    const int is_due = (b->clock[0] + i) % LOOK_AGAIN == 0;
    if (b->bend_x[i] >= 0 && !is_due && dx * dx + dy * dy > near * near) continue;
    double bend[2];
    find_bend(g, x, y, goal_x, goal_y, bend);
    b->bend_x[i] = bend[0];
    b->bend_y[i] = bend[1];
  }
}
