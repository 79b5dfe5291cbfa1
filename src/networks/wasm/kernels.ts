import { currentHost } from "../../host.js";
import { Instance, Module, type WasmMemory, type WasmModule } from "./webassembly.js";

/**
 * The compiled kernels (assembly/), with the memory they work in. Arguments are addresses in bytes and numbers; `tiles` tiles of
 * [feature][16 lanes] lie `...Stride` bytes apart, and `vectors` (1..4) of each are worked on.
 */
export interface Kernels {
  /** Y = W X + bias, through a ReLU if `relu`. */
  sparseForward(
    rowStarts: number, rows: number, bias: number, relu: boolean,
    x: number, xStride: number, y: number, yStride: number, tiles: number, vectors: number,
  ): void;
  /** Y += W X */
  sparseAccumulate(
    rowStarts: number, rows: number,
    x: number, xStride: number, y: number, yStride: number, tiles: number, vectors: number,
  ): void;
  /** Y = W X where `gate` is positive, else 0. */
  sparseGated(
    rowStarts: number, rows: number,
    x: number, xStride: number, y: number, yStride: number, gate: number, gateStride: number, tiles: number, vectors: number,
  ): void;
  /** Adds dY X' at W's entries to `sums`, and the sums of dY to `biasSums` (four partial sums each). */
  sparseGradient(
    rowStarts: number, rows: number, columns: number, sums: number, biasSums: number,
    dy: number, dyStride: number, x: number, xStride: number, tiles: number, vectors: number,
  ): void;
  denseForward(
    weights: number, columns: number, rows: number, bias: number, relu: boolean,
    x: number, xStride: number, y: number, yStride: number, tiles: number, vectors: number,
  ): void;
  denseAccumulate(
    weights: number, columns: number, rows: number,
    x: number, xStride: number, y: number, yStride: number, tiles: number, vectors: number,
  ): void;
  denseGated(
    weights: number, columns: number, rows: number,
    x: number, xStride: number, y: number, yStride: number, gate: number, gateStride: number, tiles: number, vectors: number,
  ): void;
  /** dW += dY X' */
  denseGradient(
    dw: number, columns: number, rows: number,
    dy: number, dyStride: number, x: number, xStride: number, tiles: number, vectors: number,
  ): void;
  /** Adds the sums of dY to `biasSums` (four partial sums each). */
  rowSums(biasSums: number, rows: number, dy: number, dyStride: number, tiles: number, vectors: number): void;

  gruForward(
    gates: number, gatesStride: number, block: number, h: number, hStride: number, next: number, nextStride: number,
    hidden: number, tiles: number, vectors: number,
  ): void;
  gruBackward(
    gates: number, gatesStride: number, dGates: number, dGatesStride: number, block: number,
    h: number, hStride: number, dh: number, dhStride: number, hidden: number, tiles: number, vectors: number,
  ): void;
  mixForward(
    q: number, qStride: number, w1: number, wFinal: number, b1: number, value: number, stride: number,
    total: number, totalStride: number, agents: number, embed: number, tiles: number, vectors: number,
  ): void;
  mixBackward(
    dTotal: number, dTotalStride: number, q: number, qStride: number, dq: number, dqStride: number,
    w1: number, wFinal: number, b1: number, stride: number, agents: number, embed: number, tiles: number, vectors: number,
  ): void;
  mixCounterfactuals(
    q: number, qStride: number, alternatives: number, alternativesStride: number, available: number,
    w1: number, wFinal: number, b1: number, value: number, stride: number, total: number, totalStride: number, scratch: number,
    agents: number, actions: number, embed: number, tiles: number, vectors: number,
  ): void;

  tilesFromRows(
    rows: number, laneStride: number, rowsStride: number, features: number,
    tile: number, tileStride: number, tiles: number, vectors: number,
  ): void;
  rowsFromTiles(tile: number, tileStride: number, features: number, rows: number, lanes: number): void;
  oneHotTiles(numbers: number, count: number, tile: number, tileStride: number, tiles: number, vectors: number): void;
  chosenTiles(
    values: number, numbers: number, count: number, tile: number, tileStride: number, tiles: number, vectors: number,
  ): void;

  sumVectors(sums: number, gradient: number, count: number): void;
  /** `mask` holds words of bits all 1 or all 0. */
  applyMask(values: number, mask: number, kept: number, count: number): void;
  squaredNorm(values: number, count: number): number;
  rmsprop(
    weights: number, gradient: number, squares: number, count: number,
    scale: number, rate: number, alpha: number, rest: number, epsilon: number,
  ): void;
  rmspropSparse(
    entries: number, gradient: number, squares: number, count: number,
    scale: number, rate: number, alpha: number, rest: number, epsilon: number,
  ): void;
  scatterValues(entries: number, places: number, count: number): void;
  transposeMatrix(from: number, rows: number, columns: number, to: number, toStride: number): void;

  /** 48 floating-point operations an iteration. */
  multiplyAddPeak(iterations: number, by: number, plus: number): number;
}

let compiled: WasmModule | undefined;

/** The kernels that the host gives, working in `memory`. @throws {Error} when the host has none. */
export function instantiateKernels(memory: WasmMemory): Kernels {
  compiled ??= new Module(currentHost().kernels());
  return new Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
