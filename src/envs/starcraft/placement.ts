import type { UnitType } from "./units.js";

/** How much units overlap with each other, and with what they stand against, when they touch. */
export const TOUCH = 1 / 16;

/** Cells between the edges of neighbours at the start of a battle. */
const GAP = 0.05;

/**
 * Places a squad in a square block around a point, row by row, as SMAClite does; the enemy's block is turned by half
 * a circle (`side` -1) so that equal squads face each other symmetrically.
 *
 * @param radii radius of each unit in placement order
 * @returns [x0, y0, x1, y1, ...]
 */
export function placeSquad(radii: readonly number[], point: readonly [number, number], side: 1 | -1): number[] {
  const width = Math.ceil(Math.sqrt(radii.length));
  const rows = Array.from({ length: width }, (_, row) => radii.slice(row * width, (row + 1) * width));
  const rowRadius = rows.map((row) => Math.max(0, ...row));
  const blockHeight = 2 * sum(rowRadius) + (width - 1) * GAP;
  const blockWidth = Math.max(...rows.map((row) => sum(row.map((radius) => 2 * radius))));
  const places: number[] = [];
  let y = point[1] - (side * blockHeight) / 2;
  let below = 0;
  rows.forEach((row, r) => {
    y += side * (below + rowRadius[r]);
    below = rowRadius[r];
    let x = point[0] - (side * blockWidth) / 2;
    let left = 0;
    for (const radius of row) {
      x += side * (left + radius);
      left = radius;
      places.push(x, y);
      x += side * GAP;
    }
    y += side * GAP;
  });
  return places;
}

/**
 * Returns the same places in the order in which SMAC numbers units: `types` in the order of their numbers, and within a
 * type by x, then y. `places` belong to `placed`, the types in placement order.
 */
export function numberBySmac(
  types: readonly UnitType[],
  placed: readonly UnitType[],
  places: readonly number[],
): number[] {
  const indices = placed.map((_, i) => i);
  const byPosition = (a: number, b: number): number =>
    places[2 * a] - places[2 * b] || places[2 * a + 1] - places[2 * b + 1];
  const queues = new Map<UnitType, number[]>();
  for (const type of placed) queues.set(type, indices.filter((i) => placed[i] === type).sort(byPosition));
  return types.flatMap((type) => {
    const i = queues.get(type)!.shift()!;
    return [places[2 * i], places[2 * i + 1]];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Places a squad around a map's point as the game does. The first unit stands on it. Each further one takes the first
 * free place on a ring that touches the first unit (south, east, north, west), and then on a lattice, ring by ring.
 * Units that overlap are moved apart.
 *
 * @param types in order of spawning
 * @param canStand whether a unit's centre may be at a place
 * @returns [x0, y0, x1, y1, ...]
 */
export function spawnSquad(
  types: readonly UnitType[],
  point: readonly [number, number],
  canStand: (x: number, y: number) => boolean,
): number[] {
  const x: number[] = [];
  const y: number[] = [];
  types.forEach((type, i) => {
    const { inner } = type.starcraft;
    const isFree = (u: number, v: number): boolean =>
      canStand(point[0] + u, point[1] + v) &&
      types.slice(0, i).every((other, j) => {
        if (other.starcraft.layer !== type.starcraft.layer) return true;
        const least = inner + other.starcraft.inner - TOUCH;
        return (x[j] - u) ** 2 + (y[j] - v) ** 2 >= least * least - 1e-9;
      });
    const [u, v] = candidates(2 * inner).find(([u, v]) => isFree(u, v))!;
    x.push(u);
    y.push(v);
    // The newcomer gives way, and also sideways if it stands between two.
    for (let round = 0; round < 50; round++) {
      for (let j = 0; j < i; j++) {
        if (types[j].starcraft.layer !== type.starcraft.layer) continue;
        const both = type.starcraft.separation + types[j].starcraft.separation;
        const dx = x[i] - x[j];
        const dy = y[i] - y[j];
        const distance = Math.hypot(dx, dy);
        if (distance >= both) continue;
        x[i] += (dx / distance) * (both - distance);
        y[i] += (dy / distance) * (both - distance);
      }
    }
  });
  return x.flatMap((u, i) => [point[0] + u, point[1] + y[i]]);
}

function candidates(spacing: number): [number, number][] {
  const turns = (along: number, across: number): [number, number][] => {
    const [south, ...others]: [number, number][] = [
      [across, -along],
      [along, across],
      [-across, along],
      [-along, -across],
    ];
    return across < 0 ? [...others, south] : [south, ...others];
  };
  const ring: [number, number][] = turns(spacing - TOUCH, 0);
  const lattice: [number, number, number][] = [];
  for (let along = 1; along < 12; along++)
    for (let across = -along + 1; across <= along; across++)
      lattice.push([along, across, along * along + across * across]);
  lattice.sort((a, b) => a[2] - b[2] || b[1] - a[1]);
  return [[0, 0], ...ring, ...lattice.flatMap(([along, across]) => turns(along * spacing, across * spacing))];
}
