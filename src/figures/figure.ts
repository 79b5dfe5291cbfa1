/** One Plotly trace, as plain JSON. */
export type Trace = { readonly [key: string]: unknown };

/** What is drawn around the traces, as plain JSON. */
export type Layout = {
  /** Width of the figure in pixels. */
  readonly width: number;
  /** Height of the figure in pixels. */
  readonly height: number;
  readonly [key: string]: unknown;
};

/**
 * A Plotly figure as plain JSON. Every function in this folder returns one, and `showFigure` and `saveFigure` take one.
 *
 * @example const figure = trainingCurves(runs, { title: "3m" }); await showFigure(figure);
 */
export interface Figure {
  /** Plotly's traces, in the order in which they are drawn. */
  readonly data: readonly Trace[];
  /** Plotly's layout: size, axes, titles and annotations. */
  readonly layout: Layout;
  /** One line for places that cannot draw, such as a terminal. */
  readonly summary: string;
}

/** Plotly's form of a matrix of bytes, which takes a tenth of the text of nested arrays. */
export interface ByteMatrix {
  readonly dtype: "u1";
  readonly bdata: string;
  readonly shape: string;
}

/** Encodes a row-major [rows, columns] matrix of bytes for a trace. */
export function byteMatrix(bytes: Uint8Array, rows: number, columns: number): ByteMatrix {
  return { dtype: "u1", bdata: Buffer.from(bytes).toString("base64"), shape: `${rows},${columns}` };
}

/** Plotly's form of numbers in base64. A notebook file would put each number of a list on a line of its own. */
export interface PackedNumbers {
  readonly dtype: "u1" | "f4";
  readonly bdata: string;
}

/** Packs numbers for a trace, as bytes if they are whole and below 256, else as float32. */
export function packed(values: ArrayLike<number>): PackedNumbers {
  const list = Array.from(values);
  const bytes = list.every((value) => Number.isInteger(value) && value >= 0 && value < 256);
  const content = bytes ? Buffer.from(list) : Buffer.from(Float32Array.from(list).buffer);
  return { dtype: bytes ? "u1" : "f4", bdata: content.toString("base64") };
}

/** Rounds to `digits` significant digits, because a picture shows no more and files stay small. */
export function round(value: number, digits = 4): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}

/** Returns a number of steps in short: "2M" for 2000000, "35k" for 35000. */
export function shortSteps(steps: number): string {
  if (steps >= 1e6) return `${round(steps / 1e6, 3)}M`;
  if (steps >= 1e3) return `${round(steps / 1e3, 3)}k`;
  return String(steps);
}
