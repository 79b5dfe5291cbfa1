import { ATTACK, MOVE, TICKS_PER_SECOND } from "./battle.js";
import type { Battle } from "./battle.js";
import { calmDown } from "./combat.js";
import { nearestLiving, walk, walkAround } from "./movement.js";
import type { World } from "./movement.js";
import { nextWord } from "./random.js";
import { HEAL_PER_SECOND, HEALTH_PER_ENERGY } from "./units.js";

/** An enemy that has come this near to its goal has arrived. */
const ARRIVED = 1;
/** Cells, edge to edge, within which an enemy medivac looks for patients. */
const PATIENTS = 5;
/** A weapon of less range than this is for melee. */
export const MELEE = 1;

/**
 * Numbers that make a possible target worse; the target with the smallest sum is taken, and nearness (in cells) decides
 * the rest. In melee, whoever attacks the enemy comes first. Then every enemy prefers targets in reach of its weapon,
 * and those that fewer comrades aim at. A shooter that looks again while it has a target cares less about comrades, and
 * chance plays a part.
 */
const NO_THREAT = 1000;
const OUT_OF_REACH = 100;
/** In melee, any target but the old one is worse by this much. */
const ANOTHER = 50;
/** A random word as an unsigned number is this many times one in [0, 1). */
const WORDS = 0x1_0000_0000;

/**
 * Chooses what the enemies fight. All look at the same moments, the one made last first. Besides, an enemy whose target
 * has died looks at once, and so does one that is hit without having a target, before the comrades whom it calls.
 *
 * @param wereHits whether something was hit in this tick; if not, nobody has died or been alarmed
 */
export function chooseTargets(b: Battle, wereHits: boolean): void {
  const { alive, heals, alarmed, allies, units, clock } = b;
  const isLook = (clock[4] + b.lookPhase[0]) % b.habits.lookPeriod === 0;
  const isFirst = clock[4] === 1;
  if (!isLook && !wereHits && !isFirst) return;
  for (let i = units - 1; i >= allies; i--) if (alive[i] === 1 && alarmed[i] < 0) chooseTarget(b, i, true);
  for (let i = units - 1; i >= allies; i--) {
    if (alive[i] === 1 && heals[i] === 0) chooseTarget(b, i, isLook || alarmed[i] > 0);
  }
}

/** Drops a target that is dead, and chooses anew when it is time to look. */
function chooseTarget(b: Battle, i: number, isLook: boolean): void {
  const { alive, target } = b;
  let t = target[i];
  let isDue = isLook;
  if (t >= 0 && alive[t] === 0) {
    t = -1;
    target[i] = t;
    calmDown(b, i);
    isDue = true;
  }
  if (b.windup[i] > 0) return;
  if (b.map.enemyFollows) {
    if (t < 0) target[i] = nextPrey(b, i);
    return;
  }
  if (isDue) target[i] = bestTarget(b, i, t);
}

/** For `bestTarget`: how many comrades aim at each ally, of whom a map has 200 at most. */
const aimedAt = new Int32Array(256);

/**
 * Returns the target that enemy `i`, which has `old` or -1, takes when it looks: the best one that it notices, else
 * whoever has hit it, or -1 for none.
 */
function bestTarget(b: Battle, i: number, old: number): number {
  const { x, y, alive, target, command, allies, units, reaches, radius, notice, alarmed } = b;
  const xi = x[i];
  const yi = y[i];
  const own = radius[i];
  const noticed = notice[i];
  const range = b.reach[i] - own;
  const isMelee = range < MELEE;
  aimedAt.fill(0, 0, allies);
  for (let k = allies; k < units; k++) {
    const aim = target[k];
    if (k !== i && aim >= 0 && aim < allies && alive[k] === 1) aimedAt[aim] += 1;
  }
  const { comrade, comradeAgain, whim } = b.habits;
  // Comrades and nearness alone decide the first choice. A shooter that looks again also follows a whim.
  const looksAgain = old >= 0 && !isMelee;
  let pick = -1;
  let least = Infinity;
  for (let j = 0; j < allies; j++) {
    if (alive[j] === 0 || reaches[i * units + j] === 0) continue;
    const dx = x[j] - xi;
    const dy = y[j] - yi;
    const gap = Math.sqrt(dx * dx + dy * dy) - own - radius[j];
    if (gap > noticed) continue;
    const isInReach = gap <= range;
    const onWhim = looksAgain && isInReach;
    let worth = (isInReach ? 0 : OUT_OF_REACH) + (onWhim ? comradeAgain : comrade) * aimedAt[j];
    if (onWhim) worth += ((nextWord(b.random) >>> 0) / WORDS) * whim;
    if (isMelee) {
      if (command[j] !== ATTACK || target[j] !== i) worth += NO_THREAT;
      worth += j === old ? gap : ANOTHER + gap;
    } else worth += j === old ? -b.habits.old : gap;
    if (worth < least) {
      least = worth;
      pick = j;
    }
  }
  if (pick < 0 && old >= 0 && gapBetween(b, i, old) <= noticed + b.habits.leash) pick = old;
  const hitBy = -alarmed[i] - 1;
  if (pick < 0 && hitBy >= 0 && alive[hitBy] === 1) pick = hitBy;
  alarmed[i] = 0;
  // An enemy whose target walks out of reach waits until the next look, and only then follows it.
  if (pick !== old || (old >= 0 && gapBetween(b, i, old) > range)) b.settled[i] = 0;
  return pick;
}

/**
 * Returns whom an enemy is sent after on maps where enemies follow the allies: one of them, and when that is dead, the
 * nearest.
 */
function nextPrey(b: Battle, i: number): number {
  const first = b.ordered[i] < 0;
  const prey = first ? (nextWord(b.random) >>> 0) % b.allies : nearestLiving(b, i, 0, b.allies);
  b.ordered[i] = 0;
  return prey;
}

/** Returns the distance between the edges of two units, in cells. */
function gapBetween(b: Battle, i: number, j: number): number {
  const dx = b.x[j] - b.x[i];
  const dy = b.y[j] - b.y[i];
  return Math.sqrt(dx * dx + dy * dy) - b.radius[i] - b.radius[j];
}
/**
 * Moves an enemy without a target to where it was sent: to the allies' start, or to the nearest of them. Once there, it
 * goes after whomever it sees.
 */
export function advance(w: World, i: number): void {
  const { b } = w;
  let goalX = b.goalX[i];
  let goalY = b.goalY[i];
  if (b.map.enemyFollows) {
    const j = nearestLiving(b, i, 0, b.allies);
    if (j >= 0) {
      goalX = b.x[j];
      goalY = b.y[j];
    }
  }
  const dx = goalX - b.x[i];
  const dy = goalY - b.y[i];
  if (dx * dx + dy * dy <= ARRIVED * ARRIVED) b.ordered[i] = 0;
  if (b.ordered[i] === 0 && !b.map.enemyFollows) {
    const j = nearestLiving(b, i, 0, b.allies);
    if (j < 0 || gapBetween(b, i, j) > b.habits.hunt) return;
    goalX = b.x[j];
    goalY = b.y[j];
  }
  w.aim[0] = goalX;
  w.aim[1] = goalY;
  walkAround(w, i);
}

/**
 * Moves a healer to its patient and heals it. The enemy's healer chooses the weakest unit near it, and otherwise stays
 * with its comrades.
 */
export function decideHealer(w: World, i: number): void {
  const { b } = w;
  const { aim } = w;
  const { alive, health, maxHealth, target } = b;
  if (i >= b.allies) {
    const t = target[i];
    if (t < 0 || alive[t] === 0 || health[t] === maxHealth[t] || gapBetween(b, i, t) > PATIENTS) {
      target[i] = weakestNear(b, i);
    }
    if (target[i] < 0) {
      const j = nearestLiving(b, i, b.allies, b.units);
      if (j >= 0 && gapBetween(b, i, j) > 0) {
        aim[0] = b.x[j];
        aim[1] = b.y[j];
        walk(w, i);
      }
    }
  }
  const t = target[i];
  if (t < 0 || alive[t] === 0) {
    if (b.command[i] === MOVE) {
      aim[0] = b.goalX[i];
      aim[1] = b.goalY[i];
      walk(w, i);
    }
    return;
  }
  const missing = gapBetween(b, i, t) - (b.reach[i] - b.radius[i]);
  if (missing > 0) {
    aim[0] = b.x[t];
    aim[1] = b.y[t];
    walk(w, i);
    return;
  }
  const wanted = Math.min(HEAL_PER_SECOND / TICKS_PER_SECOND, maxHealth[t] - health[t]);
  const given = Math.min(wanted, b.energy[i] * HEALTH_PER_ENERGY);
  if (given > 0) {
    health[t] += given;
    b.energy[i] -= given / HEALTH_PER_ENERGY;
    b.fired[i] = t;
  }
}

function weakestNear(b: Battle, i: number): number {
  let weakest = -1;
  let least = 1;
  for (let j = b.allies; j < b.units; j++) {
    if (b.alive[j] === 0 || b.reaches[i * b.units + j] === 0) continue;
    const part = b.health[j] / b.maxHealth[j];
    if (part < least && gapBetween(b, i, j) <= PATIENTS) {
      least = part;
      weakest = j;
    }
  }
  return weakest;
}
