import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import type { NetworkKind } from "../kinds.js";
import { relu } from "./activations.js";
import { layersOf, type Weights } from "./linear.js";

/**
 * Makes a network of two hidden layers on rows: [runs, rows, inputs] to [runs, rows, outputs]. A policy ends
 * with a tanh.
 */
export function feedForward(
  tf: Tensorflow,
  kind: NetworkKind,
  name: string,
  weights: Weights,
  x: tfjs.Tensor3D,
): tfjs.Tensor3D {
  const { linear } = layersOf(tf, weights);
  const hidden = ["fc1", "fc2"].reduce((x, layer) => relu(tf, linear(`${name}.${layer}`, x)), x);
  const output = linear(`${name}.fc3`, hidden);
  return kind === "policy" ? tf.tanh(output) : output;
}
