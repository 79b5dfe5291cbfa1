import { ATTACK_MOVE, GROUND, TICKS_PER_STEP } from "./battle.js";
import type { Battle } from "./battle.js";
import { canWalk, FINE, FINE_SIZE, headFor } from "./ground.js";
import type { Ground } from "./ground.js";
import { MAP_SIZE } from "./observe.js";

/** A chase around cliffs looks for a new bend every so many steps. */
const LOOK_AGAIN = 4;
/** Of the way that a walker loses to one in front, this much goes sideways. */
const GIVE_WAY = 0.7;

/**
 * A battle and what its ticks need besides. Numbers that are no small integers travel between functions in arrays
 * here, not as arguments: V8 would allocate each of those.
 */
export interface World {
  readonly b: Battle;
  /** Where each unit can be. [units] */
  readonly grounds: readonly Ground[];
  /** Units whose shots hit in this tick. */
  readonly hits: Int32Array;
  /** For `walk`: [x, y, cells that are missing or 0]. */
  readonly aim: Float64Array;
  /** For `shift`: [dx, dy]. */
  readonly push: Float64Array;
  /** For `goAround`: who walks; who stands, and where; from a walker to each of them near it, and by what it has to clear him. [units] */
  readonly walking: Int32Array;
  readonly standing: Int32Array;
  readonly standX: Float64Array;
  readonly standY: Float64Array;
  readonly nearX: Float64Array;
  readonly nearY: Float64Array;
  readonly nearRoom: Float64Array;
  /** For `separate`: where units are, by x. [units] */
  readonly sweepX: Float64Array;
  readonly sweepY: Float64Array;
  /** Where everyone stood before this tick's steps. [units] */
  readonly wasX: Float64Array;
  readonly wasY: Float64Array;
  /** For `canWalk` and `headFor`: [x, y, toX, toY]. */
  readonly line: Float64Array;
}

/** Sets the velocity of unit `i` at (aim[0], aim[1]), or at the bend before it; see `walk`. */
export function walkAround(w: World, i: number): void {
  const { b, aim } = w;
  if (b.bendX[i]! >= 0) {
    const dx = b.bendX[i]! - b.x[i]!;
    const dy = b.bendY[i]! - b.y[i]!;
    if (dx * dx + dy * dy < 0.36) {
      const goalX = aim[0]!;
      const goalY = aim[1]!;
      const missing = aim[2]!;
      w.line[0] = b.x[i]!;
      w.line[1] = b.y[i]!;
      w.line[2] = goalX;
      w.line[3] = goalY;
      if (canWalk(w.grounds[i]!, w.line)) {
        b.bendX[i] = -1;
        aim[0] = goalX;
        aim[1] = goalY;
        aim[2] = missing;
        walk(w, i);
        return;
      }
      headFor(w.grounds[i]!, w.line, aim);
      b.bendX[i] = aim[0]!;
      b.bendY[i] = aim[1]!;
    }
    aim[0] = b.bendX[i]!;
    aim[1] = b.bendY[i]!;
    aim[2] = 0;
  }
  walk(w, i);
}

/** Sets the velocity of unit `i` straight at (aim[0], aim[1]); no faster than aim[2] a tick unless that is 0. */
export function walk(w: World, i: number): void {
  const { b, aim } = w;
  const dx = aim[0]! - b.x[i]!;
  const dy = aim[1]! - b.y[i]!;
  const missing = aim[2]!;
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length === 0) return;
  let stride = b.speed[i]!;
  if (missing > 0 && missing < stride) stride = missing + 1e-6;
  if (length < stride) stride = length;
  b.faceX[i] = dx / length;
  b.faceY[i] = dy / length;
  b.vx[i] = b.faceX[i]! * stride;
  b.vy[i] = b.faceY[i]! * stride;
}

/** Finds, once a step, the bend that each chasing unit has to pass; -1 where it can walk straight. */
export function findBends(w: World): void {
  const { b, aim, line } = w;
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
    line[0] = b.x[i]!;
    line[1] = b.y[i]!;
    line[2] = goalX;
    line[3] = goalY;
    if (canWalk(ground, line)) {
      b.bendX[i] = -1;
      continue;
    }
    const toBendX = b.bendX[i]! - line[0]!;
    const toBendY = b.bendY[i]! - line[1]!;
    const near = 2 * TICKS_PER_STEP * b.speed[i]!;
    const isDue = (b.clock[0]! + i) % LOOK_AGAIN === 0;
    if (b.bendX[i]! >= 0 && !isDue && toBendX * toBendX + toBendY * toBendY > near * near) continue;
    headFor(ground, line, aim);
    b.bendX[i] = aim[0]!;
    b.bendY[i] = aim[1]!;
  }
}

/** The living unit of [first, end) that is nearest to `i`, healers and `i` itself aside; -1 for none. */
export function nearestLiving(b: Battle, i: number, first: number, end: number): number {
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

/** Holds unit `i` to the speed that it has reached; whoever stands begins anew. */
function gainSpeed(b: Battle, i: number): void {
  const { vx, vy, pace, acceleration } = b;
  const wanted = Math.sqrt(vx[i]! * vx[i]! + vy[i]! * vy[i]!);
  if (wanted === 0) {
    pace[i] = 0;
    return;
  }
  pace[i] = Math.min(wanted, pace[i]! + acceleration[i]!);
  vx[i]! *= pace[i]! / wanted;
  vy[i]! *= pace[i]! / wanted;
}

/** Moves everyone who walks. */
export function move(w: World): void {
  const { b, push, wasX, wasY } = w;
  const { units, alive, vx, vy } = b;
  for (let i = 0; i < units; i++) {
    wasX[i] = b.x[i]!;
    wasY[i] = b.y[i]!;
    if (b.acceleration[i] !== 0) gainSpeed(b, i);
    if (alive[i] === 1 && (vx[i] !== 0 || vy[i] !== 0)) {
      push[0] = vx[i]!;
      push[1] = vy[i]!;
      shift(w, i);
    }
  }
}

/** Moves unit `i` by `push` as far as the ground lets it, sliding along what is closed. */
function shift(w: World, i: number): void {
  const { b, push } = w;
  const { box, clear } = w.grounds[i]!;
  const x = b.x[i]! + push[0]!;
  const y = b.y[i]! + push[1]!;
  if (box !== null) {
    b.x[i] = Math.min(Math.max(x, box[0]!), box[1]!);
    b.y[i] = Math.min(Math.max(y, box[2]!), box[3]!);
    return;
  }
  const column = x >= 0 && x < MAP_SIZE ? (x * FINE) | 0 : -1;
  const row = y >= 0 && y < MAP_SIZE ? (y * FINE) | 0 : -1;
  const ownColumn = (b.x[i]! * FINE) | 0;
  const ownRow = (b.y[i]! * FINE) | 0;
  if (column >= 0 && row >= 0 && clear[row * FINE_SIZE + column] === 1) {
    b.x[i] = x;
    b.y[i] = y;
  } else if (column >= 0 && clear[ownRow * FINE_SIZE + column] === 1) b.x[i] = x;
  else if (row >= 0 && clear[row * FINE_SIZE + ownColumn] === 1) b.y[i] = y;
}

/**
 * Pushes overlapping units of one layer apart, once a tick. Who stands to fight is not pushed by who walks; who walks
 * into another gives way sideways, so that crowds flow around those in front: on the side it leans to, by its index when
 * it heads straight at the other.
 */
export function separate(w: World): void {
  const { b, push, sweepX, sweepY } = w;
  const { units, x, y, vx, vy, alive, layer, separation, layerSeparation, order, speed } = b;
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
  for (let k = 0; k < living; k++) {
    sweepX[k] = x[order[k]!]!;
    sweepY[k] = y[order[k]!]!;
  }
  const widest = b.maxSeparation;
  for (let k = 0; k < living; k++) {
    const i = order[k]!;
    const own = separation[i]!;
    const reach = own + widest;
    const touching = (own + layerSeparation[i]!) * (own + layerSeparation[i]!);
    const vxi = vx[i]!;
    const vyi = vy[i]!;
    const iWalks = vxi !== 0 || vyi !== 0;
    let xi = x[i]!;
    let yi = y[i]!;
    for (let m = k + 1; m < living; m++) {
      const dx = sweepX[m]! - xi;
      if (dx >= reach) break;
      const dy = sweepY[m]! - yi;
      const squared = dx * dx + dy * dy;
      if (squared >= touching) continue;
      const j = order[m]!;
      const both = own + separation[j]!;
      if (squared >= both * both || layer[i] !== layer[j]) continue;
      const distance = Math.sqrt(squared);
      // Exactly on top of one another: apart along x, the lower index to the left.
      const nx = distance > 0 ? dx / distance : i < j ? 1 : -1;
      const ny = distance > 0 ? dy / distance : 0;
      const overlap = both - distance;
      const vxj = vx[j]!;
      const vyj = vy[j]!;
      const jWalks = vxj !== 0 || vyj !== 0;
      const iAhead = vxi * nx + vyi * ny;
      const jAhead = -(vxj * nx + vyj * ny);
      let share = iWalks === jWalks ? 0.5 : iWalks ? 1 : 0;
      if (iWalks && jWalks) {
        // The faster, who walks into the back of a slower one, waits; the slower is not pushed along.
        if (iAhead > 0 && jAhead <= 0 && speed[i]! > speed[j]!) share = 1;
        else if (jAhead > 0 && iAhead <= 0 && speed[j]! > speed[i]!) share = 0;
      }
      push[0] = -nx * overlap * share;
      push[1] = -ny * overlap * share;
      if (iWalks && iAhead > 0) {
        const lean = vyi * nx - vxi * ny;
        const side = lean > 1e-9 ? 1 : lean < -1e-9 ? -1 : (i & 1) === 0 ? 1 : -1;
        push[0]! += -ny * side * iAhead * GIVE_WAY;
        push[1]! += nx * side * iAhead * GIVE_WAY;
      }
      if (push[0] !== 0 || push[1] !== 0) {
        shift(w, i);
        xi = x[i]!;
        yi = y[i]!;
      }
      push[0] = nx * overlap * (1 - share);
      push[1] = ny * overlap * (1 - share);
      if (jWalks && jAhead > 0) {
        const lean = vxj * ny - vyj * nx;
        const side = lean > 1e-9 ? 1 : lean < -1e-9 ? -1 : (j & 1) === 0 ? 1 : -1;
        push[0]! += ny * side * jAhead * GIVE_WAY;
        push[1]! += -nx * side * jAhead * GIVE_WAY;
      }
      if (push[0] !== 0 || push[1] !== 0) {
        shift(w, j);
        sweepX[m] = x[j]!;
        sweepY[m] = y[j]!;
      }
    }
  }
}

/** Nobody is pushed along faster than he walks. */
export function hold(w: World): void {
  const { b, wasX, wasY } = w;
  const { units, alive, vx, vy, x, y, speed } = b;
  for (let i = 0; i < units; i++) {
    if (alive[i] === 0 || (vx[i] === 0 && vy[i] === 0)) continue;
    const dx = x[i]! - wasX[i]!;
    const dy = y[i]! - wasY[i]!;
    const squared = dx * dx + dy * dy;
    const most = speed[i]!;
    if (squared <= most * most) continue;
    const part = most / Math.sqrt(squared);
    x[i] = wasX[i]! + dx * part;
    y[i] = wasY[i]! + dy * part;
  }
}

/** Cells ahead that a walker looks for units that stand in its way, and by how much it may graze them. */
const LOOK_AHEAD = 2;
const GRAZE = 0.03;
/** Directions that it tries instead, in turns of 15 degrees to each side. */
const TURNS = 8;
const turnCos = Float64Array.from({ length: TURNS + 1 }, (_, k) => Math.cos((k * Math.PI) / 12));
const turnSin = Float64Array.from({ length: TURNS + 1 }, (_, k) => Math.sin((k * Math.PI) / 12));

/** Turns walkers around units that stand in their way, before they touch them: to the side they took last, if both are as good. */
export function goAround(w: World): void {
  const { b, walking, standing, standX, standY, nearX, nearY, nearRoom } = w;
  const { units, alive, vx, vy, x, y, layer, separation, target, side, layerSeparation } = b;
  let stand = 0;
  let walkers = 0;
  for (let j = 0; j < units; j++) {
    if (alive[j] === 0 || layer[j] !== GROUND) continue;
    if (vx[j] !== 0 || vy[j] !== 0) walking[walkers++] = j;
    else {
      standing[stand] = j;
      standX[stand] = x[j]!;
      standY[stand++] = y[j]!;
    }
  }
  if (stand === 0) return;
  for (let n = 0; n < walkers; n++) {
    const i = walking[n]!;
    const vxi = vx[i]!;
    const vyi = vy[i]!;
    const t = target[i]!;
    const xi = x[i]!;
    const yi = y[i]!;
    const own = separation[i]!;
    let look = LOOK_AHEAD;
    if (t >= 0) {
      const dx = x[t]! - xi;
      const dy = y[t]! - yi;
      const squared = dx * dx + dy * dy;
      if (squared < look * look) look = Math.sqrt(squared);
    }
    look += 0.5;
    const stride = Math.sqrt(vxi * vxi + vyi * vyi);
    const ux = vxi / stride;
    const uy = vyi / stride;
    // Whoever is farther off than this cannot be in the way, in any direction.
    const far = look * look + (own + layerSeparation[i]!) * (own + layerSeparation[i]!);
    let isFree = true;
    let count = 0;
    for (let k = 0; k < stand; k++) {
      const dx = standX[k]! - xi;
      const dy = standY[k]! - yi;
      if (dx * dx + dy * dy > far) continue;
      const j = standing[k]!;
      if (j === t) continue;
      const room = own + separation[j]! - GRAZE;
      nearX[count] = dx;
      nearY[count] = dy;
      nearRoom[count++] = room;
      const along = dx * ux + dy * uy;
      const across = dx * uy - dy * ux;
      if (along > 0 && along <= look && across < room && across > -room) isFree = false;
    }
    if (isFree) {
      side[i] = 0;
      continue;
    }
    const taken = side[i]!;
    let blocker = 0;
    for (let turn = 1; turn <= 2 * TURNS && !isFree; turn++) {
      // Once on one side of somebody, all of that side is tried first.
      const angle = taken === 0 ? (turn + 1) >> 1 : turn <= TURNS ? turn : turn - TURNS;
      const sign = taken === 0 ? ((turn & 1) === 1 ? -1 : 1) : turn <= TURNS ? taken : -taken;
      const cosine = turnCos[angle]!;
      const sine = sign * turnSin[angle]!;
      const dx = ux * cosine - uy * sine;
      const dy = ux * sine + uy * cosine;
      isFree = true;
      // Who was in the way of the last direction is likely to be in that of the next, and is looked at first.
      for (let k = 0, m = blocker; k < count; k++, m = m + 1 < count ? m + 1 : 0) {
        const px = nearX[m]!;
        const py = nearY[m]!;
        const along = px * dx + py * dy;
        if (along <= 0 || along > look) continue;
        const across = px * dy - py * dx;
        const room = nearRoom[m]!;
        if (across < room && across > -room) {
          isFree = false;
          blocker = m;
          break;
        }
      }
      if (isFree) {
        side[i] = sign;
        vx[i] = dx * stride;
        vy[i] = dy * stride;
      }
    }
  }
}
