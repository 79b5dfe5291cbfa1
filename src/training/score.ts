import type { Config, ScoreMeasure } from "../config.js";

/** The measure that the scores of a configuration's runs average. */
export function scoreMeasure({ evaluation }: Pick<Config, "evaluation">): ScoreMeasure {
  return evaluation.score ?? "win-rate";
}

/** The value of an evaluation that counts for the score: its win rate or its return. */
export function measuredBy(
  measure: ScoreMeasure,
  { winRate, episodeReturn }: { readonly winRate: number; readonly episodeReturn: number },
): number {
  return measure === "return" ? episodeReturn : winRate;
}

/**
 * Selects the evaluations that a run's score averages: the last `window`, or fewer where the run has fewer. The first
 * evaluation, at step 0, is of the untrained team and is left out.
 *
 * @param evaluations all evaluations of a run, beginning with that of step 0
 * @example scoredEvaluations([0, 0.5, 1], 20); // [0.5, 1]
 */
export function scoredEvaluations(evaluations: readonly number[], window: number): readonly number[] {
  return (evaluations.length > 1 ? evaluations.slice(1) : evaluations).slice(-window);
}
