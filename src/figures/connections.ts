import { packed, round, type Figure, type Trace } from "./figure.js";
import { EARLIER, LAST } from "./masks.js";
import { axis, INK, layout } from "./theme.js";

/** Colour of what chance would give: a grey, dashed line or mark in every figure of this file. */
const RANDOM = INK;

/** Numbers of connections of the dimensions on one side of a weight, each list in descending order. */
export interface SortedCounts {
  /** The counts before training, a list for each seed. */
  readonly start: readonly (readonly number[])[];
  /** The counts after training, a list for each seed. */
  readonly end: readonly (readonly number[])[];
  /** The counts expected of a random mask of the same density. */
  readonly random: readonly number[];
}

/** The counts of both sides of one weight. */
export interface WeightCounts {
  readonly weight: string;
  readonly outputs: SortedCounts;
  readonly inputs: SortedCounts;
}

/**
 * Draws the connections of output and input dimensions in descending order (the paper's Figures 19 and 23 to 25), with
 * a row of panels for each weight: the mean over seeds of the largest count, of the second largest, and so on. The
 * dashed line is what a random mask of the same density has.
 *
 * @example sortedCounts([{ weight: "agent.fc1.weight", outputs: { start, end, random }, inputs }], { title: "2s3z" });
 */
export function sortedCounts(
  weights: readonly WeightCounts[],
  { title = "" }: { readonly title?: string } = {},
): Figure {
  const panel = 128,
    gap = 72,
    top = 108,
    bottom = 56;
  const height = weights.length * panel + (weights.length - 1) * gap;
  const data: Trace[] = [];
  const axes: Record<string, unknown> = {};
  const titles: Trace[] = [];
  weights.forEach((weight, row) => {
    const y1 = 1 - (row * (panel + gap)) / height;
    (["outputs", "inputs"] as const).forEach((side, column) => {
      const k = 2 * row + column;
      const id = k === 0 ? "" : String(k + 1);
      const { start, end, random } = weight[side];
      const line = (counts: readonly number[], name: string, style: object): Trace => ({
        type: "scatter",
        mode: "lines",
        name,
        legendgroup: name,
        showlegend: k === 0,
        xaxis: `x${id}`,
        yaxis: `y${id}`,
        x0: 1,
        dx: 1,
        y: packed(counts),
        line: { shape: "hvh", ...style },
        hovertemplate: `${name}: %{y:.1f}<extra></extra>`,
      });
      data.push(
        line(meanList(start), "start", { color: EARLIER[1], width: 1.5 }),
        line(meanList(end), "end", { color: LAST, width: 2 }),
        line(random, "random mask", { color: RANDOM, width: 1.5, dash: "dash" }),
      );
      const x0 = column * 0.54;
      const small = { tickfont: { size: 11 } };
      axes[`xaxis${id}`] = axis("", {
        ...small,
        domain: [x0, x0 + 0.46],
        anchor: `y${id}`,
        range: [0.5, random.length + 0.5],
        showgrid: false,
        nticks: 6,
      });
      axes[`yaxis${id}`] = axis(column === 0 ? "connections" : "", {
        ...small,
        domain: [Math.max(0, y1 - panel / height), y1],
        anchor: `x${id}`,
        rangemode: "tozero",
        nticks: 4,
        title: { text: column === 0 ? "connections" : "", font: { size: 12 }, standoff: 4 },
      });
      titles.push({
        text: `${column === 0 ? `<b>${weight.weight.replace(/\.weight$/, "")}</b>, ` : ""}its ${random.length} ${side}`,
        font: { size: 12 },
        showarrow: false,
        xref: "paper",
        yref: "paper",
        x: x0,
        y: y1,
        xanchor: "left",
        yanchor: "bottom",
        yshift: 4,
      });
    });
  });
  return {
    data,
    layout: layout(title, {
      ...axes,
      annotations: [
        ...titles,
        {
          text: "dimensions, those with the most connections first",
          font: { size: 12 },
          showarrow: false,
          xref: "paper",
          yref: "paper",
          x: 0.5,
          y: 0,
          xanchor: "center",
          yanchor: "top",
          yshift: -26,
        },
      ],
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 26 / height, yanchor: "bottom" },
      width: 640,
      height: top + height + bottom,
      margin: { l: 60, r: 16, t: top, b: bottom },
    }),
    summary: `${title || "Connections in descending order"}: ${weights.map(({ weight, outputs, inputs }) => `${weight}: most ${highest(outputs.end)} an output and ${highest(inputs.end)} an input at the end, of a random mask ${outputs.random[0]} and ${inputs.random[0]}`).join("; ")}`,
  };
}

/** The connections that one agent of the team uses. */
export interface AgentBar {
  /** Type and number of the agent's unit, such as "stalker 1". */
  readonly agent: string;
  /** The number of connections in use, one entry a seed. */
  readonly used: readonly number[];
  /** The number that random masks would have in use, as a mean over seeds. */
  readonly random: number;
}

/**
 * Draws the connections that are in use when an agent decides, which is the paper's Figure 12(a) as far as agents with
 * shared parameters allow it: a panel for each layer, a bar for each agent, the seeds as dots, and the line of a random
 * mask.
 *
 * @example
 * connectionsByAgent([{ layer: "first layer", bars: [{ agent: "stalker 1", used: [429, 422], random: 355 }] }], {
 *   title: "2s3z",
 * });
 */
export function connectionsByAgent(
  layers: readonly { readonly layer: string; readonly bars: readonly AgentBar[] }[],
  { title = "" }: { readonly title?: string } = {},
): Figure {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const share = (1 - 0.1 * (layers.length - 1)) / layers.length;
  const axes: Record<string, unknown> = {};
  const data = layers.flatMap(({ bars }, k): Trace[] => {
    const id = k === 0 ? "" : String(k + 1);
    const x0 = k * (share + 0.1);
    const at = { xaxis: `x${id}`, yaxis: `y${id}` };
    const hidden = { showlegend: k === 0 };
    axes[`xaxis${id}`] = axis("", {
      domain: [x0, x0 + share],
      anchor: `y${id}`,
      tickangle: -35,
      showgrid: false,
      ticks: "",
    });
    axes[`yaxis${id}`] = axis(k === 0 ? "connections in use" : "", { anchor: `x${id}`, rangemode: "tozero" });
    const names = bars.map(({ agent }) => agent);
    return [
      {
        ...at,
        ...hidden,
        type: "bar",
        name: "mean over seeds",
        legendgroup: "mean",
        x: names,
        y: bars.map(({ used }) => round(mean(used))),
        marker: { color: "#8fbfdf" },
        hovertemplate: "%{x}: %{y}<extra></extra>",
      },
      {
        ...at,
        ...hidden,
        type: "scatter",
        mode: "markers",
        name: "a seed",
        legendgroup: "seed",
        x: bars.flatMap(({ agent, used }) => used.map(() => agent)),
        y: bars.flatMap(({ used }) => used.map((value) => round(value))),
        marker: { color: LAST, size: 6 },
        hovertemplate: "%{x}, one seed: %{y}<extra></extra>",
      },
      {
        ...at,
        ...hidden,
        type: "scatter",
        mode: "markers",
        name: "random mask",
        legendgroup: "random",
        x: names,
        y: bars.map(({ random }) => round(random)),
        marker: { color: RANDOM, size: 26, symbol: "line-ew", line: { color: RANDOM, width: 2.5 } },
        hovertemplate: "%{x}, random mask: %{y}<extra></extra>",
      },
    ];
  });
  return {
    data,
    layout: layout(title, {
      ...axes,
      annotations: layers.map(({ layer }, k) => ({
        text: `<b>${layer}</b>`,
        font: { size: 13 },
        showarrow: false,
        xref: "paper",
        yref: "paper",
        x: k * (share + 0.1),
        y: 1,
        xanchor: "left",
        yanchor: "bottom",
        yshift: 3,
      })),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.1, yanchor: "bottom" },
      margin: { l: 64, r: 16, t: 92, b: 72 },
    }),
    summary: `${title || "Connections in use"}: ${layers.map(({ layer, bars }) => `${layer}: ${bars.map(({ agent, used, random }) => `${agent} ${round(mean(used), 3)} (random mask ${round(random, 3)})`).join(", ")}`).join("; ")}`,
  };
}

/** One input of a layer. */
export interface InputPoint {
  /** What the input is, such as "enemy 2: health". */
  readonly name: string;
  /** The mean of its absolute value. */
  readonly magnitude: number;
  /** The number of its connections at the end, as a mean over seeds. */
  readonly connections: number;
}

/**
 * Draws the connections of each input against how large that input is, with a panel for each layer. The dashed line is
 * what an input of a random mask has.
 *
 * @param layers the layers; `note` is written into the panel's title
 * @example
 * connectionsAgainstInput([
 *   { layer: "agent.fc1", note: "", random: 7, points: [{ name: "own: health", magnitude: 0.8, connections: 16 }] },
 * ]);
 */
export function connectionsAgainstInput(
  layers: readonly {
    readonly layer: string;
    readonly note: string;
    readonly random: number;
    readonly points: readonly InputPoint[];
  }[],
  { title = "" }: { readonly title?: string } = {},
): Figure {
  const share = (1 - 0.1 * (layers.length - 1)) / layers.length;
  const axes: Record<string, unknown> = {};
  const data = layers.flatMap(({ points, random }, k): Trace[] => {
    const id = k === 0 ? "" : String(k + 1);
    const x0 = k * (share + 0.1);
    axes[`xaxis${id}`] = axis("mean |input|", { domain: [x0, x0 + share], anchor: `y${id}`, rangemode: "tozero" });
    axes[`yaxis${id}`] = axis(k === 0 ? "connections at the end" : "", { anchor: `x${id}`, rangemode: "tozero" });
    const largest = Math.max(...points.map(({ magnitude }) => magnitude));
    return [
      {
        type: "scatter",
        mode: "markers",
        xaxis: `x${id}`,
        yaxis: `y${id}`,
        showlegend: false,
        text: points.map(({ name }) => name),
        x: packed(points.map(({ magnitude }) => magnitude)),
        y: packed(points.map(({ connections }) => connections)),
        marker: { color: LAST, size: 6 },
        hovertemplate: "%{text}: %{y:.1f} connections<extra></extra>",
      },
      {
        type: "scatter",
        mode: "lines",
        xaxis: `x${id}`,
        yaxis: `y${id}`,
        showlegend: k === 0,
        name: "random mask",
        x: [0, round(largest, 3)],
        y: [round(random), round(random)],
        line: { color: RANDOM, width: 1.5, dash: "dash" },
        hoverinfo: "skip",
      },
    ];
  });
  return {
    data,
    layout: layout(title, {
      ...axes,
      annotations: layers.map(({ layer, note }, k) => ({
        text: `<b>${layer}</b><br><span style="font-size:11px">${note}</span>`,
        align: "left",
        font: { size: 13 },
        showarrow: false,
        xref: "paper",
        yref: "paper",
        x: k * (share + 0.1),
        y: 1,
        xanchor: "left",
        yanchor: "bottom",
        yshift: 3,
      })),
      legend: { orientation: "h", x: 1, xanchor: "right", y: 1.19, yanchor: "bottom" },
      margin: { l: 60, r: 16, t: 112, b: 56 },
    }),
    summary: `${title || "Connections against inputs"}: ${layers.map(({ layer, note }) => `${layer}: ${note.replaceAll("<br>", " ")}`).join("; ")}`,
  };
}

/**
 * Numbers of decisions of several runs that stay the same when dimensions of their networks are taken out in one order.
 */
export interface CutBars {
  readonly label: string;
  /** How many dimensions are taken out. */
  readonly taken: readonly number[];
  /** Share of the decisions that stay the same, 0..1, as a list for each seed, as long as `taken`. */
  readonly same: readonly (readonly number[])[];
}

/** Colours of the orders, from the least harm to the most. */
const CUT_COLOURS = [LAST, "#9a9a9a", "#D55E00"] as const;

/**
 * Draws how many decisions stay the same against how much is taken out of a network: a panel for each kind of
 * dimension, and a bar for each order, the mean over seeds with a line from the lowest to the highest.
 *
 * @example
 * cutFigure([
 *   {
 *     dimension: "units of the first layer",
 *     bars: [{ label: "fewest connections first", taken: [32], same: [[0.9], [0.8]] }],
 *   },
 * ]);
 */
export function cutFigure(
  panels: readonly { readonly dimension: string; readonly bars: readonly CutBars[] }[],
  { title = "" }: { readonly title?: string } = {},
): Figure {
  const share = (1 - 0.1 * (panels.length - 1)) / panels.length;
  const axes: Record<string, unknown> = {};
  const data = panels.flatMap(({ dimension, bars }, k): Trace[] => {
    const id = k === 0 ? "" : String(k + 1);
    const x0 = k * (share + 0.1);
    axes[`xaxis${id}`] = axis(`${dimension} taken out`, {
      domain: [x0, x0 + share],
      anchor: `y${id}`,
      type: "category",
      showgrid: false,
      ticks: "",
    });
    axes[`yaxis${id}`] = axis(k === 0 ? "same decisions" : "", {
      anchor: `x${id}`,
      range: [0, 1.04],
      tickformat: ".0%",
    });
    return bars.map(({ label, taken, same }, i): Trace => {
      const middle = meanList(same);
      const reach = (end: (...shares: number[]) => number): number[] =>
        middle.map((value, n) => round(Math.abs(end(...same.map((shares) => shares[n])) - value), 3));
      return {
        type: "bar",
        xaxis: `x${id}`,
        yaxis: `y${id}`,
        name: label,
        legendgroup: label,
        showlegend: k === 0,
        x: taken.map(String),
        y: middle.map((value) => round(value, 3)),
        ...(same.length < 2
          ? {}
          : {
              error_y: {
                type: "data",
                symmetric: false,
                array: reach(Math.max),
                arrayminus: reach(Math.min),
                color: INK,
                thickness: 1.2,
                width: 3,
              },
            }),
        marker: { color: CUT_COLOURS[i % CUT_COLOURS.length] },
        hovertemplate: `${label}: %{y:.0%}<extra></extra>`,
      };
    });
  });
  const text = ({ label, taken, same }: CutBars): string =>
    `${label} ${meanList(same)
      .map((value, n) => `${Math.round(100 * value)} % without ${taken[n]}`)
      .join(", ")}`;
  return {
    data,
    layout: layout(title, {
      ...axes,
      barmode: "group",
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.03, yanchor: "bottom" },
      margin: { l: 64, r: 16, t: 84, b: 56 },
    }),
    summary: `${title || "Decisions after a cut"}: ${panels.map(({ dimension, bars }) => `${dimension}: ${bars.map(text).join("; ")}`).join(". ")}`,
  };
}

/** Returns the mean of lists of equal length, entry by entry. */
function meanList(lists: readonly (readonly number[])[]): number[] {
  return lists[0].map((_, n) => lists.reduce((sum, list) => sum + list[n], 0) / lists.length);
}

function highest(lists: readonly (readonly number[])[]): string {
  const most = lists.map((counts) => counts[0] ?? 0);
  return Math.min(...most) === Math.max(...most) ? `${most[0]}` : `${Math.min(...most)} to ${Math.max(...most)}`;
}
