import { MAP_SIZE } from "./observe.js";

/** Points to a cell of the clearance map, along one axis. */
export const FINE = 8;
export const FINE_SIZE = MAP_SIZE * FINE;
/** Distance between two looks along a line of walk, in cells. */
const LOOK = 0.15;
/**
 * Number of goals whose ways are kept. Units that walk in formation have one each, and those that chase one unit share
 * theirs. A power of 2.
 */
const GOALS = 512;
/** A bend nearer than this has been passed. */
const AT_BEND = 0.05;

/** Returns the cells that terrain marks as open to `crosses`. */
export function openCells(terrain: readonly string[], crosses: string): Uint8Array {
  const open = new Uint8Array(MAP_SIZE * MAP_SIZE);
  for (let y = 0; y < MAP_SIZE; y++) {
    const row = terrain[MAP_SIZE - 1 - y];
    for (let x = 0; x < MAP_SIZE; x++) open[y * MAP_SIZE + x] = Number(crosses.includes(row[x]));
  }
  return open;
}

/** Where the centre of a unit of one size can be, and the ways around what is closed. */
export interface Ground {
  /**
   * [left, right, bottom, top] if the open cells are one rectangle: clamping is then enough, and no way is ever needed.
   */
  readonly box: Float64Array | null;
  /** 1 where the centre can be, [FINE_SIZE, FINE_SIZE]. */
  readonly clear: Uint8Array;
  /** How many looks along a line can be left out from each clear fine point on, because nothing closed is that near. */
  readonly skips: Uint8Array;
  /** Index of the nearest clear point for every fine point. */
  readonly nearest: Int32Array;
  /** Convex corners of the closed cells, moved out by the unit's size. Shortest ways bend only at these. */
  readonly cornerX: Float64Array;
  readonly cornerY: Float64Array;
  /** Length of the shortest way between two corners, [corners, corners]. */
  readonly between: Float64Array;
  /**
   * Length of the shortest way from each corner to goals that were asked for before, [GOALS, corners], and those goals,
   * [GOALS, 2].
   */
  readonly toGoal: Float64Array;
  readonly goals: Float64Array;
  /** The line that is looked along: [x, y, toX, toY]. */
  readonly look: Float64Array;
  /** For `headFor`: the length of the way over each corner. */
  readonly ways: Float64Array;
}

/** Prepares the ground for units of one radius (in cells). This takes some tens of milliseconds if there are cliffs. */
export function createGround(open: Uint8Array, radius: number): Ground {
  const box = boxOf(open, radius);
  const clear = box === null ? clearPoints(open, radius) : new Uint8Array(0);
  const nearest = box === null ? nearestPoints(clear) : new Int32Array(0);
  const corners = box === null ? cornersOf(open, radius) : [];
  const ground = {
    box,
    clear,
    skips: skipsOf(clear),
    nearest,
    cornerX: Float64Array.from(corners, (corner) => corner[0]),
    cornerY: Float64Array.from(corners, (corner) => corner[1]),
    between: new Float64Array(corners.length * corners.length),
    toGoal: new Float64Array(box === null ? GOALS * corners.length : 0),
    goals: new Float64Array(box === null ? 2 * GOALS : 0).fill(-1),
    look: new Float64Array(4),
    ways: new Float64Array(corners.length),
  };
  connectCorners(ground);
  return ground;
}

/** Tells whether a unit can walk straight from (line[0], line[1]) to (line[2], line[3]). */
export function canWalk(ground: Ground, line: Float64Array): boolean {
  const { box, clear, skips } = ground;
  if (box !== null) return true;
  const x = line[0];
  const y = line[1];
  const dx = line[2] - x;
  const dy = line[3] - y;
  const looks = Math.ceil(Math.sqrt(dx * dx + dy * dy) / LOOK);
  for (let k = 1; k <= looks; k++) {
    const u = x + (dx * k) / looks;
    const v = y + (dy * k) / looks;
    if (u < 0 || v < 0 || u >= MAP_SIZE || v >= MAP_SIZE) return false;
    const point = ((v * FINE) | 0) * FINE_SIZE + ((u * FINE) | 0);
    if (clear[point] === 0) return false;
    k += skips[point];
  }
  return true;
}

/**
 * Writes into `out` [2] where a unit has to head for on the way from (line[0], line[1]) to (line[2], line[3]): the goal
 * itself, the clear point nearest to it, or a bend.
 */
export function headFor(ground: Ground, line: Float64Array, out: Float64Array): void {
  const { box, clear, nearest, cornerX, cornerY, between, toGoal, goals, look, ways } = ground;
  if (box === null) {
    const column = Math.min(FINE_SIZE - 1, Math.max(0, (line[2] * FINE) | 0));
    const row = Math.min(FINE_SIZE - 1, Math.max(0, (line[3] * FINE) | 0));
    if (clear[row * FINE_SIZE + column] === 0) {
      const point = nearest[row * FINE_SIZE + column];
      line[2] = ((point % FINE_SIZE) + 0.5) / FINE;
      line[3] = (Math.floor(point / FINE_SIZE) + 0.5) / FINE;
    }
  }
  const goalX = line[2];
  const goalY = line[3];
  out[0] = goalX;
  out[1] = goalY;
  if (canWalk(ground, line)) return;
  const corners = cornerX.length;
  const slot = (((goalX * 4096) | 0) * 31 + ((goalY * 4096) | 0)) & (GOALS - 1);
  const first = slot * corners;
  if (goals[2 * slot] !== goalX || goals[2 * slot + 1] !== goalY) {
    goals[2 * slot] = goalX;
    goals[2 * slot + 1] = goalY;
    look[2] = goalX;
    look[3] = goalY;
    for (let k = 0; k < corners; k++) {
      look[0] = cornerX[k];
      look[1] = cornerY[k];
      toGoal[first + k] = canWalk(ground, look) ? length(look) : Infinity;
    }
    for (let via = 0; via < corners; via++) {
      for (let k = 0; k < corners; k++) {
        toGoal[first + k] = Math.min(toGoal[first + k], between[k * corners + via] + toGoal[first + via]);
      }
    }
  }
  look[0] = line[0];
  look[1] = line[1];
  for (let k = 0; k < corners; k++) {
    look[2] = cornerX[k];
    look[3] = cornerY[k];
    const toCorner = length(look);
    // A unit at a bend goes on to the next.
    ways[k] = toCorner > AT_BEND ? toCorner + toGoal[first + k] : Infinity;
  }
  // Ways are tried from the shortest on, so that few lines have to be looked along.
  for (;;) {
    let best = -1;
    let shortest = Infinity;
    for (let k = 0; k < corners; k++) {
      if (ways[k] >= shortest) continue;
      shortest = ways[k];
      best = k;
    }
    if (best < 0) return;
    look[2] = cornerX[best];
    look[3] = cornerY[best];
    if (canWalk(ground, look)) {
      out[0] = look[2];
      out[1] = look[3];
      return;
    }
    ways[best] = Infinity;
  }
}

/** Moves a place [x, y] to the nearest one where a unit's centre can be. */
export function standClear({ box, clear, nearest }: Ground, place: Float64Array): void {
  if (box !== null) return;
  const point = Math.floor(place[1] * FINE) * FINE_SIZE + Math.floor(place[0] * FINE);
  if (clear[point] === 1) return;
  place[0] = ((nearest[point] % FINE_SIZE) + 0.5) / FINE;
  place[1] = (Math.floor(nearest[point] / FINE_SIZE) + 0.5) / FINE;
}

function length(line: Float64Array): number {
  const dx = line[2] - line[0];
  const dy = line[3] - line[1];
  return Math.sqrt(dx * dx + dy * dy);
}

function boxOf(open: Uint8Array, radius: number): Float64Array | null {
  let left = MAP_SIZE;
  let right = 0;
  let bottom = MAP_SIZE;
  let top = 0;
  let cells = 0;
  open.forEach((isOpen, cell) => {
    if (isOpen === 0) return;
    const x = cell % MAP_SIZE;
    const y = Math.floor(cell / MAP_SIZE);
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    bottom = Math.min(bottom, y);
    top = Math.max(top, y + 1);
    cells += 1;
  });
  if (cells !== (right - left) * (top - bottom)) return null;
  return Float64Array.of(left + radius, right - radius, bottom + radius, top - radius);
}

function clearPoints(open: Uint8Array, radius: number): Uint8Array {
  const clear = new Uint8Array(FINE_SIZE * FINE_SIZE);
  const reach = Math.ceil(radius);
  for (let row = 0; row < FINE_SIZE; row++) {
    for (let column = 0; column < FINE_SIZE; column++) {
      const x = (column + 0.5) / FINE;
      const y = (row + 0.5) / FINE;
      let isFree = true;
      for (let v = Math.floor(y) - reach; v <= Math.floor(y) + reach; v++) {
        for (let u = Math.floor(x) - reach; u <= Math.floor(x) + reach; u++) {
          const inside = u >= 0 && u < MAP_SIZE && v >= 0 && v < MAP_SIZE;
          if (inside && open[v * MAP_SIZE + u] === 1) continue;
          const dx = Math.max(u - x, 0, x - u - 1);
          const dy = Math.max(v - y, 0, y - v - 1);
          if (dx * dx + dy * dy < radius * radius) isFree = false;
        }
      }
      clear[row * FINE_SIZE + column] = Number(isFree);
    }
  }
  return clear;
}

function skipsOf(clear: Uint8Array): Uint8Array {
  // Distance in fine points to the nearest that is closed or off the map, the larger of both axes: once in reading
  // order and once against it.
  const away = Uint8Array.from(clear);
  const atMost = (point: number, from: number): void => {
    away[point] = Math.min(away[point], 1 + away[from]);
  };
  const last = FINE_SIZE - 1;
  for (const sign of [1, -1]) {
    for (let n = 0; n < clear.length; n++) {
      const point = sign === 1 ? n : clear.length - 1 - n;
      if (clear[point] === 0) continue;
      const x = point % FINE_SIZE;
      if (x === 0 || x === last || point < FINE_SIZE || point >= last * FINE_SIZE) continue;
      if (sign === 1) away[point] = 255;
      atMost(point, point - sign);
      for (let side = -1; side <= 1; side++) atMost(point, point - sign * FINE_SIZE + side);
    }
  }
  // A look is at most LOOK after the last.
  return away.map((points) => Math.max(0, Math.floor((points - 1) / (LOOK * FINE) - 1e-9)));
}

function nearestPoints(clear: Uint8Array): Int32Array {
  // Each point takes over the nearest of its neighbours' answers, once in reading order and once against it.
  const nearest = Int32Array.from(clear, (isFree, point) => (isFree === 1 ? point : -1));
  const squared = (point: number, to: number): number => {
    const dx = (point % FINE_SIZE) - (to % FINE_SIZE);
    const dy = Math.floor(point / FINE_SIZE) - Math.floor(to / FINE_SIZE);
    return to < 0 ? Infinity : dx * dx + dy * dy;
  };
  const adopt = (point: number): void => {
    const x = point % FINE_SIZE;
    const y = Math.floor(point / FINE_SIZE);
    for (let v = Math.max(0, y - 1); v <= Math.min(FINE_SIZE - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(FINE_SIZE - 1, x + 1); u++) {
        const offered = nearest[v * FINE_SIZE + u];
        if (squared(point, offered) < squared(point, nearest[point])) nearest[point] = offered;
      }
    }
  };
  for (let point = 0; point < nearest.length; point++) adopt(point);
  for (let point = nearest.length - 1; point >= 0; point--) adopt(point);
  return nearest;
}

function cornersOf(open: Uint8Array, radius: number): [number, number][] {
  const closed = (x: number, y: number): boolean =>
    x < 0 || y < 0 || x >= MAP_SIZE || y >= MAP_SIZE || open[y * MAP_SIZE + x] === 0;
  const corners: [number, number][] = [];
  // Clear of the fine grid's rounding as well.
  const off = radius + 1.5 / FINE;
  for (let y = 1; y < MAP_SIZE; y++) {
    for (let x = 1; x < MAP_SIZE; x++) {
      const around = [closed(x - 1, y - 1), closed(x, y - 1), closed(x - 1, y), closed(x, y)];
      if (around.filter(Boolean).length !== 1) continue;
      const at = around.indexOf(true);
      corners.push([x + (at % 2 === 0 ? off : -off), y + (at < 2 ? off : -off)]);
    }
  }
  return corners;
}

function connectCorners(ground: Ground): void {
  const { cornerX, cornerY, between, look } = ground;
  const n = cornerX.length;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      look.set([cornerX[a], cornerY[a], cornerX[b], cornerY[b]]);
      between[a * n + b] = canWalk(ground, look) ? length(look) : Infinity;
    }
  }
  for (let via = 0; via < n; via++) {
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        between[a * n + b] = Math.min(between[a * n + b], between[a * n + via] + between[via * n + b]);
      }
    }
  }
}
