import type { ScoreMeasure } from "../config.js";
import { MEASURES } from "../results/measure.js";
import { round, type Figure, type Trace } from "./figure.js";
import { notNumbers } from "./scores.js";
import { legendHeight } from "./panel-grid.js";
import { axis, footnote, INK, layout, legendEntry, methodStyles } from "./theme.js";

/** Name of the large marks in the legend. */
const OURS = "our mean over seeds";

/** The scores of one setting. */
export interface SettingScore {
  /** Name of its line: the method, or whatever else is compared. */
  readonly row: string;
  /** Its place along the horizontal axis. */
  readonly column: string;
  /** Scores, one a seed: shares 0..1, or returns. */
  readonly scores: readonly number[];
  readonly mean: number;
  /** The share of the dense model's win rate that the paper reports. */
  readonly paper?: number;
}

export interface SettingScoresOptions {
  readonly title?: string;
  /** Name of the horizontal axis. */
  readonly axis?: string;
  /** The columns from left to right. Default: in the order in which they come. */
  readonly columns?: readonly string[];
  /** What scores are means of. Default: "win-rate". */
  readonly measure?: ScoreMeasure;
}

/**
 * Draws scores against a setting: for each row a line through the means over seeds, the seeds as dots beside it, and
 * the paper's numbers as diamonds with a dotted line. Columns are equally far apart, as in the tables of the paper's
 * appendix.
 *
 * @example
 * settingScores([{ row: "MAST", column: "0.8", scores: [0.9, 1], mean: 0.95, paper: 0.979 }], { axis: "lambda" });
 */
export function settingScores(settings: readonly SettingScore[], options: SettingScoresOptions = {}): Figure {
  const { title: name, share, text } = MEASURES[options.measure ?? "win-rate"];
  const shown = share ? "%{y:.1%}" : "%{y:.4~g}";
  const { title = "", columns = [...new Set(settings.map(({ column }) => column))] } = options;
  const styles = methodStyles([...new Set(settings.map(({ row }) => row))]);
  const traces = styles.flatMap((style, i): Trace[] => {
    const own = columns.flatMap(
      (column) => settings.find((setting) => setting.row === style.label && setting.column === column) ?? [],
    );
    // Lines are drawn side by side, so that dots of several rows do not hide each other.
    const x = ({ column }: SettingScore) => round(columns.indexOf(column) + (i - (styles.length - 1) / 2) * 0.07);
    const legend = { legendgroup: style.label, name: style.label };
    const known = own.filter(({ paper }) => paper !== undefined);
    return [
      {
        ...legend,
        type: "scatter",
        mode: "markers",
        showlegend: false,
        x: own.flatMap((setting) => setting.scores.map(() => x(setting))),
        y: own.flatMap(({ scores }) => scores.map((score) => round(score))),
        marker: { color: style.colour, size: 5, opacity: 0.45 },
        hovertemplate: `${style.label}, one seed: ${shown}<extra></extra>`,
      },
      {
        ...legend,
        type: "scatter",
        mode: "lines+markers",
        name: styles.length > 1 ? style.label : OURS,
        x: own.map(x),
        y: own.map(({ mean }) => round(mean)),
        customdata: own.map(({ column }) => column),
        line: { color: style.colour, width: 2.5, dash: style.dash },
        marker: { color: style.colour, size: 9, symbol: style.symbol },
        hovertemplate: `${style.label}, %{customdata}: ${shown}<extra></extra>`,
      },
      ...(known.length === 0
        ? []
        : [
            {
              ...legend,
              type: "scatter",
              mode: "lines+markers",
              showlegend: false,
              x: known.map(x),
              y: known.map(({ paper }) => round(paper!)),
              customdata: known.map(({ column }) => column),
              line: { color: style.colour, width: 1, dash: "dot" },
              marker: { color: style.colour, size: 9, symbol: "diamond-open", line: { width: 1.5 } },
              hovertemplate: `${style.label} in the paper, %{customdata}: %{y:.1%} of dense<extra></extra>`,
            },
          ]),
    ];
  });
  const key = [
    ...(styles.length > 1 ? [legendEntry(OURS, { mode: "markers", marker: { color: INK, size: 9 } })] : []),
    legendEntry("one seed", { mode: "markers", marker: { color: INK, size: 5, opacity: 0.45 } }),
    ...(settings.some(({ paper }) => paper !== undefined)
      ? [
          legendEntry("in the paper, as a share of its dense model", {
            mode: "lines+markers",
            line: { color: INK, width: 1, dash: "dot" },
            marker: { color: INK, size: 9, symbol: "diamond-open", line: { width: 1.5 } },
          }),
        ]
      : []),
  ];
  const named = [
    ...(styles.length > 1 ? styles.map(({ label }) => label) : [OURS]),
    ...key.map((entry) => String(entry["name"])),
  ];
  const lost = notNumbers(
    settings.map(({ row, column, scores }) => ({ label: styles.length > 1 ? `${row}, ${column}` : column, scores })),
  );
  const above = 44 + legendHeight(named);
  const below = lost === "" ? 64 : 96;
  const highest = Math.max(1, ...settings.map(({ paper = 0 }) => paper));
  return {
    data: [...traces, ...key],
    layout: layout(title, {
      xaxis: axis(options.axis ?? "", {
        tickmode: "array",
        tickvals: columns.map((_, i) => i),
        ticktext: [...columns],
        range: [-0.5, columns.length - 0.5],
        showgrid: false,
      }),
      yaxis: axis(name, share ? { range: [-0.03, highest + 0.05], tickformat: ".0%", dtick: 0.2 } : {}),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
      hovermode: "closest",
      height: 256 + above + below,
      margin: { l: 64, r: 24, t: above, b: below },
      annotations: lost === "" ? [] : [footnote(lost, -56)],
    }),
    summary: `${title || "Scores"}: ${settings.map(({ row, column, mean }) => `${styles.length > 1 ? `${row}, ` : ""}${column} ${share ? `${round(100 * mean, 3)} %` : text(mean)}`).join("; ")}`,
  };
}
