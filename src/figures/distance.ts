import { bandOutline, fewerText, meanCurve, spreadTexts } from "./curves.js";
import { round, type Figure, type Trace } from "./figure.js";
import { legendHeight } from "./panel-grid.js";
import { axis, footnote, layout, METHOD_STYLES, translucent } from "./theme.js";

/**
 * Looks of the labels in their order: the colours of RigL, whose single buffer is the first to compare with, of MAST,
 * and of a third. Dots are for exploration.
 */
const LOOKS = [
  { colour: METHOD_STYLES[4].colour, dash: "solid" },
  { colour: METHOD_STYLES[6].colour, dash: "12px,3px" },
  { colour: METHOD_STYLES[3].colour, dash: "7px,4px" },
];

/** One run's distances between stored choices and the policy. */
export interface DistanceCurve {
  /** Name of what is compared. Runs with the same label are seeds of it and are averaged. */
  readonly label: string;
  /** Environment steps, or ages, increasing. [points] */
  readonly at: readonly number[];
  /** Share of choices that the policy would not make, 0..1. [points] */
  readonly distance: readonly number[];
  /** Share of choices that would differ by exploration alone. [points] */
  readonly explored: readonly number[];
}

export interface DistanceFigureOptions {
  readonly title?: string;
  /** Name of the horizontal axis. */
  readonly axis?: string;
  /** Moments that a thin line marks, and what happened then. */
  readonly marks?: readonly { readonly at: number; readonly text: string }[];
}

/**
 * Draws the distances between stored choices and the policy: for each label the mean over its runs with a band of one
 * standard deviation, and, dotted below it, the distance that exploration alone would give.
 *
 * @example
 * await showFigure(
 *   distanceFigure([{ label: "offline buffer", at: [1000], distance: [0.4], explored: [0.1] }], {
 *     title: "3m",
 *     axis: "Environment steps",
 *   }),
 * );
 */
export function distanceFigure(curves: readonly DistanceCurve[], options: DistanceFigureOptions = {}): Figure {
  const { title = "", marks = [] } = options;
  const labels = [...new Set(curves.map(({ label }) => label))];
  const bands: Trace[] = [];
  const lines: Trace[] = [];
  const ends: string[] = [];
  const fewer: string[] = [];
  let seeds = 0;
  for (const [i, label] of labels.entries()) {
    const { colour, dash } = LOOKS[i % LOOKS.length];
    const own = curves.filter((curve) => curve.label === label);
    seeds = Math.max(seeds, own.length);
    const curve = meanCurve(own.map(({ at, distance }) => ({ steps: at, values: distance })));
    const { steps: x, mean } = curve;
    const floor = meanCurve(own.map(({ at, explored }) => ({ steps: at, values: explored })));
    const least = Math.min(...curve.runs, own.length);
    if (least < own.length && x.length > 0) fewer.push(`${label} ${least} of ${own.length}`);
    if (curve.runs.some((runs) => runs > 1)) {
      bands.push({
        type: "scatter",
        mode: "lines",
        name: label,
        legendgroup: label,
        showlegend: false,
        hoverinfo: "skip",
        ...bandOutline(curve, true),
        fill: "toself",
        fillcolor: translucent(colour, 0.16),
        line: { width: 0, color: colour },
      });
    }
    lines.push(
      {
        type: "scatter",
        mode: "lines",
        name: `${label}, exploration`,
        legendgroup: label,
        showlegend: false,
        x: floor.steps,
        y: floor.mean.map((value) => round(value)),
        line: { color: colour, width: 1.5, dash: "dot" },
        hovertemplate: "%{y:.1%} by exploration alone",
      },
      {
        type: "scatter",
        mode: "lines",
        name: label,
        legendgroup: label,
        x,
        y: mean.map((value) => round(value)),
        customdata: spreadTexts(curve, own.length, true),
        line: { color: colour, width: 2.5, dash },
        hovertemplate: "%{y:.1%}%{customdata}",
      },
    );
    if (mean.length > 0) ends.push(`${label} ${round(100 * mean.at(-1)!, 3)} %`);
  }
  const highest = Math.max(0.1, ...curves.flatMap(({ distance }) => distance).filter(Number.isFinite));
  // Even a single label gets a legend, because it has to be named somewhere.
  const above = 41 + Math.max(31, legendHeight(labels));
  const below = fewer.length === 0 ? 84 : 98;
  return {
    data: [...bands, ...lines],
    layout: layout(title, {
      xaxis: axis(options.axis ?? "", { tickformat: "~s", rangemode: "tozero" }),
      yaxis: axis("Choices not made any more", { range: [0, Math.min(1, 1.1 * highest)], tickformat: ".0%" }),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
      hovermode: "x unified",
      height: 284 + above + below,
      margin: { l: 64, r: 24, t: above, b: below },
      shapes: marks.map(({ at }) => ({
        type: "line",
        xref: "x",
        yref: "paper",
        x0: at,
        x1: at,
        y0: 0,
        y1: 1,
        line: { color: "#999999", width: 1, dash: "2px,3px" },
      })),
      annotations: [
        ...marks.map(({ at, text }) => ({
          text,
          showarrow: false,
          xref: "x",
          yref: "paper",
          x: at,
          y: 1,
          xanchor: "left",
          yanchor: "top",
          xshift: 3,
          font: { size: 11 },
        })),
        footnote(
          `${seeds > 1 ? `line: mean of ${seeds} seeds; band: ± 1 standard deviation` : "line: one seed"}; dotted: what exploration alone would give${fewerText(fewer)}`,
          -52,
        ),
      ],
    }),
    summary: `${title || "Distance of stored choices from the policy"}: at the end ${ends.join("; ")}`,
  };
}
