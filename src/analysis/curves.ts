import type { RunCurve } from "../figures/curves.js";
import { methodLabel } from "../figures/labels.js";
import type { MetricsRow } from "../runs/metrics.js";
import type { StoredRun } from "../runs/store.js";
import { measuredBy, scoreMeasure } from "../training/score.js";

/** Test win rates of a run over its training. */
export function winRateCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ winRate }) => winRate);
}

/** What a run's score is the mean of, over its training: test win rates, or mean returns where no team can win. */
export function scoreCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  const measure = scoreMeasure(run.config);
  return evaluationCurve(run, label, (row) => measuredBy(measure, row));
}

/**
 * How far a run overestimates over its training: mean Q_tot of what its evaluations play, less the mean discounted
 * return that followed. Figures 5 and 12 show it.
 */
export function overestimationCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ estimatedValue, trueValue }) => estimatedValue - trueValue);
}

/** Mean Q_tot of what a run's evaluations play, over its training: the estimated values of Figures 5, 12 and 16. */
export function estimatedValueCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ estimatedValue }) => estimatedValue);
}

/** Anything that is measured in evaluations, over the training of a run. */
export function evaluationCurve({ metrics }: StoredRun, label: string, value: (row: MetricsRow) => number): RunCurve {
  const rows = metrics.filter(({ kind }) => kind === "evaluation");
  return { label, steps: rows.map(({ step }) => step), values: rows.map(value) };
}
