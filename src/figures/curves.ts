import { smoothWithin } from "../results/savgol.js";
import { mean as meanOf, standardDeviation } from "../results/statistics.js";
import { packed, round, type Figure, type Trace } from "./figure.js";
import { legendHeight, panelGrid } from "./panel-grid.js";
import { footnote, layout, type MethodStyle, methodStyles, translucent } from "./theme.js";

/** The measurements of one run over its training. */
export interface RunCurve {
  /** The method, or whatever is compared; runs with the same label are averaged (its seeds). */
  readonly label: string;
  /** Name of the small picture that the curve is drawn in, if a second thing is varied and there are several. */
  readonly panel?: string;
  /** Environment steps, increasing. [points] */
  readonly steps: ArrayLike<number>;
  /** The values measured at these steps. [points] */
  readonly values: ArrayLike<number>;
}

/** Settings of `trainingCurves`. */
export interface TrainingCurvesOptions {
  /** Line above the figure. Default: none. */
  readonly title?: string;
  /** Name of the vertical axis. Default: "Test win rate". */
  readonly value?: string;
  /** Whether values are shares 0..1, shown in percent. Default: true. */
  readonly share?: boolean;
  /** Environment steps of a whole run. With it a live curve has an axis of the final length from the start. */
  readonly steps?: number;
  /**
   * Window of the Savitzky-Golay filter (a local polynomial fit), in evaluations, for curves of at least 200
   * evaluations, as the paper's are; shorter ones are never filtered. Default: the paper's 21. With 0, raw means are
   * shown at any length.
   */
  readonly window?: number;
}

/**
 * Evaluations of the paper's runs, for which its filter with a window of 21 was chosen. In a short run the filter would
 * show wins that never happened.
 */
const FILTERED_FROM = 200;

/** With more curves than this, bands hide each other and the lines. */
const MOST_BANDS = 4;

/** How many bars of deviation a curve has if there are no bands. */
const INTERVALS = 5;

/** The curve that is drawn for one label in one small picture. */
interface LabelCurve {
  readonly style: MethodStyle;
  /** The panel that the runs name. */
  readonly panel: string | undefined;
  /** Raw means. */
  readonly measured: MeanCurve;
  /** Values of line and band, raw or filtered. */
  readonly curve: MeanCurve;
  /** How many runs there are. */
  readonly seeds: number;
}

/** One small picture. */
interface Picture {
  readonly title: string | undefined;
  readonly curves: readonly LabelCurve[];
  /** Curves drawn as thin grey lines, for comparison. */
  readonly behind: readonly LabelCurve[];
}

/**
 * Draws training curves: for each label the mean over its runs, with a band of one standard deviation to either side.
 * Line, band and hover show the same numbers. These are raw, or, if a curve has the paper's 200 evaluations, mean and
 * deviation through its Savitzky-Golay filter (see `smoothWithin`), with the raw means as points. The caption says
 * which. It also says where a mean is over fewer runs than there are, because some ended earlier or have values that
 * are not numbers. Where one run is left there is no band.
 *
 * If there are more than four labels, each has a small picture, with the others as thin grey lines behind. If runs name
 * panels already, the curves of more than four labels have bars of one standard deviation at a few steps in place of
 * bands.
 *
 * @throws {Error} when the window is not odd, or 2 or less
 * @example const figure = trainingCurves([{ label: "MAST", steps: [0, 10_000], values: [0, 0.5] }], { title: "3m" });
 */
export function trainingCurves(runs: readonly RunCurve[], options: TrainingCurvesOptions = {}): Figure {
  const { title = "", value = "Test win rate", share = true, window = 21 } = options;
  const styles = methodStyles([...new Set(runs.map(({ label }) => label))]);
  const panels = [...new Set(runs.map(({ panel }) => panel))];
  const crowded = styles.length > MOST_BANDS;
  const apart = crowded && panels.length <= 1;
  const several = apart || panels.length > 1;
  const curvesOf = (panel: string | undefined): LabelCurve[] =>
    styles.flatMap((style) => {
      const own = runs.filter((run) => run.label === style.label && run.panel === panel);
      if (own.length === 0) return [];
      const measured = meanCurve(own);
      const curve = window > 0 && measured.steps.length >= FILTERED_FROM ? filter(measured, window) : measured;
      return [{ style, panel, measured, curve, seeds: own.length }];
    });
  const drawn = panels.map(curvesOf);
  const pictures: readonly Picture[] = apart
    ? drawn.flatMap((curves) =>
        curves.map((one) => ({
          title: one.style.label,
          curves: [one],
          behind: curves.filter((other) => other !== one),
        })),
      )
    : drawn.map((curves, i) => ({ title: several ? panels[i] : undefined, curves, behind: [] }));
  const end = options.steps ?? Math.max(1, ...runs.map((run) => run.steps[run.steps.length - 1] ?? 0));
  const columns = apart ? 3 : several ? 2 : 1;
  const grid = panelGrid(pictures.length === 0 ? [undefined] : pictures.map((picture) => picture.title), {
    columns,
    height: several ? 120 : 264,
    x: {
      title: apart ? `<span style="font-size:12px">Environment steps</span>` : "Environment steps",
      settings: { range: [0, end * 1.01], tickformat: "~s", ...(several ? { nticks: columns === 3 ? 3 : 4 } : {}) },
    },
    y: { title: value, settings: share ? { range: [-0.02, 1.04], tickformat: ".0%", dtick: several ? 0.5 : 0.2 } : {} },
  });

  // If there are several bands in one picture, each has to let the others show through.
  const opacity = (apart ? 1.4 : Math.min(1, 3 / styles.length)) * (panels.length > 1 ? 0.7 : 1);
  const bands: Trace[] = [];
  const lines: Trace[] = [];
  pictures.forEach(({ curves, behind }, place) => {
    const axes = grid.traceAxes(place);
    if (behind.length > 0) bands.push({ ...greyLines(behind), ...axes });
    curves.forEach(({ style, measured, curve, seeds }, k) => {
      if (curve.runs.some((n) => n > 1)) {
        const spread =
          crowded && !apart ? bars(style, curve, share, k / curves.length) : band(style, curve, share, 0.16 * opacity);
        bands.push({ ...spread, ...axes });
      }
      // Small pictures of one curve each need no legend: their titles name them.
      const showlegend = !apart && !lines.some((trace) => trace["name"] === style.label);
      lines.push(
        { ...points(style, measured, 0.5 * Math.min(1, opacity)), ...axes },
        { ...line(style, curve, share, seeds), showlegend, ...axes },
      );
    });
  });

  const text = caption(drawn.flat(), { window, spread: !crowded || apart ? "band" : "bars", behind: apart });
  // Even a single method gets a legend, because it has to be named somewhere.
  const above = 41 + (apart ? 0 : Math.max(31, legendHeight(styles.map(({ label }) => label))));
  const below = 84 + 14 * (text.split("<br>").length - 1);
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
    summary: `${title || "Training curves"}: ${value} at the end: ${drawn.flatMap((curves) => curves.flatMap((one) => endText(one, share))).join(", ") || "no evaluation yet"}`,
  };
}

/** Returns a curve's name with its last mean, such as "MAST 95 % (2 of 3 seeds)", or nothing if it has no point. */
function endText({ measured, seeds, ...named }: LabelCurve, share: boolean): string[] {
  const [mean, last] = [measured.mean.at(-1), measured.runs.at(-1)];
  if (mean === undefined || last === undefined) return [];
  const fewer = last < seeds ? ` (${last} of ${seeds} seeds)` : "";
  return [`${curveName(named)} ${share ? percent(mean) : round(mean, 3)}${fewer}`];
}

/** Returns the name of a curve, with that of its panel if it has one. */
function curveName({ panel, style }: Pick<LabelCurve, "style" | "panel">): string {
  return panel === undefined ? style.label : `${panel}, ${style.label}`;
}

export interface MeanCurve {
  readonly steps: number[];
  readonly mean: number[];
  /** Sample standard deviation; NaN if there is only one run. */
  readonly deviation: number[];
  /** How many runs have a value at each step. */
  readonly runs: number[];
}

/**
 * Returns mean and sample standard deviation over runs, at the steps of the run that has most points. Runs are
 * interpolated linearly between their own points and end where they end, because evaluations of different runs are at
 * slightly different steps: episodes are not cut. A value that is not a number is left out, and `runs` says over how
 * many runs each mean is. Without any value there is no point.
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

/** Interpolates linearly inside a run; returns NaN more than `slack` steps outside of it. */
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

/** Puts mean and deviation through the paper's filter. */
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
 * Draws bars of one standard deviation at a few of a curve's steps.
 *
 * @param turn 0..1, different for each curve of a picture, so that their bars stand beside each other
 */
function bars(style: MethodStyle, { steps, mean, deviation }: MeanCurve, share: boolean, turn: number): Trace {
  const places = Array.from({ length: INTERVALS }, (_, i) => Math.floor(((i + turn) * steps.length) / INTERVALS));
  const chosen = [...new Set(places)].filter((i) => !Number.isNaN(deviation[i]));
  const reach = (i: number, room: number): number => round(share ? Math.min(deviation[i], room) : deviation[i]);
  return {
    type: "scatter",
    mode: "markers",
    name: style.label,
    legendgroup: style.label,
    showlegend: false,
    hoverinfo: "skip",
    x: chosen.map((i) => steps[i]),
    y: chosen.map((i) => round(mean[i])),
    error_y: {
      type: "data",
      symmetric: false,
      array: chosen.map((i) => reach(i, 1 - mean[i])),
      arrayminus: chosen.map((i) => reach(i, mean[i])),
      color: style.colour,
      thickness: 1.2,
      width: 3,
    },
    marker: { color: style.colour, size: 7, symbol: style.symbol },
  };
}

/** Points of a grey line, which is for comparison only: no picture shows more of them. */
const GREY_POINTS = 80;

/** Draws curves as thin grey lines, in one trace. */
function greyLines(curves: readonly LabelCurve[]): Trace {
  const points = curves.flatMap(({ curve: { steps, mean } }) => {
    const every = Math.ceil(steps.length / GREY_POINTS);
    const kept = steps.map((_, i) => i).filter((i) => i % every === 0 || i === steps.length - 1);
    return [...kept.map((i) => [steps[i], mean[i]] as const), [NaN, NaN] as const];
  });
  return {
    type: "scatter",
    mode: "lines",
    showlegend: false,
    hoverinfo: "skip",
    x: packed(points.map(([x]) => x)),
    y: packed(points.map(([, y]) => y)),
    line: { color: "rgba(128,128,128,0.45)", width: 1 },
  };
}

/**
 * Returns the outline of the area one standard deviation to either side of a mean. Each stretch that two or more runs
 * share has its own outline, with a gap between.
 *
 * @param share whether values are shares, so that no edge may leave 0..1
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
 * Draws the line. Its hover shows the value, the deviation that the band has there, and over how many seeds the mean is
 * if some are missing.
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
 * Returns what the hover says after each mean: the deviation that the band has there, and over how many seeds the mean
 * is if some are missing.
 */
export function spreadTexts({ deviation, runs }: MeanCurve, seeds: number, share: boolean): string[] {
  const spread = (value: number): string =>
    Number.isNaN(value) ? "" : ` ± ${share ? `${(100 * value).toFixed(1)} %` : round(value, 2)}`;
  return deviation.map((value, i) => `${spread(value)}${runs[i] < seeds ? `, ${runs[i]} of ${seeds} seeds` : ""}`);
}

/** Says where means are over fewer seeds than there are, or nothing if none is. */
export function fewerText(fewer: readonly string[]): string {
  if (fewer.length === 0) return "";
  return `<br>means of fewer seeds where some are shorter or not numbers, at the least ${fewer.slice(0, 3).join(", ")}${fewer.length > 3 ? " and others" : ""}`;
}

/** Says what line, points and band are, so that a picture can be read without the text around it. */
function caption(
  curves: readonly LabelCurve[],
  options: { readonly window: number; readonly spread: "band" | "bars"; readonly behind: boolean },
): string {
  const counts = [...new Set(curves.map(({ seeds }) => seeds))].sort((a, b) => a - b);
  const several = counts.some((n) => n > 1);
  const isFiltered = ({ measured, curve }: LabelCurve): boolean => curve !== measured;
  const filtered = curves.some(isFiltered);
  const raw = curves.some((one) => !isFiltered(one) && one.curve.steps.length > 0);
  const fewer = curves.flatMap((one) => {
    const least = Math.min(...one.curve.runs, one.seeds);
    return least < one.seeds && one.curve.steps.length > 0 ? [`${curveName(one)} ${least} of ${one.seeds}`] : [];
  });
  const whose = several ? `mean of ${counts.join(" or ")} seeds` : "one seed";
  const spread = several ? `${filtered ? "<br>" : "; "}${options.spread}: ± 1 standard deviation` : "";
  const how = filtered
    ? `points: raw, ${whose}; line${several ? " and band" : ""}: ${raw ? "where there are 200 evaluations " : ""}Savitzky-Golay filter (window ${options.window}, order 2)`
    : `line: raw, ${whose}`;
  return `${how}${spread}${options.behind ? "; grey: the others" : ""}${fewerText(fewer)}`;
}

function percent(share: number): string {
  return `${round(100 * share, 3)} %`;
}
