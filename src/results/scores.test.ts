import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { completeRun } from "../runs/fixtures.js";
import { scoreStatistics, summaryOf } from "./scores.js";

const run = (seed: number, winRates: readonly number[], commit?: string) =>
  completeRun(resolveConfig({ seed, steps: 1000, evaluation: { window: 1 } }), winRates, commit);

describe("scoreStatistics", () => {
  it("has the mean, the deviation of a sample, the interquartile mean, and the win rate of the whole training", () => {
    const found = scoreStatistics([run(1, [0, 0]), run(2, [0, 0.8]), run(3, [0.5, 0.9]), run(4, [0.3, 1])]);
    expect(found.seeds).toBe(4);
    expect(found.mean).toBeCloseTo(0.675, 12);
    // (0.675^2 + 0.125^2 + 0.225^2 + 0.325^2) / 3 = 0.6275 / 3
    expect(found.deviation).toBeCloseTo(Math.sqrt(0.6275 / 3), 12);
    expect(found.iqm).toBeCloseTo((0.8 + 0.9) / 2, 12);
    // The scores are means of 0, 0.4, 0.7 and 0.65.
    expect(found.throughout).toBeCloseTo(0.4375, 12);
    // Of four draws three or more are the lowest, or the highest, in 13 of 256 cases, which is more often than one time
    // in forty.
    expect([found.iqmLow, found.iqmHigh]).toEqual([0, 1]);
  });

  it("draws the bootstrap's resamples from the scores: of two, a quarter are one alone", () => {
    const { iqm, iqmLow, iqmHigh } = scoreStatistics([run(1, [0.25]), run(2, [0.75])]);
    expect([iqm, iqmLow, iqmHigh]).toEqual([0.5, 0.25, 0.75]);
  });

  it("gives the same interval whenever it is asked, and whatever the order of other settings", () => {
    const runs = [0.1, 0.3, 0.5, 0.9, 1].map((rate, i) => run(i, [rate]));
    expect(scoreStatistics(runs)).toEqual(scoreStatistics(runs));
  });

  it("has no deviation of a single seed", () => {
    const { mean, deviation, iqmLow, iqmHigh } = scoreStatistics([run(1, [0.5])]);
    expect([mean, iqmLow, iqmHigh]).toEqual([0.5, 0.5, 0.5]);
    expect(deviation).toBeNaN();
  });

  it("names each commit once", () => {
    expect(scoreStatistics([run(1, [1], "abc"), run(2, [1], "def+"), run(3, [1], "abc")]).commit).toBe("abc def+");
  });
});

it("refuses a run that is not complete, naming it", () => {
  const { summary: _, ...unfinished } = run(1, [1]);
  expect(() => summaryOf({ ...unfinished, state: "running" })).toThrow(
    /^Run 3m-qmix-mast-95-1k-seed1-\w+ is running: only complete runs have results\.$/,
  );
});
