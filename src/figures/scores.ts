import type { ScoreMeasure } from "../config.js";
import { MEASURES } from "../results/measure.js";
import { interquartileMean } from "../results/statistics.js";
import { round, type Figure, type Trace } from "./figure.js";
import { legendHeight } from "./panel-grid.js";
import { axis, footnote, INK, layout, legendEntry, methodStyles, translucent } from "./theme.js";

/** The scores of one method: shares 0..1, or returns. */
export interface MethodScores {
  /** The method's name, see `METHOD_TITLES`. */
  readonly label: string;
  /** The scores, one a seed. */
  readonly scores: readonly number[];
  /** Both ends of the interquartile mean's interval. */
  readonly interval: readonly [low: number, high: number];
  /** The mean and standard deviation that the paper reports. */
  readonly paper?: { readonly mean: number; readonly deviation: number };
}

/**
 * Draws the scores of methods, one line each in the order of the paper's Table 1: the seeds as dots, the interquartile
 * mean (the mean of the middle half) with its interval, and below it the paper's mean with its standard deviation.
 *
 * @example const figure = scoreIntervals([{ label: "MAST", scores: [0.9, 1], interval: [0.9, 1] }], { title: "2s3z" });
 */
export function scoreIntervals(
  methods: readonly MethodScores[],
  { title = "", measure = "win-rate" }: { readonly title?: string; readonly measure?: ScoreMeasure } = {},
): Figure {
  const { title: name, share, text } = MEASURES[measure];
  const shown = share ? "%{x:.1%}" : "%{x:.4~g}";
  const styles = methodStyles(methods.map(({ label }) => label));
  const rows = styles.map((style, i) => ({
    style,
    y: styles.length - 1 - i,
    ...methods.find(({ label }) => label === style.label)!,
  }));
  const traces = rows.flatMap(({ style, y, scores, interval: [low, high], paper }): Trace[] => {
    const middle = interquartileMean(scores);
    const hidden = { showlegend: false, legendgroup: style.label };
    return [
      {
        ...hidden,
        type: "scatter",
        mode: "lines",
        x: [round(low), round(high)],
        y: [y, y],
        line: { color: translucent(style.colour, 0.35), width: 12 },
        hoverinfo: "skip",
      },
      {
        ...hidden,
        type: "scatter",
        mode: "markers",
        x: scores.map((s) => round(s)),
        y: scores.map(() => y),
        marker: { color: style.colour, size: 6, opacity: 0.7 },
        hovertemplate: `${style.label}, one seed: ${shown}<extra></extra>`,
      },
      {
        ...hidden,
        type: "scatter",
        mode: "markers",
        x: [round(middle)],
        y: [y],
        marker: { color: style.colour, size: 17, symbol: "line-ns", line: { color: style.colour, width: 3 } },
        hovertemplate: `${style.label}, interquartile mean: ${shown}<extra></extra>`,
      },
      ...(paper === undefined
        ? []
        : [
            {
              ...hidden,
              type: "scatter",
              mode: "markers",
              x: [paper.mean],
              y: [y - 0.3],
              error_x: {
                type: "data",
                array: [Math.min(paper.deviation, 1 - Math.min(1, paper.mean))],
                arrayminus: [paper.deviation],
                color: INK,
                thickness: 1.2,
                width: 3,
              },
              marker: { color: INK, size: 9, symbol: "diamond-open", line: { width: 1.5 } },
              hovertemplate: `${style.label} in the paper: %{x:.1%} ± ${(100 * paper.deviation).toFixed(1)} %<extra></extra>`,
            },
          ]),
    ];
  });
  const key = [
    legendEntry("one seed", { mode: "markers", marker: { color: INK, size: 6, opacity: 0.7 } }),
    legendEntry("interquartile mean", {
      mode: "markers",
      marker: { color: INK, size: 14, symbol: "line-ns", line: { color: INK, width: 3 } },
    }),
    legendEntry("its 95 % interval", { mode: "lines", line: { color: translucent(INK, 0.35), width: 12 } }),
    ...(methods.some(({ paper }) => paper !== undefined)
      ? [
          legendEntry("the paper's mean ± standard deviation", {
            mode: "markers",
            marker: { color: INK, size: 9, symbol: "diamond-open", line: { width: 1.5 } },
          }),
        ]
      : []),
  ];
  const lost = notNumbers(methods);
  // The legend begins where the names of the methods end, and Plotly moves that place to the right for long names.
  const longest = Math.max(...styles.map(({ label }) => label.length));
  const room = 600 - 24 - Math.max(64, 12 + 8.3 * longest);
  const above =
    44 +
    legendHeight(
      key.map((entry) => String(entry["name"])),
      room,
    );
  const below = lost === "" ? 56 : 84;
  return {
    data: [...traces, ...key],
    layout: layout(title, {
      xaxis: axis(name, share ? { range: [-0.02, 1.04], tickformat: ".0%", dtick: 0.2 } : {}),
      yaxis: axis("", {
        tickmode: "array",
        tickvals: rows.map(({ y }) => y),
        ticktext: rows.map(({ style }) => style.label),
        range: [-0.7, styles.length - 0.4],
        showgrid: false,
        ticks: "",
      }),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom" },
      height: 18 + 48 * styles.length + above + below,
      margin: { l: 64, r: 24, t: above, b: below },
      hovermode: "closest",
      annotations: lost === "" ? [] : [footnote(lost, -52)],
    }),
    summary: `${title || "Scores"}: ${rows.map(({ style, scores }) => `${style.label} ${share ? `${round(100 * interquartileMean(scores), 3)} %` : text(interquartileMean(scores))}`).join(", ")}`,
  };
}

/** Returns a sentence about the dots that are missing because their score is not a number, or "" if there are none. */
export function notNumbers(groups: readonly { readonly label: string; readonly scores: readonly number[] }[]): string {
  const lost = groups.flatMap(({ label, scores }) => {
    const count = scores.filter(Number.isNaN).length;
    return count === 0 ? [] : [`${label} ${count} of ${scores.length}`];
  });
  return lost.length === 0 ? "" : `not drawn, since they are not numbers: seeds of ${lost.join(", ")}, and their means`;
}
