import { describe, expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import { nearestTarget, uniformRandom } from "../envs/play.js";
import { battleFigure } from "./battle.js";
import { recordEpisode } from "./recording.js";
import { shapeCorners, unitShapes } from "./unit-shapes.js";

const recording = recordEpisode(createEnvironment("2s3z"), nearestTarget, 7);

describe("battleFigure", () => {
  const step = recording.frames.length - 1;
  const { data, layout, summary } = battleFigure(recording, { step, title: "2s3z" });
  const { units } = recording.frames[step];
  const living = units.filter(({ alive }) => alive);

  it("draws every living unit at its place by its type's shape and its side's colour, and crosses for the dead", () => {
    const drawn = data.filter(({ mode }) => mode === "markers+text") as unknown as {
      x: number[];
      text: string[];
      marker: { symbol: string; color: string };
    }[];
    expect(drawn.flatMap(({ x }) => x).sort()).toEqual(living.map(({ x }) => Number(x.toPrecision(4))).sort());
    expect(drawn.map(({ marker }) => marker.symbol)).toEqual(["diamond", "triangle-up", "diamond", "triangle-up"]);
    expect(new Set(drawn.map(({ marker }) => marker.color)).size).toBe(2);
    const crosses = data.filter(({ marker }) => (marker as { symbol?: string } | undefined)?.symbol === "x-thin");
    expect(crosses.flatMap(({ x }) => x as number[])).toHaveLength(units.length - living.length);
    const named = data.filter(({ showlegend }) => showlegend === true).map(({ name }) => name);
    expect(named).toEqual(["stalker (our team)", "zealot (our team)", "stalker (enemy)", "zealot (enemy)"]);
  });

  it("shows all of them in its view, without a ground of its own, and says the moment", () => {
    const [left, right] = (layout["xaxis"] as { range: number[] }).range;
    expect(living.every(({ x }) => x > left && x < right)).toBe(true);
    expect(layout["paper_bgcolor"]).toBe("rgba(0,0,0,0)");
    const enemies = living.filter(({ side }) => side === "enemy").length;
    expect(summary).toBe(
      `2s3z; step ${step} of ${step}: ${living.length - enemies} of our team and ${enemies} enemies are left`,
    );
  });

  it("refuses steps that there are not, and environments without units", () => {
    expect(() => battleFigure(recording, { step: 999 })).toThrow(`its steps are 0 to ${step}`);
    const game = recordEpisode(createEnvironment("two-step"), uniformRandom(1), 1);
    expect(() => battleFigure(game)).toThrow("two-step has no units to draw");
  });
});

describe("unitShapes", () => {
  it("gives every type of a map a shape of its own, and a type we know the same on all maps", () => {
    for (const types of [
      ["marine", "marauder", "medivac"],
      ["stalker", "zealot", "colossus"],
      ["a", "b", "marine", "c"],
    ])
      expect(new Set(unitShapes(types).values()).size).toBe(types.length);
    expect(unitShapes(["zealot", "stalker"]).get("zealot")).toBe(unitShapes(["colossus", "zealot"]).get("zealot"));
  });

  it("has outlines of about the area of a circle", () => {
    const shapes = unitShapes(["marine", "marauder", "medivac", "stalker", "zealot", "colossus", "zergling", "x", "y"]);
    for (const shape of shapes.values()) {
      const corners = shapeCorners(shape);
      // The area of a polygon, by the shoelace formula.
      const area = Math.abs(
        corners.reduce((sum, [x, y], i) => {
          const [u, v] = corners[(i + 1) % corners.length];
          return sum + (x * v - u * y) / 2;
        }, 0),
      );
      if (corners.length > 0) expect(area / Math.PI, shape).toBeGreaterThan(0.7);
      expect(area / Math.PI, shape).toBeLessThan(1.3);
    }
  });
});
