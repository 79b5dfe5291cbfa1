import { MAP_SIZE } from "./observe.js";

/** Points to a cell of the clearance map, along one axis. */
export const FINE = 8;
export const FINE_SIZE = MAP_SIZE * FINE;
/** Distance between two looks along a line of walk, in cells: see compiled/ground.c. */
const LOOK = 0.15;
/**
 * Number of goals whose ways are kept. Units that walk in formation have one each, and those that chase one unit share
 * theirs. A power of 2.
 */
export const GOALS = 512;

/** Returns the cells that terrain marks as open to `crosses`. */
export function openCells(terrain: readonly string[], crosses: string): Uint8Array {
  const open = new Uint8Array(MAP_SIZE * MAP_SIZE);
  for (let y = 0; y < MAP_SIZE; y++) {
    const row = terrain[MAP_SIZE - 1 - y];
    for (let x = 0; x < MAP_SIZE; x++) open[y * MAP_SIZE + x] = Number(crosses.includes(row[x]));
  }
  return open;
}

/** The places where the centre of a unit of one size can be, and the ways around what is closed. */
export interface Ground {
  /**
   * [left, right, bottom, top] if the open cells are one rectangle: clamping is then enough, and no way is ever needed.
   */
  readonly box: Float64Array | null;
  /**
   * For every fine point 0 if the centre cannot be there, else how many looks along a line lead past what is surely
   * clear, because nothing closed is that near. [FINE_SIZE, FINE_SIZE]
   */
  readonly strides: Uint8Array;
  /** Index of the nearest clear point for every fine point. */
  readonly nearest: Uint16Array;
  /** Convex corners of the closed cells, moved out by the unit's size. Shortest ways bend only at these. */
  readonly cornerX: Float64Array;
  readonly cornerY: Float64Array;
}

/** Prepares the ground for units of one radius (in cells). This takes some tens of milliseconds if there are cliffs. */
export function createGround(open: Uint8Array, radius: number): Ground {
  const box = boxOf(open, radius);
  const clear = box === null ? clearPoints(open, radius) : new Uint8Array(0);
  const nearest = box === null ? Uint16Array.from(nearestPoints(clear)) : new Uint16Array(0);
  const corners = box === null ? cornersOf(open, radius) : [];
  return {
    box,
    strides: stridesOf(clear),
    nearest,
    cornerX: Float64Array.from(corners, (corner) => corner[0]),
    cornerY: Float64Array.from(corners, (corner) => corner[1]),
  };
}

/** Moves a place [x, y] to the nearest one where a unit's centre can be. */
export function standClear({ box, strides, nearest }: Ground, place: Float64Array): void {
  if (box !== null) return;
  const point = Math.floor(place[1] * FINE) * FINE_SIZE + Math.floor(place[0] * FINE);
  if (strides[point] > 0) return;
  place[0] = ((nearest[point] % FINE_SIZE) + 0.5) / FINE;
  place[1] = (Math.floor(nearest[point] / FINE_SIZE) + 0.5) / FINE;
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

function stridesOf(clear: Uint8Array): Uint8Array {
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
  return away.map((points) => (points === 0 ? 0 : 1 + Math.max(0, Math.floor((points - 1) / (LOOK * FINE) - 1e-9))));
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
