import { LabError } from "../errors.js";
import { createRandom } from "../random.js";
import { bootstrapInterval, probabilityOfImprovement } from "./statistics.js";

/** How the scores of one setting differ from those of another, as far as a few seeds can tell. */
export interface ScoreDifference {
  /** Numbers of scores. */
  readonly seeds: readonly [number, number];
  /** Probability that a run of the first scores higher than one of the second, ties counted half (rliable). */
  readonly improvement: number;
  /** Lower end of the 95 % bootstrap interval of `improvement`. */
  readonly low: number;
  /** Upper end of the 95 % bootstrap interval of `improvement`. */
  readonly high: number;
  /**
   * Two-sided p of Mann and Whitney's test: how often scores that have nothing to do with the setting would lie as far
   * apart.
   */
  readonly p: number;
}

/** The p below which two settings are told apart. */
export const SIGNIFICANT = 0.05;

/**
 * Compares the scores of two settings.
 *
 * @param x one a seed
 * @param y one a seed; numbers of seeds may differ
 * @returns all NaN but `seeds` where a score is NaN
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

/**
 * A difference in words: "p = 0.55, 5 and 5 seeds: cannot be told apart".
 */
export function differenceText({ seeds, p }: ScoreDifference): string {
  return `p = ${pText(p)}, ${seeds.join(" and ")} seeds${p < SIGNIFICANT ? "" : ": cannot be told apart"}`;
}

/** p with two digits after the point, or three where it is small. */
export function pText(p: number): string {
  return p < 0.0005 ? "< 0.001" : p.toFixed(p < 0.0995 ? 3 : 2);
}

/**
 * Two-sided p of Mann and Whitney's test, exact also where scores are equal: of all ways to deal the scores out to two
 * groups of these sizes, the share in which the sum of ranks lies at least as far from its mean as it does.
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
  // Twice a rank is whole, also where equal scores share the mean of theirs.
  const ranks = all.map((value) => all.reduce((sum, other) => sum + (other < value ? 2 : other === value ? 1 : 0), 0));
  const total = ranks.reduce((a, b) => a + b);
  // Ways to choose so many scores with such a sum of ranks. [scores, sum]
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
