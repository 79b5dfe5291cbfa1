import { createRandom } from "../random.js";
import { rankCorrelation } from "./rank-correlation.js";
import { bootstrapInterval, mean } from "./statistics.js";

/** Agreement of two budgets about the order of methods or settings. */
export interface Agreement {
  /** Number of methods or settings that both have. */
  readonly common: number;
  /** Smallest number of seeds of one of them, in either budget. */
  readonly seeds: number;
  /** Spearman's rank correlation of the mean scores; NaN if all scores of one budget are equal. */
  readonly correlation: number;
  /** 95 % bootstrap interval over the seeds of both; NaN with one seed. */
  readonly low: number;
  readonly high: number;
  /**
   * Mean distance between the scores of two methods under the first budget, which shows how visible differences are in
   * a classroom.
   */
  readonly spread: number;
}

/** Scores of the seeds, by the name of the method or setting. */
export type ScoresByName = ReadonlyMap<string, readonly number[]>;

/**
 * Computes how far one budget orders methods as another.
 * @param classroom scores under the budget that is to replace the other
 */
export function agreement(classroom: ScoresByName, paper: ScoresByName): Agreement {
  const names = [...classroom.keys()].filter((name) => paper.has(name));
  const both = [classroom, paper].map((scores) => names.map((name) => scores.get(name)!));
  const order = (groups: readonly (readonly number[])[]): number =>
    rankCorrelation(groups.slice(0, names.length).map(mean), groups.slice(names.length).map(mean));
  const seeds = Math.min(...both.flat().map(({ length }) => length));
  const enough = names.length > 2;
  const interval =
    enough && seeds > 1
      ? bootstrapInterval(both.flat(), (groups) => finite(order(groups)), { random: createRandom(0, 0) })
      : ([NaN, NaN] as const);
  const means = both[0].map(mean);
  const pairs = means.flatMap((a, i) => means.slice(i + 1).map((b) => Math.abs(a - b)));
  return {
    common: names.length,
    seeds,
    correlation: enough ? order(both.flat()) : NaN,
    low: interval[0],
    high: interval[1],
    spread: pairs.length === 0 ? 0 : mean(pairs),
  };
}

/** A resample in which all scores are equal has no order. */
function finite(correlation: number): number {
  return Number.isNaN(correlation) ? 0 : correlation;
}
