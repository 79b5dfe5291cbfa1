// How units move within a game loop: they walk around units that stand in their way, take a step forward, and are
// pushed apart where they overlap. A battle spends most of its time on this, in loops of few turns over many arrays,
// whose type and length V8 checks anew at every turn. `node src/envs/starcraft/motion/build.mjs` compiles it into
// motion-wasm.ts. WebAssembly rounds as JavaScript does.

typedef unsigned char byte;

/** Sides of the clearance map, and its points to a cell along one axis: see ../ground.ts. */
#define FINE 8
#define FINE_SIZE 256
#define MAP_SIZE 32

/** The layer of units that walk around others. */
#define GROUND 0

/** Cells ahead that a walker looks for units that stand in its way, and by how much it may graze them. */
#define LOOK_AHEAD 2.0
#define GRAZE 0.03
/** Directions that it tries instead, in turns of 15 degrees to each side. */
#define TURNS 8
/** Share of an overlap that the faster unit gives way, where it walks into the back of a slower one. */
#define FASTER 0.75

/** A battle's arrays over units, as ../motion.ts lays them out. */
typedef struct {
  int units;
  /** Living units in the order of x; -1 ends the list. */
  int *order;
  const int *target;
  /** Side on which a walker last went round somebody, 1 or -1; 0 for none. */
  int *side;
  const byte *alive, *layer;
  double *x, *y, *vx, *vy, *pace;
  const double *speed, *acceleration, *separation, *layer_separation;
  /**
   * Bounds of a unit's centre, and where there are cliffs the points where it can be, [FINE_SIZE, FINE_SIZE]; else
   * null.
   */
  const double *left, *right, *bottom, *top;
  const byte *const *clear;
  /** Cosine and sine of each number of turns, [TURNS + 1]. */
  const double *turn_cos, *turn_sin;
  /** Where every walker stood before this loop. */
  double *was_x, *was_y;
  /**
   * Scratch memory: places of living units by x, or of those that stand; and from a walker to those that stand near it,
   * with the room they need.
   */
  double *place_x, *place_y, *near_x, *near_y, *near_room, *place_room;
  int *walking, *standing;
} battle;

/**
 * Turns walkers around units that stand in their way, before they touch them: to the side that they took last, if both
 * are as good.
 */
static void go_around(const battle *b) {
  int stand = 0, walkers = 0;
  for (int j = 0; j < b->units; j++) {
    if (!b->alive[j] || b->layer[j] != GROUND) continue;
    if (b->vx[j] != 0 || b->vy[j] != 0) b->walking[walkers++] = j;
    else {
      b->standing[stand] = j;
      b->place_x[stand] = b->x[j];
      b->place_y[stand] = b->y[j];
      b->place_room[stand++] = b->separation[j];
    }
  }
  if (stand == 0) return;
  for (int n = 0; n < walkers; n++) {
    const int i = b->walking[n], t = b->target[i];
    const double x = b->x[i], y = b->y[i], own = b->separation[i], widest = own + b->layer_separation[i];
    // Whoever is farther off than this cannot be in the way, in any direction. Most walkers have nobody so near.
    const double far = (LOOK_AHEAD + 0.5) * (LOOK_AHEAD + 0.5) + widest * widest;
    int count = 0;
    for (int k = 0; k < stand; k++) {
      const double dx = b->place_x[k] - x, dy = b->place_y[k] - y;
      // Who is not near is overwritten by the next: which it is cannot be foreseen, and a wrong guess takes longer than
      // writing.
      b->near_x[count] = dx;
      b->near_y[count] = dy;
      b->near_room[count] = own + b->place_room[k] - GRAZE;
      count += (dx * dx + dy * dy <= far) & (b->standing[k] != t);
    }
    if (count == 0) {
      b->side[i] = 0;
      continue;
    }
    double look = LOOK_AHEAD;
    if (t >= 0) {
      const double dx = b->x[t] - x, dy = b->y[t] - y, squared = dx * dx + dy * dy;
      if (squared < look * look) look = __builtin_sqrt(squared);
    }
    look += 0.5;
    const double vx = b->vx[i], vy = b->vy[i], stride = __builtin_sqrt(vx * vx + vy * vy), ux = vx / stride, uy = vy / stride;
    int is_free = 1;
    for (int k = 0; k < count; k++) {
      const double dx = b->near_x[k], dy = b->near_y[k], room = b->near_room[k];
      const double along = dx * ux + dy * uy, across = dx * uy - dy * ux;
      is_free &= !((along > 0) & (along <= look) & (across < room) & (across > -room));
    }
    if (is_free) {
      b->side[i] = 0;
      continue;
    }
    const int taken = b->side[i];
    int blocker = 0;
    for (int turn = 1; turn <= 2 * TURNS && !is_free; turn++) {
      // Once on one side of somebody, all of that side is tried first.
      const int angle = taken == 0 ? (turn + 1) >> 1 : turn <= TURNS ? turn : turn - TURNS;
      const int sign = taken == 0 ? ((turn & 1) ? -1 : 1) : turn <= TURNS ? taken : -taken;
      const double cosine = b->turn_cos[angle], sine = sign * b->turn_sin[angle];
      const double dx = ux * cosine - uy * sine, dy = ux * sine + uy * cosine;
      is_free = 1;
      // Who was in the way of the last direction is likely to be in that of the next, and is looked at first.
      for (int k = 0, m = blocker; k < count; k++, m = m + 1 < count ? m + 1 : 0) {
        const double px = b->near_x[m], py = b->near_y[m], room = b->near_room[m];
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
        b->side[i] = sign;
        b->vx[i] = dx * stride;
        b->vy[i] = dy * stride;
      }
    }
  }
}

/** Moves unit `i` by (dx, dy) as far as the ground lets it, sliding along what is closed. */
static void shift(const battle *b, int i, double dx, double dy) {
  const double x = b->x[i] + dx, y = b->y[i] + dy;
  const byte *clear = b->clear[i];
  if (!clear) {
    b->x[i] = x < b->left[i] ? b->left[i] : x > b->right[i] ? b->right[i] : x;
    b->y[i] = y < b->bottom[i] ? b->bottom[i] : y > b->top[i] ? b->top[i] : y;
    return;
  }
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
  for (int i = 0; i < b->units; i++) {
    if (b->acceleration[i] != 0) {
      const double wanted = __builtin_sqrt(b->vx[i] * b->vx[i] + b->vy[i] * b->vy[i]);
      const double reached = b->pace[i] + b->acceleration[i];
      b->pace[i] = wanted < reached ? wanted : reached;
      if (wanted > 0) {
        b->vx[i] *= b->pace[i] / wanted;
        b->vy[i] *= b->pace[i] / wanted;
      }
    }
    if (!b->alive[i] || (b->vx[i] == 0 && b->vy[i] == 0)) continue;
    b->was_x[i] = b->x[i];
    b->was_y[i] = b->y[i];
    shift(b, i, b->vx[i], b->vy[i]);
  }
}

/** Lists the living units by x, in `order`, and their places. */
static int sort(const battle *b) {
  int living = 0;
  for (int k = 0; k < b->units; k++) {
    const int i = b->order[k];
    if (i < 0) break;
    if (!b->alive[i]) continue;
    const double x = b->x[i];
    int m = living++;
    for (; m > 0 && b->place_x[m - 1] > x; m--) {
      b->place_x[m] = b->place_x[m - 1];
      b->order[m] = b->order[m - 1];
    }
    b->place_x[m] = x;
    b->order[m] = i;
  }
  if (living < b->units) b->order[living] = -1;
  for (int k = 0; k < living; k++) b->place_y[k] = b->y[b->order[k]];
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

/**
 * Pushes overlapping units of one layer apart, once a loop. Who stands to fight is not pushed by who walks.
 */
static void separate(const battle *b, double widest) {
  const int living = sort(b);
  for (int k = 0; k < living; k++) {
    const int i = b->order[k];
    const double own = b->separation[i], reach = own + widest, most = own + b->layer_separation[i];
    double x = b->x[i], y = b->y[i];
    for (int m = k + 1; m < living; m++) {
      const double dx = b->place_x[m] - x;
      if (dx >= reach) break;
      const double dy = b->place_y[m] - y, squared = dx * dx + dy * dy;
      if (squared >= most * most) continue;
      const int j = b->order[m];
      const double both = own + b->separation[j];
      if (squared >= both * both || b->layer[i] != b->layer[j]) continue;
      part(b, i, j, dx, dy, both);
      x = b->x[i];
      y = b->y[i];
      b->place_x[m] = b->x[j];
      b->place_y[m] = b->y[j];
    }
  }
}

/** Limits how far a unit is pushed to the length of its own step. */
static void hold(const battle *b) {
  for (int i = 0; i < b->units; i++) {
    if (!b->alive[i] || (b->vx[i] == 0 && b->vy[i] == 0)) continue;
    const double dx = b->x[i] - b->was_x[i], dy = b->y[i] - b->was_y[i], squared = dx * dx + dy * dy, most = b->speed[i];
    // Whoever was not pushed has gone a whole step, give or take the rounding.
    if (squared <= most * most * (1 + 1e-9)) continue;
    const double part = most / __builtin_sqrt(squared);
    b->x[i] = b->was_x[i] + dx * part;
    b->y[i] = b->was_y[i] + dy * part;
  }
}

/** Moves all units for one loop by their velocities; `widest` is the greatest separation radius. */
__attribute__((export_name("step"))) void step(const battle *b, double widest) {
  go_around(b);
  move(b);
  separate(b, widest);
  hold(b);
}
