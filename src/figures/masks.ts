import { LabError } from "../errors.js";
import { countNonzeros, inputConnections } from "../sparse/mask.js";
import type { Figure, Trace } from "./figure.js";
import { bitmapPng } from "./png.js";
import { axis, CLEAR, layout, MASK_COLOURS, panelTitle, translucent } from "./theme.js";

/** A mask at one moment of training. */
export interface MaskSnapshot {
  /** Name of the moment, for example "step 50k". */
  readonly label: string;
  /** Output dimensions: rows. */
  readonly outputs: number;
  /** Input dimensions: columns. */
  readonly inputs: number;
  /** 1 where there is a connection. [outputs, inputs], row-major */
  readonly mask: Uint8Array;
}

/** Settings of `maskImage`. */
export interface MaskOptions {
  /** Line above the figure. Default: none. */
  readonly title?: string;
  /** Side of one connection's square in pixels. Default: the largest whole number that fits the figure's size. */
  readonly cell?: number;
  /** Named runs of neighbouring outputs, set apart by a line, such as the gates of a GRU. */
  readonly outputBlocks?: readonly Pick<InputBlock, "name" | "start" | "length">[];
}

/** Returns the gates of a GRU as blocks of its outputs, in PyTorch's order: reset, update and new. */
export function gruGates(hidden: number): Pick<InputBlock, "name" | "start" | "length">[] {
  return ["r", "z", "n"].map((name, gate) => ({ name, start: gate * hidden, length: hidden }));
}

/**
 * Draws masks as images in the orientation of the paper's Figure 11: row i is output dimension i from the top, column j
 * is input dimension j, and light is a connection. Snapshots stand side by side, each with its number of connections.
 *
 * @throws {Error} when there is no snapshot, or their shapes differ
 * @example maskImage([{ label: "step 0", outputs: 64, inputs: 42, mask }], { title: "agent.fc1.weight" });
 */
export function maskImage(snapshots: readonly MaskSnapshot[], options: MaskOptions = {}): Figure {
  const { title = "", outputBlocks = [] } = options;
  const { outputs, inputs } = commonShape(snapshots);
  const { columns, cell } = arrange(snapshots.length, outputs, inputs, options.cell);
  const rows = Math.ceil(snapshots.length / columns);
  const width = columns * inputs * cell + GAP * (columns - 1);
  const height = rows * outputs * cell + ROW_GAP * (rows - 1);

  const data: Trace[] = [];
  const axes: Record<string, unknown> = {};
  const titles: Trace[] = [];
  const lines: Trace[] = [];
  snapshots.forEach(({ label, mask }, k) => {
    const id = k === 0 ? "" : String(k + 1);
    const column = k % columns,
      row = Math.floor(k / columns);
    const x0 = (column * (inputs * cell + GAP)) / width;
    const y1 = 1 - (row * (outputs * cell + ROW_GAP)) / height;
    data.push({
      type: "image",
      source: `data:image/png;base64,${bitmapPng(mask, outputs, inputs, [MASK_COLOURS.none, MASK_COLOURS.connection]).toString("base64")}`,
      xaxis: `x${id}`,
      yaxis: `y${id}`,
      zsmooth: false,
      hovertemplate: "output %{y}, input %{x}<extra></extra>",
    });
    const plain = {
      showgrid: false,
      zeroline: false,
      showline: false,
      ticks: "outside",
      ticklen: 3,
      tickfont: { size: 11 },
      nticks: 5,
      fixedrange: true,
    };
    const named =
      outputBlocks.length === 0
        ? {}
        : {
            tickmode: "array",
            tickvals: outputBlocks.map(({ start, length }) => start + (length - 1) / 2),
            ticktext: outputBlocks.map(({ name }) => name),
            ticks: "",
          };
    axes[`xaxis${id}`] = {
      ...plain,
      domain: [x0, x0 + (inputs * cell) / width],
      anchor: `y${id}`,
      range: [-0.5, inputs - 0.5],
      constrain: "domain",
      constraintoward: "left",
      title: k === (rows - 1) * columns ? { text: "input j", font: { size: 12 }, standoff: 4 } : undefined,
    };
    axes[`yaxis${id}`] = {
      ...plain,
      ...named,
      domain: [y1 - (outputs * cell) / height, y1],
      anchor: `x${id}`,
      range: [outputs - 0.5, -0.5],
      // On a page of any width, squares stay squares and below their titles.
      scaleanchor: `x${id}`,
      constrain: "domain",
      constraintoward: "top",
      showticklabels: column === 0,
      title: column === 0 ? { text: "output i", font: { size: 12 }, standoff: 4 } : undefined,
    };
    for (const { start } of outputBlocks.slice(1))
      lines.push({
        type: "line",
        xref: `x${id}`,
        yref: `y${id}`,
        x0: -0.5,
        x1: inputs - 0.5,
        y0: start - 0.5,
        y1: start - 0.5,
        line: { width: 1, color: "#ffffff" },
      });
    const n = countNonzeros(mask);
    titles.push(
      panelTitle(
        `<b>${label}</b><br><span style="font-size:11px">${n} (${((100 * n) / (outputs * inputs)).toFixed(1)} %)</span>`,
        x0,
        y1,
      ),
    );
  });
  return {
    data,
    layout: layout(title, {
      ...axes,
      annotations: titles,
      shapes: lines,
      width: MARGIN.l + width + MARGIN.r,
      height: MARGIN.t + height + MARGIN.b,
      margin: MARGIN,
    }),
    summary: `${title || "Masks"} [${outputs}, ${inputs}]: ${snapshots.map(({ label, mask }) => `${label} ${countNonzeros(mask)} connections`).join(", ")}`,
  };
}

/** Pixels around and between the images. */
const MARGIN = { l: 52, r: 12, t: 84, b: 52 };
const GAP = 16;
const ROW_GAP = 58;
/** Pixels that the images may take together. */
const SPACE = { width: 600, height: 760 };
/** Pixels of a square that can be told from its neighbours at a glance. */
const READABLE = 3;

/**
 * Returns the arrangement with the fewest rows whose squares are still readable, or else the one with the largest
 * squares.
 */
function arrange(images: number, outputs: number, inputs: number, cell?: number): { columns: number; cell: number } {
  const choices = Array.from({ length: images }, (_, k) => images - k).map((columns) => {
    const rows = Math.ceil(images / columns);
    const across = (SPACE.width - GAP * (columns - 1)) / (columns * inputs),
      down = (SPACE.height - ROW_GAP * (rows - 1)) / (rows * outputs);
    return { columns, cell: Math.floor(Math.min(8, across, down, 420 / outputs)) };
  });
  const { columns, cell: largest } =
    choices.find((choice) => choice.cell >= (cell ?? READABLE)) ?? choices.reduce((a, b) => (b.cell > a.cell ? b : a));
  // The widest masks exceed the page even at one pixel a connection. They are drawn below each other.
  return { columns: largest < 1 ? 1 : columns, cell: cell ?? Math.max(1, largest) };
}

/** Colours of moments of training before the last, which is blue. */
export const EARLIER = ["#8c8c8c", "#b0b0b0", "#6e6e6e"] as const;
export const LAST = "#0072B2";

/** Neighbouring input dimensions that share one meaning. */
export interface InputBlock {
  /** Text that labels the block on the axis. */
  readonly name: string;
  /** Index of the block's first dimension, from 0. */
  readonly start: number;
  /** Number of dimensions in the block. */
  readonly length: number;
  /** The meaning of each of its inputs, shown under the mouse. [length] */
  readonly inputs?: readonly string[];
}

/**
 * Draws how many connections each input dimension keeps (column sums of the mask), with one step line a snapshot.
 * Blocks of inputs are marked, so that one sees what a sparse agent looks at. The thin line is the level that all
 * inputs would have if they shared the connections equally.
 *
 * @throws {Error} when there is no snapshot, or their shapes differ
 */
export function connectionCounts(
  snapshots: readonly MaskSnapshot[],
  options: { readonly title?: string; readonly blocks?: readonly InputBlock[] } = {},
): Figure {
  const { title = "", blocks = [] } = options;
  const { outputs, inputs } = commonShape(snapshots);
  // There is one more point at either end, so that the first and the last step have their full width.
  const x = [-0.5, ...Array.from({ length: inputs }, (_, j) => j), inputs - 0.5];
  const counts = snapshots.map(({ mask }) => [...inputConnections(mask, [outputs, inputs])]);
  const highest = Math.max(1, ...counts.flat());
  const names = x.map(
    (j) => blocks.flatMap(({ start, inputs: of }) => of?.[Math.round(j) - start] ?? [])[0] ?? `input ${j}`,
  );
  const data: Trace[] = counts.map((n, k) => {
    const last = k === counts.length - 1;
    return {
      type: "scatter",
      mode: "lines",
      name: snapshots[k].label,
      x,
      y: [n[0], ...n, n.at(-1)],
      line: {
        shape: "hvh",
        width: last ? 2 : 1.5,
        color: last ? LAST : EARLIER[k % EARLIER.length],
        dash: last ? "solid" : "dot",
      },
      fill: last ? "tozeroy" : "none",
      fillcolor: translucent(LAST, 0.2),
      customdata: names,
      hovertemplate: `%{y} of ${outputs} (%{customdata})<extra>${snapshots[k].label}</extra>`,
    };
  });
  const mean = counts.at(-1)!.reduce((a, b) => a + b, 0) / inputs;
  return {
    data,
    layout: layout(title, {
      xaxis: axis("Input dimension j", { range: [-0.5, inputs - 0.5], showgrid: false }),
      yaxis: axis("Connections", { range: [0, highest * 1.3], rangemode: "tozero" }),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
      hovermode: "x unified",
      shapes: [
        { type: "line", xref: "paper", x0: 0, x1: 1, y0: mean, y1: mean, line: { width: 1, color: "#999999" } },
        ...blocks.map(({ start, length }, k) => ({
          type: "rect",
          layer: "below",
          yref: "paper",
          y0: 0,
          y1: 1,
          x0: start - 0.5,
          x1: start + length - 0.5,
          line: { width: 0 },
          fillcolor: k % 2 === 0 ? "rgba(128,128,128,0.12)" : CLEAR,
        })),
      ],
      annotations: blocks.map(({ name, start, length }) => ({
        text: name,
        showarrow: false,
        x: start - 0.5 + length / 2,
        y: 1,
        yref: "paper",
        yanchor: "top",
        yshift: -3,
        font: { size: 11 },
        textangle: length * (540 / inputs) < 6.5 * name.length ? 90 : 0,
      })),
      height: 340,
    }),
    summary: `${title || "Connections per input"}: between ${Math.min(...counts.at(-1)!)} and ${Math.max(...counts.at(-1)!)} of ${outputs}`,
  };
}

function commonShape(snapshots: readonly MaskSnapshot[]): { outputs: number; inputs: number } {
  const first = snapshots[0];
  if (first === undefined)
    throw new LabError("A picture of masks needs at least one snapshot. maskSnapshots returns those of a run.");
  for (const { label, mask, outputs, inputs } of snapshots) {
    if (mask.length !== outputs * inputs)
      throw new LabError(
        `mask "${label}" has ${mask.length} entries; expected outputs x inputs = ${outputs} x ${inputs} = ${outputs * inputs}`,
      );
    if (outputs !== first.outputs || inputs !== first.inputs)
      throw new LabError(
        `mask "${label}" is ${outputs} x ${inputs}, but "${first.label}" is ${first.outputs} x ${first.inputs}: a figure shows one weight`,
      );
  }
  return first;
}
