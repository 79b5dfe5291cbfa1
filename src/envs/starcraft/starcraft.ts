import { ATTACK, ATTACK_MOVE, enlist, LAYERS, MOVE, NONE, STOP, TICKS_PER_SECOND, TICKS_PER_STEP } from "./battle.js";
import type { Battle } from "./battle.js";
import { calmDown, inBeam, strike } from "./combat.js";
import { advance, chooseTargets, decideHealer, MELEE } from "./enemy.js";
import { createGround, openCells, standClear } from "./ground.js";
import type { Ground } from "./ground.js";
import { bySpawn, unitsOf } from "./maps.js";
import { createMotion } from "./motion/motion.js";
import { findBends, walk, walkAround } from "./movement.js";
import type { World } from "./movement.js";
import { MAP_SIZE } from "./observe.js";
import { numberBySmac, spawnSquad, TOUCH } from "./placement.js";
import { nextWord, seedRandom } from "./random.js";
import type { BattleRules } from "./rules.js";
import { ENERGY_MAX, ENERGY_PER_SECOND, SHIELD_DELAY, SHIELD_PER_SECOND } from "./units.js";

/** A shot follows the last after the weapon's period and a random delay between these (ticks; seconds x 16). */
const DELAY_MIN = -0.0625 * TICKS_PER_SECOND;
const DELAY_MAX = 0.125 * TICKS_PER_SECOND;
/** An attack that reaches health does at least this much damage, as in StarCraft II. */
const LEAST_DAMAGE = 0.5;
/** A random word as an unsigned number is this many times one in [0, 1). */
const WORDS = 0x1_0000_0000;

/**
 * Grounds are made once in a process, because a map with cliffs takes some tenths of a second. Their caches do not
 * change results.
 */
const grounds = new Map<string, Ground>();

/**
 * Makes the rules of the real game, as far as RULES.md says. A tick is one game loop of 1/16 second at normal speed.
 */
export function createStarcraftRules(b: Battle): BattleRules {
  const terrain = b.map.terrain.starcraft;
  const open = openCells(terrain, ".");
  const openTo = [open, openCells(terrain, ".^"), new Uint8Array(MAP_SIZE * MAP_SIZE).fill(1)];
  const unitGrounds = Array.from({ length: b.units }, (_, i): Ground => {
    const clearance = b.types[i].starcraft.inner - TOUCH;
    const key = `${b.map.name} ${LAYERS[b.layer[i]]} ${clearance}`;
    let ground = grounds.get(key);
    if (ground === undefined) grounds.set(key, (ground = createGround(openTo[b.layer[i]], clearance)));
    return ground;
  });
  const w: World = {
    b,
    grounds: unitGrounds,
    hits: new Int32Array(b.units),
    aim: new Float64Array(2),
    line: new Float64Array(4),
    moveAll: createMotion(b, unitGrounds),
    areRestored: b.types.some(({ shield, heals, starcraft }) => shield > 0 || heals || starcraft.regeneration > 0),
  };

  const ground = openTo[0];
  const canStand = (x: number, y: number): boolean => ground[Math.floor(y) * MAP_SIZE + Math.floor(x)] === 1;
  const placed = bySpawn(b.map, unitsOf(b.map.allies));
  const allyPlaces = numberBySmac(b.types.slice(0, b.allies), placed, spawnSquad(placed, b.map.allyPoint, canStand));
  const enemyPlaces = spawnSquad(b.types.slice(b.allies), b.map.enemyPoint, canStand);
  const places = Float64Array.from([...allyPlaces, ...enemyPlaces]);
  for (let i = 0; i < b.units; i++) standClear(unitGrounds[i], places.subarray(2 * i, 2 * i + 2));

  return {
    open,
    reset: (seed) => reset(w, places, seed),
    order: (i, action) => order(b, i, action),
    play: () => play(w),
  };
}

function reset(w: World, places: Float64Array, seed: number): void {
  const { b } = w;
  const { allies, enemies, units, enemyAt, placeOf } = b;
  seedRandom(b.random, seed);
  b.lookPhase[0] = (nextWord(b.random) >>> 0) % b.habits.lookPeriod;
  let middleX = 0;
  let middleY = 0;
  for (let i = allies; i < units; i++) {
    middleX += places[2 * i] / enemies;
    middleY += places[2 * i + 1] / enemies;
  }
  for (let i = 0; i < units; i++) {
    b.x[i] = places[2 * i];
    b.y[i] = places[2 * i + 1];
    enlist(b, i);
    b.order[i] = i;
    b.bendX[i] = -1;
    b.bendY[i] = -1;
    if (i < allies) continue;
    // The enemies walk in formation.
    b.goalX[i] += b.x[i] - middleX;
    b.goalY[i] += b.y[i] - middleY;
  }
  for (let k = enemies - 1; k > 0; k--) {
    const m = (nextWord(b.random) >>> 0) % (k + 1);
    const other = enemyAt[k];
    enemyAt[k] = enemyAt[m];
    enemyAt[m] = other;
  }
  for (let k = 0; k < enemies; k++) placeOf[enemyAt[k]] = k;
  // Enemies have walked for one loop before SMAC looks for the first time.
  findBends(w);
  for (let i = allies; i < units; i++) if (b.heals[i] === 0) advance(w, i);
  w.moveAll();
}

/** Gives agent `i` its order for the coming step. A shot that is under way is lost unless the order repeats it. */
function order(b: Battle, i: number, action: number): void {
  const healsAllies = b.heals[i] === 1;
  const target = action < 6 ? -1 : healsAllies ? action - 6 : b.allies + b.enemyAt[action - 6];
  if (b.target[i] !== target) {
    calmDown(b, i);
    b.busy[i] = 0;
    // The unit has to stay for its second strike.
    if (b.secondStrike[i] > 0 && action !== 1) b.flight[i] = 0;
  }
  b.target[i] = target;
  if (action === 0) b.command[i] = NONE;
  else if (action === 1) b.command[i] = STOP;
  else if (action < 6) {
    b.command[i] = MOVE;
    b.goalX[i] = b.x[i] + (action === 4 ? 2 : action === 5 ? -2 : 0);
    b.goalY[i] = b.y[i] + (action === 2 ? 2 : action === 3 ? -2 : 0);
  } else {
    // SMAC allows ordering an attack that the weapon cannot make, but the game refuses it.
    b.command[i] = b.reaches[i * b.units + target] === 1 ? ATTACK : STOP;
    if (b.command[i] === STOP) b.target[i] = -1;
  }
}

/** Plays the ticks of one step, then pays SMAC's reward and ends the episode if SMAC would. */
function play(w: World): void {
  const { b } = w;
  const { allies, units, health, shield, before, alive, clock } = b;
  for (let j = allies; j < units; j++) before[j - allies] = health[j] + shield[j];
  b.fired.fill(-1);
  findBends(w);
  for (let tick = 0; tick < TICKS_PER_STEP; tick++) playTick(w);

  let reward = 0;
  let livingAllies = 0;
  let fightingAllies = 0;
  let livingEnemies = 0;
  for (let j = allies; j < units; j++) {
    const was = before[j - allies];
    if (alive[j] === 1) {
      reward += was - health[j] - shield[j];
      livingEnemies++;
    } else if (was > 0) reward += was + 10;
  }
  for (let i = 0; i < allies; i++) {
    livingAllies += alive[i];
    if (b.heals[i] === 0) fightingAllies += alive[i];
  }
  // SMAC takes the absolute value, so that what the enemy regains is rewarded as well.
  reward = Math.abs(reward);
  const won = livingEnemies === 0 && livingAllies > 0 && fightingAllies > 0;
  const healerLeft = livingEnemies === 1 && fightingAllies > 0 && onlyHealerLeft(b);
  if (won || healerLeft) reward += 200;
  b.totals[0] = reward / (b.maxReward / 20);
  clock[2] = won || healerLeft ? 1 : 0;
  clock[1] = won || healerLeft || fightingAllies === 0 || livingEnemies === 0 ? 1 : 0;
}

/** Tells whether only a healer is left to the enemy, which SMAC counts as won. */
function onlyHealerLeft(b: Battle): boolean {
  for (let j = b.allies; j < b.units; j++) if (b.alive[j] === 1) return b.heals[j] === 1;
  return false;
}

function playTick(w: World): void {
  const { b, hits, aim } = w;
  const { units, allies, alive, x, y, vx, vy, cooldown, windup, flight, target, command, busy, heals, reach, radius } =
    b;
  let hitCount = 0;
  b.clock[4] += 1;
  // All hits of a tick land together, on units that are alive, so that two units can kill each other.
  for (let i = 0; i < units; i++) {
    if (flight[i] > 0) {
      flight[i] -= 1;
      if (b.beam[i] === 1 && flight[i] === BURN) mark(b, i);
      if (flight[i] === 0) hits[hitCount++] = -1 - i;
    }
    if (windup[i] > 0) {
      const t = target[i];
      const slack = reach[i] + radius[t] + b.slack[i];
      const dx = x[t] - x[i];
      const dy = y[t] - y[i];
      if (dx * dx + dy * dy > slack * slack) calmDown(b, i);
      else {
        windup[i] -= 1;
        if (windup[i] === 0) hits[hitCount++] = i;
      }
    }
  }
  for (let k = 0; k < hitCount; k++) {
    if (hits[k] >= 0) shoot(b, hits[k]);
    else land(b, -1 - hits[k]);
  }
  if (hitCount > 0) bury(b);
  chooseTargets(b, hitCount > 0);
  for (let i = 0; i < units; i++) {
    vx[i] = 0;
    vy[i] = 0;
    if (alive[i] === 0) continue;
    if (busy[i] > 0) busy[i] -= 1;
    if (cooldown[i] > 0) cooldown[i] -= 1;
    if (heals[i] === 1) {
      decideHealer(w, i);
      continue;
    }
    const t = target[i];
    if (t >= 0 && alive[t] === 0) {
      // Only agents keep a dead target, because they have orders and stand once these are done.
      target[i] = -1;
      command[i] = STOP;
      calmDown(b, i);
      continue;
    }
    if (t < 0) {
      if (command[i] === MOVE) {
        aim[0] = b.goalX[i];
        aim[1] = b.goalY[i];
        walk(w, i);
      } else if (command[i] === ATTACK_MOVE) advance(w, i);
      continue;
    }
    const dx = x[t] - x[i];
    const dy = y[t] - y[i];
    const squared = dx * dx + dy * dy;
    const range = reach[i] + radius[t];
    if (windup[i] > 0) continue;
    if (squared > range * range) {
      if (busy[i] > 0 || (i >= allies && b.settled[i] === 1 && reach[i] - radius[i] >= MELEE)) continue;
      aim[0] = x[t];
      aim[1] = y[t];
      walkAround(w, i);
      continue;
    }
    b.settled[i] = 1;
    const facing = turn(b, i, t);
    if (facing === 1 && cooldown[i] <= 0) {
      cooldown[i] = b.period[i] + DELAY_MIN + ((nextWord(b.random) >>> 0) / WORDS) * (DELAY_MAX - DELAY_MIN);
      windup[i] = Math.max(1, b.damagePoint[i]);
    }
  }
  w.moveAll();
  if (w.areRestored) recover(b);
}

/**
 * Cosine and sine of the angle that a unit turns in a tick, and cosine of the angle within which it fires (TurningRate
 * 999.8437 degrees a second, ArcSlop 11.25).
 */
const TURN_COS = Math.cos((999.8437 / 16 / 180) * Math.PI);
const TURN_SIN = Math.sin((999.8437 / 16 / 180) * Math.PI);
const FACING_COS = Math.cos((11.25 / 180) * Math.PI);

/**
 * Turns unit `i` towards unit `t` as far as it can turn in one tick.
 * @returns 1 if it may fire
 */
function turn(b: Battle, i: number, t: number): number {
  const { faceX, faceY } = b;
  const dx = b.x[t] - b.x[i];
  const dy = b.y[t] - b.y[i];
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length === 0) return 1;
  const along = (dx * faceX[i] + dy * faceY[i]) / length;
  if (along >= TURN_COS) {
    faceX[i] = dx / length;
    faceY[i] = dy / length;
    return 1;
  }
  const sine = dy * faceX[i] - dx * faceY[i] >= 0 ? TURN_SIN : -TURN_SIN;
  const fx = faceX[i] * TURN_COS - faceY[i] * sine;
  const fy = faceX[i] * sine + faceY[i] * TURN_COS;
  faceX[i] = fx;
  faceY[i] = fy;
  return (dx * fx + dy * fy) / length >= FACING_COS ? 1 : 0;
}

/** Ticks from the start of a colossus's sweep to its middle, and from touching a unit to burning it. */
const SWEEP = 1;
const BURN = 4;

/** Fires the weapon of unit `i`: its shot, the first strike, or the sweep of the beam. */
function shoot(b: Battle, i: number): void {
  const t = b.target[i];
  if (t < 0) return;
  b.fired[i] = t;
  b.struck[i] = t;
  b.busy[i] = b.backswing[i];
  if (b.beam[i] === 1) {
    b.beamX[i] = b.x[t];
    b.beamY[i] = b.y[t];
    b.flight[i] = SWEEP + BURN;
  } else if (b.missile[i] > 0) {
    const dx = b.x[t] - b.x[i];
    const dy = b.y[t] - b.y[i];
    b.flight[i] = Math.ceil((Math.sqrt(dx * dx + dy * dy) - b.radius[t]) / b.missile[i]);
  } else if (b.secondStrike[i] > 0) {
    wound(b, i, t, 1);
    b.flight[i] = b.secondStrike[i];
  } else wound(b, i, t, b.attacks[i]);
}

/** Lets what unit `i` fired hit. */
function land(b: Battle, i: number): void {
  const t = b.struck[i];
  if (b.beam[i] === 0) {
    if (b.alive[t] === 0) return;
    if (b.missile[i] > 0) wound(b, i, t, b.attacks[i]);
    else if (b.alive[i] === 1) wound(b, i, t, 1);
    return;
  }
  const bit = 1 << (i & 31);
  const first = i < b.allies ? b.allies : 0;
  const end = i < b.allies ? b.units : b.allies;
  for (let j = first; j < end; j++) {
    if ((b.burning[j] & bit) === 0) continue;
    b.burning[j] &= ~bit;
    if (b.alive[j] === 1) wound(b, i, j, b.attacks[i]);
  }
}

/** Marks the target of unit `i`'s beam and whoever stands on its line as touched. */
function mark(b: Battle, i: number): void {
  const bit = 1 << (i & 31);
  const first = i < b.allies ? b.allies : 0;
  const end = i < b.allies ? b.units : b.allies;
  for (let j = first; j < end; j++) {
    if (b.alive[j] === 1 && b.reaches[i * b.units + j] === 1 && (j === b.struck[i] || inBeam(b, i, j)))
      b.burning[j] |= bit;
  }
}

function wound(b: Battle, i: number, j: number, attacks: number): void {
  strike(b, i, j, LEAST_DAMAGE, SHIELD_DELAY * TICKS_PER_SECOND, attacks);
  // A unit that is hit without having a target looks for one at once, and calls its comrades.
  if (j < b.allies || b.alive[i] === 0) return;
  const { units, x, y, alive, target, heals, reaches } = b;
  const call = b.habits.callForHelp;
  for (let k = b.allies; k < units; k++) {
    if (alive[k] === 0 || target[k] >= 0 || heals[k] === 1 || reaches[k * units + i] === 0) continue;
    const dx = x[k] - x[j];
    const dy = y[k] - y[j];
    if (dx * dx + dy * dy > call * call) continue;
    if (k === j) b.alarmed[k] = -1 - i;
    else if (b.alarmed[k] === 0) b.alarmed[k] = 1 + i;
  }
}

/** Marks the dead. */
function bury(b: Battle): void {
  const { units, alive, health } = b;
  for (let i = 0; i < units; i++) {
    if (alive[i] === 0 || health[i] > 0) continue;
    alive[i] = 0;
    b.diedAt[i] = b.clock[4];
    b.target[i] = -1;
    b.windup[i] = 0;
    b.vx[i] = 0;
    b.vy[i] = 0;
  }
}

/** Regenerates shields, health and energy. */
function recover(b: Battle): void {
  const { units, alive, health, maxHealth, shield, maxShield, shieldDelay, regeneration, energy, heals } = b;
  for (let i = 0; i < units; i++) {
    if (alive[i] === 0) continue;
    if (shieldDelay[i] > 0) shieldDelay[i] -= 1;
    else if (shield[i] < maxShield[i]) {
      shield[i] = Math.min(shield[i] + SHIELD_PER_SECOND / TICKS_PER_SECOND, maxShield[i]);
    }
    if (regeneration[i] > 0) health[i] = Math.min(health[i] + regeneration[i], maxHealth[i]);
    if (heals[i] === 1) energy[i] = Math.min(energy[i] + ENERGY_PER_SECOND / TICKS_PER_SECOND, ENERGY_MAX);
  }
}
