import { MOVE, TICKS_PER_SECOND } from "./battle.js";
import type { Battle } from "./battle.js";
import { calmDown } from "./combat.js";
import { nearestLiving, walk, walkAround } from "./movement.js";
import type { World } from "./movement.js";
import { HEAL_PER_SECOND, HEALTH_PER_ENERGY } from "./units.js";

/** Enemies notice what comes this near, edge to edge, or within weapon range if that is farther. */
const SCAN = 5;
/** Enemies look for a new target every so many ticks, each at its own moment. */
export const SCAN_PERIOD = TICKS_PER_SECOND;
/** An enemy gives up a target this much beyond its scan range. */
const LEASH = 3;
/** A chasing enemy turns to another target when that is this much nearer. */
const SWITCH = 0.5;
/** An enemy that has come this near to its goal stays. */
const ARRIVED = 1;

/** What an enemy fights: the nearest in sight, kept while in reach; left when it runs or something nearer comes. */
export function chooseTarget(b: Battle, i: number): void {
  const { x, y, radius, alive, target, allies, units, reaches } = b;
  let t = target[i]!;
  if (t >= 0 && alive[t] === 0) {
    t = -1;
    calmDown(b, i);
  }
  if (b.windup[i]! > 0) return;
  let gap = Infinity;
  if (t >= 0) {
    gap = gapBetween(b, i, t);
    if (gap <= b.reach[i]! - radius[i]!) return;
  }
  if ((b.clock[4]! + b.phase[i]!) % SCAN_PERIOD !== 0) {
    target[i] = t;
    return;
  }
  const range = b.reach[i]! - radius[i]!;
  const scan = range > SCAN ? range : SCAN;
  let nearest = -1;
  let least = scan;
  const xi = x[i]!;
  const yi = y[i]!;
  for (let j = 0; j < allies; j++) {
    if (alive[j] === 0 || reaches[i * units + j] === 0) continue;
    const dx = x[j]! - xi;
    const dy = y[j]! - yi;
    const most = least + radius[i]! + radius[j]!;
    const squared = dx * dx + dy * dy;
    if (squared < most * most) {
      nearest = j;
      least = Math.sqrt(squared) - radius[i]! - radius[j]!;
    }
  }
  if (t < 0) t = nearest;
  else if (nearest >= 0 && nearest !== t && (least <= range || least + SWITCH < gap)) t = nearest;
  else if (nearest < 0 && gap > scan + LEASH) t = -1;
  target[i] = t;
}

/** Cells between the edges of two units. */
function gapBetween(b: Battle, i: number, j: number): number {
  const dx = b.x[j]! - b.x[i]!;
  const dy = b.y[j]! - b.y[i]!;
  return Math.sqrt(dx * dx + dy * dy) - b.radius[i]! - b.radius[j]!;
}

/** An enemy without a target goes where it was sent: to the allies' start, or to the nearest of them. */
export function advance(w: World, i: number): void {
  const { b } = w;
  let goalX = b.goalX[i]!;
  let goalY = b.goalY[i]!;
  if (b.map.enemyFollows) {
    const j = nearestLiving(b, i, 0, b.allies);
    if (j >= 0) {
      goalX = b.x[j]!;
      goalY = b.y[j]!;
    }
  }
  const dx = goalX - b.x[i]!;
  const dy = goalY - b.y[i]!;
  if (dx * dx + dy * dy <= ARRIVED * ARRIVED) return;
  w.aim[0] = goalX;
  w.aim[1] = goalY;
  w.aim[2] = 0;
  walkAround(w, i);
}

/** A healer goes to its patient and heals; the enemy's chooses the weakest near and else keeps to its comrades. */
export function decideHealer(w: World, i: number): void {
  const { b } = w;
  const { aim } = w;
  const { alive, health, maxHealth, target } = b;
  if (i >= b.allies) {
    const t = target[i]!;
    if (t < 0 || alive[t] === 0 || health[t] === maxHealth[t] || gapBetween(b, i, t) > SCAN) {
      target[i] = weakestNear(b, i);
    }
    if (target[i]! < 0) {
      const j = nearestLiving(b, i, b.allies, b.units);
      if (j >= 0 && gapBetween(b, i, j) > 0) {
        aim[0] = b.x[j]!;
        aim[1] = b.y[j]!;
        aim[2] = 0;
        walk(w, i);
      }
    }
  }
  const t = target[i]!;
  if (t < 0 || alive[t] === 0) {
    if (b.command[i] === MOVE) {
      aim[0] = b.goalX[i]!;
      aim[1] = b.goalY[i]!;
      aim[2] = 0;
      walk(w, i);
    }
    return;
  }
  const missing = gapBetween(b, i, t) - (b.reach[i]! - b.radius[i]!);
  if (missing > 0) {
    aim[0] = b.x[t]!;
    aim[1] = b.y[t]!;
    aim[2] = missing;
    walk(w, i);
    return;
  }
  const wanted = Math.min(HEAL_PER_SECOND / TICKS_PER_SECOND, maxHealth[t]! - health[t]!);
  const given = Math.min(wanted, b.energy[i]! * HEALTH_PER_ENERGY);
  if (given > 0) {
    health[t]! += given;
    b.energy[i]! -= given / HEALTH_PER_ENERGY;
    b.fired[i] = t;
  }
}

function weakestNear(b: Battle, i: number): number {
  let weakest = -1;
  let least = 1;
  for (let j = b.allies; j < b.units; j++) {
    if (b.alive[j] === 0 || b.reaches[i * b.units + j] === 0) continue;
    const part = b.health[j]! / b.maxHealth[j]!;
    if (part < least && gapBetween(b, i, j) <= SCAN) {
      least = part;
      weakest = j;
    }
  }
  return weakest;
}
