import type { MetricsRow } from "../../src/runs/metrics.js";

/** Maps on which learning is compared, and the steps after which a run that has not learned is given up. */
export const LEARNING_MAPS: Readonly<Record<string, number>> = {
  "3m": 500_000,
  "8m": 700_000,
  "2s3z": 1_000_000,
  "3s5z": 2_000_000,
  "2c_vs_64zg": 2_000_000,
};

/** How fast a run learned, from its evaluations of 32 battles each, without smoothing. */
export interface Learning {
  /**
   * Step of the first of three evaluations in a row that average .5 or more; Infinity if there are none. The
   * reference's table must use the same rule: it gives 10,000 for 8m, where the third evaluation is at 20,000.
   */
  readonly half: number;
  /** The same for .9. */
  readonly nineTenths: number;
  /** Number of evaluations from the first of .1 or more to before the first of .9 or more. */
  readonly between: number;
  /** How many of those won all battles or none. */
  readonly extremes: number;
}

/** Reads how a run learned from its evaluations, oldest first. */
export function learningOf(evaluations: readonly Pick<MetricsRow, "step" | "winRate">[]): Learning {
  const reached = (least: number): number =>
    evaluations.find(
      (_, k) =>
        k + 3 <= evaluations.length &&
        evaluations.slice(k, k + 3).reduce((sum, { winRate }) => sum + winRate, 0) / 3 >= least,
    )?.step ?? Infinity;
  const from = evaluations.findIndex(({ winRate }) => winRate >= 0.1);
  const to = evaluations.findIndex(({ winRate }) => winRate >= 0.9);
  const between = from < 0 ? [] : evaluations.slice(from, to < 0 ? undefined : to);
  return {
    half: reached(0.5),
    nineTenths: reached(0.9),
    between: between.length,
    extremes: between.filter(({ winRate }) => winRate === 0 || winRate === 1).length,
  };
}
