import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { createBattle } from "./battle.js";
import { createLoops, loopBytes } from "./compiled/loops.js";
import { createGround, FINE, halfCells, openCells } from "./ground.js";
import { maps } from "./maps.js";
import { HABITS } from "./rules.js";

const ravine = maps.find((map) => map.name === "2c_vs_64zg")!;
const ground = createGround(openCells(ravine.terrain.starcraft, "."), 0.375);
const battle = createBattle(ravine, "starcraft", HABITS, loopBytes(2, 66, [ground]));
const { canWalk, headFor } = createLoops(
  battle,
  battle.types.map(() => ground),
);

/** Returns the length of the way that following `headFor` takes, and whether it stayed on open ground. */
function follow(x: number, y: number, goalX: number, goalY: number): number {
  let length = 0;
  for (let bends = 0; bends < 20; bends++) {
    const out = headFor(0, x, y, goalX, goalY);
    expect(canWalk(0, x, y, ...out)).toBe(true);
    length += Math.hypot(out[0] - x, out[1] - y);
    [x, y] = [out[0], out[1]];
    if (x === goalX && y === goalY) return length;
  }
  throw new Error(`no way to ${goalX}, ${goalY}`);
}

const isClear = (x: number, y: number): boolean =>
  x >= 0 && y >= 0 && x < 32 && y < 32 && ground.strides[Math.floor(y * FINE) * FINE * 32 + Math.floor(x * FINE)] > 0;

it("can walk a line if every look along it, one in .15 cells, is clear, and no other", () => {
  const { float } = createRandom(7);
  let open = 0;
  for (let n = 0; n < 20_000; n++) {
    // Half of the lines are short, and all are near the cliff or cross it.
    const [x, y] = [float() * 32, 6 + float() * 14];
    const far = n % 2 === 0 ? 3 : 30;
    const [toX, toY] = [x + (float() - 0.5) * far, y + (float() - 0.5) * Math.min(far, 14)];
    const looks = Math.ceil(Math.hypot(toX - x, toY - y) / 0.15);
    let expected = true;
    for (let k = 1; k <= looks; k++) {
      if (!isClear(x + ((toX - x) * k) / looks, y + ((toY - y) * k) / looks)) expected = false;
    }
    open += Number(expected);
    if (canWalk(0, x, y, toX, toY) !== expected) expect.fail(`from ${x}, ${y} to ${toX}, ${toY}`);
  }
  expect(open).toBeGreaterThan(5_000);
  expect(open).toBeLessThan(15_000);
});

describe("ways around the cliff", () => {
  it("is straight where nothing is between", () => {
    expect(follow(10, 8, 20, 10)).toBeCloseTo(Math.hypot(10, 2), 9);
  });

  it("goes around the nearer end, close to the shortest way for a unit of that size", () => {
    // The cliff covers x 4..27, y 12..13. Worked out by hand, the way goes to the corner (27, 12), along the cliff's
    // end, and back.
    const shortest = Math.hypot(27 - 20, 12 - 10) + 1 + Math.hypot(27 - 20, 16 - 13);
    const length = follow(20, 10, 20, 16);
    expect(length).toBeGreaterThan(shortest);
    expect(length).toBeLessThan(shortest + 2.5);
    expect(follow(8, 10, 8, 16)).toBeCloseTo(follow(23, 10, 23, 16), 6);
  });

  it("leads to the nearest open point when the goal is on the cliff", () => {
    const out = headFor(0, 16, 9, 16, 12.4);
    expect(out[0]).toBeCloseTo(16, 0);
    expect(out[1]).toBeGreaterThan(11.2);
    expect(out[1]).toBeLessThan(11.7);
  });

  it("begins with the corner of the shortest way over corners between which lines can be walked", () => {
    const corners = Array.from(ground.cornerX, (x, k): [number, number] => [x, ground.cornerY[k]]);
    const straight = (from: [number, number], to: [number, number]): number =>
      canWalk(0, ...from, ...to) ? Math.hypot(to[0] - from[0], to[1] - from[1]) : Infinity;
    const between = corners.map((from) => corners.map((to) => straight(from, to)));
    for (const via of corners.keys())
      for (const row of between) row.forEach((way, to) => (row[to] = Math.min(way, row[via] + between[via][to])));
    const { float } = createRandom(3);
    let bent = 0;
    for (let n = 0; n < 20_000; n++) {
      // Half of the places lie exactly between fine points, where rounding decides which of them a look falls on. From
      // a third of the places a line to one corner just passes another, or just does not.
      const place = (at: number): number => (n % 2 === 0 ? at : Math.round(at * FINE) / FINE);
      const random = [0, 1].map((): [number, number] => [place(2 + float() * 27), place(7.5 + float() * 13)]);
      const [[farX, farY], [x0, y0]] = [0, 1].map(() => corners[Math.floor(float() * corners.length)]);
      const beyond = 1 + float();
      const [offX, offY] = [0, 1].map(() => (float() - 0.5) / 4);
      const grazing: [number, number] = [
        place(farX + (x0 - farX) * beyond + offX),
        place(farY + (y0 - farY) * beyond + offY),
      ];
      const [from, goal] = n % 3 > 0 ? random : n % 6 === 0 ? [grazing, random[0]] : [random[0], grazing];
      if (!isClear(...from) || !isClear(...goal) || canWalk(0, ...from, ...goal)) continue;
      const last = corners.map((corner) => straight(corner, goal));
      const ways = corners.map(
        (corner, k) => straight(from, corner) + Math.min(...between[k].map((way, to) => way + last[to])),
      );
      const [x, y] = headFor(0, ...from, ...goal);
      const taken = corners.findIndex((corner) => corner[0] === x && corner[1] === y);
      expect(ways[taken]).toBeCloseTo(Math.min(...ways), 9);
      bent++;
    }
    expect(bent).toBeGreaterThan(2_000);
  });

  it("needs none on a plain band, whose box it keeps", () => {
    const band = createGround(openCells(maps[0].terrain.starcraft, "."), 0.5);
    expect([...band.box!]).toEqual([0.5, 29.5, 7.5, 23.5]);
  });

  it("leads around a half cell at the distance that zerglings keep in the real game", () => {
    const size = 0.3125;
    const cut = createGround(openCells(ravine.terrain.starcraft, "."), size, halfCells(ravine.terrain.starcraft));
    const isClear = (x: number, y: number): boolean =>
      cut.strides[Math.floor(y * FINE) * FINE * 32 + Math.floor(x * FINE)] > 0;
    // The cliff's end is the line from (27, 12) to (28, 13).
    for (const along of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const off = (distance: number): [number, number] => [
        27 + along + distance / Math.SQRT2,
        12 + along - distance / Math.SQRT2,
      ];
      expect(isClear(...off(size - 0.12))).toBe(false);
      expect(isClear(...off(size + 0.12))).toBe(true);
    }
    expect(isClear(27.2, 12.8)).toBe(false);
    const b = createBattle(ravine, "starcraft", HABITS, loopBytes(2, 66, [cut]));
    const loops = createLoops(
      b,
      b.types.map(() => cut),
    );
    let [x, y, length, bends] = [22, 11, 0, 0];
    for (; (x !== 22 || y !== 15) && bends < 10; bends++) {
      const [u, v] = loops.headFor(0, x, y, 22, 15);
      expect(loops.canWalk(0, x, y, u, v)).toBe(true);
      length += Math.hypot(u - x, v - y);
      [x, y] = [u, v];
    }
    // By hand: to the cliff's lower corner, along the cut and back from the upper corner, without the unit's size.
    const shortest = Math.hypot(5, 1) + Math.SQRT2 + Math.hypot(6, 2);
    expect(length).toBeGreaterThan(shortest);
    expect(length).toBeLessThan(shortest + 2);
  });

  it.each(["◤", "◥", "◣", "◢"])(
    "has the corners of a half cell %s where the others have theirs, mirrored",
    (letter) => {
      const terrain = (half: string): string[] =>
        Array.from({ length: 32 }, (_, row) =>
          row === 16 ? `${".".repeat(15)}${half}${".".repeat(16)}` : ".".repeat(32),
        );
      const corners = (half: string): [number, number][] => {
        const { cornerX, cornerY } = createGround(openCells(terrain(half), "."), 0.5, halfCells(terrain(half)));
        return Array.from(cornerX, (x, k): [number, number] => [x - 15.5, cornerY[k] - 15.5]);
      };
      const sorted = (points: [number, number][]): string[] =>
        points.map((point) => point.map((value) => (value + 1e-12).toFixed(9)).join(" ")).sort();
      const [flipX, flipY] = [letter === "◥" || letter === "◢" ? -1 : 1, letter === "◣" || letter === "◢" ? -1 : 1];
      expect(corners(letter)).toHaveLength(7);
      expect(sorted(corners(letter))).toEqual(
        sorted(corners("◤").map(([x, y]): [number, number] => [flipX * x, flipY * y])),
      );
    },
  );
});
