import { LabError } from "../errors.js";
import { round, type Figure, type Trace } from "./figure.js";
import { legendHeight, panelGrid } from "./panel-grid.js";
import { footnote, layout, methodStyles } from "./theme.js";

/** One line of a panel. */
export interface Line {
  /** Lines of one label look alike in all panels and share an entry of the legend. */
  readonly label: string;
  /** Coordinates of the points. [points] */
  readonly x: ArrayLike<number>;
  /** Coordinates of the points. [points] */
  readonly y: ArrayLike<number>;
  /** CSS colour. Default: that of the method which the label names, or another one of the same palette. */
  readonly colour?: string;
  /** Plotly's dash, such as "dash" or "dot". */
  readonly dash?: string;
  /** Plotly's marker symbol; "none" for a line without markers. */
  readonly symbol?: string;
  /** Draws larger markers without a line, to point at something on other lines. */
  readonly marks?: boolean;
  /** Draws a filled area on top of the stacked ones before it in this panel. */
  readonly stacked?: boolean;
}

/** One small picture. */
export interface Panel {
  /** Text above the picture. Default: none. */
  readonly title?: string;
  /** The lines in the order in which they are drawn. */
  readonly lines: readonly Line[];
}

/** An axis that all panels share. */
export interface PanelAxis {
  /** What the axis shows, with its unit. */
  readonly title: string;
  /** Whether the axis is logarithmic. Default: false. */
  readonly log?: boolean;
  /** Range in the axis' own numbers, even if it is logarithmic. Default: what the lines need. */
  readonly range?: readonly [number, number];
  /** Plotly's format of its numbers, such as ".0%". */
  readonly format?: string;
  /** Where numbers are written. Default: Plotly's choice. */
  readonly ticks?: readonly number[];
}

/** Settings of `linePanels`. */
export interface LinePanelsOptions {
  /** Line above all panels. Default: none. */
  readonly title?: string;
  /** The horizontal axis of every panel. */
  readonly x: PanelAxis;
  /** The vertical axis of every panel. */
  readonly y: PanelAxis;
  /** How many panels are side by side. Default: 2, or 1 if there is only one. */
  readonly columns?: number;
  /** Height of one panel in pixels. Default: 260 for a single one, 170 otherwise. */
  readonly height?: number;
  /** A small line of text below the panels. */
  readonly caption?: string;
}

/**
 * Draws lines in small pictures that share their axes, from left to right and then down. Lines without a colour get one
 * by the order of their labels.
 *
 * @throws {Error} when there is no panel
 * @example
 * linePanels([{ title: "A", lines: [{ label: "square", x: [1, 2, 3], y: [1, 4, 9] }] }], {
 *   x: { title: "x" },
 *   y: { title: "y" },
 * });
 */
export function linePanels(panels: readonly Panel[], options: LinePanelsOptions): Figure {
  if (panels.length === 0) throw new LabError("A figure of panels needs at least one panel, but none was given.");
  const { title = "", x, y, caption = "" } = options;
  const columns = Math.min(panels.length, options.columns ?? 2);
  const height = options.height ?? (panels.length === 1 ? 260 : 170);
  const filled = panels.some(({ lines }) => lines.some(({ stacked }) => stacked));
  const grid = panelGrid(
    panels.map((panel) => panel.title),
    {
      columns,
      height,
      x: { title: x.title, settings: settings(x) },
      y: { title: y.title, settings: { ...settings(y), ...(filled ? { rangemode: "tozero" } : {}) } },
    },
  );

  const labels = [...new Set(panels.flatMap(({ lines }) => lines.map(({ label }) => label)))];
  const looks = new Map(methodStyles(labels).map((style) => [style.label, style]));
  const data: Trace[] = [];
  const listed = new Set<string>();

  panels.forEach((panel, i) => {
    for (const line of panel.lines) {
      const look = looks.get(line.label)!;
      const colour = line.colour ?? look.colour;
      const symbol = line.symbol ?? look.symbol;
      data.push({
        type: "scatter",
        name: line.label,
        legendgroup: line.label,
        showlegend: !listed.has(line.label),
        x: Array.from(line.x, (v) => round(v)),
        y: Array.from(line.y, (v) => round(v)),
        ...(line.stacked
          ? { mode: "lines", stackgroup: `panel-${i}`, line: { width: 0.5, color: colour }, fillcolor: colour }
          : {
              mode: line.marks ? "markers" : symbol === "none" ? "lines" : "lines+markers",
              line: { color: colour, width: 2.5, dash: line.dash ?? look.dash },
            }),
        ...(symbol === "none" || line.stacked ? {} : { marker: { color: colour, symbol, size: line.marks ? 12 : 7 } }),
        hovertemplate: `${line.label}: %{y:.4~g}<extra></extra>`,
        ...grid.traceAxes(i),
      });
      listed.add(line.label);
    }
  });

  const [above, below] = [42 + legendHeight(labels), caption === "" ? 56 : 80];
  return {
    data,
    layout: layout(title, {
      ...grid.axes,
      annotations: [...grid.titles, ...(caption === "" ? [] : [footnote(caption, -50)])],
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 6 / grid.height, yanchor: "bottom" },
      showlegend: labels.length > 1,
      hovermode: "x unified",
      margin: { l: 64, r: 24, t: above, b: below },
      height: grid.height + above + below,
    }),
    summary: `${title || "Lines"}: ${panels.map((panel) => `${panel.title === undefined ? "" : `${panel.title}: `}${panel.lines.map(({ label, y: values }) => `${label} ${round(values[values.length - 1], 3)}`).join(", ")}`).join("; ")}`,
  };
}

function settings({ log = false, range, format, ticks }: PanelAxis): Trace {
  return {
    ...(log ? { type: "log", dtick: 1 } : {}),
    range: range?.map((end) => (log ? Math.log10(end) : end)),
    tickformat: format,
    ...(ticks === undefined ? {} : { tickmode: "array", tickvals: [...ticks] }),
  };
}
