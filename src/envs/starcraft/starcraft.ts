import {
  ATTACK,
  ATTACK_MOVE,
  LAYERS,
  MOVE,
  NONE,
  STOP,
  TICKS_PER_SECOND,
  TICKS_PER_STEP,
} from "./battle.js";
import type { Battle } from "./battle.js";
import { inBeam, strike } from "./combat.js";
import { canWalk, createGround, headFor, isClear, openCells } from "./ground.js";
import type { Ground } from "./ground.js";
import { unitsOf } from "./maps.js";
import { MAP_SIZE } from "./observe.js";
import { numberBySmac, placeSquad } from "./placement.js";
import { nextRandom, seedRandom } from "./random.js";
import type { BattleRules } from "./rules.js";
import {
  ENERGY_MAX,
  ENERGY_PER_SECOND,
  ENERGY_START,
  HEAL_PER_SECOND,
  HEALTH_PER_ENERGY,
  SHIELD_DELAY,
  SHIELD_PER_SECOND,
} from "./units.js";

/** Units start within this many cells of their place, in x and y. */
const SPAWN_JITTER = 0.1;
/** A shot follows the last after the weapon's period and a random delay between these (ticks; seconds x 16). */
const DELAY_MIN = -0.0625 * TICKS_PER_SECOND;
const DELAY_MAX = 0.125 * TICKS_PER_SECOND;
/** Enemies notice what comes this near, edge to edge, or within weapon range if that is farther. */
const SCAN = 5;
/** Enemies look for a new target every so many ticks, each at its own moment. */
const SCAN_PERIOD = TICKS_PER_SECOND;
/** An enemy gives up a target this much beyond its scan range. */
const LEASH = 3;
/** A chasing enemy turns to another target when that is this much nearer. */
const SWITCH = 0.5;
/** A target may leave weapon range by this much while a shot is under way. */
const RANGE_SLOP = 1;
/** Nothing that reaches health does less (StarCraft II). */
const LEAST_DAMAGE = 0.5;
/** An enemy that has come this near to its goal stays. */
const ARRIVED = 1;
/** A chase around cliffs looks for a new bend every so many steps. */
const LOOK_AGAIN = 4;

/** The rules of the real game, as far as RULES.md says; a tick is one game loop of 1/16 normal second. */
export function createStarcraftRules(b: Battle): BattleRules {
  const terrain = b.map.terrain.starcraft;
  const open = openCells(terrain, ".");
  const openTo = [open, openCells(terrain, ".^"), new Uint8Array(MAP_SIZE * MAP_SIZE).fill(1)];
  const grounds = new Map<string, Ground>();
  const unitGrounds = Array.from({ length: b.units }, (_, i): Ground => {
    const key = `${LAYERS[b.layer[i]!]} ${b.separation[i]}`;
    if (!grounds.has(key)) grounds.set(key, createGround(openTo[b.layer[i]!]!, b.separation[i]!));
    return grounds.get(key)!;
  });
  const w: World = { b, grounds: unitGrounds, hits: new Int32Array(b.units), heading: new Float64Array(2) };

  const placed = unitsOf(b.map.allies);
  const allyPlaces = numberBySmac(
    b.types.slice(0, b.allies),
    placed,
    placeSquad(placed.map((type) => type.starcraft.radius), b.map.allyPoint, 1),
  );
  const enemyPlaces = placeSquad([...b.radius.subarray(b.allies)], b.map.enemyPoint, -1);
  const places = Float64Array.from([...allyPlaces, ...enemyPlaces]);

  return {
    open,
    reset: (seed) => reset(w, places, seed),
    order: (i, action) => order(b, i, action),
    play: () => play(w),
  };
}

interface World {
  readonly b: Battle;
  /** Where each unit can be. [units] */
  readonly grounds: readonly Ground[];
  /** Units whose shots hit in this tick. */
  readonly hits: Int32Array;
  readonly heading: Float64Array;
}

function reset(w: World, places: Float64Array, seed: number): void {
  const { b } = w;
  seedRandom(b.random, seed);
  for (let i = 0; i < b.units; i++) {
    b.x[i] = places[2 * i]! + (2 * nextRandom(b.random) - 1) * SPAWN_JITTER;
    b.y[i] = places[2 * i + 1]! + (2 * nextRandom(b.random) - 1) * SPAWN_JITTER;
    b.health[i] = b.maxHealth[i]!;
    b.shield[i] = b.maxShield[i]!;
    b.energy[i] = b.heals[i] === 1 ? ENERGY_START : 0;
    b.alive[i] = 1;
    b.target[i] = -1;
    b.ordered[i] = -1;
    b.fired[i] = -1;
    b.order[i] = i;
    b.phase[i] = Math.floor(nextRandom(b.random) * SCAN_PERIOD);
    b.command[i] = i < b.allies ? STOP : ATTACK_MOVE;
    b.goalX[i] = b.map.allyPoint[0];
    b.goalY[i] = b.map.allyPoint[1];
    b.bendX[i] = -1;
    b.bendY[i] = -1;
  }
}

/** Gives agent `i` its order for the coming step. A shot that is under way is lost unless the order repeats it. */
function order(b: Battle, i: number, action: number): void {
  const healsAllies = b.heals[i] === 1;
  const target = action < 6 ? -1 : action - 6 + (healsAllies ? 0 : b.allies);
  if (b.target[i] !== target) calmDown(b, i);
  b.target[i] = target;
  if (action === 0) b.command[i] = NONE;
  else if (action === 1) b.command[i] = STOP;
  else if (action < 6) {
    b.command[i] = MOVE;
    b.goalX[i] = b.x[i]! + (action === 4 ? 2 : action === 5 ? -2 : 0);
    b.goalY[i] = b.y[i]! + (action === 2 ? 2 : action === 3 ? -2 : 0);
  } else {
    // The game refuses an attack that the weapon cannot make; SMAC lets it be ordered all the same.
    b.command[i] = b.reaches[i * b.units + target] === 1 ? ATTACK : STOP;
    if (b.command[i] === STOP) b.target[i] = -1;
  }
}

/** Gives up a shot that is under way; the weapon is ready at once, since it has not fired. */
function calmDown(b: Battle, i: number): void {
  if (b.windup[i] === 0) return;
  b.windup[i] = 0;
  b.cooldown[i] = 0;
}

/** Plays the ticks of one step, then pays SMAC's reward and ends the episode where SMAC would. */
function play(w: World): void {
  const { b } = w;
  const { allies, units, health, shield, before, alive, clock } = b;
  for (let j = allies; j < units; j++) before[j - allies] = health[j]! + shield[j]!;
  b.fired.fill(-1);
  findBends(w);
  for (let tick = 0; tick < TICKS_PER_STEP; tick++) playTick(w);

  let reward = 0;
  let livingAllies = 0;
  let fightingAllies = 0;
  let livingEnemies = 0;
  for (let j = allies; j < units; j++) {
    const was = before[j - allies]!;
    if (alive[j] === 1) {
      reward += was - health[j]! - shield[j]!;
      livingEnemies++;
    } else if (was > 0) reward += was + 10;
  }
  for (let i = 0; i < allies; i++) {
    livingAllies += alive[i]!;
    if (b.heals[i] === 0) fightingAllies += alive[i]!;
  }
  // SMAC takes the absolute value, so that what the enemy regains pays as well.
  reward = Math.abs(reward);
  const won = livingEnemies === 0 && livingAllies > 0 && fightingAllies > 0;
  const healerLeft = livingEnemies === 1 && fightingAllies > 0 && onlyHealerLeft(b);
  if (won || healerLeft) reward += 200;
  b.totals[0] = reward / (b.maxReward / 20);
  clock[2] = won || healerLeft ? 1 : 0;
  clock[1] = won || healerLeft || fightingAllies === 0 || livingEnemies === 0 ? 1 : 0;
}

/** SMAC calls a battle won when a healer is the enemy's last unit. */
function onlyHealerLeft(b: Battle): boolean {
  for (let j = b.allies; j < b.units; j++) if (b.alive[j] === 1) return b.heals[j] === 1;
  return false;
}

function playTick(w: World): void {
  const { b, hits } = w;
  const { units, allies, alive, vx, vy, cooldown, windup, target, command } = b;
  let hitCount = 0;
  b.clock[4]! += 1;
  for (let i = 0; i < units; i++) {
    vx[i] = 0;
    vy[i] = 0;
    if (alive[i] === 0) continue;
    if (cooldown[i]! > 0) cooldown[i]! -= 1;
    if (b.heals[i] === 1) {
      decideHealer(w, i);
      continue;
    }
    if (i >= allies) chooseTarget(b, i);
    const t = target[i]!;
    if (t >= 0 && alive[t] === 0) {
      // Only agents keep a dead target: they have orders, and stand once those are done.
      target[i] = -1;
      command[i] = STOP;
      calmDown(b, i);
      continue;
    }
    if (t < 0) {
      if (command[i] === MOVE) walk(b, i, b.goalX[i]!, b.goalY[i]!, 0);
      else if (command[i] === ATTACK_MOVE) advance(w, i);
      continue;
    }
    const dx = b.x[t]! - b.x[i]!;
    const dy = b.y[t]! - b.y[i]!;
    const squared = dx * dx + dy * dy;
    const reach = b.reach[i]! + b.radius[t]!;
    if (windup[i]! > 0) {
      const slack = reach + RANGE_SLOP;
      if (squared > slack * slack) calmDown(b, i);
      else {
        windup[i]! -= 1;
        if (windup[i] === 0) hits[hitCount++] = i;
        continue;
      }
    }
    if (squared > reach * reach) chase(w, i, t, Math.sqrt(squared) - reach);
    else if (cooldown[i]! <= 0) {
      cooldown[i]! += b.period[i]! + DELAY_MIN + nextRandom(b.random) * (DELAY_MAX - DELAY_MIN);
      if (b.damagePoint[i] === 0) hits[hitCount++] = i;
      else windup[i] = b.damagePoint[i]!;
    }
  }
  // All hits of a tick land together, on whom they find alive: killing one another is possible.
  for (let k = 0; k < hitCount; k++) hit(b, hits[k]!);
  move(w);
  separate(w);
  recover(b);
}

/** What an enemy fights: the nearest in sight, kept while in reach; left when it runs or something nearer comes. */
function chooseTarget(b: Battle, i: number): void {
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

function gapBetween(b: Battle, i: number, j: number): number {
  const dx = b.x[j]! - b.x[i]!;
  const dy = b.y[j]! - b.y[i]!;
  return Math.sqrt(dx * dx + dy * dy) - b.radius[i]! - b.radius[j]!;
}

/** An enemy without a target goes where it was sent: to the allies' start, or to the nearest of them. */
function advance(w: World, i: number): void {
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
  if (dx * dx + dy * dy > ARRIVED * ARRIVED) walkAround(w, i, goalX, goalY, Infinity);
}

function nearestLiving(b: Battle, i: number, first: number, end: number): number {
  let nearest = -1;
  let least = Infinity;
  for (let j = first; j < end; j++) {
    if (b.alive[j] === 0 || j === i || b.heals[j] === 1) continue;
    const dx = b.x[j]! - b.x[i]!;
    const dy = b.y[j]! - b.y[i]!;
    const squared = dx * dx + dy * dy;
    if (squared < least) {
      least = squared;
      nearest = j;
    }
  }
  return nearest;
}

/** Walks until the target is in reach, which is `missing` cells away. */
function chase(w: World, i: number, t: number, missing: number): void {
  walkAround(w, i, w.b.x[t]!, w.b.y[t]!, missing);
}

function walkAround(w: World, i: number, goalX: number, goalY: number, missing: number): void {
  const { b } = w;
  if (b.bendX[i]! >= 0) walk(b, i, b.bendX[i]!, b.bendY[i]!, 0);
  else walk(b, i, goalX, goalY, missing);
}

/** Sets the velocity of unit `i` straight at a point; no faster than `missing` where that is given (not 0). */
function walk(b: Battle, i: number, toX: number, toY: number, missing: number): void {
  const dx = toX - b.x[i]!;
  const dy = toY - b.y[i]!;
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length === 0) return;
  let stride = b.speed[i]!;
  if (missing > 0 && missing < stride) stride = missing + 1e-6;
  if (length < stride) stride = length;
  b.vx[i] = (dx / length) * stride;
  b.vy[i] = (dy / length) * stride;
}

/** Finds, once a step, the bend that each chasing unit has to pass; -1 where it can walk straight. */
function findBends(w: World): void {
  const { b, heading } = w;
  for (let i = 0; i < b.units; i++) {
    const ground = w.grounds[i]!;
    if (b.alive[i] === 0 || ground.box !== null) continue;
    let goalX = b.goalX[i]!;
    let goalY = b.goalY[i]!;
    let t = b.target[i]!;
    if (t < 0 && b.command[i] === ATTACK_MOVE && b.map.enemyFollows) t = nearestLiving(b, i, 0, b.allies);
    if (t >= 0) {
      goalX = b.x[t]!;
      goalY = b.y[t]!;
    } else if (b.command[i] !== ATTACK_MOVE) {
      b.bendX[i] = -1;
      continue;
    }
    const x = b.x[i]!;
    const y = b.y[i]!;
    if (isClear(ground, goalX, goalY) && canWalk(ground, x, y, goalX, goalY)) {
      b.bendX[i] = -1;
      continue;
    }
    const toBendX = b.bendX[i]! - x;
    const toBendY = b.bendY[i]! - y;
    const near = 2 * TICKS_PER_STEP * b.speed[i]!;
    const isDue = (b.clock[0]! + i) % LOOK_AGAIN === 0;
    if (b.bendX[i]! >= 0 && !isDue && toBendX * toBendX + toBendY * toBendY > near * near) continue;
    headFor(ground, x, y, goalX, goalY, heading);
    b.bendX[i] = heading[0]!;
    b.bendY[i] = heading[1]!;
  }
}

/** A healer goes to its patient and heals; the enemy's chooses the weakest near and else keeps to its comrades. */
function decideHealer(w: World, i: number): void {
  const { b } = w;
  const { alive, health, maxHealth, target } = b;
  if (i >= b.allies) {
    const t = target[i]!;
    if (t < 0 || alive[t] === 0 || health[t] === maxHealth[t] || gapBetween(b, i, t) > SCAN) target[i] = weakestNear(b, i);
    if (target[i]! < 0) {
      const j = nearestLiving(b, i, b.allies, b.units);
      if (j >= 0 && gapBetween(b, i, j) > 0) walk(b, i, b.x[j]!, b.y[j]!, 0);
    }
  }
  const t = target[i]!;
  if (t < 0 || alive[t] === 0) {
    if (b.command[i] === MOVE) walk(b, i, b.goalX[i]!, b.goalY[i]!, 0);
    return;
  }
  const missing = gapBetween(b, i, t) - (b.reach[i]! - b.radius[i]!);
  if (missing > 0) {
    walk(b, i, b.x[t]!, b.y[t]!, missing);
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

function hit(b: Battle, i: number): void {
  const t = b.target[i]!;
  b.fired[i] = t;
  if (b.beam[i] === 0) {
    wound(b, i, t);
    return;
  }
  const first = i < b.allies ? b.allies : 0;
  const end = i < b.allies ? b.units : b.allies;
  for (let j = first; j < end; j++) {
    if (b.alive[j] === 1 && b.reaches[i * b.units + j] === 1 && inBeam(b, i, t, j)) wound(b, i, j);
  }
}

function wound(b: Battle, i: number, j: number): void {
  strike(b, i, j, LEAST_DAMAGE, SHIELD_DELAY * TICKS_PER_SECOND);
  // Who is shot at from out of sight turns on the shooter.
  if (j >= b.allies && b.target[j]! < 0 && b.heals[j] === 0 && b.reaches[j * b.units + i] === 1) b.target[j] = i;
}

function move(w: World): void {
  const { b, grounds } = w;
  const { units, alive, vx, vy } = b;
  for (let i = 0; i < units; i++) {
    if (alive[i] === 1 && (vx[i] !== 0 || vy[i] !== 0)) shift(b, grounds[i]!, i, vx[i]!, vy[i]!);
  }
}

/** Moves a unit as far as the ground lets it, sliding along what is closed. */
function shift(b: Battle, ground: Ground, i: number, dx: number, dy: number): void {
  const { box } = ground;
  const x = b.x[i]! + dx;
  const y = b.y[i]! + dy;
  if (box !== null) {
    b.x[i] = x < box[0]! ? box[0]! : x > box[1]! ? box[1]! : x;
    b.y[i] = y < box[2]! ? box[2]! : y > box[3]! ? box[3]! : y;
  } else if (isClear(ground, x, y)) {
    b.x[i] = x;
    b.y[i] = y;
  } else if (isClear(ground, x, b.y[i]!)) b.x[i] = x;
  else if (isClear(ground, b.x[i]!, y)) b.y[i] = y;
}

/**
 * Pushes overlapping units of one layer apart, once a tick. Who stands to fight is not pushed by who walks; who walks
 * into another gives way sideways, so that crowds flow around those in front.
 */
function separate(w: World): void {
  const { b, grounds } = w;
  const { units, x, y, vx, vy, alive, layer, separation, order } = b;
  let living = 0;
  for (let k = 0; k < units; k++) {
    const i = order[k]!;
    if (i < 0) break;
    if (alive[i] === 1) order[living++] = i;
  }
  if (living < units) order[living] = -1;
  for (let k = 1; k < living; k++) {
    const i = order[k]!;
    const xi = x[i]!;
    let m = k - 1;
    while (m >= 0 && x[order[m]!]! > xi) {
      order[m + 1] = order[m]!;
      m--;
    }
    order[m + 1] = i;
  }
  const widest = b.maxSeparation;
  for (let k = 0; k < living; k++) {
    const i = order[k]!;
    const reach = separation[i]! + widest;
    for (let m = k + 1; m < living; m++) {
      const j = order[m]!;
      const dx = x[j]! - x[i]!;
      if (dx >= reach) break;
      const both = separation[i]! + separation[j]!;
      const dy = y[j]! - y[i]!;
      const squared = dx * dx + dy * dy;
      if (squared >= both * both || layer[i] !== layer[j]) continue;
      const distance = Math.sqrt(squared);
      // Exactly on top of one another: apart along x, the lower index to the left.
      const nx = distance > 0 ? dx / distance : i < j ? 1 : -1;
      const ny = distance > 0 ? dy / distance : 0;
      const overlap = both - distance;
      const iWalks = vx[i] !== 0 || vy[i] !== 0;
      const jWalks = vx[j] !== 0 || vy[j] !== 0;
      const share = iWalks === jWalks ? 0.5 : iWalks ? 1 : 0;
      let pushX = -nx * overlap * share;
      let pushY = -ny * overlap * share;
      if (iWalks) {
        const ahead = vx[i]! * nx + vy[i]! * ny;
        if (ahead > 0) {
          const side = sideOf(vx[i]!, vy[i]!, nx, ny, i);
          pushX += -ny * side * ahead * 0.7;
          pushY += nx * side * ahead * 0.7;
        }
      }
      if (pushX !== 0 || pushY !== 0) shift(b, grounds[i]!, i, pushX, pushY);
      pushX = nx * overlap * (1 - share);
      pushY = ny * overlap * (1 - share);
      if (jWalks) {
        const ahead = -(vx[j]! * nx + vy[j]! * ny);
        if (ahead > 0) {
          const side = sideOf(vx[j]!, vy[j]!, -nx, -ny, j);
          pushX += ny * side * ahead * 0.7;
          pushY += -nx * side * ahead * 0.7;
        }
      }
      if (pushX !== 0 || pushY !== 0) shift(b, grounds[j]!, j, pushX, pushY);
    }
  }
}

/** Which way around: +1 or -1 along the normal turned left; by index when heading straight at the obstacle. */
function sideOf(vx: number, vy: number, nx: number, ny: number, i: number): number {
  const lean = vy * nx - vx * ny;
  if (lean > 1e-9) return 1;
  if (lean < -1e-9) return -1;
  return (i & 1) === 0 ? 1 : -1;
}

/** Marks the dead, regenerates shields, health and energy. */
function recover(b: Battle): void {
  const { units, alive, health, maxHealth, shield, maxShield, shieldDelay, regeneration, energy, heals } = b;
  for (let i = 0; i < units; i++) {
    if (alive[i] === 0) continue;
    if (health[i]! <= 0) {
      health[i] = 0;
      alive[i] = 0;
      b.target[i] = -1;
      b.windup[i] = 0;
      continue;
    }
    if (shieldDelay[i]! > 0) shieldDelay[i]! -= 1;
    else if (shield[i]! < maxShield[i]!) {
      shield[i] = Math.min(shield[i]! + SHIELD_PER_SECOND / TICKS_PER_SECOND, maxShield[i]!);
    }
    if (regeneration[i]! > 0) health[i] = Math.min(health[i]! + regeneration[i]!, maxHealth[i]!);
    if (heals[i] === 1) energy[i] = Math.min(energy[i]! + ENERGY_PER_SECOND / TICKS_PER_SECOND, ENERGY_MAX);
  }
}
