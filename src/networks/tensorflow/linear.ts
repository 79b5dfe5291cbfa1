import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import { product } from "./products.js";

/**
 * Parameters of several runs by name, of one side: weight matrices as [runs, in, out], so that no forward product
 * transposes, and biases as [runs, 1, out].
 */
export type Weights = ReadonlyMap<string, tfjs.Tensor3D>;

/** Functions from which networks of several runs are built. */
export interface Layers {
  readonly tf: Tensorflow;
  /**
   * Computes x W + b of every run: [runs, rows, in] to [runs, rows, out]. The parameters are "name.weight" and
   * "name.bias".
   */
  linear(name: string, x: tfjs.Tensor3D): tfjs.Tensor3D;
  weight(name: string): tfjs.Tensor3D;
}

/** Makes the layers of networks with the given parameters. */
export function layersOf(tf: Tensorflow, weights: Weights): Layers {
  const weight = (name: string) => weights.get(name)!;
  return {
    tf,
    weight,
    linear: (name, x) => tf.add(product(tf, x, weight(`${name}.weight`)), weight(`${name}.bias`)),
  };
}
