import { evaluationCurve, overestimationCurve, winRateCurve } from "../analysis/curves.js";
import type { Reduction } from "../experiments/experiment.js";
import { trainingCurves } from "../figures/curves.js";
import { type Figure, shortSteps } from "../figures/figure.js";
import { scoreIntervals } from "../figures/scores.js";
import type { Table } from "../figures/table.js";
import type { ScoreMeasure } from "../config.js";
import { MEASURES, measuresText } from "../results/measure.js";
import { pText, scoreDifference, SIGNIFICANT } from "../results/difference.js";
import { scoreStatistics, scoreText, summaryOf } from "../results/scores.js";
import { mean } from "../results/statistics.js";
import type { StoredRun } from "../runs/store.js";
import { scoreMeasure } from "../training/score.js";
import type { Plot } from "./schema.js";

/** Runs that differ in the seed only, with a label. */
export interface Group {
  readonly label: string;
  /** Values of the varied settings, by field. */
  readonly values: Readonly<Record<string, string>>;
  readonly runs: readonly StoredRun[];
}

/** Quantities that can be plotted: the axis, whether it is a share, and how it is read. */
const PLOTTED: Readonly<
  Record<
    Plot,
    {
      readonly axis: string;
      readonly share: boolean;
      readonly curve: (run: StoredRun, label: string) => ReturnType<typeof winRateCurve>;
    }
  >
> = {
  "win-rate": { axis: "Test win rate", share: true, curve: winRateCurve },
  return: {
    axis: "Test return",
    share: false,
    curve: (run, label) => evaluationCurve(run, label, ({ episodeReturn }) => episodeReturn),
  },
  length: {
    axis: "Steps of an episode",
    share: false,
    curve: (run, label) => evaluationCurve(run, label, ({ episodeLength }) => episodeLength),
  },
  "estimated-value": {
    axis: "Estimated value",
    share: false,
    curve: (run, label) => evaluationCurve(run, label, ({ estimatedValue }) => estimatedValue),
  },
  "true-value": {
    axis: "Discounted return",
    share: false,
    curve: (run, label) => evaluationCurve(run, label, ({ trueValue }) => trueValue),
  },
  overestimation: { axis: "Overestimation", share: false, curve: overestimationCurve },
  loss: { axis: "Loss", share: false, curve: lossCurve },
};

/** Statistics of a group, and of the group that it is compared with. */
interface Compared extends Group {
  readonly statistics: ReturnType<typeof scoreStatistics>;
  readonly scores: readonly number[];
  /** The group that it is compared with; undefined for the group that others are compared with. */
  readonly to?: { readonly label: string; readonly difference: ReturnType<typeof scoreDifference> };
}

/**
 * Reduces groups of complete runs to a table (mean, spread, interquartile mean with its interval, and the probability
 * that a run scores higher than one of the baseline), to a figure of scores and to curves. Groups are compared within
 * one environment.
 *
 * @param options.baseline the group that others are compared with. Default: in each environment the group with the
 * highest mean
 * @throws {Error} when runs of a group differ in more than the seed, naming the field; when a run is given twice or is
 *   not complete
 */
export function reduceGroups(
  groups: readonly Group[],
  options: {
    readonly title: string;
    readonly baseline?: ((label: string) => boolean) | undefined;
    readonly plots: readonly Plot[];
  },
): Reduction {
  const { title } = options;
  const measures = new Set(groups.map(measureOfGroup));
  // Where no team can win, curves of win rates have no meaning.
  const plots = [
    ...new Set(options.plots.map((plot) => (plot === "win-rate" && !measures.has("win-rate") ? "return" : plot))),
  ];
  const compared = compare(groups, options.baseline);
  const panels = panelsOf(groups);
  const runs = groups.flatMap((group) => group.runs);
  const steps = Math.max(...runs.map(({ config }) => config.steps));
  const about = subject(runs);
  const curves = (plot: Plot): Figure => {
    const { axis, share, curve } = PLOTTED[plot];
    const drawn = groups.flatMap((group) =>
      group.runs.map((run) => ({ ...curve(run, panels.line(group)), ...panels.panel(group) })),
    );
    return trainingCurves(drawn, { title: `${title}: ${about}`, value: axis, share, steps });
  };
  const [first, ...others] = plots;
  return {
    table: tableOf(compared, title, about),
    figure: curves(first),
    more: {
      ...Object.fromEntries(others.map((plot) => [plot, curves(plot)])),
      // Shares and returns have no axis in common.
      ...(groups.length > 1 && measures.size === 1
        ? {
            scores: scoreIntervals(
              compared.map(({ label, scores, statistics: { iqmLow, iqmHigh } }) => ({
                label,
                scores,
                interval: [iqmLow, iqmHigh],
              })),
              { title: `${title}: ${about}`, measure: [...measures][0] },
            ),
          }
        : {}),
    },
    settings: compared.map(settingRow),
  };
}

function compare(groups: readonly Group[], baseline?: (label: string) => boolean): Compared[] {
  const measured = groups.map((group) => ({
    ...group,
    statistics: scoreStatistics(group.runs),
    scores: group.runs.map((run) => summaryOf(run).score),
  }));
  return measured.map((group) => {
    const rivals = measured.filter((other) => environmentOf(other) === environmentOf(group));
    const to =
      rivals.find(({ label }) => baseline?.(label)) ??
      rivals.reduce((best, other) => (mean(other.scores) > mean(best.scores) ? other : best));
    return to === group
      ? group
      : { ...group, to: { label: to.label, difference: scoreDifference(group.scores, to.scores) } };
  });
}

function measureOfGroup({ runs }: Group): ScoreMeasure {
  return scoreMeasure(runs[0].config);
}

function environmentOf({ runs }: Group): string {
  const { environment, rules } = runs[0].config;
  return `${environment} ${rules}`;
}

/**
 * Assigns groups to panels: if there are several environments, each has a panel of its own, in which lines are named
 * after the other varied settings.
 */
function panelsOf(groups: readonly Group[]): {
  readonly line: (group: Group) => string;
  readonly panel: (group: Group) => { readonly panel?: string };
} {
  const environments = new Set(groups.map((group) => group.runs[0].config.environment));
  if (environments.size < 2) return { line: ({ label }) => label, panel: () => ({}) };
  const panel = ({ runs }: Group) => ({ panel: runs[0].config.environment });
  const line = (group: Group): string =>
    group.label
      .split(", ")
      .filter((part) => part !== panel(group).panel)
      .join(", ") || "all runs";
  return { line, panel };
}

/** "3m or 8m, 100k steps" */
function subject(runs: readonly StoredRun[]): string {
  const list = (values: readonly string[]): string => [...new Set(values)].join(" or ");
  return `${list(runs.map(({ config }) => config.environment))}, ${list(runs.map(({ config }) => shortSteps(config.steps)))} steps`;
}

const percent = (share: number): string => (100 * share).toFixed(1);

function tableOf(compared: readonly Compared[], title: string, about: string): Table {
  const measures = [...new Set(compared.map(measureOfGroup))];
  const { title: name } = measuresText(compared.map(({ runs }) => runs[0].config));
  const inPercent = measures.length === 1 && MEASURES[measures[0]].share;
  /** A score: with its unit where the table holds both kinds. */
  const score = (group: Compared, value: number): string =>
    MEASURES[measureOfGroup(group)][measures.length > 1 ? "text" : "number"](value);
  const right = (name: string) => ({ title: name, align: "right" as const });
  const to = [...new Set(compared.flatMap((group) => group.to?.label ?? []))];
  const seeds = compared.some(({ scores }) => scores.length > 1);
  const apart = compared.some((group) => group.to !== undefined);
  return {
    title: `${title}: ${about}`,
    columns: [
      { title: "Setting" },
      right("Seeds"),
      right(inPercent ? `${name}, %` : name),
      right("IQM [95 % interval]"),
      right(inPercent ? "Throughout, %" : "Throughout"),
      ...(apart ? [right(to.length === 1 ? `Better than ${to[0]}` : "Better than the baseline")] : []),
    ],
    rows: compared.map((group) => {
      const { label, statistics, to: rival } = group;
      const { seeds: n, mean: average, deviation, iqm, iqmLow, iqmHigh, throughout } = statistics;
      const text = (value: number) => score(group, value);
      return [
        label,
        String(n),
        n > 1 ? `${text(average)} ± ${text(deviation)}` : text(average),
        `${text(iqm)} [${text(iqmLow)}, ${text(iqmHigh)}]`,
        text(throughout),
        ...(apart
          ? [
              rival === undefined
                ? ""
                : `${percent(rival.difference.improvement)} % [${percent(rival.difference.low)}, ${percent(rival.difference.high)}], p = ${pText(rival.difference.p)}`,
            ]
          : []),
      ];
    }),
    note: [
      `${name}: ${scoreText(compared.flatMap(({ runs }) => runs))}${seeds ? ", ± standard deviation over seeds" : ""}; IQM: interquartile mean with a bootstrap interval; throughout: mean of all evaluations.`,
      ...(apart
        ? [
            `Better: probability that a run scores higher than one of ${to.join(" or ")}, with its interval, and p of Mann and Whitney's test; above ${SIGNIFICANT} the two cannot be told apart.`,
          ]
        : []),
    ].join(" "),
  };
}

function settingRow({ label, values, runs, statistics, to }: Compared): NonNullable<Reduction["settings"]>[number] {
  const { environment, rules, algorithm, method, sparsity, steps } = runs[0].config;
  // The commit of the code comes last.
  const { commit, ...numbers } = statistics;
  const varied = Object.fromEntries(
    Object.entries(values).filter(
      ([field]) => !["environment", "rules", "algorithm", "method", "steps"].includes(field),
    ),
  );
  return {
    row: label,
    column: "",
    ...varied,
    environment,
    rules,
    algorithm,
    method,
    sparsity: sparsity.level,
    steps,
    ...numbers,
    comparedTo: to?.label ?? "",
    improvement: to?.difference.improvement ?? NaN,
    improvementLow: to?.difference.low ?? NaN,
    improvementHigh: to?.difference.high ?? NaN,
    pToBest: to?.difference.p ?? NaN,
    commit,
  };
}

function lossCurve({ metrics }: StoredRun, label: string): ReturnType<typeof winRateCurve> {
  const rows = metrics.filter(({ kind, loss }) => kind === "train" && !Number.isNaN(loss));
  return { label, steps: rows.map(({ step }) => step), values: rows.map(({ loss }) => loss) };
}
