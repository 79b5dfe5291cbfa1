import type * as tfjs from "@tensorflow/tfjs";
import type { NetworkShape } from "../parameters.js";
import { abs, relu } from "./activations.js";
import type { Tensorflow } from "../../host.js";
import { layersOf, type Weights } from "./linear.js";

/**
 * The outputs of QMIX's hypernetworks for states [runs, rows, state]: the weights and biases of the mixing network at
 * each state.
 */
interface MixingWeights {
  /** Weights of the first layer, not negative. [runs, rows, agents, embed] */
  readonly first: tfjs.Tensor4D;
  /** Biases of the first layer. [runs, rows, embed] */
  readonly bias: tfjs.Tensor3D;
  /** Weights of the second layer, not negative. [runs, rows, embed] */
  readonly final: tfjs.Tensor3D;
  /** Bias of the second layer, V(s). [runs, rows, 1] */
  readonly value: tfjs.Tensor3D;
}

function mixingWeights(
  tf: Tensorflow,
  { agents, embed }: NetworkShape,
  name: string,
  weights: Weights,
  states: tfjs.Tensor3D,
): MixingWeights {
  const { linear } = layersOf(tf, weights);
  const [runs, rows] = states.shape;
  return {
    first: tf.reshape(abs(tf, linear(`${name}.hyper_w_1.2`, relu(tf, linear(`${name}.hyper_w_1.0`, states)))), [
      runs,
      rows,
      agents,
      embed,
    ]),
    bias: linear(`${name}.hyper_b_1`, states),
    final: abs(tf, linear(`${name}.hyper_w_final.2`, relu(tf, linear(`${name}.hyper_w_final.0`, states)))),
    value: linear(`${name}.V.2`, relu(tf, linear(`${name}.V.0`, states))),
  };
}

/**
 * Computes Q_tot(s, q_1..q_N), equation 1 of QMIX, for values [runs, rows, agents] at states [runs, rows, state]:
 * [runs, rows].
 */
export function monotonicMixer(
  tf: Tensorflow,
  shape: NetworkShape,
  name: string,
  weights: Weights,
  values: tfjs.Tensor3D,
  states: tfjs.Tensor3D,
): tfjs.Tensor2D {
  const { first, bias, final, value } = mixingWeights(tf, shape, name, weights, states);
  const hidden = tf.elu(tf.add(tf.sum(tf.mul(tf.expandDims(values, 3), first), 2), bias));
  return tf.add(tf.sum(tf.mul(hidden, final), 2), tf.squeeze(value, [2]));
}

/**
 * Computes Q_tot with one agent's value replaced, for each agent and each of its `alternatives` [runs, rows, agents,
 * actions]: of the same shape. The first layer is linear, so that only one term of its sums changes.
 */
export function mixerCounterfactuals(
  tf: Tensorflow,
  shape: NetworkShape,
  name: string,
  weights: Weights,
  values: tfjs.Tensor3D,
  alternatives: tfjs.Tensor4D,
  states: tfjs.Tensor3D,
): tfjs.Tensor4D {
  const { first, bias, final, value } = mixingWeights(tf, shape, name, weights, states);
  const [runs, rows, agents] = values.shape;
  const { embed } = shape;
  const sums = tf.add(tf.sum(tf.mul(tf.expandDims(values, 3), first), 2), bias);
  const without = tf.sub(tf.expandDims(sums, 2), tf.mul(tf.expandDims(values, 3), first));
  // The tensor [runs, rows, agents, actions, embed] is the largest one.
  const hidden = tf.elu(
    tf.add(tf.expandDims(without, 3), tf.mul(tf.expandDims(alternatives, 4), tf.expandDims(first, 3))),
  );
  const mixed = tf.sum(tf.mul(hidden, tf.reshape(final, [runs, rows, 1, 1, embed])), 4);
  return tf.add(mixed, tf.reshape(tf.tile(value, [1, 1, agents]), [runs, rows, agents, 1]));
}

/** Computes Q*(s, q_1..q_N) of WQMIX, for values [runs, rows, agents] at states [runs, rows, state]: [runs, rows]. */
export function unrestrictedMixer(
  tf: Tensorflow,
  name: string,
  weights: Weights,
  values: tfjs.Tensor3D,
  states: tfjs.Tensor3D,
): tfjs.Tensor2D {
  const { linear } = layersOf(tf, weights);
  const input = tf.concat([states, values], 2);
  const net = ["net.0", "net.2", "net.4"].reduce((x, layer) => relu(tf, linear(`${name}.${layer}`, x)), input);
  const value = linear(`${name}.V.2`, relu(tf, linear(`${name}.V.0`, states)));
  return tf.squeeze(tf.add(linear(`${name}.net.6`, net), value), [2]);
}
