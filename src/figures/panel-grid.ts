import type { Trace } from "./figure.js";
import { axis } from "./theme.js";

/** Name and Plotly settings of an axis that all panels share. */
export interface SharedAxis {
  readonly title: string;
  readonly settings: { readonly [key: string]: unknown };
}

/** The layout of small pictures in one figure. */
export interface PanelGrid {
  /** Plotly's axes, for the layout. */
  readonly axes: { readonly [key: string]: unknown };
  /** The panels' titles, as annotations for the layout. */
  readonly titles: readonly Trace[];
  /** Pixels of all panels together, without legend and margins. */
  readonly height: number;
  /** Returns the axes that a trace of this panel has to name. */
  traceAxes(panel: number): { readonly xaxis?: string; readonly yaxis?: string };
}

/**
 * Lays small pictures out from left to right and then down. They share their scales. Numbers are written at the left
 * and, with the axis' name, below the lowest picture of each column.
 *
 * @param panels the panels' titles, undefined for a panel without one
 * @param options.height pixels of one panel
 */
export function panelGrid(
  panels: readonly (string | undefined)[],
  {
    columns,
    height,
    x,
    y,
  }: { readonly columns: number; readonly height: number; readonly x: SharedAxis; readonly y: SharedAxis },
): PanelGrid {
  const rows = Math.ceil(panels.length / columns);
  const titled = panels.some((title) => title !== undefined);
  // The last number of one horizontal axis must not run into the first of the next.
  const [gapX, gapY, over] = [columns === 1 ? 0 : 0.07, 22, titled ? 24 : 0];
  const plot = Math.max(1, rows) * (height + over) + Math.max(0, rows - 1) * gapY;
  const width = (1 - (columns - 1) * gapX) / columns;
  const suffix = (i: number): string => (i === 0 ? "" : String(i + 1));
  const axes: Record<string, unknown> = {};
  const titles: Trace[] = [];
  // Horizontal axes with one given range agree without being matched, and matching would keep Plotly from finding the
  // range of the vertical axes.
  panels.forEach((title, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const left = column * (width + gapX);
    const top = 1 - (row * (height + over + gapY) + over) / plot;
    const lowest = i + columns >= panels.length;
    axes[`xaxis${suffix(i)}`] = axis(lowest ? x.title : "", {
      ...x.settings,
      domain: [left, left + width],
      anchor: `y${suffix(i)}`,
      ...(i > 0 && x.settings.range === undefined ? { matches: "x" } : {}),
    });
    axes[`yaxis${suffix(i)}`] = axis(column === 0 ? y.title : "", {
      ...y.settings,
      domain: [top - height / plot, top],
      anchor: `x${suffix(i)}`,
      showticklabels: column === 0,
      ...(i > 0 ? { matches: "y" } : {}),
    });
    if (title !== undefined)
      titles.push({
        text: `<b>${title}</b>`,
        showarrow: false,
        xref: "paper",
        yref: "paper",
        x: left,
        y: top,
        xanchor: "left",
        yanchor: "bottom",
        font: { size: 13 },
      });
  });
  return {
    axes,
    titles,
    height: plot,
    traceAxes: (i) => (i === 0 ? {} : { xaxis: `x${suffix(i)}`, yaxis: `y${suffix(i)}` }),
  };
}

/**
 * Returns the height in pixels of a legend above a figure that is at least 600 pixels wide. Plotly gives each entry a
 * line, a gap and its text.
 *
 * @param room pixels between the left end of the legend and the right margin, 512 beside labels of usual length
 */
export function legendHeight(labels: readonly string[], room = 512): number {
  if (labels.length <= 1) return 0;
  let [rows, used] = [1, 0];
  for (const label of labels) {
    const width = 44 + 7.4 * label.length;
    if (used > 0 && used + width > room) [rows, used] = [rows + 1, 0];
    used += width;
  }
  return 31 * rows;
}
