import type { Config, ScoreMeasure } from "../config.js";

/** What the scores of a configuration's runs are means of. */
export function scoreMeasure({ evaluation }: Pick<Config, "evaluation">): ScoreMeasure {
  return evaluation.score ?? "win-rate";
}

/** What counts of an evaluation for the score: a share for win rates, else a return. */
export function measuredBy(
  measure: ScoreMeasure,
  { winRate, episodeReturn }: { readonly winRate: number; readonly episodeReturn: number },
): number {
  return measure === "return" ? episodeReturn : winRate;
}

/**
 * The evaluations that a run's score is the mean of: the last `window`, or fewer where a run has fewer. The first
 * evaluation, at step 0, is of the untrained team and is left out.
 *
 * @param evaluations of a whole run, from that of step 0 on
 * @example scoredEvaluations([0, 0.5, 1], 20); // [0.5, 1]
 */
export function scoredEvaluations(evaluations: readonly number[], window: number): readonly number[] {
  return (evaluations.length > 1 ? evaluations.slice(1) : evaluations).slice(-window);
}
