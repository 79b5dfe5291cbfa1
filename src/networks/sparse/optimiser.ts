import type { AdamStep, OptimiserOptions } from "../engine.js";
import type { Memory } from "./memory.js";

/** The settings of one step with the collected gradients, which are multiplied by `scale`. */
export type OptimiserStep = { readonly scale: number } & (
  ({ readonly kind: "rmsprop" } & Omit<OptimiserOptions, "gradientClip">) | ({ readonly kind: "adam" } & AdamStep)
);

/** The numbers of an optimiser in the engine's memory, for the kernels. */
export interface OptimiserRecord {
  /** Overwrites them and returns their address. */
  set(step: OptimiserStep): number;
}

/** Makes a record with the layout of struct Optimiser in ../kernels/layer.h. */
export function createOptimiserRecord(memory: Memory): OptimiserRecord {
  const at = memory.allocate(9 * 4);
  return {
    set(step) {
      const { scale, learningRate, epsilon } = step;
      const adam = step.kind === "adam";
      const [beta1, beta2] = adam ? [step.beta1, step.beta2] : [0, step.alpha];
      const rate = adam ? learningRate / (1 - beta1 ** step.step) : learningRate;
      const root = adam ? Math.sqrt(1 - beta2 ** step.step) : 1;
      memory.words(at, 1)[0] = adam ? 1 : 0;
      memory.floats(at + 4, 8).set([scale, rate, beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon]);
      return at;
    },
  };
}
