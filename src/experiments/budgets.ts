import type { Config } from "../config.js";
import type { Table } from "../figures/table.js";
import { agreement } from "../results/agreement.js";
import { MEASURES, measureOf } from "../results/measure.js";
import { committedResults } from "../results/place.js";
import { scoreText, summaryOf } from "../results/scores.js";
import { mean, standardDeviation } from "../results/statistics.js";
import type { StoredRun } from "../runs/store.js";
import { withKept } from "./campaign.js";
import type { Experiment } from "./experiment.js";

/**
 * Finds the runs of experiments at the paper's budget that are in the committed tables (`npm run campaign -- paper`):
 * as many seeds as are complete, possibly none.
 *
 * @param folder folder of the tables. Default: data/results
 * @throws {LabError} naming the file when a table is damaged
 */
export function paperBudgetRuns(
  experiments: readonly Experiment[],
  folder = committedResults().tables,
): readonly StoredRun[] {
  const configs = experiments.flatMap((experiment) => experiment.configs("paper"));
  return withKept(configs, new Map(), "paper", folder).runs;
}

/**
 * Makes a table of an experiment's methods or settings with three columns of results: the paper's, ours at the paper's
 * budget as far as these runs are complete, and the given runs, for example those of the classroom. It also says how
 * far the last two agree in their order.
 *
 * @param runs complete runs of the experiment
 * @param folder folder of the committed tables. Default: data/results
 * @throws {LabError} naming the file when a table is damaged
 * @example showTable(budgetTable(lambda, await watchRuns(lambda.configs("classroom"))));
 */
export function budgetTable(experiment: Experiment, runs: readonly StoredRun[], folder?: string): Table {
  const atPaper = paperBudgetRuns([experiment], folder);
  const declared = experiment.configs("paper");
  const [here, paper] = [runs, atPaper].map((list) => scoresByLabel(experiment, list));
  const wanted = new Map<string, Config>();
  for (const config of [...declared, ...runs.map((run) => run.config)]) {
    const label = experiment.label(config);
    if (!wanted.has(label)) wanted.set(label, config);
  }
  const { title, number, share } = MEASURES[measureOf(runs)];
  const text = (scores: readonly number[] = []): string => {
    if (scores.length === 0) return "";
    const value = number(mean(scores));
    return scores.length > 1 ? `${value} ± ${number(standardDeviation(scores))}` : value;
  };
  const printed = [...wanted.values()].map((config) => experiment.paper?.(config));
  const isPrinted = printed.some((value) => value !== undefined);
  const budget = ({ environment, steps }: Config): string =>
    `Here, ${environment}, ${steps.toLocaleString("en")} steps${share ? ", %" : ""}`;
  const seeds = new Set(declared.map(({ seed }) => seed)).size;
  const order = agreement(here, paper);
  return {
    title: `${experiment.title}: three budgets`,
    columns: [
      { title: "" },
      ...(isPrinted ? [right("Paper, % of dense")] : []),
      right(budget(declared[0])),
      right(`Seeds of ${seeds}`),
      right(budget(runs[0].config)),
      right("Seeds"),
    ],
    rows: [...wanted.keys()].map((label, i) => [
      label,
      ...(isPrinted ? [printed[i]?.toFixed(1) ?? ""] : []),
      text(paper.get(label)),
      String(paper.get(label)?.length ?? 0),
      text(here.get(label)),
      String(here.get(label)?.length ?? 0),
    ]),
    note: [
      `Here: ${title.toLowerCase()}, ${scoreText(runs)}${atPaper.length === 0 ? "" : `; at the paper's budget, ${scoreText(atPaper)}`}; ± standard deviation over seeds.`,
      order.common < 3
        ? "Too few runs at the paper's budget are complete to compare the order of its rows with this one."
        : `The order of ${order.common} rows at the paper's budget and here has a rank correlation (Spearman's) of ${order.correlation.toFixed(2)}${Number.isNaN(order.low) ? `, with ${order.seeds} seed` : ` [${order.low.toFixed(2)}, ${order.high.toFixed(2)}], with ${order.seeds} seeds or more`}.`,
    ].join(" "),
  };
}

const right = (title: string) => ({ title, align: "right" as const });

/** Groups the scores of runs by the label of their method or setting. */
function scoresByLabel(experiment: Experiment, runs: readonly StoredRun[]): Map<string, number[]> {
  const scores = new Map<string, number[]>();
  for (const run of runs) {
    const label = experiment.label(run.config);
    scores.set(label, [...(scores.get(label) ?? []), summaryOf(run).score]);
  }
  return scores;
}
