import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import {
  bootstrapInterval,
  finalScore,
  interquartileMean,
  mean,
  probabilityOfImprovement,
  quantile,
  standardDeviation,
} from "./statistics.js";

const series = (size: number) => Array.from({ length: size }, (_, i) => ((i * i * 7 + 3 * i) % 11) / 10);

it("mean and standardDeviation", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(mean([])).toBeNaN();
  // numpy.std(ddof=1) gave this value.
  expect(standardDeviation([0.9, 0.7, 0.8, 1, 0.6])).toBeCloseTo(0.15811388300841897, 15);
  expect(standardDeviation([1])).toBeNaN();
});

describe("interquartileMean", () => {
  // scipy.stats.trim_mean(series(size), 0.25) of scipy 1.17.1 gave these values.
  it.each([
    [3, 0.3666666666666667],
    [4, 0.35],
    [7, 0.38],
    [8, 0.32499999999999996],
    [10, 0.3333333333333333],
  ])("of %i values is scipy's trimmed mean", (size, expected) => {
    expect(interquartileMean(series(size))).toBeCloseTo(expected, 14);
  });

  it("does not follow outliers, and leaves its argument alone", () => {
    const values = [1000, 3, 2, -1000, 1, 2, 3, 2];
    expect(interquartileMean(values)).toBe(2.25);
    expect(values[0]).toBe(1000);
  });
});

it("does not leave out a value that is not a number, wherever it stands", () => {
  const ofIqm = ([values]: readonly (readonly number[])[]) => interquartileMean(values);
  for (const values of [[NaN, 1, 1, 1, 1], [1, 1, NaN, 1, 1], [1, 1, 1, 1, NaN], [NaN]]) {
    expect(mean(values)).toBeNaN();
    expect(standardDeviation([...values, 2])).toBeNaN();
    expect(interquartileMean(values)).toBeNaN();
    expect(finalScore(values)).toBeNaN();
    expect(bootstrapInterval([values], ofIqm, { random: createRandom(1) })).toEqual([NaN, NaN]);
    expect(probabilityOfImprovement([values], [[0, 0]])).toBeNaN();
    expect(probabilityOfImprovement([[0, 0]], [values])).toBeNaN();
    expect(quantile(Float64Array.from(values).sort(), 0.25)).toBeNaN();
  }
  expect(interquartileMean([])).toBeNaN();
  expect(quantile([], 0.5)).toBeNaN();
});

it("finalScore is the mean of the last 20 evaluations", () => {
  expect(finalScore(Array.from({ length: 50 }, (_, i) => i))).toBe(39.5);
  expect(finalScore([0, 1, 1])).toBeCloseTo(2 / 3, 15);
  expect(() => finalScore([])).toThrow("without evaluations");
});

describe("bootstrapInterval", () => {
  const ofMean = (tasks: readonly (readonly number[])[]) => mean(tasks.flat());

  it("has the width that the bootstrap of a mean has in theory", () => {
    const random = createRandom(1);
    // Sums of 12 uniform numbers are nearly normal.
    const runs = Array.from({ length: 60 }, () =>
      Array.from({ length: 12 }, () => random.float()).reduce((a, b) => a + b),
    );
    const [low, high] = bootstrapInterval([runs], ofMean, { random, resamples: 20_000 });
    const error = (standardDeviation(runs) * Math.sqrt(59 / 60)) / Math.sqrt(60);
    expect(low).toBeCloseTo(mean(runs) - 1.96 * error, 1.7);
    expect(high).toBeCloseTo(mean(runs) + 1.96 * error, 1.7);
    const [low50, high50] = bootstrapInterval([runs], ofMean, { random, resamples: 20_000, confidence: 0.5 });
    expect((high50 - low50) / (high - low)).toBeCloseTo(0.6745 / 1.96, 1.5);
  });

  it("draws within each task only", () => {
    // Without strata the mean of both would vary between 0 and 10.
    expect(
      bootstrapInterval(
        [
          [0, 0, 0],
          [10, 10],
        ],
        ofMean,
        { random: createRandom(1) },
      ),
    ).toEqual([4, 4]);
    bootstrapInterval(
      [
        [1, 2, 3],
        [7, 8],
      ],
      (tasks) => {
        expect(tasks.map((runs) => runs.length)).toEqual([3, 2]);
        for (const run of tasks[0]) expect([1, 2, 3]).toContain(run);
        for (const run of tasks[1]) expect([7, 8]).toContain(run);
        return 0;
      },
      { random: createRandom(2), resamples: 50 },
    );
  });

  it("has exact ends where they can be counted", () => {
    // There are two runs, 0 and 1, so the mean of a resample is 0, 0.5 or 1 with probabilities 1/4, 1/2 and 1/4.
    expect(bootstrapInterval([[0, 1]], ofMean, { random: createRandom(3), resamples: 4000, confidence: 0.95 })).toEqual(
      [0, 1],
    );
    expect(bootstrapInterval([[0, 1]], ofMean, { random: createRandom(3), resamples: 4000, confidence: 0.3 })).toEqual([
      0.5, 0.5,
    ]);
  });

  it("is determined by its stream and refuses what it cannot do", () => {
    const once = () => bootstrapInterval([series(9)], ofMean, { random: createRandom(4) });
    expect(once()).toEqual(once());
    expect(() => bootstrapInterval([[1], []], ofMean, { random: createRandom(1) })).toThrow("Task 1 of 2 has no runs");
    expect(() => bootstrapInterval([], ofMean, { random: createRandom(1) })).toThrow("no runs");
    expect(() => bootstrapInterval([[1]], ofMean, { random: createRandom(1), confidence: 95 })).toThrow(
      "confidence is 95",
    );
  });
});

describe("probabilityOfImprovement", () => {
  it("is Mann and Whitney's U over n m, averaged over tasks", () => {
    // scipy.stats.mannwhitneyu gives U = 12.5 for these.
    const [x, y] = [
      [0.9, 0.7, 0.8, 1, 0.6],
      [0.8, 0.5, 0.7, 0.9],
    ];
    expect(probabilityOfImprovement([x], [y])).toBeCloseTo(12.5 / 20, 15);
    expect(probabilityOfImprovement([y], [x])).toBeCloseTo(7.5 / 20, 15);
    expect(probabilityOfImprovement([x, [1, 1]], [y, [0]])).toBeCloseTo((12.5 / 20 + 1) / 2, 15);
    expect(probabilityOfImprovement([x], [x])).toBe(0.5);
  });

  it("refuses tasks that do not match", () => {
    expect(() => probabilityOfImprovement([[1]], [[1], [2]])).toThrow("1 and 2 tasks");
    expect(() => probabilityOfImprovement([[]], [[1]])).toThrow("Task 0 has 0 and 1 runs");
  });
});
