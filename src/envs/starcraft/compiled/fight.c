// Shots, blows, beams and what they do.
#include "battle.h"

/** An attack that reaches health does at least this much damage, as in StarCraft II. */
#define LEAST_DAMAGE 0.5
/**
 * A colossus fires two beams, which sweep against one another across the line of fire. One sweep takes this many ticks,
 * and a unit burns this many after a beam has touched it for the first time.
 */
#define SWEEP 4
#define BURN 4
/**
 * A sweep touches circles of this radius around SPOTS places that are this far from each other, in cells; the middle one
 * is where the target was when the beams began. They are 0.0227 s, or 0.363 ticks, apart, so that two of them come in
 * the first tick and three in each further one.
 */
#define SPOTS 11
#define SPOT_RADIUS 0.15
#define SPOT_DISTANCE 0.25
/** Cosine of the angle between its turret and the target within which a colossus fires: 45 degrees. */
#define ARC_COS 0.7071067811865476
/** In SMAClite it burns a line this wide across the line of fire and this deep along it, in cells: see ../units.ts. */
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

/**
 * Whom the beams of unit `i` have touched, [units]: bit k of a number stands for the beam that begins on the left and
 * has touched the unit for the first time in tick k of its sweep, and bit SWEEP + k for the other beam.
 */
static inline int *touched_by(const battle *b, int i) { return b->burning + (b->beam[i] - 1) * b->units; }

/** Fires the weapon of unit `i`: its shot, the first strike, or its beams. */
static void shoot(const battle *b, int i) {
  const int t = b->target[i];
  if (t < 0) return;
  b->fired[i] = t;
  b->struck[i] = t;
  b->busy[i] = b->backswing[i];
  if (b->beam[i]) {
    b->beam_x[i] = b->x[t];
    b->beam_y[i] = b->y[t];
    int *touched = touched_by(b, i);
    for (int j = 0; j < b->units; j++) touched[j] = 0;
    b->flight[i] = SWEEP + BURN;
  } else if (b->missile[i] > 0) {
    const double dx = b->x[t] - b->x[i], dy = b->y[t] - b->y[i];
    b->flight[i] = (int)__builtin_ceil((__builtin_sqrt(dx * dx + dy * dy) - b->radius[t]) / b->missile[i]);
  } else if (b->second_strike[i] > 0) {
    wound(b, i, t, 1);
    b->flight[i] = b->second_strike[i];
  } else wound(b, i, t, b->attacks[i]);
}

/** Lets the beams of unit `i`, which are in tick `k` of their sweeps, touch whom they reach. */
static void sweep(const battle *b, int i, int k) {
  // The dead have no beam any more. An attack that was ordered on another unit ends it after the step's first tick.
  if (!b->alive[i] || (b->struck[i] < 0 && b->clock[4] % TICKS_PER_STEP != 1)) return;
  const int is_ally = i < b->allies, first = is_ally ? b->allies : 0, end = is_ally ? b->units : b->allies;
  const int left = 1 << k, right = left << SWEEP, all_left = (1 << SWEEP) - 1, all_right = all_left << SWEEP;
  const double at_x = b->beam_x[i], at_y = b->beam_y[i], fx = at_x - b->x[i], fy = at_y - b->y[i];
  const double length = __builtin_sqrt(fx * fx + fy * fy);
  const double ux = length > 0 ? fx / length : 1, uy = length > 0 ? fy / length : 0;
  int *touched = touched_by(b, i);
  for (int j = first; j < end; j++) {
    const double dx = b->x[j] - at_x, dy = b->y[j] - at_y, reach = SPOT_RADIUS + b->radius[j];
    const double along = dx * ux + dy * uy, across = dx * uy - dy * ux, squared = reach * reach - along * along;
    if (squared < 0 || !b->alive[j] || !b->reaches[i * b->units + j]) continue;
    int touches = 0;
    for (int spot = k > 0 ? 3 * k - 1 : 0; spot < 3 * k + 2; spot++) {
      const double place = (spot - SPOTS / 2) * SPOT_DISTANCE, of_left = across - place, of_right = across + place;
      if (of_left * of_left <= squared) touches |= left;
      if (of_right * of_right <= squared) touches |= right;
    }
    if (touched[j] & all_left) touches &= ~left;
    if (touched[j] & all_right) touches &= ~right;
    touched[j] |= touches;
  }
}

/** Burns whom the beams of unit `i` have touched for the first time in tick `k` of their sweeps. */
static void burn(const battle *b, int i, int k) {
  const int is_ally = i < b->allies, first = is_ally ? b->allies : 0, end = is_ally ? b->units : b->allies;
  const int *touched = touched_by(b, i);
  for (int j = first; j < end; j++) {
    const int beams = (touched[j] >> k & 1) + (touched[j] >> (SWEEP + k) & 1);
    if (beams > 0 && b->alive[j]) wound(b, i, j, beams);
  }
}

/** Lets what unit `i` fired hit. */
static void land(const battle *b, int i) {
  const int t = b->struck[i];
  if (b->beam[i]) burn(b, i, BURN - 1 - b->flight[i]);
  else if (!b->alive[t]) return;
  else if (b->missile[i] > 0) wound(b, i, t, b->attacks[i]);
  else if (b->alive[i]) wound(b, i, t, 1);
}

/** Marks the dead. @returns whether there are any */
static int bury(const battle *b) {
  int count = 0;
  for (int i = 0; i < b->units; i++) {
    if (!b->alive[i] || b->health[i] > 0) continue;
    b->alive[i] = 0;
    b->died_at[i] = b->clock[4];
    b->target[i] = -1;
    b->windup[i] = 0;
    b->vx[i] = 0;
    b->vy[i] = 0;
    count++;
  }
  return count > 0;
}

int fire(const battle *b) {
  int count = 0;
  // All hits of a tick land together, on units that are alive, so that two units can kill each other.
  for (int i = 0; i < b->units; i++) {
    if (b->flight[i] > 0) {
      const int rest = --b->flight[i];
      if (b->beam[i] && rest >= BURN) sweep(b, i, SWEEP + BURN - 1 - rest);
      else if (b->beam[i] || rest == 0) b->hits[count++] = -1 - i;
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
  return count == 0 ? 0 : bury(b) ? KILLED : HIT;
}

int turn(const battle *b, int i, int t) {
  const numbers *n = b->numbers;
  const double dx = b->x[t] - b->x[i], dy = b->y[t] - b->y[i], length = __builtin_sqrt(dx * dx + dy * dy);
  if (length == 0) return 1;
  const double face_x = b->face_x[i], face_y = b->face_y[i], enough = b->beam[i] ? ARC_COS : n->facing_cos;
  if (b->beam[i] && (dx * face_x + dy * face_y) / length >= enough) return 1;
  if ((dx * face_x + dy * face_y) / length >= n->turn_cos) {
    b->face_x[i] = dx / length;
    b->face_y[i] = dy / length;
    return 1;
  }
  const double sine = dy * face_x - dx * face_y >= 0 ? n->turn_sin : -n->turn_sin;
  const double fx = face_x * n->turn_cos - face_y * sine, fy = face_x * sine + face_y * n->turn_cos;
  b->face_x[i] = fx;
  b->face_y[i] = fy;
  return (dx * fx + dy * fy) / length >= enough;
}

void recover(const battle *b) {
  const byte *restrict alive = b->alive;
  const double *restrict max_shield = b->max_shield, *restrict max_health = b->max_health;
  const double *restrict regeneration = b->regeneration;
  double *restrict shield = b->shield, *restrict shield_delay = b->shield_delay, *restrict health = b->health;
  for (const int *at = b->shielded; *at >= 0; at++) {
    const int i = *at;
    if (!alive[i]) continue;
    if (shield_delay[i] > 0) shield_delay[i] -= 1;
    else if (shield[i] < max_shield[i]) shield[i] = lesser(shield[i] + SHIELD_PER_TICK, max_shield[i]);
  }
  for (const int *at = b->regenerating; *at >= 0; at++)
    if (alive[*at]) health[*at] = lesser(health[*at] + regeneration[*at], max_health[*at]);
  for (const int *at = b->healers; *at >= 0; at++)
    if (alive[*at]) b->energy[*at] = lesser(b->energy[*at] + ENERGY_PER_TICK, ENERGY_MAX);
}
