// Shots, blows, beams and what they do.
#include "battle.h"

/** An attack that reaches health does at least this much damage, as in StarCraft II. */
#define LEAST_DAMAGE 0.5
/** Ticks from the start of a colossus's sweep to its middle, and from touching a unit to burning it. */
#define SWEEP 1
#define BURN 4
/** The colossus burns a line this wide across the line of fire and this deep along it, in cells: see ../units.ts. */
#define BEAM_WIDTH 2.8
#define BEAM_DEPTH 0.3
/** Ticks without a hit before shields regenerate; shield points and energy regained a tick: see ../units.ts. */
#define SHIELD_DELAY (10 * TICKS_PER_SECOND)
#define SHIELD_PER_TICK (2.0 / TICKS_PER_SECOND)
#define ENERGY_PER_TICK (0.5625 / TICKS_PER_SECOND)
#define ENERGY_MAX 200

static double lesser(double a, double b) { return a < b ? a : b; }

/**
 * Fires one shot of unit `i` at unit `t`. Each of its attacks takes shield first, then health, reduced by armour.
 *
 * @param minimum least damage of an attack that reaches health (0.5 in StarCraft II)
 * @param shield_delay how long the victim's shield then does not regenerate
 * @param attacks number of attacks in the shot
 * @returns shield and health points taken, without overkill
 */
EXPORT(strike) double strike(const battle *b, int i, int t, double minimum, double shield_delay, int attacks) {
  const double amount = b->damage[i * b->units + t], armor = b->armor[t];
  double taken = 0;
  for (int k = attacks; k > 0 && b->health[t] > 0; k--) {
    double rest = amount;
    if (b->max_shield[t] > 0) {
      b->shield_delay[t] = shield_delay;
      const double absorbed = lesser(rest, b->shield[t]);
      b->shield[t] -= absorbed;
      rest -= absorbed;
      taken += absorbed;
      if (rest == 0) continue;
    }
    const double past = rest - armor, dealt = lesser(past > minimum ? past : minimum, b->health[t]);
    b->health[t] -= dealt;
    taken += dealt;
  }
  return taken;
}

/**
 * Tells whether unit `j` touches the beam that unit `i` burns across (beam_x, beam_y): a rectangle of BEAM_WIDTH across
 * the line of fire and BEAM_DEPTH along it, centred on that point.
 */
EXPORT(in_beam) int in_beam(const battle *b, int i, int j) {
  const double dx = b->x[j] - b->beam_x[i], dy = b->y[j] - b->beam_y[i];
  const double fx = b->beam_x[i] - b->x[i], fy = b->beam_y[i] - b->y[i];
  const double length = __builtin_sqrt(fx * fx + fy * fy);
  if (length == 0) return dx == 0 && dy == 0;
  const double over = __builtin_fabs((dx * fx + dy * fy) / length) - BEAM_DEPTH / 2;
  const double beside = __builtin_fabs((dx * fy - dy * fx) / length) - BEAM_WIDTH / 2;
  const double along = over > 0 ? over : 0, across = beside > 0 ? beside : 0;
  return along * along + across * across <= b->radius[j] * b->radius[j];
}

/**
 * Lets one shot of unit `i` hit unit `j`. An enemy that is hit without having a target is alarmed, as are those near.
 */
static void wound(const battle *b, int i, int j, int attacks) {
  strike(b, i, j, LEAST_DAMAGE, SHIELD_DELAY, attacks);
  // A unit that is hit without having a target looks for one at once, and calls its comrades.
  if (j < b->allies || !b->alive[i]) return;
  const double call = b->numbers->call_for_help;
  for (int k = b->allies; k < b->units; k++) {
    if (!b->alive[k] || b->target[k] >= 0 || b->heals[k] || !b->reaches[k * b->units + i]) continue;
    const double dx = b->x[k] - b->x[j], dy = b->y[k] - b->y[j];
    if (dx * dx + dy * dy > call * call) continue;
    if (k == j) b->alarmed[k] = -1 - i;
    else if (b->alarmed[k] == 0) b->alarmed[k] = 1 + i;
  }
}

/** Fires the weapon of unit `i`: its shot, the first strike, or the sweep of the beam. */
static void shoot(const battle *b, int i) {
  const int t = b->target[i];
  if (t < 0) return;
  b->fired[i] = t;
  b->struck[i] = t;
  b->busy[i] = b->backswing[i];
  if (b->beam[i]) {
    b->beam_x[i] = b->x[t];
    b->beam_y[i] = b->y[t];
    b->flight[i] = SWEEP + BURN;
  } else if (b->missile[i] > 0) {
    const double dx = b->x[t] - b->x[i], dy = b->y[t] - b->y[i];
    b->flight[i] = (int)__builtin_ceil((__builtin_sqrt(dx * dx + dy * dy) - b->radius[t]) / b->missile[i]);
  } else if (b->second_strike[i] > 0) {
    wound(b, i, t, 1);
    b->flight[i] = b->second_strike[i];
  } else wound(b, i, t, b->attacks[i]);
}

/** Marks the target of unit `i`'s beam and whoever stands on its line as touched. */
static void mark(const battle *b, int i) {
  const int bit = (int)(1u << (i & 31)), is_ally = i < b->allies;
  const int first = is_ally ? b->allies : 0, end = is_ally ? b->units : b->allies;
  for (int j = first; j < end; j++) {
    if (b->alive[j] && b->reaches[i * b->units + j] && (j == b->struck[i] || in_beam(b, i, j))) b->burning[j] |= bit;
  }
}

/** Lets what unit `i` fired hit. */
static void land(const battle *b, int i) {
  const int t = b->struck[i];
  if (!b->beam[i]) {
    if (!b->alive[t]) return;
    if (b->missile[i] > 0) wound(b, i, t, b->attacks[i]);
    else if (b->alive[i]) wound(b, i, t, 1);
    return;
  }
  const int bit = (int)(1u << (i & 31)), is_ally = i < b->allies;
  const int first = is_ally ? b->allies : 0, end = is_ally ? b->units : b->allies;
  for (int j = first; j < end; j++) {
    if ((b->burning[j] & bit) == 0) continue;
    b->burning[j] &= ~bit;
    if (b->alive[j]) wound(b, i, j, b->attacks[i]);
  }
}

/** Marks the dead. */
static void bury(const battle *b) {
  for (int i = 0; i < b->units; i++) {
    if (!b->alive[i] || b->health[i] > 0) continue;
    b->alive[i] = 0;
    b->died_at[i] = b->clock[4];
    b->target[i] = -1;
    b->windup[i] = 0;
    b->vx[i] = 0;
    b->vy[i] = 0;
  }
}

int fire(const battle *b) {
  int count = 0;
  // All hits of a tick land together, on units that are alive, so that two units can kill each other.
  for (int i = 0; i < b->units; i++) {
    if (b->flight[i] > 0) {
      b->flight[i] -= 1;
      if (b->beam[i] && b->flight[i] == BURN) mark(b, i);
      if (b->flight[i] == 0) b->hits[count++] = -1 - i;
    }
    if (b->windup[i] > 0) {
      const int t = b->target[i];
      const double slack = b->reach[i] + b->radius[t] + b->slack[i];
      const double dx = b->x[t] - b->x[i], dy = b->y[t] - b->y[i];
      if (dx * dx + dy * dy > slack * slack) calm_down(b, i);
      else if (--b->windup[i] == 0) b->hits[count++] = i;
    }
  }
  for (int k = 0; k < count; k++) {
    if (b->hits[k] >= 0) shoot(b, b->hits[k]);
    else land(b, -1 - b->hits[k]);
  }
  if (count > 0) bury(b);
  return count > 0;
}

int turn(const battle *b, int i, int t) {
  const numbers *n = b->numbers;
  const double dx = b->x[t] - b->x[i], dy = b->y[t] - b->y[i], length = __builtin_sqrt(dx * dx + dy * dy);
  if (length == 0) return 1;
  const double face_x = b->face_x[i], face_y = b->face_y[i];
  if ((dx * face_x + dy * face_y) / length >= n->turn_cos) {
    b->face_x[i] = dx / length;
    b->face_y[i] = dy / length;
    return 1;
  }
  const double sine = dy * face_x - dx * face_y >= 0 ? n->turn_sin : -n->turn_sin;
  const double fx = face_x * n->turn_cos - face_y * sine, fy = face_x * sine + face_y * n->turn_cos;
  b->face_x[i] = fx;
  b->face_y[i] = fy;
  return (dx * fx + dy * fy) / length >= n->facing_cos;
}

void recover(const battle *b) {
  const byte *restrict alive = b->alive, *restrict heals = b->heals;
  const double *restrict max_shield = b->max_shield, *restrict max_health = b->max_health;
  const double *restrict regeneration = b->regeneration;
  double *restrict shield = b->shield, *restrict shield_delay = b->shield_delay, *restrict health = b->health;
  for (int i = 0; i < b->units; i++) {
    if (!alive[i]) continue;
    if (shield_delay[i] > 0) shield_delay[i] -= 1;
    else if (shield[i] < max_shield[i]) shield[i] = lesser(shield[i] + SHIELD_PER_TICK, max_shield[i]);
    if (regeneration[i] > 0) health[i] = lesser(health[i] + regeneration[i], max_health[i]);
    if (heals[i]) b->energy[i] = lesser(b->energy[i] + ENERGY_PER_TICK, ENERGY_MAX);
  }
}
