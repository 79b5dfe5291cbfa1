import { createRandom } from "../random.js";
import { bootstrapInterval, interquartileMean, mean, standardDeviation } from "./statistics.js";
import type { StoredRun } from "../runs/store.js";

/** What the seeds of one configuration came to. Win rates are shares, 0..1; a score is a run's mean win rate in its last evaluations. */
export interface ScoreStatistics {
  readonly seeds: number;
  /** Mean and sample standard deviation of the scores, as the paper reports them. */
  readonly mean: number;
  readonly deviation: number;
  /** Interquartile mean of the scores with its 95 % bootstrap interval, as rliable does. */
  readonly iqm: number;
  readonly iqmLow: number;
  readonly iqmHigh: number;
  /** Mean win rate over all evaluations of the training: of two that end alike, the one that learns sooner has more. */
  readonly throughout: number;
  /** Commits of the code that trained them. */
  readonly commit: string;
}

/**
 * Statistics of complete runs that differ in the seed alone.
 *
 * @throws {Error} when a run is not complete, naming it
 * @example
 * scoreStatistics(runs.filter(({ config }) => config.method === "mast")).iqm;
 */
export function scoreStatistics(runs: readonly StoredRun[]): ScoreStatistics {
  const summaries = runs.map(summaryOf);
  const scores = summaries.map(({ score }) => score);
  // The same resamples for every configuration, and for every call.
  const [iqmLow, iqmHigh] = bootstrapInterval([scores], ([values]) => interquartileMean(values), { random: createRandom(0, 0) });
  return {
    seeds: scores.length,
    mean: mean(scores), deviation: standardDeviation(scores),
    iqm: interquartileMean(scores), iqmLow, iqmHigh,
    throughout: mean(summaries.map(({ winRates }) => mean(winRates))),
    commit: [...new Set(summaries.map(({ commit }) => commit ?? ""))].join(" "),
  };
}

/**
 * The summary of a complete run.
 * @throws {Error} when the run is not complete, naming it
 */
export function summaryOf({ name, state, summary }: StoredRun): NonNullable<StoredRun["summary"]> {
  if (summary === undefined) throw new Error(`Run ${name} is ${state}: only complete runs have results.`);
  return summary;
}
