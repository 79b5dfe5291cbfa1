import { round, type Figure, type Trace } from "./figure.js";
import { legendHeight } from "./panel-grid.js";
import { axis, layout, methodStyles } from "./theme.js";

/** One of several small pictures, which are laid out row by row, two in a row. */
export interface SpeedPanel {
  readonly title: string;
  readonly lines: readonly SpeedLine[];
}

/** Measured values against the varied quantity, with the values that FLOPs predict. */
export interface SpeedLine {
  readonly label: string;
  /** The varied quantity: density, or the number of episodes in a batch. [points] */
  readonly x: readonly number[];
  /** Times or speed-ups. [points] */
  readonly measured: readonly number[];
  /** The upper quartile of the samples, if it is to be shown. [points] */
  readonly high?: readonly number[];
  /** Times or speed-ups that FLOPs predict. [points] */
  readonly predicted: readonly number[];
  /** Values of a fitted law, if there is one. [points] */
  readonly fitted?: readonly number[];
}

export interface SpeedFigureOptions {
  readonly title?: string;
  /** The varied quantity: density runs from 1 on the left. Default: density. */
  readonly against?: "density" | "batch";
  /** Names of the vertical axes, one a row of panels. */
  readonly values: readonly string[];
  /** Whether all panels have the same vertical range, as speed-ups do. */
  readonly shared?: boolean;
}

const PREDICTED = { colour: "#888888", label: "FLOPs predict" };

const FITTED = { colour: "#E69F00", label: "a fixed time + FLOPs" };

/**
 * Draws times or speed-ups in small pictures with logarithmic axes: measured lines in colour, and what FLOPs predict
 * dotted in grey.
 *
 * @example
 * speedFigure(
 *   [{ title: "3m", lines: [{ label: "measured", x: [1, 0.1], measured: [18, 4], predicted: [18, 1.8] }] }],
 *   { values: ["ms"] },
 * );
 */
export function speedFigure(panels: readonly SpeedPanel[], options: SpeedFigureOptions): Figure {
  const { title = "", against = "density", values, shared = false } = options;
  const styles = methodStyles([...new Set(panels.flatMap(({ lines }) => lines.map(({ label }) => label)))]);
  const traces: Trace[] = [];
  const named = new Set<string>();
  const first = (label: string): boolean => !named.has(label) && named.add(label) !== undefined;
  panels.forEach(({ lines }, panel) => {
    const axes = { xaxis: `x${panel === 0 ? "" : panel + 1}`, yaxis: `y${panel === 0 ? "" : panel + 1}` };
    for (const { x, predicted, fitted } of lines) {
      traces.push(
        ...(fitted === undefined
          ? []
          : [
              {
                ...axes,
                type: "scatter",
                mode: "lines",
                name: FITTED.label,
                legendgroup: FITTED.label,
                legendrank: 1500,
                showlegend: first(FITTED.label),
                x,
                y: fitted.map((value) => round(value)),
                line: { color: FITTED.colour, width: 5 },
                hovertemplate: "%{y:.3~g} fitted",
              },
            ]),
        {
          ...axes,
          type: "scatter",
          mode: "lines",
          name: PREDICTED.label,
          legendgroup: PREDICTED.label,
          legendrank: 2000,
          showlegend: first(PREDICTED.label),
          x,
          y: predicted.map((value) => round(value)),
          line: { color: PREDICTED.colour, width: 1.5, dash: "dot" },
          hovertemplate: "%{y:.3~g} predicted",
        },
      );
    }
    for (const { label, x, measured, high } of lines) {
      const { colour, dash, symbol } = styles.find((style) => style.label === label)!;
      traces.push({
        ...axes,
        type: "scatter",
        mode: "lines+markers",
        name: label,
        legendgroup: label,
        showlegend: first(label),
        x,
        y: measured.map((value) => round(value)),
        line: { color: colour, width: 2.5, dash },
        marker: { color: colour, size: 7, symbol },
        hovertemplate: "%{y:.3~g}",
        ...(high === undefined
          ? {}
          : {
              error_y: {
                type: "data",
                symmetric: false,
                array: high.map((value, i) => round(value - measured[i])),
                arrayminus: high.map(() => 0),
                color: colour,
                thickness: 1,
                width: 3,
              },
            }),
      });
    }
  });
  const numbers = panels.map(({ lines }) =>
    lines.flatMap(({ measured, predicted, high = [] }) => [...measured, ...predicted, ...high]),
  );
  const everything = numbers.flat();
  const ticks = [...new Set(panels.flatMap(({ lines }) => lines.flatMap(({ x }) => x)))];
  const { frames, height } = grid(panels.length);
  const listed = traces.flatMap(({ name, showlegend }) => (showlegend === true ? [String(name)] : []));
  const above = 61 + legendHeight(listed);
  return {
    data: traces,
    layout: layout(title, {
      ...Object.fromEntries(
        frames.flatMap(({ suffix, across, up, row, column }, panel) => [
          [
            `xaxis${suffix}`,
            axis(row === frames.at(-1)!.row ? (against === "density" ? "Density" : "Episodes of a batch") : "", {
              type: "log",
              domain: across,
              anchor: `y${suffix}`,
              tickvals: ticks,
              ticktext: ticks.map(String),
              tickangle: 0,
              tickfont: { size: 12 },
              range: logRange(ticks, against === "density"),
            }),
          ],
          [
            `yaxis${suffix}`,
            axis(column === 0 ? values[row] : "", {
              type: "log",
              domain: up,
              anchor: `x${suffix}`,
              ...logTicks(shared ? everything : numbers[panel]),
              tickfont: { size: 12 },
              range: logRange(shared ? everything : numbers[panel], false),
            }),
          ],
        ]),
      ),
      annotations: frames.map(({ across, up }, panel) => ({
        text: `<b>${panels[panel].title}</b>`,
        showarrow: false,
        xref: "paper",
        yref: "paper",
        x: across[0],
        y: up[1],
        xanchor: "left",
        yanchor: "bottom",
        font: { size: 13 },
      })),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 26 / height, yanchor: "bottom" },
      margin: { l: 64, r: 24, t: above, b: 56 },
      height: height + above + 56,
    }),
    summary: `${title || "Time"}: ${panels.flatMap((panel) => panel.lines.map(({ label, x, measured, predicted }) => `${panel.title}, ${label} at ${x.at(-1)}: ${round(measured.at(-1)!, 3)} (predicted ${round(predicted.at(-1)!, 3)})`)).join("; ")}`,
  };
}

/** The parts of an update, for each density on one map. */
export interface PartsPanel {
  readonly title: string;
  /** Milliseconds of each part by name, in the order in which they are stacked. */
  readonly bars: readonly {
    readonly label: string;
    readonly parts: Readonly<Record<string, number>>;
    /** The milliseconds that FLOPs predict for the whole. */ readonly predicted: number;
  }[];
}

/**
 * Draws the parts of times as stacked bars, with a mark at what FLOPs predict for the whole.
 *
 * @example
 * partsFigure([{ title: "3m", bars: [{ label: "0.1", parts: { forward: 1.2, backward: 2 }, predicted: 1.8 }] }], {
 *   title: "An update",
 * });
 */
export function partsFigure(panels: readonly PartsPanel[], options: { readonly title?: string } = {}): Figure {
  const { title = "" } = options;
  const parts = [...new Set(panels.flatMap(({ bars }) => bars.flatMap((bar) => Object.keys(bar.parts))))];
  const { frames, height } = grid(panels.length);
  const data = panels.flatMap(({ bars }, panel): Trace[] => {
    const axes = { xaxis: `x${panel === 0 ? "" : panel + 1}`, yaxis: `y${panel === 0 ? "" : panel + 1}` };
    const labels = bars.map(({ label }) => label);
    return [
      ...parts.map((part, i): Trace => ({
        ...axes,
        type: "bar",
        orientation: "h",
        name: part,
        legendgroup: part,
        showlegend: panel === 0,
        y: labels,
        x: bars.map((bar) => round(bar.parts[part] ?? 0)),
        marker: { color: PART_COLOURS[i % PART_COLOURS.length] },
        hovertemplate: `${part}: %{x:.3~g} ms<extra>density %{y}</extra>`,
      })),
      {
        ...axes,
        type: "scatter",
        mode: "markers",
        name: PREDICTED.label,
        legendgroup: PREDICTED.label,
        showlegend: panel === 0,
        y: labels,
        x: bars.map(({ predicted }) => round(predicted)),
        // White within a dark line stands out from every part, and from light and dark pages.
        marker: { symbol: "diamond-tall", size: 13, color: "#ffffff", line: { width: 1.5, color: "#222222" } },
        hovertemplate: "FLOPs predict %{x:.3~g} ms<extra>density %{y}</extra>",
      },
    ];
  });
  return {
    data,
    layout: layout(title, {
      barmode: "stack",
      bargap: 0.3,
      ...Object.fromEntries(
        frames.flatMap(({ suffix, across, up, column }) => [
          [
            `xaxis${suffix}`,
            axis("Milliseconds", { domain: across, anchor: `y${suffix}`, rangemode: "tozero", tickfont: { size: 12 } }),
          ],
          [
            `yaxis${suffix}`,
            axis(column === 0 ? "Density" : "", {
              domain: up,
              anchor: `x${suffix}`,
              type: "category",
              autorange: "reversed",
              showgrid: false,
              ticks: "",
              showticklabels: column === 0,
            }),
          ],
        ]),
      ),
      annotations: frames.map(({ across, up }, panel) => ({
        text: `<b>${panels[panel].title}</b>`,
        showarrow: false,
        xref: "paper",
        yref: "paper",
        x: across[0],
        y: up[1],
        xanchor: "left",
        yanchor: "bottom",
        font: { size: 13 },
      })),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 26 / height, yanchor: "bottom", traceorder: "normal" },
      margin: { l: 64, r: 24, t: 134, b: 56 },
      height: height + 190,
    }),
    summary: `${title || "Parts"}: ${panels
      .map(
        ({ title: name, bars }) =>
          `${name} at ${bars.at(-1)!.label}: ${Object.entries(bars.at(-1)!.parts)
            .map(([part, ms]) => `${part} ${round(ms, 3)} ms`)
            .join(", ")}`,
      )
      .join("; ")}`,
  };
}

/**
 * Colours of the networks as in the figure of costs, agents blue and mixer vermillion. Light ones are the backward
 * pass.
 */
const PART_COLOURS = ["#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#999999"];

interface Frame {
  /** Text that follows "xaxis" and "yaxis" in the names of the panel's axes. */
  readonly suffix: string;
  readonly row: number;
  readonly column: number;
  readonly across: readonly [number, number];
  readonly up: readonly [number, number];
}

/** Returns the places of so many pictures, two in a row, and the height of all in pixels. */
function grid(count: number): { readonly frames: readonly Frame[]; readonly height: number } {
  const rows = Math.ceil(count / 2);
  const [each, between] = [210, 56];
  const height = rows * each + (rows - 1) * between;
  const frames = Array.from({ length: count }, (_, i): Frame => {
    const [row, column] = [Math.floor(i / 2), i % 2];
    const top = 1 - (row * (each + between)) / height;
    const left = column * 0.54;
    return {
      suffix: i === 0 ? "" : String(i + 1),
      row,
      column,
      across: [left, count === 1 ? 1 : left + 0.46],
      up: [top - each / height, top],
    };
  });
  return { frames, height };
}

/** Returns 1, 2 and 5 times the powers of ten around values, written out. */
function logTicks(values: readonly number[]): { readonly tickvals: number[]; readonly ticktext: string[] } {
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  const tickvals = Array.from({ length: high - low + 1 }, (_, i) => low + i).flatMap((power) =>
    [1, 2, 5].map((digit) => round(digit * 10 ** power)),
  );
  return { tickvals, ticktext: tickvals.map(String) };
}

/** Returns the range of a logarithmic axis around values, with a little room. */
function logRange(values: readonly number[], reversed: boolean): [number, number] {
  const logarithms = values.filter((value) => value > 0 && Number.isFinite(value)).map(Math.log10);
  const [low, high] = [Math.min(...logarithms), Math.max(...logarithms)];
  const room = 0.06 * Math.max(0.3, high - low);
  return reversed ? [high + room, low - room] : [low - room, high + room];
}
