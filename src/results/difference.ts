import { LabError } from "../errors.js";
import { createRandom } from "../random.js";
import { bootstrapInterval, probabilityOfImprovement } from "./statistics.js";

/** Comparison of the scores of two settings. */
export interface ScoreDifference {
  /** Number of scores of each setting. */
  readonly seeds: readonly [number, number];
  /** Probability that a run of the first scores higher than one of the second, ties counted half (rliable). */
  readonly improvement: number;
  /** Lower end of the 95 % bootstrap interval of `improvement`. */
  readonly low: number;
  /** Upper end of the 95 % bootstrap interval of `improvement`. */
  readonly high: number;
  /**
   * Two-sided p of Mann and Whitney's test: how often scores that do not depend on the setting would differ as much.
   */
  readonly p: number;
}

/** The p below which a difference between two settings counts as significant. */
export const SIGNIFICANT = 0.05;

/**
 * Compares the scores of two settings.
 *
 * @param x scores of the first setting, one for each seed
 * @param y scores of the second setting; the numbers of seeds may differ
 * @returns NaN in every field but `seeds` if a score is NaN
 * @throws {Error} when one has no scores
 * @example
 * scoreDifference([0.9, 1, 1], [0.5, 0.6, 0.8]).p; // 0.1: three seeds can give no less
 */
export function scoreDifference(x: readonly number[], y: readonly number[]): ScoreDifference {
  const improvement = probabilityOfImprovement([x], [y]);
  const [low, high] = bootstrapInterval([x, y], ([a, b]) => probabilityOfImprovement([a], [b]), {
    random: createRandom(0, 0),
  });
  return { seeds: [x.length, y.length], improvement, low, high, p: mannWhitneyP(x, y) };
}

/** Describes a difference in words: "p = 0.55, 5 and 5 seeds: cannot be told apart". */
export function differenceText({ seeds, p }: ScoreDifference): string {
  return `p = ${pText(p)}, ${seeds.join(" and ")} seeds${p < SIGNIFICANT ? "" : ": cannot be told apart"}`;
}

/** Writes p with two digits after the point, or three where it is small. */
export function pText(p: number): string {
  return p < 0.0005 ? "< 0.001" : p.toFixed(p < 0.0995 ? 3 : 2);
}

/**
 * Computes the two-sided p of Mann and Whitney's test, exactly even if scores are equal: among all ways to divide the
 * scores into two groups of these sizes, the share in which the sum of ranks lies at least as far from its mean.
 *
 * @returns NaN where a score is NaN
 * @throws {Error} when one has no scores
 * @example mannWhitneyP([1, 2, 3], [4, 5, 6]); // 0.1: 2 of 20 ways
 */
export function mannWhitneyP(x: readonly number[], y: readonly number[]): number {
  if (x.length === 0 || y.length === 0)
    throw new LabError(
      `Mann and Whitney's test was asked of ${x.length} and ${y.length} scores; both need at least one.`,
    );
  const all = [...x, ...y];
  if (all.some(Number.isNaN)) return NaN;
  // Ranks are doubled to be whole numbers, since equal scores share the mean of their ranks.
  const ranks = all.map((value) => all.reduce((sum, other) => sum + (other < value ? 2 : other === value ? 1 : 0), 0));
  const total = ranks.reduce((a, b) => a + b);
  // Number of ways to choose so many scores with such a sum of ranks. [scores, sum]
  const ways = Array.from({ length: x.length + 1 }, () => new Float64Array(total + 1));
  ways[0][0] = 1;
  for (const rank of ranks)
    for (let n = x.length; n >= 1; n--)
      for (let sum = total; sum >= rank; sum--) ways[n][sum] = ways[n][sum] + ways[n - 1][sum - rank];

  const distance = (sum: number): number => Math.abs(sum * all.length - total * x.length);
  const found = distance(ranks.slice(0, x.length).reduce((a, b) => a + b));
  let [as, every] = [0, 0];
  ways[x.length].forEach((count, sum) => {
    every += count;
    if (distance(sum) >= found) as += count;
  });
  return as / every;
}
