// What enemies do, and healers of both sides.
#include "battle.h"

/** An enemy that has come this near to its goal has arrived. */
#define ARRIVED 1
/** Cells, edge to edge, within which an enemy medivac looks for patients. */
#define PATIENTS 5
/** Health points that a healer restores a tick, and that a point of energy buys: see ../units.ts. */
#define HEAL_PER_TICK (9.0 / TICKS_PER_SECOND)
#define HEALTH_PER_ENERGY 3

/**
 * Numbers that make a possible target worse; the target with the smallest sum is taken, and nearness (in cells) decides
 * the rest. In melee, whoever attacks the enemy comes first. Then every enemy prefers targets in reach of its weapon,
 * and those that fewer comrades aim at. A shooter that looks again while it has a target cares less about comrades, and
 * chance plays a part.
 */
#define NO_THREAT 1000
#define OUT_OF_REACH 100
/** In melee, any target but the old one is worse by this much. */
#define ANOTHER 50

/**
 * Returns the target that enemy `i`, which has `old` or -1, takes when it looks: the best one that it notices, else
 * whoever has hit it, or -1 for none.
 */
static int best_target(const battle *b, int i, int old) {
  const numbers *n = b->numbers;
  const int allies = b->allies, units = b->units;
  const double x = b->x[i], y = b->y[i], own = b->radius[i], noticed = b->notice[i], range = b->reach[i] - own;
  const int is_melee = range < MELEE;
  // Comrades and nearness alone decide the first choice. A shooter that looks again also follows a whim.
  const int looks_again = old >= 0 && !is_melee;
  int pick = -1;
  double least = __builtin_inf();
  for (int j = 0; j < allies; j++) {
    if (!b->alive[j] || !b->reaches[i * units + j]) continue;
    const double dx = b->x[j] - x, dy = b->y[j] - y;
    const double gap = __builtin_sqrt(dx * dx + dy * dy) - own - b->radius[j];
    if (gap > noticed) continue;
    const int is_in_reach = gap <= range, on_whim = looks_again && is_in_reach;
    const int comrades = b->aimed_at[j] - (j == old);
    double worth = (is_in_reach ? 0 : OUT_OF_REACH) + (on_whim ? n->comrade_again : n->comrade) * comrades;
    if (on_whim) worth += next_word(b) / WORDS * n->whim;
    if (is_melee) {
      if (b->command[j] != ATTACK || b->target[j] != i) worth += NO_THREAT;
      worth += j == old ? gap : ANOTHER + gap;
    } else worth += j == old ? -n->old : gap;
    if (worth < least) {
      least = worth;
      pick = j;
    }
  }
  if (pick < 0 && old >= 0 && gap_between(b, i, old) <= noticed + n->leash) pick = old;
  const int hit_by = -b->alarmed[i] - 1;
  if (pick < 0 && hit_by >= 0 && b->alive[hit_by]) pick = hit_by;
  b->alarmed[i] = 0;
  // An enemy whose target walks out of reach waits until the next look, and only then follows it.
  if (pick != old || (old >= 0 && gap_between(b, i, old) > range)) b->settled[i] = 0;
  return pick;
}

/**
 * Returns whom an enemy is sent after on maps where enemies follow the allies: one of them, and when that is dead, the
 * nearest.
 */
static int next_prey(const battle *b, int i) {
  const int is_first = b->ordered[i] < 0;
  const int prey = is_first ? (int)(next_word(b) % (unsigned)b->allies) : nearest_living(b, i, 0, b->allies);
  b->ordered[i] = 0;
  return prey;
}

/** Drops a target that is dead, and chooses anew when it is time to look. */
static void choose_target(const battle *b, int i, int is_look) {
  int t = b->target[i], is_due = is_look;
  if (t >= 0 && !b->alive[t]) {
    // Nobody counts comrades who aim at the dead.
    b->target[i] = t = -1;
    calm_down(b, i);
    is_due = 1;
  }
  if (b->windup[i] > 0) return;
  if (b->enemy_follows) {
    if (t < 0) b->target[i] = next_prey(b, i);
    return;
  }
  if (!is_due) return;
  const int pick = best_target(b, i, t);
  b->target[i] = pick;
  if (t >= 0 && t < b->allies) b->aimed_at[t] -= 1;
  if (pick >= 0 && pick < b->allies) b->aimed_at[pick] += 1;
}

/**
 * All look at the same moments, the one made last first. Besides, an enemy whose target has died looks at once, and so
 * does one that is hit without having a target, before the comrades whom it calls.
 */
void choose_targets(const battle *b, int hits) {
  const int allies = b->allies, units = b->units, tick = b->clock[4];
  const int is_look = (tick + b->look_phase[0]) % b->look_period == 0;
  // Without hits nobody has died or been alarmed. Those that follow the allies need a target only when theirs has died.
  if (!is_look && tick != 1 && hits < (b->enemy_follows ? KILLED : HIT)) return;
  if (!b->enemy_follows) {
    for (int j = 0; j < allies; j++) b->aimed_at[j] = 0;
    for (int k = allies; k < units; k++) {
      const int aim = b->target[k];
      if (b->alive[k] && aim >= 0 && aim < allies) b->aimed_at[aim] += 1;
    }
  }
  for (int i = units - 1; i >= allies; i--)
    if (b->alive[i] && b->alarmed[i] < 0) choose_target(b, i, 1);
  for (int i = units - 1; i >= allies; i--) {
    if (b->alive[i] && !b->heals[i]) choose_target(b, i, is_look || b->alarmed[i] > 0);
  }
}

/** To the allies' start, or to the nearest of them. Once there, the enemy goes after whomever it sees. */
void advance(const battle *b, int i) {
  double goal_x = b->goal_x[i], goal_y = b->goal_y[i];
  if (b->enemy_follows) {
    const int j = nearest_living(b, i, 0, b->allies);
    if (j >= 0) {
      goal_x = b->x[j];
      goal_y = b->y[j];
    }
  }
  const double dx = goal_x - b->x[i], dy = goal_y - b->y[i];
  if (dx * dx + dy * dy <= ARRIVED * ARRIVED) b->ordered[i] = 0;
  if (b->ordered[i] == 0 && !b->enemy_follows) {
    const int j = nearest_living(b, i, 0, b->allies);
    if (j < 0 || gap_between(b, i, j) > b->numbers->hunt) return;
    goal_x = b->x[j];
    goal_y = b->y[j];
  }
  walk_around(b, i, goal_x, goal_y);
}

static int weakest_near(const battle *b, int i) {
  int weakest = -1;
  double least = 1;
  for (int j = b->allies; j < b->units; j++) {
    if (!b->alive[j] || !b->reaches[i * b->units + j]) continue;
    const double part = b->health[j] / b->max_health[j];
    if (part < least && gap_between(b, i, j) <= PATIENTS) {
      least = part;
      weakest = j;
    }
  }
  return weakest;
}

/** The enemy's healer chooses the weakest unit near it, and otherwise stays with its comrades. */
void decide_healer(const battle *b, int i) {
  if (i >= b->allies) {
    const int t = b->target[i];
    if (t < 0 || !b->alive[t] || b->health[t] == b->max_health[t] || gap_between(b, i, t) > PATIENTS) {
      b->target[i] = weakest_near(b, i);
    }
    if (b->target[i] < 0) {
      const int j = nearest_living(b, i, b->allies, b->units);
      if (j >= 0 && gap_between(b, i, j) > 0) walk(b, i, b->x[j], b->y[j]);
    }
  }
  const int t = b->target[i];
  if (t < 0 || !b->alive[t]) {
    if (b->command[i] == MOVE) walk(b, i, b->goal_x[i], b->goal_y[i]);
    return;
  }
  if (gap_between(b, i, t) - (b->reach[i] - b->radius[i]) > 0) {
    walk(b, i, b->x[t], b->y[t]);
    return;
  }
  const double missing = b->max_health[t] - b->health[t], wanted = HEAL_PER_TICK < missing ? HEAL_PER_TICK : missing;
  const double bought = b->energy[i] * HEALTH_PER_ENERGY, given = wanted < bought ? wanted : bought;
  if (given > 0) {
    b->health[t] += given;
    b->energy[i] -= given / HEALTH_PER_ENERGY;
    b->fired[i] = t;
  }
}
