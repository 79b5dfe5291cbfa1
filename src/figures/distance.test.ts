import { expect, it } from "vitest";
import { distanceFigure } from "./distance.js";

it("draws the mean of seeds with its band, and what exploration alone would give", () => {
  const seed = (label: string, distance: number[]) => ({ label, at: [100, 200], distance, explored: [0.05, 0.04] });
  const { data, summary } = distanceFigure(
    [seed("one buffer", [0.4, 0.5]), seed("one buffer", [0.6, 0.3]), seed("both", [0.2, 0.1])],
    { axis: "Environment steps" },
  );
  const named = (name: string) => data.filter((trace) => trace.name === name);
  const [band, line] = named("one buffer");
  expect(line).toMatchObject({ x: [100, 200], y: [0.5, 0.4] });
  // The seeds have 0.4 and 0.6, then 0.5 and 0.3, so the standard deviation of the sample is 0.1 times the root of 2.
  const deviation = 0.1 * Math.SQRT2;
  (band.y as number[]).forEach((y, i) =>
    expect(y).toBeCloseTo([0.5 + deviation, 0.4 + deviation, 0.4 - deviation, 0.5 - deviation][i], 3),
  );
  expect(named("one buffer, exploration")[0]).toMatchObject({ y: [0.05, 0.04], line: { dash: "dot" } });
  expect(named("both").length).toBe(1);
  expect(summary).toContain("one buffer 40 %; both 10 %");
});

it("says where a mean is over fewer runs than there are, and draws no band of one", () => {
  const { data, layout } = distanceFigure([
    { label: "a", at: [0, 10, 20], distance: [0.1, 0.2, 0.3], explored: [0, 0, 0] },
    { label: "a", at: [0, 10], distance: [0.3, 0.4], explored: [0, 0] },
  ]);
  expect(data.find(({ fill }) => fill === "toself")!["x"]).toEqual([0, 10, 10, 0]);
  expect(data.at(-1)!["customdata"]).toEqual([" ± 14.1 %", " ± 14.1 %", ", 1 of 2 seeds"]);
  expect((layout["annotations"] as { text: string }[]).at(-1)!.text).toContain(
    "means of fewer seeds where some are shorter or not numbers, at the least a 1 of 2",
  );
});
