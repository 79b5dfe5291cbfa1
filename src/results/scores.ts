import { LabError } from "../errors.js";
import { createRandom } from "../random.js";
import { requireSeeds } from "./seeds.js";
import { bootstrapInterval, interquartileMean, mean, standardDeviation } from "./statistics.js";
import { scoredSeries } from "../runs/summary-file.js";
import type { StoredRun } from "../runs/store.js";
import { scoredEvaluations, scoreMeasure } from "../training/score.js";

/**
 * Statistics of the seeds of one configuration. Win rates are shares, 0..1; a score is a run's mean win rate in its
 * last evaluations, or its mean return where no team can win.
 */
export interface ScoreStatistics {
  /** "return" if scores are mean returns; absent if they are win rates. */
  readonly measure?: "return";
  /** Number of runs, one for each seed. */
  readonly seeds: number;
  /** Number of evaluations in each score. */
  readonly evaluations: number;
  /** Mean of the scores, as the paper reports it. */
  readonly mean: number;
  /** Sample standard deviation of the scores, as the paper reports it; NaN for a single seed. */
  readonly deviation: number;
  /** Interquartile mean of the scores, as rliable computes it. */
  readonly iqm: number;
  /** Lower end of the 95 % bootstrap interval of `iqm`. */
  readonly iqmLow: number;
  /** Upper end of the 95 % bootstrap interval of `iqm`. */
  readonly iqmHigh: number;
  /**
   * Mean win rate, or return, over all evaluations, including that before training: of two settings with equal scores,
   * the one that learns sooner has the higher value.
   */
  readonly throughout: number;
  /** Commits of the code that trained the runs. */
  readonly commit: string;
}

/**
 * Computes statistics of complete runs that differ in the seed only. If a score is NaN, every statistic is NaN.
 *
 * @throws {Error} when a run is not complete, naming it; when runs differ in more than the seed, naming the field; when
 *   a run is given twice
 * @example scoreStatistics(runs.filter(({ config }) => config.method === "mast")).iqm;
 */
export function scoreStatistics(runs: readonly StoredRun[]): ScoreStatistics {
  requireSeeds(runs);
  const summaries = runs.map(summaryOf);
  const scores = summaries.map(({ score }) => score);
  // Every configuration and every call uses the same resamples.
  const [iqmLow, iqmHigh] = bootstrapInterval([scores], ([values]) => interquartileMean(values), {
    random: createRandom(0, 0),
  });
  return {
    ...(scoreMeasure(runs[0].config) === "return" && { measure: "return" }),
    seeds: scores.length,
    evaluations: commonEvaluations(runs),
    mean: mean(scores),
    deviation: standardDeviation(scores),
    iqm: interquartileMean(scores),
    iqmLow,
    iqmHigh,
    throughout: mean(summaries.map((summary) => mean(scoredSeries(summary)))),
    commit: [...new Set(summaries.map(({ commit }) => commit ?? ""))].join(" "),
  };
}

/**
 * Returns the number of evaluations in a complete run's score: `evaluation.window`, or fewer if the run was too short.
 * @throws {Error} when the run is not complete, naming it
 */
export function scoreEvaluations(run: StoredRun): number {
  return scoredEvaluations(scoredSeries(summaryOf(run)), run.config.evaluation.window).length;
}

/**
 * Describes the scores of some runs in words: "mean of the last 2 evaluations of 32 episodes", "the last evaluation, of
 * 32 episodes".
 * @throws {Error} when a run is not complete, naming it
 */
export function scoreText(runs: readonly StoredRun[]): string {
  const either = (numbers: readonly number[]): string => [...new Set(numbers)].sort((a, b) => a - b).join(" or ");
  const evaluations = either(runs.map(scoreEvaluations));
  const episodes = either(runs.map(({ config }) => config.evaluation.episodes));
  const of = `${episodes} episode${episodes === "1" ? "" : "s"}`;
  return evaluations === "1" ? `the last evaluation, of ${of}` : `mean of the last ${evaluations} evaluations of ${of}`;
}

/**
 * Checks that all scores average the same number of evaluations, which runs of an older version may not; other scores
 * are not comparable.
 */
function commonEvaluations(runs: readonly StoredRun[]): number {
  const [first, ...others] = runs;
  const evaluations = scoreEvaluations(first);
  const other = others.find((run) => scoreEvaluations(run) !== evaluations);
  if (other === undefined) return evaluations;
  throw new LabError(
    `These runs cannot be put together: the score of ${first.name} is the mean of ${evaluations} evaluations, that of ${other.name} of ${scoreEvaluations(other)}.`,
  );
}

/**
 * Returns the summary of a complete run.
 * @throws {Error} when the run is not complete, naming it
 */
export function summaryOf({ name, state, summary }: StoredRun): NonNullable<StoredRun["summary"]> {
  if (summary === undefined) throw new LabError(`Run ${name} is ${state}: only complete runs have results.`);
  return summary;
}
