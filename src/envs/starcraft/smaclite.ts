import {
  AIR,
  ATTACK,
  ATTACK_MOVE,
  enlist,
  GROUND,
  MOVE,
  NONE,
  STOP,
  TICKS_PER_SECOND,
  TICKS_PER_STEP,
} from "./battle.js";
import type { Battle } from "./battle.js";
import type { Loops } from "./compiled/loops.js";
import { openCells } from "./ground.js";
import { MAP_SIZE } from "./observe.js";
import { addNeighbour, addObstacle, clearLines, mover, neighbour, solution, solve } from "./orca.js";
import { pcgInterval, seedPcg64 } from "./pcg64.js";
import { placeSquad } from "./placement.js";
import type { BattleRules } from "./rules.js";
import { BEAM_DEPTH, BEAM_WIDTH, ENERGY_MAX, ENERGY_PER_SECOND } from "./units.js";
import { HEAL_PER_SECOND, HEALTH_PER_ENERGY, SHIELD_DELAY, SHIELD_PER_SECOND } from "./units.js";

const TICK = 1 / TICKS_PER_SECOND;
/** Enemies notice allies whose edge is this near to their own centre. */
const SCAN = 5;
/** A healer takes up a new patient with at least this much energy. */
const ENERGY_TO_BEGIN = 5;
/** Distance at which an ally that shoots at an enemy from out of sight counts as a candidate. */
const FAR = 2e9;
/** The beam's victims are looked for among the units whose centre was this near when the tick began. */
const BEAM_REACH = Math.sqrt(BEAM_WIDTH * BEAM_WIDTH + BEAM_DEPTH * BEAM_DEPTH) / 2;

/**
 * Makes SMAClite's rules at commit 0d6abbe (its NumPy path), to be compared with SMAClite's play: instant turning and
 * hits, no path finding, reciprocal collision avoidance, and units processed in a new random order each tick. All times
 * are in seconds and speeds in cells a second; positions are rounded to single precision as in SMAClite.
 */
export function createSmacliteRules(b: Battle, loops: Loops): BattleRules {
  const terrain = b.map.terrain.smaclite;
  const open = openCells(terrain, ".");
  const allies = placeSquad([...b.radius.subarray(0, b.allies)], b.map.allyPoint, 1);
  const enemies = placeSquad([...b.radius.subarray(b.allies)], b.map.enemyPoint, -1);
  const w: World = {
    b,
    loops,
    places: Float64Array.from([...allies, ...enemies]),
    obstacles: Float64Array.from(rectanglesOf(open)),
    preferredX: new Float64Array(b.units),
    preferredY: new Float64Array(b.units),
    preferredSingle: new Uint8Array(b.units),
    nextX: new Float64Array(b.units),
    nextY: new Float64Array(b.units),
    nextSingle: new Uint8Array(b.units),
    startX: new Float64Array(b.units),
    startY: new Float64Array(b.units),
    present: new Uint8Array(b.units),
    attacking: new Uint8Array(b.units),
    previous: new Int32Array(b.units),
    searching: new Uint8Array(b.units),
    aim: new Float64Array(3),
    pay: new Float64Array(1),
  };
  return {
    open,
    reset: (seed) => reset(w, seed),
    order: (i, action) => order(b, i, action),
    play: () => play(w),
  };
}

/** Memory that a tick needs besides the episode. None of it outlives a tick. */
interface World {
  readonly b: Battle;
  readonly loops: Loops;
  /** Places of the units. [units, 2] */
  readonly places: Float64Array;
  /** Obstacles as left, bottom, width, height. [rectangles, 4] */
  readonly obstacles: Float64Array;
  readonly preferredX: Float64Array;
  readonly preferredY: Float64Array;
  readonly preferredSingle: Uint8Array;
  readonly nextX: Float64Array;
  readonly nextY: Float64Array;
  readonly nextSingle: Uint8Array;
  /** Positions, and who was alive, when the tick began. */
  readonly startX: Float64Array;
  readonly startY: Float64Array;
  readonly present: Uint8Array;
  /** 1 if the unit was in reach of its target when velocities were chosen. */
  readonly attacking: Uint8Array;
  /** The target in the tick before. */
  readonly previous: Int32Array;
  /** Enemies that had no target when the tick began. */
  readonly searching: Uint8Array;
  /** For `walk`: [x, y, speed]. */
  readonly aim: Float64Array;
  /** Reward of the step so far, unscaled. */
  readonly pay: Float64Array;
}

function reset(w: World, seed: number): void {
  const { b } = w;
  seedPcg64(b.random, seed);
  for (let i = 0; i < b.units; i++) {
    b.x[i] = Math.fround(w.places[2 * i]);
    b.y[i] = Math.fround(w.places[2 * i + 1]);
    enlist(b, i);
    b.single[i] = 1;
  }
}

function order(b: Battle, i: number, action: number): void {
  b.ordered[i] = -1;
  if (action === 0) b.command[i] = NONE;
  else if (action === 1) b.command[i] = STOP;
  else if (action < 6) {
    b.command[i] = MOVE;
    b.goalX[i] = b.x[i] + (action === 4 ? 2 : action === 5 ? -2 : 0);
    b.goalY[i] = b.y[i] + (action === 2 ? 2 : action === 3 ? -2 : 0);
  } else {
    b.command[i] = ATTACK;
    b.ordered[i] = action - 6 + (b.heals[i] === 1 ? 0 : b.allies);
  }
}

function play(w: World): void {
  const { b } = w;
  b.fired.fill(-1);
  w.pay[0] = 0;
  for (let tick = 0; tick < TICKS_PER_STEP; tick++) playTick(w);
  let allies = 0;
  let enemies = 0;
  for (let i = 0; i < b.units; i++) {
    if (i < b.allies) allies += b.alive[i];
    else enemies += b.alive[i];
  }
  if (enemies === 0) w.pay[0] += 200;
  b.totals[0] = w.pay[0] / (b.maxReward / 20);
  // If both sides die in the same tick, the battle counts as won.
  b.clock[2] = enemies === 0 ? 1 : 0;
  b.clock[1] = enemies === 0 || allies === 0 ? 1 : 0;
}

function playTick(w: World): void {
  const { b, present, startX, startY } = w;
  const { units, alive, x, y } = b;
  let healerAlive = false;
  let someSearch = false;
  for (let i = 0; i < units; i++) {
    present[i] = alive[i];
    startX[i] = x[i];
    startY[i] = y[i];
    if (alive[i] === 0) continue;
    checkTarget(w, i);
    if (i < b.allies) healerAlive ||= b.heals[i] === 1;
    else {
      w.searching[i] = b.target[i] === -1 ? 1 : 0;
      someSearch ||= w.searching[i] === 1 && b.heals[i] === 0;
    }
  }
  for (let i = 0; i < units; i++) if (alive[i] === 1) prefer(w, i, healerAlive, someSearch);
  for (let i = 0; i < units; i++) if (alive[i] === 1) avoid(w, i);
  const count = shuffle(b);
  for (let k = 0; k < count; k++) act(w, b.order[k]);
  for (let i = 0; i < units; i++) {
    if (alive[i] === 1 && b.health[i] === 0) alive[i] = 0;
  }
}

/** Drops a target that died or got away. Agents have the target of their order, if it lives. */
function checkTarget(w: World, i: number): void {
  const { b } = w;
  const { target, health } = b;
  const t = target[i];
  w.previous[i] = t;
  if (b.command[i] === ATTACK) {
    target[i] = health[b.ordered[i]] > 0 ? b.ordered[i] : -1;
    return;
  }
  if (b.command[i] !== ATTACK_MOVE) {
    target[i] = -1;
    return;
  }
  if (t < 0) return;
  if (health[t] === 0) target[i] = -1;
  // A target that attacks back is never dropped.
  else if (target[t] !== i && !inReach(b, i, t)) target[i] = -1;
}

/** Compares in single precision, as NumPy does. */
function inReach(b: Battle, i: number, t: number): boolean {
  const dx = Math.fround(Math.abs(Math.fround(b.x[i] - b.x[t])));
  const dy = Math.fround(Math.abs(Math.fround(b.y[i] - b.y[t])));
  const reach = b.types[i].range + b.radius[t] + b.radius[i];
  const single = Math.fround(reach);
  if (dx > single || dy > single) return false;
  if (Math.fround(dx + dy) <= single) return true;
  return Math.fround(Math.fround(dx * dx) + Math.fround(dy * dy)) <= Math.fround(reach * reach);
}

/** Chooses the velocity that a unit prefers and, for an enemy, its target. */
function prefer(w: World, i: number, healerAlive: boolean, someSearch: boolean): void {
  const { b, aim } = w;
  w.preferredX[i] = 0;
  w.preferredY[i] = 0;
  w.preferredSingle[i] = 0;
  w.attacking[i] = 0;
  aim[0] = b.goalX[i];
  aim[1] = b.goalY[i];
  aim[2] = b.speed[i];
  const command = b.command[i];
  if (command === MOVE) {
    walk(w, i, false);
    return;
  }
  if (command === ATTACK) {
    approach(w, i, b.ordered[i]);
    return;
  }
  if (command !== ATTACK_MOVE) return;
  if (b.heals[i] === 1) keepPace(w, i, someSearch);
  if (b.target[i] < 0) {
    b.target[i] = b.heals[i] === 1 ? choosePatient(w, i) : chooseTarget(w, i, true);
  } else if (b.heals[i] === 0 && healerAlive && b.heals[b.target[i]] === 0) {
    const better = chooseTarget(w, i, false);
    if (better >= 0) b.target[i] = better;
  }
  if (b.target[i] < 0) walk(w, i, false);
  else approach(w, i, b.target[i]);
}

function approach(w: World, i: number, t: number): void {
  const { b, aim } = w;
  if (b.reaches[i * b.units + t] === 1 && inReach(b, i, t)) {
    w.attacking[i] = 1;
    return;
  }
  aim[0] = b.x[t];
  aim[1] = b.y[t];
  walk(w, i, true);
}

/** Sets the velocity straight towards `aim` at the unit's speed. The way to a unit is computed in single precision. */
function walk(w: World, i: number, single: boolean): void {
  const { b, aim } = w;
  const dx = aim[0] - b.x[i];
  const dy = aim[1] - b.y[i];
  const speed = aim[2];
  if (single) {
    const sx = Math.fround(dx);
    const sy = Math.fround(dy);
    const length = Math.fround(Math.sqrt(Math.fround(Math.fround(sx * sx) + Math.fround(sy * sy))));
    if (length === 0) return;
    const s = Math.fround(speed);
    w.preferredSingle[i] = 1;
    w.preferredX[i] = Math.fround(Math.fround(sx * s) / length);
    w.preferredY[i] = Math.fround(Math.fround(sy * s) / length);
    return;
  }
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length === 0) return;
  w.preferredX[i] = (dx * speed) / length;
  w.preferredY[i] = (dy * speed) / length;
}

/** Slows an enemy healer down to the pace of the slowest unit that it considers. */
function keepPace(w: World, i: number, someSearch: boolean): void {
  const { b } = w;
  let speed = Infinity;
  if (w.searching[i] === 1) {
    const radius = SCAN + b.maxRadius;
    for (let j = b.allies; j < b.units; j++) {
      if (b.alive[j] === 0 || b.layer[j] === AIR) continue;
      const dx = w.startX[j] - w.startX[i];
      const dy = w.startY[j] - w.startY[i];
      if (Math.sqrt(dx * dx + dy * dy) <= radius && b.speed[j] < speed) speed = b.speed[j];
    }
  } else if (someSearch) {
    for (let j = 0; j < b.allies; j++) {
      if (b.alive[j] === 1 && b.target[j] === i && b.layer[j] === GROUND && b.speed[j] < speed) speed = b.speed[j];
    }
  }
  if (speed !== Infinity) w.aim[2] = speed;
}

/**
 * Chooses healers first, then the nearest, among the allies that are near enough and (with `all`) those that attack it
 * from afar.
 */
function chooseTarget(w: World, i: number, all: boolean): number {
  const { b } = w;
  let best = -1;
  let least = Infinity;
  let bestHeals = false;
  for (let j = 0; j < b.allies; j++) {
    if (b.alive[j] === 0 || b.health[j] <= 0 || b.reaches[i * b.units + j] === 0) continue;
    const isAttacker = b.target[j] === i;
    const dx = w.startX[j] - w.startX[i];
    const dy = w.startY[j] - w.startY[i];
    let distance = Math.sqrt(dx * dx + dy * dy);
    if (distance <= SCAN + b.maxRadius) {
      if (!(distance < SCAN + b.radius[j]) && !isAttacker) continue;
    } else if (all && isAttacker) distance = FAR;
    else continue;
    const heals = b.heals[j] === 1;
    if (best < 0 || (heals && !bestHeals) || (heals === bestHeals && distance < least)) {
      best = j;
      least = distance;
      bestHeals = heals;
    }
  }
  return best;
}

/** Chooses the weakest comrade nearby that is hurt or fighting. */
function choosePatient(w: World, i: number): number {
  const { b } = w;
  let best = -1;
  let least = Infinity;
  for (let j = b.allies; j < b.units; j++) {
    if (b.alive[j] === 0 || b.health[j] <= 0 || b.reaches[i * b.units + j] === 0) continue;
    const dx = w.startX[j] - w.startX[i];
    const dy = w.startY[j] - w.startY[i];
    const distance = Math.sqrt(dx * dx + dy * dy);
    if (!(distance <= SCAN + b.maxRadius && distance < SCAN + b.radius[j])) continue;
    if (b.health[j] < b.maxHealth[j] || b.target[j] >= 0) {
      if (b.health[j] < least) {
        least = b.health[j];
        best = j;
      }
    }
  }
  return best;
}

/** Turns the preferred velocity into one that collides with nobody. A unit that wants to stand stands. */
function avoid(w: World, i: number): void {
  const { b, preferredX, preferredY, nextX, nextY, obstacles } = w;
  const { x, y, vx, vy, single, alive, radius, layer, units } = b;
  const px = preferredX[i];
  const py = preferredY[i];
  nextX[i] = px;
  nextY[i] = py;
  w.nextSingle[i] = w.preferredSingle[i];
  if (px === 0 && py === 0) return;
  const xi = x[i];
  const yi = y[i];
  const ri = radius[i];
  clearLines();
  mover[0] = xi;
  mover[1] = yi;
  mover[2] = ri;
  mover[3] = vx[i];
  mover[4] = vy[i];
  mover[5] = b.speed[i];
  mover[6] = px;
  mover[7] = py;
  if (layer[i] === GROUND) {
    const range = ri + b.speed[i];
    for (let k = 0; k < obstacles.length; k += 4) {
      const halfWidth = obstacles[k + 2] / 2;
      const halfHeight = obstacles[k + 3] / 2;
      const dx = Math.abs(xi - obstacles[k] - halfWidth) - halfWidth;
      const dy = Math.abs(yi - obstacles[k + 1] - halfHeight) - halfHeight;
      if (dx > range || dy > range || (dx > 0 && dy > 0 && dx * dx + dy * dy > range * range)) continue;
      addObstacle(obstacles, k);
    }
  }
  const near = b.maxRadius + ri;
  for (let j = 0; j < units; j++) {
    if (j === i || alive[j] === 0 || layer[j] !== layer[i]) continue;
    const dx = x[j] - xi;
    const dy = y[j] - yi;
    if (dx * dx + dy * dy > near * near) continue;
    neighbour[0] = dx;
    neighbour[1] = dy;
    neighbour[2] = vx[j];
    neighbour[3] = vy[j];
    neighbour[4] = ri + radius[j];
    neighbour[5] = preferredX[j] !== 0 || preferredY[j] !== 0 ? 0.5 : 1;
    addNeighbour(single[i] === 1, single[j] === 1);
  }
  w.nextSingle[i] = solve(w.preferredSingle[i] === 1) ? 1 : 0;
  nextX[i] = solution[0];
  nextY[i] = solution[1];
}

/** Puts the living units into a random order, as NumPy's `Generator.shuffle` does, and returns how many there are. */
function shuffle(b: Battle): number {
  let count = 0;
  for (let i = 0; i < b.units; i++) if (b.alive[i] === 1) b.order[count++] = i;
  for (let k = count - 1; k > 0; k--) {
    const other = pcgInterval(b.random, k);
    const kept = b.order[k];
    b.order[k] = b.order[other];
    b.order[other] = kept;
  }
  return count;
}

/**
 * Moves a unit, lets it recover and, if it is ready and in reach, fire. A unit that was killed earlier in the tick does
 * not.
 */
function act(w: World, i: number): void {
  const { b } = w;
  if (b.health[i] === 0) return;
  b.vx[i] = w.nextX[i];
  b.vy[i] = w.nextY[i];
  b.single[i] = w.nextSingle[i];
  b.x[i] = Math.fround(b.x[i] + b.vx[i] * TICK);
  b.y[i] = Math.fround(b.y[i] + b.vy[i] * TICK);
  if (b.cooldown[i] > 0) b.cooldown[i] = Math.max(0, b.cooldown[i] - TICK);
  if (b.shieldDelay[i] > 0) b.shieldDelay[i] = Math.max(0, b.shieldDelay[i] - TICK);
  if (b.shieldDelay[i] === 0 && b.shield[i] < b.maxShield[i]) {
    b.shield[i] = Math.min(b.shield[i] + SHIELD_PER_SECOND * TICK, b.maxShield[i]);
  }
  if (b.heals[i] === 1 && b.energy[i] < ENERGY_MAX) {
    b.energy[i] = Math.min(b.energy[i] + ENERGY_PER_SECOND * TICK, ENERGY_MAX);
  }
  if (b.regeneration[i] > 0 && b.health[i] < b.maxHealth[i]) {
    b.health[i] = Math.min(b.health[i] + b.regeneration[i], b.maxHealth[i]);
  }
  if (w.attacking[i] === 0 || b.cooldown[i] > 0) return;
  b.cooldown[i] = b.period[i];
  // The target may have died meanwhile. A shot at a dead unit pays nothing and costs the full cooldown.
  const t = i < b.allies ? b.ordered[i] : b.target[i];
  b.fired[i] = t;
  if (b.heals[i] === 1) heal(w, i, t);
  else if (b.beam[i] > 0) burn(w, i, t);
  else wound(w, i, t);
}

function wound(w: World, i: number, t: number): void {
  const { b } = w;
  const lived = b.health[t] > 0;
  const taken = w.loops.strike(i, t, 0, SHIELD_DELAY, b.attacks[i]);
  if (t >= b.allies) w.pay[0] += taken + (lived && b.health[t] === 0 ? 10 : 0);
}

function burn(w: World, i: number, t: number): void {
  const { b, startX, startY, present } = w;
  const first = i < b.allies ? b.allies : 0;
  const end = i < b.allies ? b.units : b.allies;
  const tx = b.x[t];
  const ty = b.y[t];
  b.beamX[i] = tx;
  b.beamY[i] = ty;
  for (let j = first; j < end; j++) {
    if (present[j] === 0) continue;
    const dx = startX[j] - tx;
    const dy = startY[j] - ty;
    if (dx * dx + dy * dy <= BEAM_REACH * BEAM_REACH && w.loops.isInBeam(i, j)) wound(w, i, j);
  }
}

function heal(w: World, i: number, t: number): void {
  const { b } = w;
  const isNew = w.previous[i] !== b.target[i];
  if ((isNew && b.energy[i] < ENERGY_TO_BEGIN) || b.health[t] === b.maxHealth[t]) {
    b.target[i] = -1;
    return;
  }
  const wanted = Math.min(b.maxHealth[t] - b.health[t], HEAL_PER_SECOND * TICK);
  if (b.healing[i] < wanted) {
    const spent = Math.min(1, b.energy[i]);
    b.energy[i] -= spent;
    b.healing[i] += spent * HEALTH_PER_ENERGY;
  }
  const given = Math.min(wanted, b.healing[i]);
  b.healing[i] -= given;
  b.health[t] += given;
}

/**
 * Returns SMAClite's obstacles: the closed cells as rectangles, grown east and then north from each cell that is not in
 * one yet.
 */
function rectanglesOf(open: Uint8Array): number[] {
  const seen = new Uint8Array(MAP_SIZE * MAP_SIZE);
  const isOpen = (x: number, y: number): boolean => open[y * MAP_SIZE + x] === 1;
  const rectangles: number[] = [];
  for (let y = 0; y < MAP_SIZE; y++) {
    for (let x = 0; x < MAP_SIZE; x++) {
      if (seen[y * MAP_SIZE + x] === 1 || isOpen(x, y)) continue;
      let right = x + 1;
      while (right < MAP_SIZE && !isOpen(right, y)) right++;
      let top = y + 1;
      while (top < MAP_SIZE && !rowHasOpen(isOpen, x, right, top)) top++;
      for (let v = y; v < top; v++) seen.fill(1, v * MAP_SIZE + x, v * MAP_SIZE + right);
      rectangles.push(x, y, right - x, top - y);
    }
  }
  return rectangles;
}

function rowHasOpen(isOpen: (x: number, y: number) => boolean, left: number, right: number, y: number): boolean {
  for (let x = left; x < right; x++) if (isOpen(x, y)) return true;
  return false;
}
