import { describe, expect, it } from "vitest";
import { createBattle } from "./battle.js";
import { createLoops, loopBytes } from "./compiled/loops.js";
import { createGround, openCells } from "./ground.js";
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

  it("needs none on a plain band, whose box it keeps", () => {
    const band = createGround(openCells(maps[0].terrain.starcraft, "."), 0.5);
    expect([...band.box!]).toEqual([0.5, 29.5, 7.5, 23.5]);
  });
});
