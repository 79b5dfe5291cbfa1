// A step of a battle: eight ticks, then SMAC's reward and end. A tick is one game loop of 1/16 second.
#include "battle.h"

/** A shot follows the last after the weapon's period and a random delay between these, in ticks. */
#define DELAY_MIN (-0.0625 * TICKS_PER_SECOND)
#define DELAY_MAX (0.125 * TICKS_PER_SECOND)

/** Aims unit `i` at its target and decides to fire when the weapon is ready. */
static void aim(const battle *b, int i) {
  b->settled[i] = 1;
  if (!turn(b, i, b->target[i]) || b->cooldown[i] > 0) return;
  b->cooldown[i] = b->period[i] + DELAY_MIN + next_word(b) / WORDS * (DELAY_MAX - DELAY_MIN);
  b->windup[i] = b->damage_point[i] > 1 ? b->damage_point[i] : 1;
}

/** Tells whether the weapon of unit `i` reaches unit `t`. */
static int is_in_reach(const battle *b, int i, int t) {
  const double dx = b->x[t] - b->x[i], dy = b->y[t] - b->y[i], range = b->reach[i] + b->radius[t];
  return dx * dx + dy * dy <= range * range;
}

/**
 * Lets colossus `i` of the agents, which has no order to attack, stand or walk. Unlike others, its weapon needs no
 * order: while it stands, or does not get on, it fires at the nearest enemy in its reach.
 */
static void roam(const battle *b, int i) {
  int is_walking = 0;
  if (b->command[i] == MOVE) {
    const double dx = b->x[i] - b->was_x[i], dy = b->y[i] - b->was_y[i], half = b->speed[i] / 2;
    is_walking = b->clock[4] % TICKS_PER_STEP == 1 || dx * dx + dy * dy >= half * half;
    walk(b, i, b->goal_x[i], b->goal_y[i]);
  }
  if (b->windup[i] > 0) return;
  if (is_walking) b->target[i] = -1;
  else if (b->target[i] < 0 || !is_in_reach(b, i, b->target[i])) {
    const int j = nearest_living(b, i, b->allies, b->units);
    b->target[i] = j >= 0 && b->reaches[i * b->units + j] && is_in_reach(b, i, j) ? j : -1;
  }
  if (b->target[i] >= 0) aim(b, i);
}

/** Sets what unit `i`, which is alive and no healer, does in this tick: walk, aim, or decide to fire. */
static void decide(const battle *b, int i) {
  if (b->target[i] >= 0 && !b->alive[b->target[i]]) {
    // Only agents keep a dead target, because they have orders and stand once these are done.
    b->target[i] = -1;
    if (b->command[i] != MOVE) b->command[i] = STOP;
    calm_down(b, i);
  }
  if (i < b->allies && b->beam[i] && b->command[i] != ATTACK) {
    roam(b, i);
    return;
  }
  const int t = b->target[i];
  if (t < 0) {
    if (b->command[i] == MOVE) walk_soon(b, i, b->goal_x[i], b->goal_y[i]);
    else if (b->command[i] == ATTACK_MOVE) advance(b, i);
    return;
  }
  if (b->windup[i] > 0) return;
  if (!is_in_reach(b, i, t)) {
    const int waits = i >= b->allies && b->settled[i] == 1 && b->reach[i] - b->radius[i] >= MELEE;
    if (b->busy[i] == 0 && !waits) walk_around(b, i, b->x[t], b->y[t]);
    return;
  }
  aim(b, i);
}

static void tick(const battle *b) {
  b->clock[4] += 1;
  choose_targets(b, fire(b));
  stand_still(b);
  for (int i = 0; i < b->units; i++) {
    if (!b->alive[i]) continue;
    if (b->busy[i] > 0) b->busy[i] -= 1;
    if (b->cooldown[i] > 0) b->cooldown[i] -= 1;
    if (b->heals[i]) decide_healer(b, i);
    else decide(b, i);
  }
  walk_all(b);
  move_all(b);
  recover(b);
}

/** Lets the enemies walk for the loop that they are ahead when SMAC looks for the first time. */
EXPORT(march) void march(const battle *b) {
  find_bends(b);
  stand_still(b);
  for (int i = b->allies; i < b->units; i++)
    if (!b->heals[i]) advance(b, i);
  walk_all(b);
  move_all(b);
}

/** Tells whether only a healer is left to the enemy, which SMAC counts as won. */
static int only_healer_left(const battle *b) {
  for (int j = b->allies; j < b->units; j++)
    if (b->alive[j]) return b->heals[j];
  return 0;
}

/** Plays the ticks of one step, then pays SMAC's reward and ends the episode if SMAC would. */
EXPORT(play) void play(const battle *b) {
  const int allies = b->allies, units = b->units;
  for (int j = allies; j < units; j++) b->before[j - allies] = b->health[j] + b->shield[j];
  for (int i = 0; i < units; i++) b->fired[i] = -1;
  find_bends(b);
  for (int k = 0; k < TICKS_PER_STEP; k++) tick(b);

  double reward = 0;
  int living_allies = 0, fighting_allies = 0, living_enemies = 0;
  for (int j = allies; j < units; j++) {
    const double was = b->before[j - allies];
    if (b->alive[j]) {
      reward += was - b->health[j] - b->shield[j];
      living_enemies++;
    } else if (was > 0) reward += was + 10;
  }
  for (int i = 0; i < allies; i++) {
    living_allies += b->alive[i];
    if (!b->heals[i]) fighting_allies += b->alive[i];
  }
  // SMAC takes the absolute value, so that what the enemy regains is rewarded as well.
  reward = __builtin_fabs(reward);
  const int won = living_enemies == 0 && living_allies > 0 && fighting_allies > 0;
  const int healer_left = living_enemies == 1 && fighting_allies > 0 && only_healer_left(b);
  if (won || healer_left) reward += 200;
  b->totals[0] = reward / (b->numbers->max_reward / 20);
  b->clock[2] = won || healer_left;
  b->clock[1] = won || healer_left || fighting_allies == 0 || living_enemies == 0;
}
