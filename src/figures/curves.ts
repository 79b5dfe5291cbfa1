import { smooth } from "../results/savgol.js";
import { mean as meanOf, standardDeviation } from "../results/statistics.js";
import { round, type Figure, type Trace } from "./figure.js";
import { legendHeight, panelGrid } from "./panel-grid.js";
import { layout, methodStyles, translucent, type MethodStyle } from "./theme.js";

/** One run's measurements over training. */
export interface RunCurve {
  /** The method, or whatever is compared; runs with the same label are averaged (its seeds). */
  readonly label: string;
  /** The small picture it stands in, where there are several beside each other: a second thing that is varied. */
  readonly panel?: string;
  /** Environment steps, increasing. [points] */
  readonly steps: ArrayLike<number>;
  /** What was measured there. [points] */
  readonly values: ArrayLike<number>;
}

export interface TrainingCurvesOptions {
  readonly title?: string;
  /** Name of the vertical axis. Default: "Test win rate". */
  readonly value?: string;
  /** Values are shares 0..1, shown in percent. Default: true. */
  readonly share?: boolean;
  /** Environment steps of a whole run: the axis then has its final length from the start of a live curve. */
  readonly steps?: number;
  /** Window of the Savitzky-Golay filter, in evaluations; 0 shows the raw mean only. The paper: 21. */
  readonly window?: number;
}

/**
 * Training curves: for each label the mean over its runs through the paper's Savitzky-Golay filter (window 21, order 2), over the raw
 * band of one standard deviation and the raw means as points. One run has points and a line. The window is never more
 * than a third of the curve (the paper's is a tenth of its 200 evaluations), since a parabola through a whole short run
 * would hide its learning; the caption says which was used. Under 15 points nothing is filtered.
 *
 * @example
 * const figure = trainingCurves([{ label: "MAST", steps: [0, 10_000], values: [0, 0.5] }], { title: "3m" });
 */
export function trainingCurves(runs: readonly RunCurve[], options: TrainingCurvesOptions = {}): Figure {
  const { title = "", value = "Test win rate", share = true, window = 21 } = options;
  const styles = methodStyles([...new Set(runs.map(({ label }) => label))]);
  const panels = [...new Set(runs.map(({ panel }) => panel))];
  // Many bands upon each other would hide the lines.
  const opacity = Math.min(1, 3 / styles.length) * (panels.length > 1 ? 0.7 : 1);
  const bands: Trace[] = [];
  const lines: Trace[] = [];
  const notes: string[] = [];
  const windows = new Set<number>();
  let seeds = 0;
  const end = options.steps ?? Math.max(1, ...runs.map((run) => run.steps[run.steps.length - 1] ?? 0));
  const several = panels.length > 1;
  const grid = panelGrid(several ? panels : [undefined], {
    columns: several ? 2 : 1,
    height: several ? 120 : 264,
    x: { title: "Environment steps", settings: { range: [0, end * 1.01], tickformat: "~s", ...(several ? { nticks: 4 } : {}) } },
    y: { title: value, settings: share ? { range: [-0.02, 1.04], tickformat: ".0%", dtick: several ? 0.5 : 0.2 } : {} },
  });
  panels.forEach((panel, place) => {
    const axes = grid.traceAxes(place);
    for (const style of styles) {
      const own = runs.filter((run) => run.label === style.label && run.panel === panel);
      if (own.length === 0) continue;
      const curve = meanCurve(own);
      seeds = Math.max(seeds, own.length);
      const { filtered, used } = filter(curve.mean, window);
      if (curve.steps.length > 0) windows.add(used);
      const shown = share ? filtered.map((v) => Math.min(1, Math.max(0, v))) : filtered;
      if (curve.runs.some((n) => n > 1)) bands.push({ ...band(style, curve, share, 0.16 * opacity), ...axes });
      const first = !lines.some((trace) => trace["name"] === style.label);
      lines.push({ ...points(style, curve, 0.5 * opacity), ...axes }, { ...line(style, curve, shown, share), showlegend: first, ...axes });
      const name = panel === undefined ? style.label : `${panel}, ${style.label}`;
      if (shown.length > 0) notes.push(`${name} ${share ? percent(curve.mean.at(-1)!) : round(curve.mean.at(-1)!, 3)}`);
    }
  });
  // One line of legend even for one method: it has to be named somewhere.
  const [above, below] = [41 + Math.max(31, legendHeight(styles.map(({ label }) => label))), 84];
  return {
    data: [...bands, ...lines],
    layout: layout(title, {
      ...grid.axes,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 5 / grid.height, yanchor: "bottom" },
      hovermode: "x unified",
      annotations: [...grid.titles, caption(seeds, [...windows])],
      margin: { l: 64, r: 24, t: above, b: below },
      height: grid.height + above + below,
    }),
    summary: `${title || "Training curves"}: ${value} at the end: ${notes.join(", ") || "no evaluation yet"}`,
  };
}

interface MeanCurve {
  readonly steps: number[];
  readonly mean: number[];
  /** Sample standard deviation; 0 where there is one run. */
  readonly deviation: number[];
  /** How many runs have reached each step. */
  readonly runs: number[];
}

/**
 * Mean and sample standard deviation over runs, at the steps of the run that has most points. Runs are interpolated linearly between
 * their own points and end where they end: evaluations of different runs fall on slightly different steps, since episodes are not cut.
 */
export function meanCurve(runs: readonly Pick<RunCurve, "steps" | "values">[]): MeanCurve {
  const longest = runs.reduce((a, b) => (b.steps.length > a.steps.length ? b : a), runs[0] ?? { steps: [], values: [] });
  const curve: MeanCurve = { steps: [], mean: [], deviation: [], runs: [] };
  const n = longest.steps.length;
  for (let i = 0; i < n; i++) {
    const step = longest.steps[i]!;
    const slack = n > 1 ? (longest.steps[n - 1]! - longest.steps[0]!) / (n - 1) / 2 : Infinity;
    const values = runs.map((run) => valueAt(run, step, slack)).filter((v) => Number.isFinite(v));
    if (values.length === 0) continue;
    curve.steps.push(step);
    curve.mean.push(meanOf(values));
    curve.deviation.push(values.length > 1 ? standardDeviation(values) : 0);
    curve.runs.push(values.length);
  }
  return curve;
}

/** Linear interpolation inside a run; NaN more than `slack` steps outside of it. */
function valueAt({ steps, values }: Pick<RunCurve, "steps" | "values">, step: number, slack: number): number {
  const n = steps.length;
  if (n === 0) return NaN;
  if (step <= steps[0]!) return steps[0]! - step <= slack ? values[0]! : NaN;
  if (step >= steps[n - 1]!) return step - steps[n - 1]! <= slack ? values[n - 1]! : NaN;
  let i = 1;
  while (steps[i]! < step) i++;
  const share = (step - steps[i - 1]!) / (steps[i]! - steps[i - 1]!);
  return values[i - 1]! + share * (values[i]! - values[i - 1]!);
}

function filter(values: readonly number[], window: number): { filtered: number[]; used: number } {
  const third = Math.floor(values.length / 3);
  const used = Math.min(window, third % 2 === 1 ? third : third - 1);
  return used < 5 ? { filtered: [...values], used: 0 } : { filtered: smooth(values, { window: used, order: 2 }), used };
}

function band(style: MethodStyle, { steps, mean, deviation }: MeanCurve, share: boolean, opacity: number): Trace {
  const bound = (v: number): number => round(share ? Math.min(1, Math.max(0, v)) : v);
  const high = mean.map((m, i) => bound(m + deviation[i]!));
  const low = mean.map((m, i) => bound(m - deviation[i]!));
  return {
    type: "scatter", mode: "lines", name: style.label, legendgroup: style.label, showlegend: false, hoverinfo: "skip",
    x: [...steps, ...[...steps].reverse()], y: [...high, ...low.reverse()],
    fill: "toself", fillcolor: translucent(style.colour, round(opacity, 2)), line: { width: 0, color: style.colour },
  };
}

function points(style: MethodStyle, { steps, mean }: MeanCurve, opacity: number): Trace {
  return {
    type: "scatter", mode: "markers", name: `${style.label} (raw)`, legendgroup: style.label, showlegend: false, hoverinfo: "skip",
    x: steps, y: mean.map((v) => round(v)), marker: { color: translucent(style.colour, round(opacity, 2)), size: 5, symbol: style.symbol },
  };
}

function line(style: MethodStyle, curve: MeanCurve, filtered: readonly number[], share: boolean): Trace {
  return {
    type: "scatter", mode: "lines", name: style.label, legendgroup: style.label,
    x: curve.steps, y: filtered.map((v) => round(v)),
    customdata: curve.mean.map((m, i) => [round(m), round(curve.deviation[i]!), curve.runs[i]!]),
    hovertemplate: share ? "%{customdata[0]:.1%} ± %{customdata[1]:.1%}" : "%{customdata[0]:.4~g} ± %{customdata[1]:.2~g}",
    line: { color: style.colour, width: style.label.startsWith("MAST") ? 3 : 2.5, dash: style.dash },
  };
}

/** Says what line, points and band are, so that no picture needs its surroundings to be read. */
function caption(seeds: number, windows: readonly number[]): Trace {
  const used = windows.filter((w) => w > 0);
  const filtered = used.length === 0 ? "line: raw mean" : `line: Savitzky-Golay filter (window ${Math.max(...used)}, order 2)`;
  const raw = seeds > 1 ? `points: mean of up to ${seeds} seeds; band: ± 1 standard deviation` : "points: raw, one seed";
  return {
    text: `${raw}; ${filtered}`, showarrow: false, xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top",
    yshift: -52, font: { size: 11, color: "#666666" }, align: "left",
  };
}

function percent(share: number): string {
  return `${round(100 * share, 3)} %`;
}

