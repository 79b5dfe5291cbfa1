import type { NetworkSide, OptimiserOptions } from "../engine.js";

/** What is kept for each value of a parameter: its value on either side, RMSprop's mean square, the gradient added up so far. */
export type Part = NetworkSide | "squares" | "gradient";

/** Where some parameters live in the engine's memory, and how they are trained. */
export interface Store {
  readonly names: readonly string[];
  /** A dense copy in the parameter's own shape. */
  read(name: string, part: Part): Float32Array;
  write(name: string, part: Exclude<Part, "gradient">, values: Float32Array): void;
  /** Brings the gradient's partial sums together; call it before the following two. */
  collectGradient(): void;
  squaredNorm(): number;
  /** Takes one RMSprop step with the collected gradient times `scale`. */
  step(scale: number, options: OptimiserOptions): void;
  clearGradient(): void;
  copyToTarget(): void;
}

/** A weight matrix inside a matrix of tile rows: several may share one product. */
export interface Placement {
  readonly name: string;
  /** Inputs of the parameter. */
  readonly columns: number;
  /** Row of the output tile for each row of the parameter, [out]. */
  readonly rows: Int32Array;
  /** Row of the input tile that holds column 0; the others follow. */
  readonly inputRow: number;
}

/** The rows [first, first + span) of the output tile among which a parameter's rows lie. */
export function rowRange({ rows }: Placement): { first: number; span: number } {
  let first = Infinity;
  let last = -1;
  for (const row of rows) {
    first = Math.min(first, row);
    last = Math.max(last, row);
  }
  return { first, span: last + 1 - first };
}

/** Rows 0, 1, 2, ... */
export function consecutive(count: number, first = 0): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => first + i);
}
