import type { NetworkSide } from "../engine.js";
import type { Store } from "./store.js";

/** Tiles of one kind: where the first begins, and how many bytes further the next does. */
export interface Tiles {
  readonly at: number;
  readonly stride: number;
}

/** What the networks do with their weight matrices. */
export interface Products {
  /** Y = W X + bias for `rows` rows from `row` of the output; `bias` is the address of the bias of output row 0. */
  forward(side: NetworkSide, row: number, rows: number, bias: number, relu: boolean, x: Tiles, y: Tiles, tiles: number, vectors: number): void;
  /** dX += W' dY for `rows` rows from `row` of the input (online side). */
  backward(row: number, rows: number, dy: Tiles, dx: Tiles, tiles: number, vectors: number): void;
  /** dX = W' dY where `gate` is positive, else 0: also through the ReLU whose output `gate` is. */
  backwardGated(row: number, rows: number, dy: Tiles, dx: Tiles, gate: Tiles, tiles: number, vectors: number): void;
  /** Adds up the gradient of the weights (sparse ones: and of the biases, on the way). */
  gradient(dy: Tiles, x: Tiles, tiles: number, vectors: number): void;
}

/** Weight matrices, stored densely or sparsely. */
export interface Weights extends Products, Store {
  /** Whether pruned connections' gradients are wanted too, until told otherwise. */
  setDenseGradients(wanted: boolean): void;
}
