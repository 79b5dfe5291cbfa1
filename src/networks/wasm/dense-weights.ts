import type { NetworkSide, OptimiserOptions } from "../engine.js";
import { type Memory, ROW } from "./memory.js";
import { type Part, type Placement, rowRange } from "./store.js";
import type { Tiles, Weights } from "./weights.js";

export interface DenseWeights extends Weights {
  /** Y += W X */
  accumulate(side: NetworkSide, row: number, rows: number, x: Tiles, y: Tiles, tiles: number, vectors: number): void;
  /** Drops the values of pruned connections, and trains the others only. */
  setMask(mask: Uint8Array): void;
}

/**
 * One weight matrix stored whole, as [rows of the output tile, columns]: rows that belong to no output are zero and stay so. Pays
 * for nothing that a mask prunes, so it is for matrices that keep most of their connections.
 */
export function createDenseWeights(memory: Memory, placement: Placement): DenseWeights {
  const { kernels } = memory;
  const { name, columns, rows } = placement;
  const { first, span } = rowRange(placement);
  const count = span * columns;
  const matrix = () => memory.allocate(count * 4);
  const sides: Record<NetworkSide, number> = { online: matrix(), target: matrix() };
  const squares = matrix();
  const sums = matrix();
  const maskAt = matrix();
  const masked = matrix();
  // [columns, span], for products with W'.
  const transposed = matrix();
  let pruned = false;
  let denseGradients = false;

  const gradientAt = () => (pruned ? masked : sums);
  const at = (part: Part): number => {
    if (part === "squares") return squares;
    if (part === "gradient") return denseGradients ? sums : gradientAt();
    return sides[part];
  };
  const transpose = () => kernels.transposeMatrix(sides.online, span, columns, transposed, span * 4);
  const firstOf = (row: number) => (row - first) * columns * 4;

  return {
    names: [name],
    forward(side, row, count, bias, relu, x, y, tiles, vectors) {
      kernels.denseForward(
        sides[side] + firstOf(row), columns, count, bias + row * 4, relu,
        x.at + placement.inputRow * ROW, x.stride, y.at + row * ROW, y.stride, tiles, vectors,
      );
    },
    accumulate(side, row, count, x, y, tiles, vectors) {
      kernels.denseAccumulate(
        sides[side] + firstOf(row), columns, count,
        x.at + placement.inputRow * ROW, x.stride, y.at + row * ROW, y.stride, tiles, vectors,
      );
    },
    backward(row, count, dy, dx, tiles, vectors) {
      kernels.denseAccumulate(
        transposed + (row - placement.inputRow) * span * 4, span, count,
        dy.at + first * ROW, dy.stride, dx.at, dx.stride, tiles, vectors,
      );
    },
    backwardGated(row, count, dy, dx, gate, tiles, vectors) {
      kernels.denseGated(
        transposed + (row - placement.inputRow) * span * 4, span, count,
        dy.at + first * ROW, dy.stride, dx.at, dx.stride, gate.at, gate.stride, tiles, vectors,
      );
    },
    gradient(dy, x, tiles, vectors) {
      kernels.denseGradient(
        sums, columns, span, dy.at + first * ROW, dy.stride, x.at + placement.inputRow * ROW, x.stride, tiles, vectors,
      );
    },
    setDenseGradients(wanted) {
      denseGradients = wanted;
    },
    setMask(mask) {
      pruned = mask.includes(0);
      spread(Uint32Array.from(mask, (bit) => -bit), memory.words(maskAt, count));
      for (const part of [sides.online, sides.target, squares]) kernels.applyMask(part, maskAt, part, count);
      transpose();
    },

    read(_, part) {
      if (part === "gradient") this.collectGradient();
      const from = memory.floats(at(part), count);
      const values = new Float32Array(rows.length * columns);
      for (let row = 0; row < rows.length; row++) {
        const start = (rows[row] - first) * columns;
        values.set(from.subarray(start, start + columns), row * columns);
      }
      return values;
    },
    write(_, part, values) {
      spread(values, memory.floats(at(part), count));
      if (pruned) kernels.applyMask(at(part), maskAt, at(part), count);
      transpose();
    },
    collectGradient() {
      if (pruned) kernels.applyMask(sums, maskAt, masked, count);
    },
    squaredNorm: () => kernels.squaredNorm(gradientAt(), count),
    step(scale, { learningRate, alpha, epsilon }: OptimiserOptions) {
      kernels.rmsprop(sides.online, gradientAt(), squares, count, scale, learningRate, alpha, 1 - alpha, epsilon);
      transpose();
    },
    clearGradient() {
      memory.floats(sums, count).fill(0);
    },
    copyToTarget() {
      memory.copy(sides.online, sides.target, count * 4);
    },
  };

  function spread<Values extends Float32Array | Uint32Array>(values: Values, to: Values): void {
    for (let row = 0; row < rows.length; row++) {
      to.set(values.subarray(row * columns, (row + 1) * columns), (rows[row] - first) * columns);
    }
  }
}
