import { ATTACK, MOVE, TICKS_PER_SECOND } from "./battle.js";
import type { Battle } from "./battle.js";
import { calmDown } from "./combat.js";
import { nearestLiving, walk, walkAround } from "./movement.js";
import type { World } from "./movement.js";
import { nextWord } from "./random.js";
import { HEAL_PER_SECOND, HEALTH_PER_ENERGY } from "./units.js";

/** Enemies look for targets every so many ticks, each at its own moment. */
export const LOOK_PERIOD = 8;
/** An enemy gives up a target this much beyond what it notices. */
const LEASH = 3;
/** An enemy that has come this near to its goal has arrived. */
const ARRIVED = 1;
/** One that has arrived goes after whoever is this near, edge to edge. */
const HUNT = 6;
/** Cells, edge to edge, within which an enemy medivac looks for patients. */
const PATIENTS = 5;
/** A weapon of less range than this is for melee. */
const MELEE = 1;

/** Worth of a possible target; the least is taken. Whoever attacks the enemy comes first, then whoever is within reach of its weapon. */
const NO_THREAT = 1000;
const OUT_OF_REACH = 100;
const ANOTHER = 50;

/**
 * Chooses what enemy `i` fights, as StarCraft's automatic targeting does: who attacks it, then who is in reach of its weapon. Among
 * equals a shooter takes any; in melee the old target is kept, else the nearest taken, and so it is with all that is out of reach.
 */
export function chooseTarget(b: Battle, i: number): void {
  const { alive, target, allies, units, reaches, radius } = b;
  let t = target[i]!;
  if (t >= 0 && alive[t] === 0) {
    t = -1;
    target[i] = t;
    calmDown(b, i);
  }
  if (b.windup[i]! > 0) return;
  if (b.map.enemyFollows) {
    if (t < 0) target[i] = nextPrey(b, i);
    return;
  }
  if ((b.clock[4]! + b.phase[i]!) % LOOK_PERIOD !== 0) return;
  const { x, y, command, notice } = b;
  const xi = x[i]!;
  const yi = y[i]!;
  const own = radius[i]!;
  const noticed = notice[i]!;
  const range = b.reach[i]! - own;
  let pick = -1;
  let least = Infinity;
  for (let j = 0; j < allies; j++) {
    if (alive[j] === 0 || reaches[i * units + j] === 0) continue;
    const dx = x[j]! - xi;
    const dy = y[j]! - yi;
    const gap = Math.sqrt(dx * dx + dy * dy) - own - radius[j]!;
    if (gap > noticed) continue;
    const inReach = gap <= range;
    let worth = inReach ? 0 : OUT_OF_REACH;
    if (command[j] !== ATTACK || target[j] !== i) worth += NO_THREAT;
    if (range >= MELEE && inReach) worth += (nextWord(b.random) >>> 0) / 0x1_0000_0000;
    else if (range >= MELEE || j === t) worth += gap;
    else worth += ANOTHER + gap;
    if (worth < least) {
      least = worth;
      pick = j;
    }
  }
  if (pick < 0 && t >= 0 && gapBetween(b, i, t) <= b.notice[i]! + LEASH) pick = t;
  target[i] = pick;
}

/** Where enemies are sent at the allies themselves, each is sent at one of them, and when that is dead at the nearest. */
function nextPrey(b: Battle, i: number): number {
  const first = b.ordered[i]! < 0;
  const prey = first ? (nextWord(b.random) >>> 0) % b.allies : nearestLiving(b, i, 0, b.allies);
  b.ordered[i] = 0;
  return prey;
}

/** Cells between the edges of two units. */
function gapBetween(b: Battle, i: number, j: number): number {
  const dx = b.x[j]! - b.x[i]!;
  const dy = b.y[j]! - b.y[i]!;
  return Math.sqrt(dx * dx + dy * dy) - b.radius[i]! - b.radius[j]!;
}
/** An enemy without a target goes where it was sent: to the allies' start, or to the nearest of them. Once there, it goes after whom it sees. */
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
  if (dx * dx + dy * dy <= ARRIVED * ARRIVED) b.ordered[i] = 0;
  if (b.ordered[i] === 0 && !b.map.enemyFollows) {
    const j = nearestLiving(b, i, 0, b.allies);
    if (j < 0 || gapBetween(b, i, j) > HUNT) return;
    goalX = b.x[j]!;
    goalY = b.y[j]!;
  }
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
    if (t < 0 || alive[t] === 0 || health[t] === maxHealth[t] || gapBetween(b, i, t) > PATIENTS) {
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
    if (part < least && gapBetween(b, i, j) <= PATIENTS) {
      least = part;
      weakest = j;
    }
  }
  return weakest;
}
