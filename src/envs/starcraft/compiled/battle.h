// A battle as the compiled loops see it: the arrays over units that ../battle.ts lays out, and what several of the
// loops need. Most of a training's time outside its networks goes into these loops of few turns over many arrays, whose
// type and length V8 checks anew at every turn. `node src/envs/starcraft/compiled/build.mjs` compiles all C files here
// into loops-wasm.ts. WebAssembly rounds as JavaScript does.

#pragma once

#define EXPORT(name) __attribute__((export_name(#name)))

typedef unsigned char byte;

/** Sides of the clearance map, and its points to a cell along one axis: see ../ground.ts. */
#define FINE 8
#define FINE_SIZE 256
#define MAP_SIZE 32

/** More, in cells, than what rounding takes from the sum of a few places on the map. */
#define ROUNDING 1e-9

/** Orders, layers and ticks: see ../battle.ts. */
enum { STOP, MOVE, ATTACK, ATTACK_MOVE, NONE };
#define GROUND 0
#define TICKS_PER_SECOND 16
#define TICKS_PER_STEP 8

/** The shots of a weapon with less range than this are blows. */
#define MELEE 1

/** Ground with cliffs: see ../ground.ts. */
typedef struct {
  int corners;
  /** For every fine point 0 if it is closed, else how many looks along a line lead past what is surely clear. */
  const byte *strides;
  /**
   * How many fine points below and to the left are closed, modulo 65536: [FINE_SIZE + 1, FINE_SIZE + 1]. Row and column
   * are those of the first point that does not count.
   */
  const unsigned short *closed;
  /** The nearest clear point of every fine point. */
  const unsigned short *nearest;
  const double *corner_x, *corner_y;
  /** Length of the shortest way to each corner from each other, [corners, corners]. */
  double *between;
  /** Length of the shortest way from each corner to goals that were asked for before, [GOALS, corners]; those goals. */
  double *to_goal, *goals;
  /** Scratch memory of `head_for`, [corners + 1]. */
  double *ways;
  /** What is known of each patch of the map from each corner: see `sight`. [PATCHES, PATCHES, corners]. */
  byte *sights;
} ground;

/** The numbers of a battle that are no whole numbers, in the order of ../compiled/loops.ts. */
typedef struct {
  double comrade, comrade_again, whim, old, leash, hunt, call_for_help;
  double turn_cos, turn_sin, facing_cos;
  double max_separation, max_reward;
} numbers;

/** Two numbers, with which the same is computed at a time. */
typedef double pair __attribute__((vector_size(16)));
typedef long long truths __attribute__((vector_size(16)));

/** Four numbers of less precision, which tell soon what is surely so or surely not so. */
typedef float four __attribute__((vector_size(16)));
typedef int four_truths __attribute__((vector_size(16)));

/** A living unit while units are parted. What is read together lies together, so that one address leads to it. */
typedef struct {
  pair place;
  /** Its x before anybody was pushed. */
  double began;
  double separation, walks, speed;
  const ground *ground;
  int index, layer;
} body;

/** A unit that stands, and the room that it needs. */
typedef struct {
  pair place;
  double room;
  int unit;
} stander;

/** Four of them. */
typedef struct {
  four x, y, room;
  four_truths unit;
} four_standers;

/** Members have the names that they have in ../battle.ts and loops.ts, which finds them by these. */
typedef struct {
  int units, allies, look_period, enemy_follows, accelerates;
  const numbers *numbers;

  /** Fixed when the battle is made. */
  const double *radius, *separation, *layer_separation, *reach, *speed, *acceleration, *period, *missile, *notice,
      *slack;
  /** The distance within which a unit may overlap with others of its layer. */
  const double *touching;
  const double *max_health, *max_shield, *armor, *regeneration;
  /** Lists of the units that have shields, whose health regenerates, and that heal; -1 ends them. */
  const int *shielded, *regenerating, *healers;
  const int *damage_point, *backswing, *second_strike, *attacks;
  const byte *layer, *heals, *beam, *reaches;
  const double *damage;
  /**
   * Null for a unit whose ground is one rectangle; these bounds of its centre are then enough: left, bottom, right, top.
   */
  const ground *const *grounds;
  const double *box;
  /**
   * Cosine and sine of the angles at which a walker tries to get past others, in their order, for each side that it took
   * last (-1, 0 for none, 1), and the same with less precision: [3, DIRECTIONS].
   */
  const double *cosines, *sines;
  const float *rough_cosines, *rough_sines;

  /** The episode. */
  double *x, *y, *vx, *vy, *health, *shield, *cooldown, *shield_delay, *energy, *goal_x, *goal_y, *pace, *face_x,
      *face_y;
  double *beam_x, *beam_y, *bend_x, *bend_y, *before, *totals;
  int *command, *target, *ordered, *windup, *busy, *flight, *struck, *burning, *died_at, *alarmed, *settled, *side,
      *fired;
  /** Living units in the order of x; -1 ends the list. */
  int *order;
  int *random, *look_phase, *clock;
  byte *alive;

  /** Scratch memory: units whose shots hit in this tick, and how many comrades aim at each ally. */
  int *hits, *aimed_at;
  /** At which part of its straight way a unit last met what is closed: see `can_walk_on`. */
  double *crossing;
  /** Where every walker stood before this tick. */
  double *was_x, *was_y;
  /** The way of each unit that walks straight in this tick to where it heads for, else zeros: see `walk_soon`. */
  double *way_x, *way_y;
  /** Places of living units by x. */
  double *place_x;
  /** Units that walk in this tick. */
  int *walking;
  /** Units on the ground that stand, [units + 4], and again in fours, [(units + 16) / 4]. */
  stander *standers;
  four_standers *fours;
  /** From a walker to each of those that stand near it: x, y, room. */
  four *near;
  /** Living units in the order of x while they are parted, and their places before that, [units + 8]. */
  body *bodies;
  float *rough_x, *rough_y;
  /** Whom each of them overlaps before anybody is pushed: see `foresee`. */
  unsigned short *foreseen;
} battle;

/** What is shown of a battle, and how: see `Blocks` of ../observe.ts. */
typedef struct {
  int is_smaclite, actions, types, ally_shield, enemy_shield, ally, enemy, observation, ally_state, enemy_state,
      state_length;
  /** 1 for a cell that can be walked on, [MAP_SIZE, MAP_SIZE]. */
  const byte *open;
  const byte *type_bit;
  const double *observed_cooldown;
  const int *enemy_at, *last_action;
  byte *available;
  float *observations, *state;
  /** Scratch memory: health and shield of each unit as a part of the most. */
  float *health_part, *shield_part;
} view;

static inline pair load(const double *from) {
  pair two;
  __builtin_memcpy(&two, from, sizeof two);
  return two;
}

static inline four load_four(const float *from) {
  four numbers;
  __builtin_memcpy(&numbers, from, sizeof numbers);
  return numbers;
}

static inline void store(double *to, pair two) { __builtin_memcpy(to, &two, sizeof two); }

/** The first or the second numbers of both. */
static inline pair firsts(pair a, pair b) { return __builtin_shufflevector(a, b, 0, 2); }
static inline pair seconds(pair a, pair b) { return __builtin_shufflevector(a, b, 1, 3); }

/** The greater and the lesser of each two numbers. */
static inline pair greatest(pair a, pair b) { return __builtin_wasm_pmax_f64x2(b, a); }
static inline pair least(pair a, pair b) { return __builtin_wasm_pmin_f64x2(b, a); }

/** `a` where `is` holds, else `b`. */
static inline pair choose(truths is, pair a, pair b) { return (pair)((is & (truths)a) | (~is & (truths)b)); }

/**
 * Column and row of the fine point of a place, each in the lower 32 bits of a long. Those of places off the map are less
 * than 0, or FINE_SIZE or more.
 */
static inline truths points_of(pair place) {
  // From 2^52 on, the last bit of a double counts one. This takes less time than a conversion to int, which has to ask
  // whether the number is in its range.
  return (truths)(__builtin_wasm_floor_f64x2(place * FINE) + 0x1p52);
}

/** Bit 0 for the first and bit 1 for the second of two comparisons that hold. */
static inline int which(truths two) { return (int)__builtin_wasm_bitmask_i64x2(two); }

/** Two bits for each of eight comparisons that holds, from bit 0 on: those of `a` first. */
static inline unsigned bits_of(truths a, truths b, truths c, truths d) {
  typedef int words __attribute__((vector_size(16)));
  return (unsigned)__builtin_wasm_bitmask_i8x16(
      __builtin_wasm_narrow_s_i8x16_i16x8(__builtin_wasm_narrow_s_i16x8_i32x4((words)a, (words)b),
                                          __builtin_wasm_narrow_s_i16x8_i32x4((words)c, (words)d)));
}

/** A bit for each of sixteen comparisons that holds, from bit 0 on: those of `a` first. */
static inline unsigned sixteen_of(four_truths a, four_truths b, four_truths c, four_truths d) {
  return (unsigned)__builtin_wasm_bitmask_i8x16(__builtin_wasm_narrow_s_i8x16_i16x8(
      __builtin_wasm_narrow_s_i16x8_i32x4(a, b), __builtin_wasm_narrow_s_i16x8_i32x4(c, d)));
}

/** Two bits for each of eight comparisons that holds, from bit 0 on: those of `a` first. */
static inline unsigned pairs_of(four_truths a, four_truths b) {
  return (unsigned)__builtin_wasm_bitmask_i8x16(__builtin_wasm_narrow_s_i16x8_i32x4(a, b));
}

/** A bit for each of eight comparisons that holds. */
static inline unsigned eight_of(four_truths a, four_truths b) {
  return (unsigned)__builtin_wasm_bitmask_i16x8(__builtin_wasm_narrow_s_i16x8_i32x4(a, b));
}

/** The stride of a place: 0 if it is closed or off the map. */
static inline int stride_at(const byte *strides, pair place) {
  const truths point = points_of(place);
  const int column = (int)point[0], row = (int)point[1];
  return (unsigned)(column | row) < FINE_SIZE ? strides[row * FINE_SIZE + column] : 0;
}

/** A random word as an unsigned number is this many times one in [0, 1). */
#define WORDS 4294967296.0

/** The next 32 random bits of the battle: see ../random.ts. */
static inline unsigned next_word(const battle *b) {
  unsigned *words = (unsigned *)b->random, t = words[3];
  const unsigned s = words[0];
  words[3] = words[2];
  words[2] = words[1];
  words[1] = s;
  t ^= t << 11;
  t ^= t >> 8;
  t ^= s ^ (s >> 19);
  return words[0] = t;
}

/** The distance between the edges of two units, in cells. */
static inline double gap_between(const battle *b, int i, int j) {
  const double dx = b->x[j] - b->x[i], dy = b->y[j] - b->y[i];
  return __builtin_sqrt(dx * dx + dy * dy) - b->radius[i] - b->radius[j];
}

/** The living unit of [first, end) that is nearest to `i`, except for healers and `i` itself; -1 for none. */
static inline int nearest_living(const battle *b, int i, int first, int end) {
  int nearest = -1;
  double least = __builtin_inf();
  for (int j = first; j < end; j++) {
    if (!b->alive[j] || j == i || b->heals[j]) continue;
    const double dx = b->x[j] - b->x[i], dy = b->y[j] - b->y[i], squared = dx * dx + dy * dy;
    if (squared < least) {
      least = squared;
      nearest = j;
    }
  }
  return nearest;
}

/** Sets the velocity of unit `i` straight towards (to_x, to_y): a whole step, unless the goal is nearer. */
static inline void walk(const battle *b, int i, double to_x, double to_y) {
  const double dx = to_x - b->x[i], dy = to_y - b->y[i], length = __builtin_sqrt(dx * dx + dy * dy);
  if (length == 0) return;
  const double stride = b->speed[i] < length ? b->speed[i] : length;
  const double face_x = dx / length, face_y = dy / length;
  b->face_x[i] = face_x;
  b->face_y[i] = face_y;
  b->vx[i] = face_x * stride;
  b->vy[i] = face_y * stride;
}

/** Lets unit `i` walk as `walk` does, but together with all others that do, in `walk_all` (motion.c). */
static inline void walk_soon(const battle *b, int i, double to_x, double to_y) {
  b->way_x[i] = to_x - b->x[i];
  b->way_y[i] = to_y - b->y[i];
}

/** Gives up a shot that is under way. The weapon is ready at once, because it has not fired. */
static inline void calm_down(const battle *b, int i) {
  if (b->windup[i] == 0) return;
  b->windup[i] = 0;
  b->cooldown[i] = 0;
}

/** Sets the velocity of unit `i` towards a place, or towards the bend before it (ground.c). */
void walk_around(const battle *b, int i, double to_x, double to_y);
/** Finds, once a step, the bend that each chasing unit has to pass, or -1 if it can walk straight (ground.c). */
void find_bends(const battle *b);
/** Lets all units stand (motion.c). */
void stand_still(const battle *b);
/** Sets the velocities of those that walk soon (motion.c). */
void walk_all(const battle *b);
/** Moves all units for one tick by their velocities (motion.c). */
void move_all(const battle *b);
/** What the shots of a tick have done to anybody, at most. */
enum { HIT = 1, KILLED };
/** Chooses what the enemies fight (enemy.c), after shots that have done `hits`. */
void choose_targets(const battle *b, int hits);
/** Moves an enemy without a target to where it was sent (enemy.c). */
void advance(const battle *b, int i);
/** Moves a healer to its patient and heals it (enemy.c). */
void decide_healer(const battle *b, int i);
/** Fires and lands the shots that are due in this tick (fight.c). @returns what they have done: 0, HIT or KILLED */
int fire(const battle *b);
/** Turns unit `i` towards unit `t` as far as it can turn in one tick (fight.c). @returns whether it may fire */
int turn(const battle *b, int i, int t);
/** Regenerates shields, health and energy (fight.c). */
void recover(const battle *b);
