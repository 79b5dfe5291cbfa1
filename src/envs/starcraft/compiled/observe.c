// What agents see and may do, and the global state: ../observe.ts gives the order and the lengths of the blocks.
#include "battle.h"

/** See ../observe.ts. */
#define SIGHT 9
#define ATTACK_RANGE 6
#define MOVE_AHEAD 1
#define FIRST_TARGET 6

/**
 * The cell of a coordinate. SMAC truncates towards zero before it looks at the bounds, so that -0.5 is in cell 0;
 * SMAClite looks at the bounds first.
 */
static int cell_of(const view *v, double coordinate) { return v->is_smaclite && coordinate < 0 ? -1 : (int)coordinate; }

static byte is_open(const view *v, int column, int row) {
  if (column < 0 || column >= MAP_SIZE || row < 0 || row >= MAP_SIZE) return 0;
  return v->open[row * MAP_SIZE + column];
}

/** Tells whether SMAC lets an agent attack (or heal) who is at (dx, dy) from it. SMAClite's places are rounded. */
static byte is_in_range(const view *v, double dx, double dy) {
  if (v->is_smaclite) {
    dx = (float)dx;
    dy = (float)dy;
  }
  return dx * dx + dy * dy <= ATTACK_RANGE * ATTACK_RANGE;
}

/** Writes what an agent sees of unit `j` at (dx, dy) in sight, but for the first number. */
static inline void write_seen(const view *v, int j, double dx, double dy, double squared, int has_shield, float *to) {
  const pair part = (pair){dx, dy} / SIGHT;
  to[1] = (float)(__builtin_sqrt(squared) / SIGHT);
  to[2] = (float)part[0];
  to[3] = (float)part[1];
  to[4] = v->health_part[j];
  if (has_shield) to[5] = v->shield_part[j];
  if (v->types > 0) to[5 + has_shield + v->type_bit[j]] = 1;
}

/** Marks the legal actions of agent `i`, which is alive, and writes what it sees. */
static void observe(const battle *b, const view *v, int i, byte *available, float *to) {
  const double *restrict xs = b->x, *restrict ys = b->y, x = xs[i], y = ys[i];
  const byte *restrict alive = b->alive, *restrict heals = b->heals;
  const int allies = b->allies, enemies = b->units - allies, is_healer = heals[i];
  available[1] = 1;
  const int column = cell_of(v, x), row = cell_of(v, y);
  available[2] = is_open(v, column, cell_of(v, y + MOVE_AHEAD));
  available[3] = is_open(v, column, cell_of(v, y - MOVE_AHEAD));
  available[4] = is_open(v, cell_of(v, x + MOVE_AHEAD), row);
  available[5] = is_open(v, cell_of(v, x - MOVE_AHEAD), row);
  for (int k = 0; k < 4; k++) *to++ = available[2 + k];
  byte *can_target = available + FIRST_TARGET;
  if (is_healer) {
    for (int j = 0; j < allies; j++) can_target[j] = alive[j] && !heals[j] && is_in_range(v, xs[j] - x, ys[j] - y);
  }
  for (int place = 0; place < enemies; place++, to += v->enemy) {
    const int j = allies + v->enemy_at[place];
    if (!alive[j]) continue;
    const double dx = xs[j] - x, dy = ys[j] - y, squared = dx * dx + dy * dy;
    if (!is_healer) can_target[place] = is_in_range(v, dx, dy);
    if (!(squared < SIGHT * SIGHT)) continue;
    to[0] = can_target[place];
    write_seen(v, j, dx, dy, squared, v->enemy_shield, to);
  }
  for (int j = 0; j < allies; j++) {
    if (j == i) continue;
    const double dx = xs[j] - x, dy = ys[j] - y, squared = dx * dx + dy * dy;
    if (alive[j] && squared < SIGHT * SIGHT) {
      to[0] = 1;
      write_seen(v, j, dx, dy, squared, v->ally_shield, to);
    }
    to += v->ally;
  }
  to[0] = v->health_part[i];
  if (v->ally_shield) to[1] = v->shield_part[i];
  if (v->types > 0) to[1 + v->ally_shield + v->type_bit[i]] = 1;
}

/** Writes the part of the state that describes unit `i`, from its place on. */
static void write_place(const battle *b, const view *v, int i, int has_shield, float *to) {
  const double middle = MAP_SIZE / 2;
  to[0] = (float)((b->x[i] - middle) / MAP_SIZE);
  to[1] = (float)((b->y[i] - middle) / MAP_SIZE);
  if (has_shield) to[2] = v->shield_part[i];
  if (v->types > 0) to[2 + has_shield + v->type_bit[i]] = 1;
}

static void write_state(const battle *b, const view *v, float *to) {
  const int allies = b->allies, enemies = b->units - allies;
  for (int i = 0; i < allies; i++, to += v->ally_state) {
    if (!b->alive[i]) continue;
    to[0] = v->health_part[i];
    const double remaining = b->heals[i] ? b->energy[i] : b->cooldown[i] > 0 ? b->cooldown[i] : 0;
    to[1] = (float)(remaining / v->observed_cooldown[i]);
    write_place(b, v, i, v->ally_shield, to + 2);
  }
  for (int place = 0; place < enemies; place++, to += v->enemy_state) {
    const int j = allies + v->enemy_at[place];
    if (!b->alive[j]) continue;
    to[0] = v->health_part[j];
    write_place(b, v, j, v->enemy_shield, to + 1);
  }
  for (int i = 0; i < allies; i++, to += v->actions)
    if (v->last_action[i] >= 0) to[v->last_action[i]] = 1;
}

/** Writes legal actions, observations and the state. Dead agents see only zeros and can only play the no-op. */
EXPORT(show) void show(const battle *b, const view *v) {
  const int allies = b->allies;
  __builtin_memset(v->available, 0, (unsigned)(allies * v->actions));
  __builtin_memset(v->observations, 0, sizeof(float) * (unsigned)(allies * v->observation));
  __builtin_memset(v->state, 0, sizeof(float) * (unsigned)v->state_length);
  for (int i = 0; i < b->units; i++) {
    v->health_part[i] = (float)(b->health[i] / b->max_health[i]);
    v->shield_part[i] = (float)(b->shield[i] / (b->max_shield[i] > 0 ? b->max_shield[i] : 1));
  }
  for (int i = 0; i < allies; i++) {
    byte *available = v->available + i * v->actions;
    if (b->alive[i]) observe(b, v, i, available, v->observations + i * v->observation);
    else available[0] = 1;
  }
  write_state(b, v, v->state);
}
