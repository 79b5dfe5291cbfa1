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

type Point = readonly [x: number, y: number];

/** Three corners, against the clock. */
export type Triangle = readonly [Point, Point, Point];

/** Letters of cells of which one half is a cliff, and that half within a cell from (0, 0) to (1, 1). */
const HALVES: Readonly<Record<string, Triangle>> = {
  "◤": [
    [0, 0],
    [1, 1],
    [0, 1],
  ],
  "◢": [
    [0, 0],
    [1, 0],
    [1, 1],
  ],
  "◣": [
    [0, 0],
    [1, 0],
    [0, 1],
  ],
  "◥": [
    [1, 0],
    [1, 1],
    [0, 1],
  ],
};

/** Returns the cells that terrain marks as open to `crosses`, those of which one half is a cliff among them. */
export function openCells(terrain: readonly string[], crosses: string): Uint8Array {
  const open = new Uint8Array(MAP_SIZE * MAP_SIZE);
  for (let y = 0; y < MAP_SIZE; y++) {
    const row = terrain[MAP_SIZE - 1 - y];
    for (let x = 0; x < MAP_SIZE; x++) open[y * MAP_SIZE + x] = Number(crosses.includes(row[x]) || row[x] in HALVES);
  }
  return open;
}

/** Returns the halves of cells that are cliffs. */
export function halfCells(terrain: readonly string[]): Triangle[] {
  return terrain.flatMap((row, fromTop) =>
    [...row].flatMap((letter, left) => {
      if (!(letter in HALVES)) return [];
      const at = ([x, y]: Point): Point => [left + x, MAP_SIZE - 1 - fromTop + y];
      const [a, b, c] = HALVES[letter];
      return [[at(a), at(b), at(c)] as const];
    }),
  );
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
  /**
   * How many fine points below and to the left cannot be walked on, modulo 65536: [FINE_SIZE + 1, FINE_SIZE + 1]. Row
   * and column are those of the first point that does not count.
   */
  readonly closed: Uint16Array;
  /** Index of the nearest clear point for every fine point. */
  readonly nearest: Uint16Array;
  /** Convex corners of the closed cells, moved out by the unit's size. Shortest ways bend only at these. */
  readonly cornerX: Float64Array;
  readonly cornerY: Float64Array;
}

/**
 * Prepares the ground for units of one radius (in cells). This takes some tens of milliseconds if there are cliffs.
 *
 * @param halves halves of open cells that are closed all the same
 */
export function createGround(open: Uint8Array, radius: number, halves: readonly Triangle[] = []): Ground {
  const box = halves.length === 0 ? boxOf(open, radius) : null;
  const clear = box === null ? clearPoints(open, radius, halves) : new Uint8Array(0);
  const nearest = box === null ? Uint16Array.from(nearestPoints(clear)) : new Uint16Array(0);
  const corners = box === null ? cornersOf(open, radius, halves) : [];
  return {
    box,
    strides: stridesOf(clear),
    closed: closedBefore(clear),
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

/** Tells on which side of the line from `a` to `b` a point is: above zero on the left. */
const sideOf = ([ax, ay]: Point, [bx, by]: Point, x: number, y: number): number =>
  (bx - ax) * (y - ay) - (by - ay) * (x - ax);

const isIn = ([a, b, c]: Triangle, x: number, y: number): boolean =>
  sideOf(a, b, x, y) >= 0 && sideOf(b, c, x, y) >= 0 && sideOf(c, a, x, y) >= 0;

/** Tells whether (x, y) is nearer than `radius` to a triangle. */
function isNear(triangle: Triangle, x: number, y: number, radius: number): boolean {
  if (isIn(triangle, x, y)) return true;
  return triangle.some(([ax, ay], k) => {
    const [bx, by] = triangle[(k + 1) % 3];
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    const t = Math.min(1, Math.max(0, along));
    return (x - ax - t * (bx - ax)) ** 2 + (y - ay - t * (by - ay)) ** 2 < radius * radius;
  });
}

function clearPoints(open: Uint8Array, radius: number, halves: readonly Triangle[]): Uint8Array {
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
      if (isFree && halves.some((half) => isNear(half, x, y, radius))) isFree = false;
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

function closedBefore(clear: Uint8Array): Uint16Array {
  if (clear.length === 0) return new Uint16Array(0);
  const width = FINE_SIZE + 1;
  const closed = new Uint16Array(width * width);
  for (let row = 0; row < FINE_SIZE; row++) {
    let ofRow = 0;
    for (let column = 0; column < FINE_SIZE; column++) {
      ofRow += 1 - clear[row * FINE_SIZE + column];
      closed[(row + 1) * width + column + 1] = closed[row * width + column + 1] + ofRow;
    }
  }
  return closed;
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

/** Angles of the middles of the eight parts of a turn around a point. */
const OCTANTS = Array.from({ length: 8 }, (_, k) => ((k + 0.5) * Math.PI) / 4);

/**
 * Finds the convex corners of what is closed, and moves them out by `off` from the sides that meet there. One that is
 * sharper than a right angle becomes three corners, or ways around it would be long.
 */
function cornersOf(open: Uint8Array, radius: number, halves: readonly Triangle[]): Point[] {
  const isClosed = (x: number, y: number): boolean =>
    x < 0 ||
    y < 0 ||
    x >= MAP_SIZE ||
    y >= MAP_SIZE ||
    open[Math.floor(y) * MAP_SIZE + Math.floor(x)] === 0 ||
    halves.some((half) => isIn(half, x, y));
  const corners: Point[] = [];
  // Clear of the fine grid's rounding as well.
  const off = radius + 1.5 / FINE;
  for (let y = 1; y < MAP_SIZE; y++) {
    for (let x = 1; x < MAP_SIZE; x++) {
      const closed = OCTANTS.map((angle) => isClosed(x + 0.1 * Math.cos(angle), y + 0.1 * Math.sin(angle)));
      const count = closed.filter(Boolean).length;
      const start = closed.findIndex((is, k) => is && !closed[(k + 7) % 8]);
      if (count === 0 || count > 3 || !closed.every((is, k) => is === (k - start + 8) % 8 < count)) continue;
      /** Adds the point at `distance` from the corner, in a direction counted in octants. */
      const add = (octants: number, distance: number): void => {
        const angle = (octants * Math.PI) / 4;
        corners.push([x + distance * Math.cos(angle), y + distance * Math.sin(angle)]);
      };
      const out = start + count / 2 + 4;
      if (count === 1) for (const octants of [start + count + 2, out, start - 2]) add(octants, off);
      else if (count === 3 || start % 2 === 1) add(out, off / Math.sin((count * Math.PI) / 8));
      else {
        const at = (start / 2) % 4;
        corners.push([x + (at === 0 || at === 3 ? -off : off), y + (at < 2 ? -off : off)]);
      }
    }
  }
  return corners;
}
