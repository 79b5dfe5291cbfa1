import type { Layer } from "../networks/kinds.js";

/** Weights of a layer at sparsity S_l: Eq. 8, Eq. 9 for a GRU. */
export function layerWeights({ kind, input, output }: Layer, sparsity: number): number {
  switch (kind) {
    case "linear":
      return (1 - sparsity) * input * output;
    case "gru":
      return (1 - sparsity) * 3 * output * (output + input);
    case "product":
      return 0;
  }
}

/** Floating point operations of one run of a layer at sparsity S_l: Eq. 10, Eq. 11 for a GRU. */
export function layerFlops({ kind, input, output }: Layer, sparsity: number): number {
  switch (kind) {
    case "linear":
      return (1 - sparsity) * (2 * input - 1) * output;
    case "gru":
      return (1 - sparsity) * 3 * output * (2 * (output + input) - 1);
    case "product":
      return (2 * input - 1) * output;
  }
}

/** Biases of a layer, which are never pruned. */
export function layerBiases({ parameters }: Layer): number {
  return parameters.reduce((sum, { maskable, shape }) => sum + (maskable ? 0 : shape[0]), 0);
}
