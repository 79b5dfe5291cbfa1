import { round, type Figure, type Trace } from "./figure.js";
import { axis, layout, methodStyles } from "./theme.js";

/** One line of a panel. */
export interface Line {
  /** Lines of one label look alike in all panels and share an entry of the legend. */
  readonly label: string;
  /** [points] */
  readonly x: ArrayLike<number>;
  /** [points] */
  readonly y: ArrayLike<number>;
  readonly colour?: string;
  /** Plotly's dash, such as "dash" or "dot". */
  readonly dash?: string;
  /** Plotly's marker symbol; "none" for a line without markers. */
  readonly symbol?: string;
  /** Markers only, larger ones: to point at something on other lines. */
  readonly marks?: boolean;
  /** A filled area on top of the stacked ones before it in this panel. */
  readonly stacked?: boolean;
}

/** One small picture. */
export interface Panel {
  readonly title?: string;
  readonly lines: readonly Line[];
}

/** An axis that all panels share. */
export interface PanelAxis {
  readonly title: string;
  readonly log?: boolean;
  /** In the axis' own numbers, also where it is logarithmic. Default: what the lines need. */
  readonly range?: readonly [number, number];
  /** Plotly's format of its numbers, such as ".0%". */
  readonly format?: string;
  /** Where numbers stand; default: Plotly's choice. */
  readonly ticks?: readonly number[];
}

export interface LinePanelsOptions {
  readonly title?: string;
  readonly x: PanelAxis;
  readonly y: PanelAxis;
  /** Panels beside each other. Default: 2, or 1 where there is one. */
  readonly columns?: number;
  /** Pixels of one panel. Default: 260 for a single one, 170 otherwise. */
  readonly height?: number;
  /** A small line below. */
  readonly caption?: string;
}

/**
 * Lines in small pictures that share their axes, from left to right and then down. Lines without a colour take one each, in the order of
 * their labels.
 *
 * @throws {Error} when there is no panel
 * @example
 * linePanels([{ title: "A", lines: [{ label: "square", x: [1, 2, 3], y: [1, 4, 9] }] }], { x: { title: "x" }, y: { title: "y" } });
 */
export function linePanels(panels: readonly Panel[], options: LinePanelsOptions): Figure {
  if (panels.length === 0) throw new Error("A figure of panels was given none; it needs at least one.");
  const { title = "", x, y, caption = "" } = options;
  const columns = Math.min(panels.length, options.columns ?? 2);
  const rows = Math.ceil(panels.length / columns);
  const height = options.height ?? (panels.length === 1 ? 260 : 170);
  const filled = panels.some(({ lines }) => lines.some(({ stacked }) => stacked));
  const titled = panels.some((panel) => panel.title !== undefined);
  const [gapX, gapY, over] = [columns === 1 ? 0 : 0.05, 22, titled ? 24 : 0];

  const labels = [...new Set(panels.flatMap(({ lines }) => lines.map(({ label }) => label)))];
  const looks = new Map(methodStyles(labels).map((style) => [style.label, style]));
  const plot = rows * (height + over) + (rows - 1) * gapY;
  const width = (1 - (columns - 1) * gapX) / columns;
  const axes: Record<string, unknown> = {};
  const titles: Trace[] = [];
  const data: Trace[] = [];
  const listed = new Set<string>();

  panels.forEach((panel, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const suffix = i === 0 ? "" : String(i + 1);
    const left = column * (width + gapX);
    const top = 1 - (row * (height + over + gapY) + over) / plot;
    const lowest = i + columns >= panels.length;
    axes[`xaxis${suffix}`] = axis(lowest ? x.title : "", { ...settings(x), domain: [left, left + width], anchor: `y${suffix}`, ...(i > 0 ? { matches: "x" } : {}) });
    axes[`yaxis${suffix}`] = axis(column === 0 ? y.title : "", { ...settings(y), ...(filled ? { rangemode: "tozero" } : {}), domain: [top - height / plot, top], anchor: `x${suffix}`, showticklabels: column === 0, ...(i > 0 ? { matches: "y" } : {}) });
    if (panel.title !== undefined) {
      titles.push({ text: `<b>${panel.title}</b>`, showarrow: false, xref: "paper", yref: "paper", x: left, y: top, xanchor: "left", yanchor: "bottom", font: { size: 13 } });
    }
    for (const line of panel.lines) {
      const look = looks.get(line.label)!;
      const colour = line.colour ?? look.colour;
      const symbol = line.symbol ?? look.symbol;
      data.push({
        type: "scatter", name: line.label, legendgroup: line.label, showlegend: !listed.has(line.label),
        x: Array.from(line.x, (v) => round(v)), y: Array.from(line.y, (v) => round(v)),
        ...(line.stacked
          ? { mode: "lines", stackgroup: `panel-${i}`, line: { width: 0.5, color: colour }, fillcolor: colour }
          : { mode: line.marks ? "markers" : symbol === "none" ? "lines" : "lines+markers", line: { color: colour, width: 2.5, dash: line.dash ?? look.dash } }),
        ...(symbol === "none" || line.stacked ? {} : { marker: { color: colour, symbol, size: line.marks ? 12 : 7 } }),
        hovertemplate: `${line.label}: %{y:.4~g}<extra></extra>`,
        ...(i === 0 ? {} : { xaxis: `x${suffix}`, yaxis: `y${suffix}` }),
      });
      listed.add(line.label);
    }
  });

  const [above, below] = [42 + 31 * legendRows(labels), caption === "" ? 56 : 80];
  return {
    data,
    layout: layout(title, {
      ...axes,
      annotations: [...titles, ...(caption === "" ? [] : [{ text: caption, showarrow: false, xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top", yshift: -50, font: { size: 11, color: "#666666" }, align: "left" }])],
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 6 / plot, yanchor: "bottom" },
      showlegend: labels.length > 1,
      hovermode: "x unified",
      margin: { l: 64, r: 24, t: above, b: below },
      height: plot + above + below,
    }),
    summary: `${title || "Lines"}: ${panels.map((panel) => `${panel.title === undefined ? "" : `${panel.title}: `}${panel.lines.map(({ label, y: values }) => `${label} ${round(values[values.length - 1], 3)}`).join(", ")}`).join("; ")}`,
  };
}

function settings({ log = false, range, format, ticks }: PanelAxis): Trace {
  return {
    ...(log ? { type: "log", dtick: 1 } : {}),
    ...(range === undefined ? {} : { range: log ? range.map(Math.log10) : [...range] }),
    ...(format === undefined ? {} : { tickformat: format }),
    ...(ticks === undefined ? {} : { tickmode: "array", tickvals: [...ticks] }),
  };
}

/** Lines of the legend above a figure of the usual width. */
function legendRows(labels: readonly string[]): number {
  if (labels.length <= 1) return 0;
  let [rows, used] = [1, 0];
  for (const label of labels) {
    const width = 40 + 7.2 * label.length;
    if (used > 0 && used + width > 552) [rows, used] = [rows + 1, 0];
    used += width;
  }
  return rows;
}
