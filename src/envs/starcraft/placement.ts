import type { UnitType } from "./units.js";

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
    y += side * (below + rowRadius[r]!);
    below = rowRadius[r]!;
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
 * The same places, handed out as SMAC numbers units: `types` in the order of their numbers, and within a type by x,
 * then y. `places` belong to `placed`, the types in placement order.
 */
export function numberBySmac(
  types: readonly UnitType[],
  placed: readonly UnitType[],
  places: readonly number[],
): number[] {
  const indices = placed.map((_, i) => i);
  const byPosition = (a: number, b: number): number =>
    places[2 * a]! - places[2 * b]! || places[2 * a + 1]! - places[2 * b + 1]!;
  const queues = new Map<UnitType, number[]>();
  for (const type of placed) queues.set(type, indices.filter((i) => placed[i] === type).sort(byPosition));
  return types.flatMap((type) => {
    const i = queues.get(type)!.shift()!;
    return [places[2 * i]!, places[2 * i + 1]!];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
