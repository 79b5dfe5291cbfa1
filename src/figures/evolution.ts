import { type Evolution, updateFraction } from "../sparse/evolution.js";
import { byteMatrix, type Figure, round, type Trace } from "./figure.js";
import type { InputBlock } from "./masks.js";
import { axis, layout, MASK_COLOURS, panelTitle } from "./theme.js";

/** The connections of one layer at two moments, before and after evolution. */
export interface EvolutionPanel {
  /** Text above the panel. */
  readonly label: string;
  /** Output dimensions: rows. */
  readonly outputs: number;
  /** Input dimensions: columns. */
  readonly inputs: number;
  /** 1 where there was a connection. [outputs, inputs], row-major */
  readonly before: Uint8Array;
  /** 1 where there is a connection now. [outputs, inputs] */
  readonly after: Uint8Array;
  /**
   * Numbers to write into the cells of a small layer: weights or gradients. NaN leaves a cell empty. [outputs, inputs]
   */
  readonly numbers?: Float32Array;
}

/** Settings of `evolutionImage`. */
export interface EvolutionImageOptions {
  /** Line above the figure. Default: none. */
  readonly title?: string;
  /** How many panels are side by side. Default: as many as leave each connection a readable square. */
  readonly columns?: number;
  /** Input dimensions that are marked in every panel. */
  readonly marked?: InputBlock;
}

/**
 * Colours of cells by the fate of their connections. Dropped and grown differ clearly for every kind of colour vision,
 * and in lightness.
 */
const FATES = [
  ["none", MASK_COLOURS.none],
  ["kept", MASK_COLOURS.connection],
  ["dropped", MASK_COLOURS.dropped],
  ["grown", MASK_COLOURS.grown],
] as const;

/**
 * Draws one or more evolutions as images that show which connections were kept, dropped and grown. The orientation is
 * that of the paper's Figure 11: row i is output dimension i from the top, column j is input dimension j.
 *
 * @throws {Error} when there is no panel, or an array does not fit its shape
 * @example
 * const { mask: after } = evolveTopology(weights, mask, { fraction: 0.5, grow: { by: "gradient", gradient } });
 * await showFigure(evolutionImage([{ label: "RigL", outputs: 4, inputs: 6, before: mask, after }]));
 */
export function evolutionImage(panels: readonly EvolutionPanel[], options: EvolutionImageOptions = {}): Figure {
  const { title = "", marked } = options;
  const { outputs, inputs, written } = checkPanels(panels);
  const left = 56,
    right = 24,
    top = 88,
    bottom = 52,
    gap = 28,
    rowGap = 62;
  const space = 660 - left - right;
  const least = written ? 40 : 4;
  const columns =
    options.columns ?? Math.max(1, Math.min(panels.length, Math.floor((space + gap) / (inputs * least + gap))));
  const rows = Math.ceil(panels.length / columns);
  const cell = Math.max(1, Math.min(written ? 46 : 12, Math.floor((space - gap * (columns - 1)) / (columns * inputs))));
  const width = columns * inputs * cell + gap * (columns - 1);
  const height = rows * outputs * cell + rowGap * (rows - 1);
  const line = cell >= 10 ? 1 : 0;

  const data: Trace[] = [];
  const axes: Record<string, unknown> = {};
  const annotations: Trace[] = [];
  const shapes: Trace[] = [];
  panels.forEach(({ label, before, after, numbers }, k) => {
    const id = k === 0 ? "" : String(k + 1);
    const column = k % columns,
      row = Math.floor(k / columns);
    const x0 = (column * (inputs * cell + gap)) / width;
    const y1 = 1 - (row * (outputs * cell + rowGap)) / height;
    const fates = fatesOf(before, after);
    data.push({
      type: "heatmap",
      z: byteMatrix(fates, outputs, inputs),
      xaxis: `x${id}`,
      yaxis: `y${id}`,
      zmin: 0,
      zmax: 3,
      showscale: false,
      zsmooth: false,
      xgap: line,
      ygap: line,
      colorscale: FATES.map(([, colour], fate) => [fate / 3, colour]),
      ...(written ? { text: rowsOf(numbers, outputs, inputs), texttemplate: "%{text}", textfont: { size: 12 } } : {}),
      hovertemplate: "output %{y}, input %{x}<extra></extra>",
    });
    const plain = {
      showgrid: false,
      zeroline: false,
      showline: false,
      ticks: "outside",
      ticklen: 3,
      tickfont: { size: 11 },
      fixedrange: true,
      ...(inputs <= 10 ? { dtick: 1 } : { nticks: 6 }),
    };
    const heading = (text: string) => ({ text, font: { size: 12 }, standoff: 4 });
    axes[`xaxis${id}`] = {
      ...plain,
      domain: [x0, x0 + (inputs * cell) / width],
      anchor: `y${id}`,
      range: [-0.5, inputs - 0.5],
      constrain: "domain",
      constraintoward: "left",
      ...(row === rows - 1 ? { title: heading("input j") } : {}),
    };
    axes[`yaxis${id}`] = {
      ...plain,
      domain: [y1 - (outputs * cell) / height, y1],
      anchor: `x${id}`,
      range: [outputs - 0.5, -0.5],
      // On a page of any width, squares stay squares and below their titles.
      scaleanchor: `x${id}`,
      constrain: "domain",
      constraintoward: "top",
      showticklabels: column === 0,
      ...(column === 0 ? { title: heading("output i") } : {}),
    };
    const text = `<b>${label}</b><br><span style="font-size:11px">${countsText(fates)}</span>`;
    annotations.push(panelTitle(text, x0, y1));
    if (marked !== undefined) {
      const at = { xref: `x${id}`, x0: marked.start - 0.5, x1: marked.start + marked.length - 0.5, yref: `y${id}` };
      shapes.push({ type: "rect", ...at, y0: -0.5, y1: outputs - 0.5, line: { color: "#ffffff", width: 1.5 } });
      annotations.push({
        text: marked.name,
        showarrow: false,
        xref: at.xref,
        yref: at.yref,
        x: marked.start - 0.5 + marked.length / 2,
        y: -0.5,
        yanchor: "top",
        font: { size: 11, color: "#ffffff" },
        bgcolor: "rgba(29,36,64,0.8)",
      });
    }
  });
  annotations.push({
    ...legend(),
    xref: "paper",
    yref: "paper",
    x: 0,
    y: 1,
    xanchor: "left",
    yanchor: "bottom",
    yshift: 38,
  });
  return {
    data,
    layout: layout(title, {
      ...axes,
      annotations,
      shapes,
      width: left + width + right,
      height: top + height + bottom,
      margin: { l: left, r: right, t: top, b: bottom },
    }),
    summary: `${title || "Evolution"} [${outputs}, ${inputs}]: ${panels.map(({ label, before, after }) => `${label}: ${countsText(fatesOf(before, after))}`).join("; ")}`,
  };
}

/**
 * Returns the paper's Algorithm 1 on one layer as four panels with numbers: the weights before it, those that are
 * dropped, the gradients of what could grow with what grew, and the weights after it.
 *
 * @param layer weights, mask and gradient before the evolution, each [outputs, inputs]
 * @example
 * await showFigure(evolutionImage(evolutionSteps({ outputs: 4, inputs: 6, weights, mask, gradient }, evolution)));
 */
export function evolutionSteps(
  layer: {
    readonly outputs: number;
    readonly inputs: number;
    readonly weights: Float32Array;
    readonly mask: Uint8Array;
    readonly gradient: Float32Array;
  },
  evolution: Evolution,
): EvolutionPanel[] {
  const { outputs, inputs, weights, mask, gradient } = layer;
  const left = mask.slice();
  for (const index of evolution.dropped) left[index] = 0;
  const where = (values: Float32Array, there: (index: number) => boolean): Float32Array =>
    values.map((value, index) => (there(index) ? value : NaN));
  const shape = { outputs, inputs };
  const after = evolution.mask;
  const kept = where(weights, (index) => left[index] === 1);
  for (const index of evolution.grown) kept[index] = 0;
  return [
    {
      label: "1. Before: weights",
      ...shape,
      before: mask,
      after: mask,
      numbers: where(weights, (index) => mask[index] === 1),
    },
    {
      label: "2. Drop: weights",
      ...shape,
      before: mask,
      after: left,
      numbers: where(weights, (index) => mask[index] === 1),
    },
    {
      label: "3. Grow: gradients",
      ...shape,
      before: left,
      after,
      numbers: where(gradient, (index) => left[index] === 0),
    },
    { label: "4. After: weights", ...shape, before: after, after, numbers: kept },
  ];
}

/**
 * Draws the update fraction zeta_t over training, with a dot for each evolution that uses it.
 *
 * @example
 * await showFigure(fractionCurve({ fraction: 0.5, steps: 2_000_000, interval: 50_000 }));
 */
export function fractionCurve({
  fraction,
  steps,
  interval,
  title = "Update fraction",
}: {
  /** zeta_0, the fraction at the start. */
  readonly fraction: number;
  /** Length of the training. */
  readonly steps: number;
  /** Time between evolutions, in the same unit. */
  readonly interval: number;
  readonly title?: string;
}): Figure {
  if (!(interval > 0 && steps > 0))
    throw new Error(
      `The curve of the update fraction was given interval ${interval} and steps ${steps}; both must be above 0.`,
    );
  const points = Array.from({ length: 101 }, (_, i) => (i * steps) / 100);
  const moments = Array.from({ length: Math.floor(steps / interval) }, (_, i) => (i + 1) * interval);
  const at = (t: number): number => updateFraction(fraction, t, steps);
  const total = moments.reduce((sum, t) => sum + at(t), 0);
  const colour = "#0072B2";
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        x: points,
        y: points.map((t) => round(at(t))),
        line: { color: colour, width: 2.5 },
        hovertemplate: "%{y:.1%} at %{x}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        x: moments,
        y: moments.map((t) => round(at(t))),
        marker: { color: colour, size: 7 },
        hoverinfo: "skip",
      },
    ],
    layout: layout(title, {
      xaxis: axis("t", { range: [0, steps * 1.01], tickformat: "~s" }),
      yaxis: axis("Share that moves, ζ<sub>t</sub>", {
        range: [0, Math.max(0.05, fraction * 1.08)],
        tickformat: ".0%",
      }),
      showlegend: false,
      height: 300,
      margin: { l: 64, r: 24, t: 48, b: 56 },
      annotations: [
        {
          text: `${moments.length} evolutions (dots) move up to<br>${round(total, 3)} times the layer's connections`,
          showarrow: false,
          xref: "paper",
          yref: "paper",
          x: 1,
          y: 0.97,
          xanchor: "right",
          yanchor: "top",
          align: "right",
          font: { size: 12 },
        },
      ],
    }),
    summary: `${title}: from ${round(100 * fraction, 3)} % to 0 in ${moments.length} evolutions, up to ${round(total, 3)} times the layer's connections in all`,
  };
}

function fatesOf(before: Uint8Array, after: Uint8Array): Uint8Array {
  return before.map((was, i) => (was === 0 ? (after[i] === 0 ? 0 : 3) : after[i] === 0 ? 2 : 1));
}

/** Returns "8 kept, 3 dropped, 3 grown", or "11 connections" if nothing changed. */
function countsText(fates: Uint8Array): string {
  const counts = [0, 0, 0, 0];
  for (const fate of fates) counts[fate]++;
  const [, kept, dropped, grown] = counts;
  if (dropped + grown === 0) return `${kept} connections`;
  return [
    `${kept} kept`,
    ...(dropped > 0 ? [`${dropped} dropped`] : []),
    ...(grown > 0 ? [`${grown} grown`] : []),
  ].join(", ");
}

function rowsOf(numbers: Float32Array | undefined, rows: number, columns: number): string[][] {
  const text = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value)
      ? ""
      : value === 0
        ? "0"
        : value.toFixed(2).replace("-0.00", "0.00").replace("-", "−");
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => text(numbers?.[i * columns + j])),
  );
}

function legend(): Trace {
  return {
    text: FATES.map(([name, colour]) => `<span style="color:${colour}">■</span> ${name}`).join("   "),
    showarrow: false,
    font: { size: 13 },
  };
}

function checkPanels(panels: readonly EvolutionPanel[]): { outputs: number; inputs: number; written: boolean } {
  const first = panels[0];
  if (first === undefined)
    throw new Error("A picture of evolutions needs at least one panel: a mask before and a mask after.");
  const { outputs, inputs } = first;
  for (const { label, before, after, numbers, ...shape } of panels) {
    if (shape.outputs !== outputs || shape.inputs !== inputs)
      throw new Error(
        `panel "${label}" is ${shape.outputs} x ${shape.inputs}, but "${first.label}" is ${outputs} x ${inputs}: a figure shows one weight`,
      );
    for (const [what, length] of [
      ["mask before", before.length],
      ["mask after", after.length],
      ["numbers", numbers?.length ?? outputs * inputs],
    ] as const) {
      if (length !== outputs * inputs)
        throw new Error(
          `panel "${label}": its ${what} has ${length} entries; expected outputs x inputs = ${outputs} x ${inputs} = ${outputs * inputs}`,
        );
    }
  }
  return { outputs, inputs, written: panels.some(({ numbers }) => numbers !== undefined) };
}
