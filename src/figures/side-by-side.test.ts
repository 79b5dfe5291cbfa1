import { expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import { scripts, uniformRandom } from "../envs/play.js";
import { battleFigure } from "./battle.js";
import { recordEpisode } from "./recording.js";
import { sideBySide } from "./side-by-side.js";

const left = recordEpisode(createEnvironment("2s3z"), scripts.weakestTarget, 3);
const right = recordEpisode(createEnvironment("3m"), uniformRandom(1), 5);
const both = sideBySide(left, right);

it("keeps every unit of both battles, allies first, and never lets them mix", () => {
  for (const [t, { units, width, height, terrain }] of both.frames.entries()) {
    expect(units.map(({ side, type }) => `${side} ${type}`).sort()).toEqual(
      [...left.frames[0].units, ...right.frames[0].units].map(({ side, type }) => `${side} ${type}`).sort(),
    );
    expect(units.slice(0, 8).every(({ side }) => side === "ally")).toBe(true);
    expect(terrain.length).toBe(width * height);
    const marines = units.filter(({ type }) => type === "marine");
    const protoss = units.filter(({ type }) => type !== "marine");
    expect(Math.max(...protoss.map(({ x }) => x))).toBeLessThan(Math.min(...marines.map(({ x }) => x)));
    const moment = right.frames[Math.min(t, right.frames.length - 1)];
    expect(marines.map(({ y, health }) => [y, health])).toEqual(moment.units.map(({ y, health }) => [y, health]));
  }
});

it("lets each unit aim at its own target, and names the same enemy in the joint action", () => {
  let aimed = 0;
  both.frames.forEach(({ units }) =>
    units.forEach(({ type, target }) => {
      if (target < 0) return;
      aimed++;
      expect(units[target].type === "marine").toBe(type === "marine");
    }),
  );
  expect(aimed).toBeGreaterThan(20);
  const enemies = both.frames[0].units.filter(({ side }) => side === "enemy");
  both.actions.forEach((joint) =>
    joint.forEach((action, agent) => {
      if (action >= 6) expect(enemies[action - 6].type === "marine").toBe(agent >= 5);
    }),
  );
});

it("is as long as the longer battle, and the shorter one rests", () => {
  expect(both.frames).toHaveLength(Math.max(left.frames.length, right.frames.length));
  expect(both.actions).toHaveLength(both.frames.length - 1);
  expect(both.rewards.reduce((sum, reward) => sum + reward, 0)).toBeCloseTo(
    right.rewards.reduce((sum, reward) => sum + reward, 0),
  );
  const end = both.actions.at(-1)!;
  expect(left.frames.length > right.frames.length ? end.slice(5) : end.slice(0, 5)).toEqual(
    left.frames.length > right.frames.length ? [0, 0, 0] : [0, 0, 0, 0, 0],
  );
});

it("is drawn with a line between the battles, and counts the units of each", () => {
  const step = Math.min(left.frames.length, right.frames.length) - 1;
  const alive = ({ frames }: typeof left, side: string): number =>
    frames[step].units.filter((unit) => unit.side === side && unit.alive).length;
  const { summary, layout } = battleFigure(both, { step });
  expect(summary).toContain(
    `alive on the left: ${alive(left, "ally")} of our team, ${alive(left, "enemy")} enemies; on the right: ${alive(right, "ally")} and ${alive(right, "enemy")}`,
  );
  expect(layout["shapes"]).toMatchObject([{ type: "line", x0: both.seam, x1: both.seam }]);
  const { units } = both.frames[step];
  expect(units.filter(({ x }) => x < both.seam!)).toHaveLength(left.frames[0].units.length);
  expect(battleFigure(left, { step }).layout["shapes"]).toBeUndefined();
});
