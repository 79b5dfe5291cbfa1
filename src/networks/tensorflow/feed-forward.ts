import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import type { FeedForwardName } from "../parameters.js";
import { relu } from "./activations.js";
import { layersOf, type Weights } from "./linear.js";

/**
 * Makes a network of two hidden layers on rows: [runs, rows, inputs] to [runs, rows, outputs]. The actor of continuous
 * actions ends with a tanh.
 */
export function feedForward(tf: Tensorflow, name: FeedForwardName, weights: Weights, x: tfjs.Tensor3D): tfjs.Tensor3D {
  const { linear } = layersOf(tf, weights);
  const hidden = ["fc1", "fc2"].reduce((x, layer) => relu(tf, linear(`${name}.${layer}`, x)), x);
  const output = linear(`${name}.fc3`, hidden);
  return name === "actor" ? tf.tanh(output) : output;
}
