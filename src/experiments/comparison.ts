import { METHODS } from "../methods.js";
import type { Config } from "../config.js";
import { trainingCurves } from "../figures/curves.js";
import { type MethodResult, resultsTable } from "../figures/table.js";
import { shortSteps } from "../figures/figure.js";
import { runLabels } from "../figures/labels.js";
import { mean, standardDeviation } from "../results/statistics.js";
import type { StoredRun } from "../results/store.js";
import type { Reduction } from "./experiment.js";
import { winRateCurve } from "./watch.js";

/** Runs of several methods in one environment as rows of Table 1, and as training curves. */
export function compareMethods(runs: readonly StoredRun[]): Reduction {
  const configs = runs.map(({ config }) => config);
  const budgets = new Set(configs.map(({ steps }) => steps));
  const labels = runLabels(configs).map((name, i) => (budgets.size > 1 ? `${name}, ${shortSteps(configs[i].steps)} steps` : name));
  const label = (run: StoredRun): string => labels[runs.indexOf(run)];
  const rows = [...new Set(labels)]
    .map((name) => ({ name, group: runs.filter((run) => label(run) === name) }))
    .sort((a, b) => METHODS.indexOf(a.group[0].config.method) - METHODS.indexOf(b.group[0].config.method));
  const { environment, evaluation } = configs[0];
  const steps = Math.max(...budgets);
  const spread = rows.every(({ group }) => group.length > 1) ? "standard deviation over seeds" : `standard deviation over the last ${evaluation.window} evaluations`;
  return {
    table: resultsTable(rows.map(({ name, group }) => methodResult(name, group)), {
      title: budgets.size > 1 ? environment : `${environment} after ${steps.toLocaleString("en")} steps`,
      note: `Win rate: mean of the last ${[...new Set(configs.map((config) => config.evaluation.window))].join(" or ")} evaluations of ${evaluation.episodes} episodes, ± ${spread}. Size and FLOPs relative to dense, by the paper's equations.`,
    }),
    figure: trainingCurves(runs.map((run) => winRateCurve(run, label(run))), { title: `QMIX on ${environment}, ${sparsities(configs)}`, steps }),
  };
}

/** "sparse teams at 95 %" */
function sparsities(configs: readonly Config[]): string {
  const levels = [...new Set(configs.map(({ sparsity }) => sparsity.level).filter((level) => level > 0))];
  return levels.length === 0 ? "dense teams" : `sparse teams at ${levels.map((level) => `${Math.round(100 * level)} %`).join(", ")}`;
}

/** A row: the runs of one configuration, one a seed. */
function methodResult(method: string, runs: readonly StoredRun[]): MethodResult {
  const summaries = runs.map(({ summary }) => summary!);
  const scores = summaries.map(({ score }) => score);
  // With one seed, how far the last evaluations lie apart.
  const deviation = standardDeviation(runs.length > 1 ? scores : summaries[0]!.winRates.slice(-runs[0]!.config.evaluation.window));
  const { totalSize, trainFlops, inferenceFlops } = summaries[0]!.cost.relative;
  return { method, seeds: runs.length, winRate: mean(scores), deviation, totalSize, trainingFlops: trainFlops, inferenceFlops, seconds: mean(summaries.map(({ seconds }) => seconds)) };
}
