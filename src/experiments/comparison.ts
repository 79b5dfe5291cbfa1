import { algorithmTitle, type PaperMethod, methodTitle, METHODS } from "../methods.js";
import type { Config, ScoreMeasure } from "../config.js";
import { trainingCurves } from "../figures/curves.js";
import { type MethodResult, resultsTable } from "../figures/table.js";
import { type Figure, shortSteps } from "../figures/figure.js";
import { runLabels } from "../figures/labels.js";
import { scoreIntervals } from "../figures/scores.js";
import { pText, SIGNIFICANT } from "../results/difference.js";
import { MEASURES, measureOf } from "../results/measure.js";
import { methodStatistics } from "../results/methods.js";
import { type ComparisonRow, readPaperTable } from "../results/paper.js";
import { scoreText, summaryOf } from "../results/scores.js";
import { refuseDifference, requireSeeds } from "../results/seeds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { scoredSeries } from "../runs/summary-file.js";
import type { StoredRun } from "../runs/store.js";
import { scoredEvaluations } from "../training/score.js";
import type { Reduction } from "./experiment.js";
import { scoreCurve } from "../analysis/curves.js";

/**
 * Reduces runs of several methods in one environment to rows as in Table 1, and to training curves. The name of a row
 * includes the other settings in which its runs differ.
 *
 * @throws {Error} when runs are of several environments, naming them; when a run is given twice or is not complete
 */
export function compareMethods(runs: readonly StoredRun[]): Reduction {
  refuseDifference(runs, "These runs", (field) => field === "environment" || field === "rules");
  const configs = runs.map(({ config }) => config);
  const budgets = new Set(configs.map(({ steps }) => steps));
  const labels = runLabels(configs).map((name, i) =>
    budgets.size > 1 ? `${name}, ${shortSteps(configs[i].steps)} steps` : name,
  );
  const label = (run: StoredRun): string => labels[runs.indexOf(run)];
  const rows = [...new Set(labels)]
    .map((name) => ({ name, seeds: runs.filter((run) => label(run) === name) }))
    .sort((a, b) => methodOrder(a.seeds[0].config.method) - methodOrder(b.seeds[0].config.method));
  for (const { name, seeds } of rows) requireSeeds(seeds, `These runs of ${name}`);
  const { environment } = configs[0];
  const steps = Math.max(...budgets);
  const spread = rows.every(({ seeds }) => seeds.length > 1)
    ? "standard deviation over seeds"
    : "standard deviation over these evaluations, where there is one seed";
  const measure = measureOf(runs);
  return {
    table: resultsTable(
      rows.map(({ name, seeds }) => methodResult(name, seeds, timesOf(runs).seconds)),
      {
        measure,
        title: budgets.size > 1 ? environment : `${environment} after ${steps.toLocaleString("en")} steps`,
        note: `${MEASURES[measure].title}: ${scoreText(runs)}, ± ${spread}. Size and FLOPs relative to dense, by the paper's equations. Time: ${timesOf(runs).text}.`,
      },
    ),
    figure: trainingCurves(
      runs.map((run) => scoreCurve(run, label(run))),
      {
        ...curveAxis(measure),
        title: `${[...new Set(configs.map(({ algorithm }) => algorithmTitle(algorithm)))].join(", ")} on ${environment}, ${sparsities(configs)}`,
        steps,
      },
    ),
  };
}

/**
 * Compares all methods in one environment with the paper's row of Table 1, with intervals and training curves. Times
 * are left out; `npm run bench` measures them.
 *
 * @param runs complete runs of one environment, algorithm, sparsity and budget; they differ in method and seed
 * @throws {Error} when they differ in more, naming the field; when a run is given twice or is not complete
 */
export function compareWithPaper(runs: readonly StoredRun[]): Reduction {
  const methods = methodStatistics(runs);
  const { environment, algorithm, steps } = runs[0].config;
  const paper = paperRow(runs[0].config);
  const measure = measureOf(runs);
  const { title, text, number } = MEASURES[measure];
  const percent = (value: number, digits = 1): string =>
    Number.isFinite(value) ? `${(100 * value).toFixed(digits)} %` : "";
  const relative = (value: number): string => (Math.abs(value - 1) < 5e-4 ? "1x" : `${value.toFixed(3)}x`);
  const subject = `${algorithmTitle(algorithm)} on ${environment}, ${sparsities(runs.map(({ config }) => config))}`;
  const printed = (method: string): string => {
    const value = paperPercent({ ...runs[0].config, method });
    return value === undefined ? "" : `${value.toFixed(1)} %`;
  };
  return {
    methods,
    table: {
      title: `${subject}, ${steps.toLocaleString("en")} steps`,
      columns: [
        { title: "Method" },
        ...[
          "Seeds",
          title,
          "IQM [95 % interval]",
          "Of dense",
          "Paper, of dense",
          "MAST is better",
          "Total size",
          "FLOPs (train)",
          "FLOPs (test)",
        ].map((title) => ({ title, align: "right" as const })),
      ],
      rows: methods.map((m) => [
        methodTitle(m.method),
        String(m.seeds),
        m.seeds > 1 ? `${text(m.mean)} ± ${number(m.deviation)}` : text(m.mean),
        `${text(m.iqm)} [${number(m.iqmLow)}, ${number(m.iqmHigh)}]`,
        // A ratio of returns has no meaning, since returns may be negative.
        measure === "return" ? "" : percent(m.relativeToDense),
        printed(m.method),
        Number.isNaN(m.mastP) ? "" : `${percent(m.mastImproves, 0)} (p = ${pText(m.mastP)})`,
        relative(m.totalSize),
        relative(m.trainFlops),
        relative(m.inferenceFlops),
      ]),
      note: [
        `${title}: ${scoreText(runs)}, ± standard deviation over seeds; IQM: interquartile mean with a bootstrap interval.`,
        `MAST is better: probability that a run of MAST scores higher than one of the method, and p of Mann and Whitney's test; above ${SIGNIFICANT} the two cannot be told apart.`,
        ...(paper === undefined
          ? []
          : [`Paper: Table 1, at ${percent(paper.sparsity, 0)} sparsity, 2,000,000 steps and 8 seeds.`]),
      ].join(" "),
    },
    figure: trainingCurves(
      runs.map((run) => scoreCurve(run, methodTitle(run.config.method))),
      { title: subject, steps, ...curveAxis(measure) },
    ),
  };
}

/** Returns Table 1's number for a run's method, in percent of the dense team; undefined if the table has none. */
export function paperPercent(config: Config): number | undefined {
  const paper = paperRow(config);
  if (paper === undefined || !inPaper(config.method)) return undefined;
  return config.method === "dense" ? 100 : paper[config.method];
}

/** Finds the row of Table 1 for a run's algorithm and environment. */
function paperRow({ algorithm, environment }: Config): ComparisonRow | undefined {
  return readPaperTable("table-1").find((row) => row.environment === environment && row.algorithm === algorithm);
}

/** Draws the scores of `compareWithPaper`'s runs beside those of the paper's Table 5. */
export function scoreFigure(runs: readonly StoredRun[]): Figure {
  const { environment, algorithm, steps } = runs[0].config;
  const paper = readPaperTable("table-5").find((row) => row.environment === environment && row.algorithm === algorithm);
  return scoreIntervals(
    methodStatistics(runs).map(({ method, iqmLow, iqmHigh }) => ({
      label: methodTitle(method),
      scores: runs.filter(({ config }) => config.method === method).map(({ summary }) => summary!.score),
      interval: [iqmLow, iqmHigh],
      ...(paper === undefined || !inPaper(method) || method === "dense"
        ? {}
        : { paper: { mean: paper[method] / 100, deviation: paper[`${method}Deviation`] / 100 } }),
    })),
    {
      title: `${algorithmTitle(algorithm)} on ${environment} after ${shortSteps(steps)} steps`,
      measure: measureOf(runs),
    },
  );
}

/** Axis of the curves of such scores. */
function curveAxis(measure: ScoreMeasure): { readonly value: string; readonly share: boolean } {
  const { axis, share } = MEASURES[measure];
  return { value: axis, share };
}

/** "sparse teams at 95 %" */
function sparsities(configs: readonly Config[]): string {
  const levels = [...new Set(configs.map(({ sparsity }) => sparsity.level).filter((level) => level > 0))];
  return levels.length === 0
    ? "dense teams"
    : `sparse teams at ${levels.map((level) => `${Math.round(100 * level)} %`).join(", ")}`;
}

/**
 * Selects times of runs that can be compared: processor time, or wall-clock time if processor time is not known of all
 * runs.
 */
function timesOf(runs: readonly StoredRun[]): { readonly text: string; readonly seconds: (run: StoredRun) => number } {
  const known = runs.every((run) => summaryOf(run).processorSeconds !== undefined);
  return known
    ? { text: "processor time of a run on one core, mean over seeds", seconds: (run) => run.summary!.processorSeconds! }
    : {
        text: "of a run on the clock, mean over seeds; it is comparable only where every run had a core to itself",
        seconds: (run) => run.summary!.seconds,
      };
}

/** Makes a row of the runs of one configuration, with one run for each seed. */
function methodResult(method: string, runs: readonly StoredRun[], seconds: (run: StoredRun) => number): MethodResult {
  const summaries = runs.map(summaryOf);
  const scores = summaries.map(({ score }) => score);
  // With one seed, the spread is that of the last evaluations.
  const deviation = standardDeviation(
    runs.length > 1 ? scores : scoredEvaluations(scoredSeries(summaries[0]), runs[0].config.evaluation.window),
  );
  const { totalSize, trainFlops, inferenceFlops } = summaries[0].cost.relative;
  return {
    method,
    seeds: runs.length,
    score: mean(scores),
    deviation,
    totalSize,
    trainingFlops: trainFlops,
    inferenceFlops,
    seconds: mean(runs.map(seconds)),
  };
}

/** Tells whether Table 1 has the method. */
function inPaper(method: string): method is PaperMethod {
  return (METHODS as readonly string[]).includes(method);
}

/** Returns the position of a method in Table 1; a user's own methods come last. */
function methodOrder(method: string): number {
  const place = (METHODS as readonly string[]).indexOf(method);
  return place < 0 ? METHODS.length : place;
}
