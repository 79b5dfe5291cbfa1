import "../src/node/host.js";
import { ROW, createMemory } from "../src/networks/wasm/memory.js";
import { createDenseWeights } from "../src/networks/wasm/dense-weights.js";
import { createSparseWeights } from "../src/networks/wasm/sparse-weights.js";
import { consecutive } from "../src/networks/wasm/store.js";
import type { Tiles, Weights } from "../src/networks/wasm/weights.js";
import { createRandom } from "../src/random.js";
import { type Candidate, type Effort, type Row, fastest, time } from "./measure.js";

/** About a GRU's matrices, on one tile an agent of 3s5z. */
const ROWS = 192;
const COLUMNS = 128;
const TILES = 8;
const LANES = 16;

const DENSITIES = [1, 0.2, 0.1, 0.05];
const PRODUCTS = ["forward", "dX", "dW"] as const;

/**
 * The wasm engine's products by themselves, in GFLOP/s that count the remaining connections only, and the most that this core's
 * 128-bit multiplications and additions reach.
 */
export async function kernelRows(effort: Effort = { quick: false }): Promise<Row[]> {
  const memory = createMemory();
  const rounds = effort.quick ? 1 : 40;
  const peakIterations = rounds * 40_000;
  const work = new Map<string, number>([[PEAK, peakIterations * 48]]);
  const candidates: Candidate[] = [{ name: PEAK, sample: () => time(() => memory.kernels.multiplyAddPeak(peakIterations, 1, 1)) }];

  const tiles = (rows: number): Tiles => {
    const stride = (rows | 1) * ROW;
    const at = memory.allocate(TILES * stride);
    memory.floats(at, (TILES * stride) / 4).fill(0.5);
    return { at, stride };
  };
  const [x, y, dx, dy] = [tiles(COLUMNS), tiles(ROWS), tiles(COLUMNS), tiles(ROWS)];
  const bias = memory.allocate(ROWS * 4);
  const biasSums = memory.allocate(ROWS * 16);

  for (const density of DENSITIES) {
    const { weights, nonzeros } = density === 1 ? denseWeights() : sparseWeights(density);
    const flops = rounds * 2 * nonzeros * TILES * LANES;
    const run = {
      forward: () => weights.forward("online", 0, ROWS, bias, false, x, y, TILES, 4),
      dX: () => weights.backward(0, COLUMNS, dy, dx, TILES, 4),
      dW: () => weights.gradient(dy, x, TILES, 4),
    };
    for (const product of PRODUCTS) {
      const name = `kernel ${product}, density ${density}`;
      work.set(name, flops);
      candidates.push({
        name,
        sample: () =>
          time(() => {
            for (let i = 0; i < rounds; i++) run[product]();
          }),
      });
    }
  }

  const best = await fastest(candidates, 4, effort);
  const speeds = candidates.map(({ name }): Row => ({ name, value: work.get(name)! / best[name] / 1e6, unit: "GFLOP/s" }));
  const peak = speeds[0].value;
  const shares = speeds.slice(1, 1 + PRODUCTS.length).map(({ name, value }): Row => ({ name: `${name}, of the peak`, value: value / peak, unit: "x" }));
  return [...speeds, ...shares];

  function denseWeights(): { weights: Weights; nonzeros: number } {
    const weights = createDenseWeights(memory, { name: "w", columns: COLUMNS, rows: consecutive(ROWS), inputRow: 0 });
    weights.write("w", "online", new Float32Array(ROWS * COLUMNS).fill(0.01));
    return { weights, nonzeros: ROWS * COLUMNS };
  }

  function sparseWeights(density: number): { weights: Weights; nonzeros: number } {
    const random = createRandom(1);
    const weights = createSparseWeights(memory, [{ name: "w", columns: COLUMNS, rows: consecutive(ROWS), inputRow: 0 }], ROWS, biasSums);
    const mask = new Uint8Array(ROWS * COLUMNS).map(() => (random.float() < density ? 1 : 0));
    const values = new Float32Array(ROWS * COLUMNS).fill(0.01);
    weights.rebuild([{ mask, online: values, target: values, squares: values, gradient: values }]);
    return { weights, nonzeros: mask.reduce((sum, bit) => sum + bit, 0) };
  }
}

const PEAK = "128-bit multiply-add peak of this core";
