import { smoothWithin } from "../results/savgol.js";
import { mean as meanOf, standardDeviation } from "../results/statistics.js";
import { round, type Figure, type Trace } from "./figure.js";
import { legendHeight, panelGrid } from "./panel-grid.js";
import { footnote, layout, type MethodStyle, methodStyles, translucent } from "./theme.js";

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

/** Settings of `trainingCurves`. */
export interface TrainingCurvesOptions {
  /** Line above the figure. Default: none. */
  readonly title?: string;
  /** Name of the vertical axis. Default: "Test win rate". */
  readonly value?: string;
  /** Values are shares 0..1, shown in percent. Default: true. */
  readonly share?: boolean;
  /** Environment steps of a whole run: the axis then has its final length from the start of a live curve. */
  readonly steps?: number;
  /**
   * Window of the Savitzky-Golay filter, in evaluations, for curves that have at least 200 as the paper's have; shorter
   * ones are never filtered. The paper, and the default: 21. 0 shows raw means at any length.
   */
  readonly window?: number;
}

/**
 * Evaluations of the paper's runs, which its filter with a window of 21 was chosen for: of a short run it would show
 * wins that never happened.
 */
const FILTERED_FROM = 200;

/**
 * Training curves: for each label the mean over its runs with a band of one standard deviation to either side. Line,
 * band and hover are the same numbers: raw, or where a curve has the paper's 200 evaluations, mean and deviation
 * through its Savitzky-Golay filter (see `smoothWithin`), with the raw means as points. The caption says which, and
 * where a mean is over fewer runs than there are, since some ended earlier or have values that are not numbers. Where
 * one run is left there is no band.
 *
 * @throws {Error} when the window is not odd, or 2 or less
 * @example const figure = trainingCurves([{ label: "MAST", steps: [0, 10_000], values: [0, 0.5] }], { title: "3m" });
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
  const seeds = new Set<number>();
  const fewer: string[] = [];
  let [raw, filtered] = [false, false];
  const end = options.steps ?? Math.max(1, ...runs.map((run) => run.steps[run.steps.length - 1] ?? 0));
  const several = panels.length > 1;
  const grid = panelGrid(several ? panels : [undefined], {
    columns: several ? 2 : 1,
    height: several ? 120 : 264,
    x: {
      title: "Environment steps",
      settings: { range: [0, end * 1.01], tickformat: "~s", ...(several ? { nticks: 4 } : {}) },
    },
    y: { title: value, settings: share ? { range: [-0.02, 1.04], tickformat: ".0%", dtick: several ? 0.5 : 0.2 } : {} },
  });
  panels.forEach((panel, place) => {
    const axes = grid.traceAxes(place);
    for (const style of styles) {
      const own = runs.filter((run) => run.label === style.label && run.panel === panel);
      if (own.length === 0) continue;
      const measured = meanCurve(own);
      seeds.add(own.length);
      const fits = window > 0 && measured.steps.length >= FILTERED_FROM;
      const curve = fits ? filter(measured, window) : measured;
      filtered ||= fits;
      raw ||= !fits && curve.steps.length > 0;
      const name = panel === undefined ? style.label : `${panel}, ${style.label}`;
      const least = Math.min(...curve.runs, own.length);
      if (least < own.length && curve.steps.length > 0) fewer.push(`${name} ${least} of ${own.length}`);
      if (curve.runs.some((n) => n > 1)) bands.push({ ...band(style, curve, share, 0.16 * opacity), ...axes });
      const first = !lines.some((trace) => trace["name"] === style.label);
      lines.push(
        { ...points(style, measured, 0.5 * opacity), ...axes },
        { ...line(style, curve, share, own.length), showlegend: first, ...axes },
      );
      const last = measured.runs.at(-1);
      if (last !== undefined)
        notes.push(
          `${name} ${share ? percent(measured.mean.at(-1)!) : round(measured.mean.at(-1)!, 3)}${last < own.length ? ` (${last} of ${own.length} seeds)` : ""}`,
        );
    }
  });
  // One line of legend even for one method: it has to be named somewhere.
  const text = caption({ seeds: [...seeds], raw, filtered, window, fewer });
  const [above, below] = [
    41 + Math.max(31, legendHeight(styles.map(({ label }) => label))),
    84 + 14 * (text.split("<br>").length - 1),
  ];
  return {
    data: [...bands, ...lines],
    layout: layout(title, {
      ...grid.axes,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 5 / grid.height, yanchor: "bottom" },
      hovermode: "x unified",
      annotations: [...grid.titles, footnote(text, -52)],
      margin: { l: 64, r: 24, t: above, b: below },
      height: grid.height + above + below,
    }),
    summary: `${title || "Training curves"}: ${value} at the end: ${notes.join(", ") || "no evaluation yet"}`,
  };
}

export interface MeanCurve {
  readonly steps: number[];
  readonly mean: number[];
  /** Sample standard deviation; NaN where there is one run. */
  readonly deviation: number[];
  /** How many runs have a value at each step. */
  readonly runs: number[];
}

/**
 * Mean and sample standard deviation over runs, at the steps of the run that has most points. Runs are interpolated
 * linearly between their own points and end where they end: evaluations of different runs fall on slightly different
 * steps, since episodes are not cut. A value that is not a number is left out, and `runs` says of how many the mean is.
 * With no value at all there is no point.
 */
export function meanCurve(runs: readonly Pick<RunCurve, "steps" | "values">[]): MeanCurve {
  const longest = runs.reduce(
    (a, b) => (b.steps.length > a.steps.length ? b : a),
    runs[0] ?? { steps: [], values: [] },
  );
  const curve: MeanCurve = { steps: [], mean: [], deviation: [], runs: [] };
  const n = longest.steps.length;
  for (let i = 0; i < n; i++) {
    const step = longest.steps[i];
    const slack = n > 1 ? (longest.steps[n - 1] - longest.steps[0]) / (n - 1) / 2 : Infinity;
    const values = runs.map((run) => valueAt(run, step, slack)).filter((v) => Number.isFinite(v));
    if (values.length === 0) continue;
    curve.steps.push(step);
    curve.mean.push(meanOf(values));
    curve.deviation.push(standardDeviation(values));
    curve.runs.push(values.length);
  }
  return curve;
}

/** Linear interpolation inside a run; NaN more than `slack` steps outside of it. */
function valueAt({ steps, values }: Pick<RunCurve, "steps" | "values">, step: number, slack: number): number {
  const n = steps.length;
  if (n === 0) return NaN;
  if (step <= steps[0]) return steps[0] - step <= slack ? values[0] : NaN;
  if (step >= steps[n - 1]) return step - steps[n - 1] <= slack ? values[n - 1] : NaN;
  let i = 1;
  while (steps[i] < step) i++;
  if (steps[i] === step) return values[i];
  const share = (step - steps[i - 1]) / (steps[i] - steps[i - 1]);
  return values[i - 1] + share * (values[i] - values[i - 1]);
}

/** Mean and deviation through the paper's filter. */
function filter(curve: MeanCurve, window: number): MeanCurve {
  const deviation = curve.deviation.map((value) => (Number.isNaN(value) ? 0 : value));
  const smoothed = smoothWithin(deviation, window);
  return {
    ...curve,
    mean: smoothWithin(curve.mean, window),
    deviation: smoothed.map((value, i) => (curve.runs[i] > 1 ? value : NaN)),
  };
}

function band(style: MethodStyle, curve: MeanCurve, share: boolean, opacity: number): Trace {
  return {
    type: "scatter",
    mode: "lines",
    name: style.label,
    legendgroup: style.label,
    showlegend: false,
    hoverinfo: "skip",
    ...bandOutline(curve, share),
    fill: "toself",
    fillcolor: translucent(style.colour, round(opacity, 2)),
    line: { width: 0, color: style.colour },
  };
}

/**
 * One standard deviation to either side of a mean, as the outline of an area: one for each stretch that two runs or
 * more share, with a gap between.
 *
 * @param share values are shares, so that no edge leaves 0..1
 */
export function bandOutline(
  { steps, mean, deviation, runs }: MeanCurve,
  share: boolean,
): { readonly x: (number | null)[]; readonly y: (number | null)[] } {
  const bound = (v: number): number => round(share ? Math.min(1, Math.max(0, v)) : v);
  const x: (number | null)[] = [];
  const y: (number | null)[] = [];
  for (let start = 0; start < runs.length;) {
    let end = start;
    while (end < runs.length && runs[end] > 1) end++;
    const places = Array.from({ length: end - start }, (_, i) => start + i);
    if (places.length > 0) {
      if (x.length > 0) [x, y].forEach((list) => list.push(null));
      const back = [...places].reverse();
      x.push(...places.map((i) => steps[i]), ...back.map((i) => steps[i]));
      y.push(...places.map((i) => bound(mean[i] + deviation[i])), ...back.map((i) => bound(mean[i] - deviation[i])));
    }
    start = end + 1;
  }
  return { x, y };
}

function points(style: MethodStyle, { steps, mean }: MeanCurve, opacity: number): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: `${style.label} (raw)`,
    legendgroup: style.label,
    showlegend: false,
    hoverinfo: "skip",
    x: steps,
    y: mean.map((v) => round(v)),
    marker: { color: translucent(style.colour, round(opacity, 2)), size: 5, symbol: style.symbol },
  };
}

/**
 * The line, whose hover shows its own value, the deviation that the band has there, and of how many seeds where some
 * are missing.
 */
function line(style: MethodStyle, curve: MeanCurve, share: boolean, seeds: number): Trace {
  const { steps, mean } = curve;
  return {
    type: "scatter",
    mode: "lines",
    name: style.label,
    legendgroup: style.label,
    x: steps,
    y: mean.map((v) => round(v)),
    customdata: spreadTexts(curve, seeds, share),
    hovertemplate: `%{y:${share ? ".1%" : ".4~g"}}%{customdata}`,
    line: { color: style.colour, width: style.label.startsWith("MAST") ? 3 : 2.5, dash: style.dash },
  };
}

/**
 * What the hover says behind a mean: the deviation that the band has there, and of how many seeds it is where some are
 * missing.
 */
export function spreadTexts({ deviation, runs }: MeanCurve, seeds: number, share: boolean): string[] {
  const spread = (value: number): string =>
    Number.isNaN(value) ? "" : ` ± ${share ? `${(100 * value).toFixed(1)} %` : round(value, 2)}`;
  return deviation.map((value, i) => `${spread(value)}${runs[i] < seeds ? `, ${runs[i]} of ${seeds} seeds` : ""}`);
}

/** Says where means are over fewer seeds than there are; nothing where they are not. */
export function fewerText(fewer: readonly string[]): string {
  if (fewer.length === 0) return "";
  return `<br>means of fewer seeds where some are shorter or not numbers, at the least ${fewer.slice(0, 3).join(", ")}${fewer.length > 3 ? " and others" : ""}`;
}

/** Says what line, points and band are, so that no picture needs its surroundings to be read. */
function caption({
  seeds,
  raw,
  filtered,
  window,
  fewer,
}: {
  readonly seeds: readonly number[];
  readonly raw: boolean;
  readonly filtered: boolean;
  readonly window: number;
  readonly fewer: readonly string[];
}): string {
  const several = seeds.filter((n) => n > 1).sort((a, b) => a - b);
  const whose =
    several.length === 0 ? "one seed" : `mean of ${(seeds.includes(1) ? [1, ...several] : several).join(" or ")} seeds`;
  const spread = several.length === 0 ? "" : `${filtered ? "<br>" : "; "}band: ± 1 standard deviation`;
  const how = filtered
    ? `points: raw, ${whose}; line${several.length === 0 ? "" : " and band"}: ${raw ? "where there are 200 evaluations " : ""}Savitzky-Golay filter (window ${window}, order 2)`
    : `line: raw, ${whose}`;
  return `${how}${spread}${fewerText(fewer)}`;
}

function percent(share: number): string {
  return `${round(100 * share, 3)} %`;
}
