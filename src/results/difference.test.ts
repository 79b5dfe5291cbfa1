import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { differenceText, mannWhitneyP, pText, scoreDifference } from "./difference.js";

/** Returns all ways to choose `n` of `values`. */
function choices(values: readonly number[], n: number): number[][] {
  if (n === 0) return [[]];
  return values.flatMap((_, i) =>
    choices(values.slice(i + 1), n - 1).map((rest) => [i, ...rest.map((j) => j + i + 1)]),
  );
}

/** Computes the same p by dealing the scores out in every way and comparing every pair, without ranks. */
function pByHand(x: readonly number[], y: readonly number[]): number {
  const all = [...x, ...y];
  const u = (chosen: readonly number[]): number => {
    const [a, b] = [chosen.map((i) => all[i]), all.filter((_, i) => !chosen.includes(i))];
    return (
      a.reduce(
        (sum, one) => sum + b.reduce((wins, other) => wins + (one > other ? 1 : one === other ? 0.5 : 0), 0),
        0,
      ) -
      (a.length * b.length) / 2
    );
  };
  const found = Math.abs(u(x.map((_, i) => i)));
  const ways = choices(all, x.length);
  return ways.filter((chosen) => Math.abs(u(chosen)) >= found - 1e-9).length / ways.length;
}

describe("mannWhitneyP", () => {
  it("follows the distribution of U where no scores are equal", () => {
    expect(mannWhitneyP([1, 2, 3], [4, 5, 6])).toBeCloseTo(0.1, 12);
    expect(mannWhitneyP([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(2 / 252, 12);
    // U is 5 of 25: of the 252 ways, 1, 1, 2, 3, 5 and 7 have a U of 0 to 5 (the numbers of partitions).
    expect(mannWhitneyP([1, 2, 3, 7, 5.5], [4, 5, 6, 8, 9])).toBeCloseTo((2 * 19) / 252, 12);
  });

  it("deals out equal scores in every way", () => {
    const random = createRandom(4);
    for (let trial = 0; trial < 30; trial++) {
      const draw = (n: number) => Array.from({ length: n }, () => random.below(5) / 4);
      const [x, y] = [draw(1 + random.below(5)), draw(1 + random.below(5))];
      expect(mannWhitneyP(x, y), `${x} and ${y}`).toBeCloseTo(pByHand(x, y), 12);
      expect(mannWhitneyP(y, x)).toBeCloseTo(mannWhitneyP(x, y), 12);
    }
    expect(mannWhitneyP([1, 1], [1, 1, 1])).toBe(1);
  });

  it("is NaN of scores that are, and refuses none", () => {
    expect(mannWhitneyP([1, NaN], [0, 0])).toBeNaN();
    expect(() => mannWhitneyP([], [1])).toThrow("asked of 0 and 1 scores");
  });
});

describe("scoreDifference", () => {
  it("has the probability of improvement with an interval around it, the same whenever it is asked", () => {
    const found = scoreDifference([0.9, 1, 0.8], [0.7, 0.95, 0.6]);
    expect(found.improvement).toBeCloseTo(7 / 9, 12);
    expect(found.low).toBeLessThan(found.improvement);
    expect(found.high).toBeGreaterThan(found.improvement);
    expect(scoreDifference([0.9, 1, 0.8], [0.7, 0.95, 0.6])).toEqual(found);
  });

  it("does not tell apart what one seed more could turn", () => {
    expect(differenceText(scoreDifference([1, 1, 1], [0, 0, 0]))).toBe("p = 0.10, 3 and 3 seeds: cannot be told apart");
    expect(differenceText(scoreDifference([1, 1, 1, 1, 1], [0, 0, 0, 0, 0]))).toBe("p = 0.008, 5 and 5 seeds");
    expect(differenceText(scoreDifference([1, NaN], [0, 0]))).toBe("p = NaN, 2 and 2 seeds: cannot be told apart");
    expect(pText(0.0001)).toBe("< 0.001");
  });
});
