import type { RunCurve } from "../figures/curves.js";
import { methodLabel } from "../figures/labels.js";
import type { MetricsRow } from "../runs/metrics.js";
import type { StoredRun } from "../runs/store.js";
import { measuredBy, scoreMeasure } from "../training/score.js";

/** The curve of a run's test win rates over its training. */
export function winRateCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ winRate }) => winRate);
}

/** The curve of the values that a run's score averages: test win rates, or mean returns where no team can win. */
export function scoreCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  const measure = scoreMeasure(run.config);
  return evaluationCurve(run, label, (row) => measuredBy(measure, row));
}

/**
 * The curve of a run's overestimation: the mean Q_tot of the joint actions in its evaluations, minus the mean
 * discounted return that followed. Figures 5 and 12 show it.
 */
export function overestimationCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ estimatedValue, trueValue }) => estimatedValue - trueValue);
}

/**
 * The curve of a run's estimated values: the mean Q_tot of the joint actions in its evaluations, as in Figures 5, 12
 * and 16.
 */
export function estimatedValueCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ estimatedValue }) => estimatedValue);
}

/** The curve of any quantity that a run's evaluations measure. */
export function evaluationCurve({ metrics }: StoredRun, label: string, value: (row: MetricsRow) => number): RunCurve {
  const rows = metrics.filter(({ kind }) => kind === "evaluation");
  return { label, steps: rows.map(({ step }) => step), values: rows.map(value) };
}
