import { ATTACK_MOVE, TICKS_PER_STEP } from "./battle.js";
import type { Battle } from "./battle.js";
import { canWalk, headFor } from "./ground.js";
import type { Ground } from "./ground.js";

/** A unit that chases another around cliffs looks for a new bend after this many steps. */
const LOOK_AGAIN = 4;

/**
 * A battle and what else its ticks need. Functions pass numbers that are no small integers to each other in these
 * arrays, not as arguments, because V8 would allocate each of those.
 */
export interface World {
  readonly b: Battle;
  /** Moves all units for one tick; see motion.c. */
  readonly moveAll: () => void;
  /** Whether any unit regains shields, health or energy. */
  readonly areRestored: boolean;
  /** The ground on which each unit can be. [units] */
  readonly grounds: readonly Ground[];
  /** Units whose shots hit in this tick. */
  readonly hits: Int32Array;
  /** For `walk`: [x, y]. */
  readonly aim: Float64Array;
  /** For `canWalk` and `headFor`: [x, y, toX, toY]. */
  readonly line: Float64Array;
}

/** Sets the velocity of unit `i` towards (aim[0], aim[1]), or towards the bend before it; see `walk`. */
export function walkAround(w: World, i: number): void {
  const { b, aim } = w;
  if (b.bendX[i] >= 0) {
    const dx = b.bendX[i] - b.x[i];
    const dy = b.bendY[i] - b.y[i];
    if (dx * dx + dy * dy < 0.36) {
      const goalX = aim[0];
      const goalY = aim[1];
      w.line[0] = b.x[i];
      w.line[1] = b.y[i];
      w.line[2] = goalX;
      w.line[3] = goalY;
      if (canWalk(w.grounds[i], w.line)) {
        b.bendX[i] = -1;
        aim[0] = goalX;
        aim[1] = goalY;
        walk(w, i);
        return;
      }
      headFor(w.grounds[i], w.line, aim);
      b.bendX[i] = aim[0];
      b.bendY[i] = aim[1];
    }
    aim[0] = b.bendX[i];
    aim[1] = b.bendY[i];
  }
  walk(w, i);
}

/** Sets the velocity of unit `i` straight towards (aim[0], aim[1]): a whole step, unless the goal is nearer. */
export function walk(w: World, i: number): void {
  const { b, aim } = w;
  const dx = aim[0] - b.x[i];
  const dy = aim[1] - b.y[i];
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length === 0) return;
  const stride = Math.min(b.speed[i], length);
  b.faceX[i] = dx / length;
  b.faceY[i] = dy / length;
  b.vx[i] = b.faceX[i] * stride;
  b.vy[i] = b.faceY[i] * stride;
}

/** Finds, once a step, the bend that each chasing unit has to pass, or -1 if it can walk straight. */
export function findBends(w: World): void {
  const { b, aim, line } = w;
  for (let i = 0; i < b.units; i++) {
    const ground = w.grounds[i];
    if (b.alive[i] === 0 || ground.box !== null) continue;
    let goalX = b.goalX[i];
    let goalY = b.goalY[i];
    let t = b.target[i];
    if (t < 0 && b.command[i] === ATTACK_MOVE && b.map.enemyFollows) t = nearestLiving(b, i, 0, b.allies);
    if (t >= 0) {
      goalX = b.x[t];
      goalY = b.y[t];
    } else if (b.command[i] !== ATTACK_MOVE) {
      b.bendX[i] = -1;
      continue;
    }
    line[0] = b.x[i];
    line[1] = b.y[i];
    line[2] = goalX;
    line[3] = goalY;
    if (canWalk(ground, line)) {
      b.bendX[i] = -1;
      continue;
    }
    const toBendX = b.bendX[i] - line[0];
    const toBendY = b.bendY[i] - line[1];
    const near = 2 * TICKS_PER_STEP * b.speed[i];
    const isDue = (b.clock[0] + i) % LOOK_AGAIN === 0;
    if (b.bendX[i] >= 0 && !isDue && toBendX * toBendX + toBendY * toBendY > near * near) continue;
    headFor(ground, line, aim);
    b.bendX[i] = aim[0];
    b.bendY[i] = aim[1];
  }
}

/** Returns the living unit of [first, end) that is nearest to `i`, except for healers and `i` itself; -1 for none. */
export function nearestLiving(b: Battle, i: number, first: number, end: number): number {
  let nearest = -1;
  let least = Infinity;
  for (let j = first; j < end; j++) {
    if (b.alive[j] === 0 || j === i || b.heals[j] === 1) continue;
    const dx = b.x[j] - b.x[i];
    const dy = b.y[j] - b.y[i];
    const squared = dx * dx + dy * dy;
    if (squared < least) {
      least = squared;
      nearest = j;
    }
  }
  return nearest;
}
