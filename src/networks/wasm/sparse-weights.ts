import type { NetworkSide, OptimiserOptions } from "../engine.js";
import { type Memory, ROW } from "./memory.js";
import { type Part, type Placement, rowRange } from "./store.js";
import type { Weights } from "./weights.js";

/** Bytes of an entry: its value and the offset of its column's row in the input tile. */
const ENTRY = 8;

/** What a rebuild keeps of a parameter. */
export interface SparseValues {
  readonly mask: Uint8Array;
  readonly online: Float32Array;
  readonly target: Float32Array;
  readonly squares: Float32Array;
  readonly gradient: Float32Array;
}

export interface SparseWeights extends Weights {
  /** Lays out the connections of new masks, one of `values` for each placement; pruned values are dropped. */
  rebuild(values: readonly SparseValues[]): void;
}

/**
 * Weight matrices stored as compressed rows of their remaining connections, in both orientations. Several that read parts of one
 * input tile and add to rows of one output tile (the GRU's two) are one matrix here: one product serves them all.
 *
 * @param tileRows rows of the output tile
 * @param biasSums where the gradients of the biases are added up, [tileRows, 4]
 */
export function createSparseWeights(
  memory: Memory,
  placements: readonly Placement[],
  tileRows: number,
  biasSums: number,
): SparseWeights {
  const { kernels } = memory;
  const capacity = placements.reduce((sum, { rows, columns }) => sum + rows.length * columns, 0);
  const inputRows = Math.max(...placements.map(({ inputRow, columns }) => inputRow + columns));

  const entries: Record<NetworkSide, number> = { online: memory.allocate(capacity * ENTRY), target: memory.allocate(capacity * ENTRY) };
  const starts: Record<NetworkSide, number> = { online: memory.allocate((tileRows + 1) * 4), target: memory.allocate((tileRows + 1) * 4) };
  const transposed = memory.allocate(capacity * ENTRY);
  const transposedStarts = memory.allocate((inputRows + 1) * 4);
  // For each entry, the address of its value among the transposed entries.
  const places = memory.allocate(capacity * 4);
  const squares = memory.allocate(capacity * 4);
  const sums = memory.allocate(capacity * 16);
  const collected = memory.allocate(capacity * 4);

  let count = 0;
  // For each entry, which parameter it is of and where in it.
  let owner = new Uint8Array(0);
  let index = new Int32Array(0);

  let dense = false;
  let denseSums: { at: number; first: number; span: number }[] | undefined;

  const refresh = () => kernels.scatterValues(entries.online, places, count);
  const numberOf = (name: string) => placements.findIndex((placement) => placement.name === name);
  const partOf = (part: Part): { values: Float32Array; step: number } => {
    if (part === "online" || part === "target") return { values: memory.floats(entries[part], count * 2), step: 2 };
    return { values: memory.floats(part === "squares" ? squares : collected, count), step: 1 };
  };

  return {
    names: placements.map(({ name }) => name),
    forward(side, row, rows, bias, relu, x, y, tiles, vectors) {
      kernels.sparseForward(starts[side] + row * 4, rows, bias + row * 4, relu, x.at, x.stride, y.at + row * ROW, y.stride, tiles, vectors);
    },
    backward(row, rows, dy, dx, tiles, vectors) {
      kernels.sparseAccumulate(transposedStarts + row * 4, rows, dy.at, dy.stride, dx.at, dx.stride, tiles, vectors);
    },
    backwardGated(row, rows, dy, dx, gate, tiles, vectors) {
      kernels.sparseGated(transposedStarts + row * 4, rows, dy.at, dy.stride, dx.at, dx.stride, gate.at, gate.stride, tiles, vectors);
    },
    gradient(dy, x, tiles, vectors) {
      if (!dense) {
        kernels.sparseGradient(starts.online, tileRows, inputRows, sums, biasSums, dy.at, dy.stride, x.at, x.stride, tiles, vectors);
        return;
      }
      placements.forEach(({ columns, inputRow }, p) => {
        const { at, first, span } = denseSums![p];
        kernels.denseGradient(at, columns, span, dy.at + first * ROW, dy.stride, x.at + inputRow * ROW, x.stride, tiles, vectors);
      });
      kernels.rowSums(biasSums, tileRows, dy.at, dy.stride, tiles, vectors);
    },
    setDenseGradients(wanted) {
      if (wanted && !denseSums) {
        denseSums = placements.map((placement) => {
          const { first, span } = rowRange(placement);
          return { at: memory.allocate(span * placement.columns * 4), first, span };
        });
      }
      if (wanted) {
        denseSums!.forEach(({ at, span }, p) => memory.floats(at, span * placements[p].columns).fill(0));
      }
      dense = wanted;
    },

    rebuild(values) {
      const kept = placements.map(({ rows, columns }, p) => {
        const { mask } = values[p];
        let nonzeros = 0;
        for (let i = 0; i < rows.length * columns; i++) nonzeros += mask[i];
        return nonzeros;
      });
      count = kept.reduce((a, b) => a + b, 0);
      owner = new Uint8Array(count);
      index = new Int32Array(count);

      // Rows of the output tile, each with its parameters' rows in the order of the placements.
      const sources: { p: number; row: number }[][] = Array.from({ length: tileRows }, () => []);
      placements.forEach(({ rows }, p) => rows.forEach((tileRow, row) => sources[tileRow].push({ p, row })));

      const inputOf = new Int32Array(count);
      const outputOf = new Int32Array(count);
      const perInput = new Int32Array(inputRows + 1);
      const rowStarts = new Int32Array(tileRows + 1);
      let entry = 0;
      for (let tileRow = 0; tileRow < tileRows; tileRow++) {
        rowStarts[tileRow] = entry;
        for (const { p, row } of sources[tileRow]) {
          const { columns, inputRow } = placements[p];
          const { mask } = values[p];
          for (let column = 0, i = row * columns; column < columns; column++, i++) {
            if (!mask[i]) continue;
            owner[entry] = p;
            index[entry] = i;
            inputOf[entry] = inputRow + column;
            outputOf[entry] = tileRow;
            perInput[inputRow + column + 1]++;
            entry++;
          }
        }
      }
      rowStarts[tileRows] = entry;

      for (const side of ["online", "target"] as const) {
        const from = memory.floats(entries[side], count * 2);
        const offsets = memory.words(entries[side], count * 2);
        for (let k = 0; k < count; k++) {
          from[2 * k] = values[owner[k]][side][index[k]];
          offsets[2 * k + 1] = inputOf[k] * ROW;
        }
        memory.words(starts[side], tileRows + 1).set(rowStarts.map((k) => entries[side] + k * ENTRY));
      }

      for (let row = 0; row < inputRows; row++) perInput[row + 1] += perInput[row];
      memory.words(transposedStarts, inputRows + 1).set(perInput.map((k) => transposed + k * ENTRY));
      const next = perInput.slice();
      const offsets = memory.words(transposed, count * 2);
      const valuePlaces = memory.words(places, count);
      const meanSquares = memory.floats(squares, count);
      const partial = memory.floats(sums, count * 4).fill(0);
      for (let k = 0; k < count; k++) {
        const place = next[inputOf[k]]++;
        offsets[2 * place + 1] = outputOf[k] * ROW;
        valuePlaces[k] = transposed + place * ENTRY;
        meanSquares[k] = values[owner[k]].squares[index[k]];
        partial[4 * k] = values[owner[k]].gradient[index[k]];
      }
      refresh();
    },

    read(name, part) {
      const p = numberOf(name);
      const { rows, columns } = placements[p];
      const whole = new Float32Array(rows.length * columns);
      if (part === "gradient") {
        if (dense) return readDenseGradient(p);
        this.collectGradient();
      }
      const { values, step } = partOf(part);
      for (let k = 0; k < count; k++) if (owner[k] === p) whole[index[k]] = values[k * step];
      return whole;
    },
    write(name, part, from) {
      const p = numberOf(name);
      const { values, step } = partOf(part);
      for (let k = 0; k < count; k++) if (owner[k] === p) values[k * step] = from[index[k]];
      refresh();
    },
    collectGradient() {
      if (!dense) {
        kernels.sumVectors(sums, collected, count);
        return;
      }
      const gradients = placements.map((_, p) => readDenseGradient(p));
      const gradient = memory.floats(collected, count);
      for (let k = 0; k < count; k++) gradient[k] = gradients[owner[k]][index[k]];
    },
    squaredNorm: () => kernels.squaredNorm(collected, count),
    step(scale, { learningRate, alpha, epsilon }: OptimiserOptions) {
      kernels.rmspropSparse(entries.online, collected, squares, count, scale, learningRate, alpha, 1 - alpha, epsilon);
      refresh();
    },
    clearGradient() {
      memory.floats(sums, count * 4).fill(0);
    },
    copyToTarget() {
      memory.copy(entries.online, entries.target, count * ENTRY);
    },
  };

  function readDenseGradient(p: number): Float32Array {
    const { rows, columns } = placements[p];
    const { at, first, span } = denseSums![p];
    const from = memory.floats(at, span * columns);
    const values = new Float32Array(rows.length * columns);
    rows.forEach((tileRow, row) => {
      const start = (tileRow - first) * columns;
      values.set(from.subarray(start, start + columns), row * columns);
    });
    return values;
  }
}
