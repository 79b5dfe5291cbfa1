import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { closeBrowser, findBrowser, withPage } from "../display/browser.js";
import { battleReplay, saveReplay } from "../display/replay.js";
import { createEnvironment } from "../envs/index.js";
import { uniformRandom } from "../envs/play.js";
import { bodyBounds, bodyFigure, cameraFor, lookAlong, middleOf } from "./bodies.js";
import { recordEpisode } from "./recording.js";

const swimmer = recordEpisode(
  createEnvironment("manyagent-swimmer", { options: { partition: "3x2", episodeLimit: 20 } }),
  uniformRandom(1),
  1,
);
const humanoid = recordEpisode(createEnvironment("humanoid"), uniformRandom(1), 1);

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);

describe("a camera", () => {
  it.each([
    [0, 0],
    [12, 25],
    [60, -70],
  ])("of %d and %d degrees has three directions at right angles", (elevation, turn) => {
    const { right, up, towards } = lookAlong(elevation, turn);
    for (const direction of [right, up, towards]) expect(dot(direction, direction)).toBeCloseTo(1, 12);
    expect([dot(right, up), dot(up, towards), dot(towards, right)].every((value) => Math.abs(value) < 1e-12)).toBe(
      true,
    );
    // The axes are right-handed: right times up points to the eye.
    expect(right[0] * up[1] - right[1] * up[0]).toBeCloseTo(towards[2], 12);
  });

  it("looks from the side with z up, and from above on what lies in a plane", () => {
    expect(lookAlong(0, 0)).toEqual({ right: [1, 0, 0], up: [-0, 0, 1], towards: [0, -1, 0] });
    expect(cameraFor(swimmer.frames).towards[2]).toBeGreaterThan(0.8);
    expect(cameraFor(humanoid.frames).towards[2]).toBeLessThan(0.3);
  });
});

describe("a figure of a body", () => {
  it("draws every solid of each moment in the colour of its agent", () => {
    const { data, layout, summary } = bodyFigure(swimmer, { moments: 4 });
    // There are lines on the ground, and a rim and an inside for each of seven rods.
    expect(data.length).toBe(4 * (1 + 2 * 7));
    expect(data.filter(({ showlegend }) => showlegend).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["agent 1", "agent 2", "agent 3"]),
    );
    expect(data.filter(({ showlegend }) => showlegend)).toHaveLength(3);
    expect(layout["annotations"]).toHaveLength(4);
    expect(summary).toMatch(/^manyagent-swimmer: 20 steps, return -?\d/);
  });

  it("gives each solid the agent that moves it, also where it is fixed to another", () => {
    const agents = humanoid.frames[0].shapes!.map(({ agent }) => agent);
    // The body has torso, head and chest; waist and pelvis; two legs of three parts; and two arms of three.
    expect(agents).toEqual([-1, -1, -1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("keeps the whole body in the picture", () => {
    const camera = cameraFor(humanoid.frames);
    const [left, right, bottom, top] = bodyBounds(humanoid.frames, camera, 1.2);
    expect((right - left) / (top - bottom)).toBeCloseTo(1.2, 9);
    for (const frame of humanoid.frames) {
      const middle = middleOf(frame);
      for (const { from, radius } of frame.shapes!) {
        const place = from.map((value, i) => value - middle[i]);
        expect(dot(camera.right, place) - radius).toBeGreaterThan(left);
        expect(dot(camera.up, place) + radius).toBeLessThan(top);
      }
    }
  });

  it("refuses an episode without bodies", () => {
    const battle = recordEpisode(createEnvironment("3m"), uniformRandom(1), 1);
    expect(() => bodyFigure(battle)).toThrow("3m has no bodies to draw");
  });
});

const browser = findBrowser();

describe("a replay of a body", () => {
  it("shows the numbers of each agent's action", () => {
    const html = battleReplay(swimmer);
    const { actions } = JSON.parse(/id="replay">(.*?)<\/script>/s.exec(html)![1]) as { actions: string[][] };
    expect(actions).toHaveLength(20);
    expect(actions[0]).toEqual(
      [0, 1, 2].map((agent) =>
        swimmer.actions[0]
          .slice(2 * agent, 2 * agent + 2)
          .map((v) => v.toFixed(2))
          .join("  "),
      ),
    );
  });

  it.skipIf(browser === undefined)("moves", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mast-bodies-"));
    afterAll(async () => {
      await closeBrowser();
      rmSync(folder, { recursive: true, force: true });
    });
    const path = join(folder, "humanoid.html");
    saveReplay(humanoid, path);
    const errors: string[] = [];
    const pictures = await withPage(async (page) => {
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(pathToFileURL(path).href);
      const picture = () =>
        page.evaluate(() =>
          (globalThis as unknown as { document: { getElementById(id: string): { toDataURL(): string } } }).document
            .getElementById("map")
            .toDataURL(),
        );
      const start = await picture();
      await page.locator("#scrubber").fill("9");
      return [start, await picture()];
    });
    expect(errors).toEqual([]);
    expect(pictures[0].length).toBeGreaterThan(5_000);
    expect(pictures[1]).not.toBe(pictures[0]);
  });
});
