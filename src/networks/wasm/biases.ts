import type { NetworkSide, OptimiserOptions } from "../engine.js";
import type { Memory } from "./memory.js";
import type { Part, Store } from "./store.js";

/** A bias and the row of the output tile that each of its values is added to, [out]. */
export interface BiasPlacement {
  readonly name: string;
  readonly rows: Int32Array;
}

export interface Biases extends Store {
  /** The address of a side's bias of each row of the output tile, [rows]. */
  at(side: NetworkSide): number;
  /** The address of the gradients' partial sums, [rows, 4]. */
  readonly sums: number;
}

/** The biases of one tile of `rows` rows; where several fall on one row (the GRU's two) their sum is added in one go. */
export function createBiases(memory: Memory, placements: readonly BiasPlacement[], rows: number): Biases {
  const { kernels } = memory;
  const own = placements.map((placement) => {
    const block = () => memory.allocate(placement.rows.length * 4);
    return { ...placement, online: block(), target: block(), squares: block(), gradient: block() };
  });
  const added: Record<NetworkSide, number> = { online: memory.allocate(rows * 4), target: memory.allocate(rows * 4) };
  const sums = memory.allocate(rows * 16);

  const find = (name: string) => own.find((bias) => bias.name === name)!;
  const addUp = (side: NetworkSide) => {
    const total = memory.floats(added[side], rows).fill(0);
    for (const bias of own) {
      const values = memory.floats(bias[side], bias.rows.length);
      for (let i = 0; i < values.length; i++) total[bias.rows[i]] += values[i];
    }
  };

  return {
    names: placements.map(({ name }) => name),
    at: (side) => added[side],
    sums,
    read(name: string, part: Part) {
      if (part === "gradient") this.collectGradient();
      const bias = find(name);
      return memory.floats(bias[part], bias.rows.length).slice();
    },
    write(name, part, values) {
      const bias = find(name);
      memory.floats(bias[part], bias.rows.length).set(values);
      if (part !== "squares") addUp(part);
    },
    collectGradient() {
      const partial = memory.floats(sums, rows * 4);
      for (const bias of own) {
        const gradient = memory.floats(bias.gradient, bias.rows.length);
        for (let i = 0; i < gradient.length; i++) {
          const k = 4 * bias.rows[i];
          gradient[i] = partial[k] + partial[k + 2] + (partial[k + 1] + partial[k + 3]);
        }
      }
    },
    squaredNorm: () => own.reduce((sum, bias) => sum + kernels.squaredNorm(bias.gradient, bias.rows.length), 0),
    step(scale, { learningRate, alpha, epsilon }: OptimiserOptions) {
      for (const bias of own) {
        kernels.rmsprop(
          bias.online, bias.gradient, bias.squares, bias.rows.length, scale, learningRate, alpha, 1 - alpha, epsilon,
        );
      }
      addUp("online");
    },
    clearGradient() {
      memory.floats(sums, rows * 4).fill(0);
    },
    copyToTarget() {
      for (const bias of own) memory.copy(bias.online, bias.target, bias.rows.length * 4);
      addUp("target");
    },
  };
}
