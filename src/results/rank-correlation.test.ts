import { expect, it } from "vitest";
import { rankCorrelation } from "./rank-correlation.js";

it("is 1 for what always rises together, however crooked, and -1 for what always falls", () => {
  expect(rankCorrelation([3, 1, 2, 10], [9, 1, 4, 1e6])).toBeCloseTo(1, 12);
  expect(rankCorrelation([3, 1, 2, 10], [-3, -1, -2, -10])).toBeCloseTo(-1, 12);
});

it("is what Spearman's formula gives without ties: 1 - 6 sum d^2 / n (n^2 - 1)", () => {
  // The ranks are 0 1 2 3 4 and 1 0 4 3 2, so their differences are 1, 1, 2, 0 and 2.
  expect(rankCorrelation([10, 20, 30, 40, 50], [2, 1, 5, 4, 3])).toBeCloseTo(1 - (6 * 10) / (5 * 24), 12);
});

it("gives equal values the mean of their ranks", () => {
  // The ranks are 0 1.5 1.5 3 and 0 1 2 3; Pearson's formula by hand gives 4.5 / sqrt(4.5 * 5).
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  expect(rankCorrelation([1, 1], [1, 2])).toBeNaN();
});

it("is not a number where a value is none", () => {
  expect(rankCorrelation([1, NaN, 3], [1, 2, 3])).toBeNaN();
  expect(rankCorrelation([1, 2, 3], [1, 2, NaN])).toBeNaN();
});

it("refuses lists of different lengths", () => {
  expect(() => rankCorrelation([1], [1, 2])).toThrow("1 and 2 values");
});
