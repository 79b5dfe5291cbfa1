import type * as tfjs from "@tensorflow/tfjs";
import { agentInput } from "../kinds.js";
import type { NetworkShape } from "../parameters.js";
import { relu } from "./activations.js";
import type { Tensorflow } from "../../host.js";
import { layersOf, type Weights } from "./linear.js";
import { product } from "./products.js";
import { type Recurrence, recurrence } from "./recurrence.js";

/** The agents' inputs of several runs: the episodes, padded to the longest. */
export interface AgentInputs {
  /** Observations. [runs, lanes, steps + 1, agents, observation] */
  readonly observations: tfjs.Tensor5D;
  /** The action before each step, -1 at the first, int32: [runs, lanes, steps + 1, agents]. */
  readonly lastActions: tfjs.Tensor4D;
}

/**
 * Computes the inputs of the GRU at every step: [runs, steps + 1, agents * lanes, 3 hidden]. Inputs are an observation,
 * a one-hot of the last action and a one-hot of the agent's number, as PyMARL's.
 */
function agentRecurrence(
  tf: Tensorflow,
  shape: NetworkShape,
  network: string,
  weights: Weights,
  { observations, lastActions }: AgentInputs,
): Recurrence {
  const { agents, actions, hidden } = shape;
  const [runs, lanes, steps] = observations.shape;
  const { linear, weight } = layersOf(tf, weights);
  const numbers = tf.tile(tf.reshape(tf.eye(agents), [1, 1, 1, agents, agents]), [runs, lanes, steps, 1, 1]);
  const inputs = tf.concat(
    [observations, tf.cast(tf.oneHot(lastActions, actions), "float32"), numbers] as tfjs.Tensor[],
    4,
  );
  const x = relu(tf, linear(`${network}.fc1`, tf.reshape(inputs, [runs, lanes * steps * agents, agentInput(shape)])));
  // Axes are transposed after the first layer, so that time comes first, because its outputs are narrower than its
  // inputs.
  const inTime = tf.transpose(tf.reshape(x, [runs, lanes, steps, agents, hidden]), [0, 2, 3, 1, 4]);
  const fromInputs = tf.add(
    product(tf, tf.reshape(inTime, [runs, steps * agents * lanes, hidden]), weight(`${network}.rnn.weight_ih`)),
    weight(`${network}.rnn.bias_ih`),
  );
  const [biasRZ, bias] = tf.split(weight(`${network}.rnn.bias_hh`), [2 * hidden, hidden], 2) as tfjs.Tensor3D[];
  const gates = tf.add(fromInputs, tf.concat([biasRZ, tf.zerosLike(bias)], 2));
  return {
    gates: tf.reshape(gates, [runs, steps, agents * lanes, 3 * hidden]),
    weight: weight(`${network}.rnn.weight_hh`),
    bias,
  };
}

/**
 * Computes Q_i(tau_i, .) from hidden states [runs, steps + 1, agents * lanes, hidden]: [runs, steps + 1, agents, lanes,
 * actions].
 */
export function agentValues(
  tf: Tensorflow,
  { agents, actions }: NetworkShape,
  network: string,
  weights: Weights,
  states: tfjs.Tensor4D,
): tfjs.Tensor5D {
  const [runs, steps, rows, hidden] = states.shape;
  const values = layersOf(tf, weights).linear(`${network}.fc2`, tf.reshape(states, [runs, steps * rows, hidden]));
  return tf.reshape(values, [runs, steps, agents, rows / agents, actions]);
}

/**
 * Computes the hidden states after every step, with `known` as in `recurrence`: [runs, steps + 1, agents * lanes,
 * hidden].
 */
export function agentStates(
  tf: Tensorflow,
  shape: NetworkShape,
  network: string,
  weights: Weights,
  inputs: AgentInputs,
  known?: tfjs.Tensor4D,
): tfjs.Tensor4D {
  return recurrence(tf, agentRecurrence(tf, shape, network, weights, inputs), known);
}

/**
 * Computes the hidden states of two sets of weights over the same inputs, in one sequence of kernels of twice the
 * width, for which a GPU takes no longer than for one.
 */
export function bothAgentStates(
  tf: Tensorflow,
  shape: NetworkShape,
  network: string,
  sides: readonly [Weights, Weights],
  inputs: AgentInputs,
): tfjs.Tensor4D[] {
  const [one, other] = sides.map((weights) => agentRecurrence(tf, shape, network, weights, inputs));
  const join = <T extends tfjs.Tensor>(a: T, b: T): T => tf.concat([a, b], 0);
  const both = {
    gates: join(one.gates, other.gates),
    weight: join(one.weight, other.weight),
    bias: join(one.bias, other.bias),
  };
  return tf.split(recurrence(tf, both), 2, 0);
}
