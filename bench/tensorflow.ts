import * as tf from "@tensorflow/tfjs";
import { getThreadsCount, setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import type { OptimiserOptions } from "../src/networks/engine.js";
import { agentInput, networkParameters, type NetworkShape, type Parameters } from "../src/networks/parameters.js";
import type { Episode } from "../src/replay/episode.js";

/**
 * How matrix products are differentiated. "autograd" leaves it to TensorFlow.js, whose gradient of matMul calls the
 * wasm backend's product of transposed matrices (1.4 to 2 GFLOP/s). "transposing" gives every product its own gradient, which
 * transposes first and then calls the fast product (36 GFLOP/s): the most that a patient user gets out of TensorFlow.js.
 */
export type ProductGradient = "autograd" | "transposing";

/** QMIX's update (double Q max operator, one-step targets) in TensorFlow.js with masked dense weights. */
export interface TensorflowLearner {
  /** Loss and its gradient for one batch, in PyMARL's layout; pruned entries are 0. Changes nothing. */
  lossAndGradients(batch: readonly Episode[]): { loss: number; gradients: Map<string, Float32Array> };
  /** One training update; returns the loss and the gradient's norm before clipping. */
  update(batch: readonly Episode[]): { loss: number; norm: number };
  /** The online parameters in PyMARL's layout. */
  read(): Map<string, Float32Array>;
  dispose(): void;
}

/** What a learner starts from. */
export interface TensorflowLearnerOptions {
  readonly shape: NetworkShape;
  /** Initial values of the online and of the target networks, in PyMARL's names and layout. */
  readonly online: Parameters;
  readonly target: Parameters;
  /** Masks of weight matrices, [out, in]; those without are dense. */
  readonly masks?: ReadonlyMap<string, Uint8Array>;
  readonly discount: number;
  readonly optimiser: OptimiserOptions;
  readonly productGradient: ProductGradient;
}

/**
 * Starts TensorFlow.js on its wasm backend with SIMD and one thread.
 * @throws {Error} where SIMD is missing or the backend took more threads, since the comparison would mean nothing.
 */
export async function startTensorflow(): Promise<void> {
  setThreadsCount(1);
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js: its wasm backend did not start");
  await tf.ready();
  if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("TensorFlow.js: no SIMD in its wasm backend; use Node 20 or newer");
  if (getThreadsCount() !== 1) throw new Error(`TensorFlow.js: its wasm backend runs ${getThreadsCount()} threads, expected 1`);
}

/** Makes a learner; call `startTensorflow` first. */
export function createTensorflowLearner(options: TensorflowLearnerOptions): TensorflowLearner {
  const { shape, optimiser, productGradient } = options;
  const product = productGradient === "autograd" ? autogradProduct : transposingProduct;
  const tensors = (parameters: Parameters): [string, tf.Tensor][] =>
    networkParameters(shape).filter(({ name }) => parameters.has(name)).map((spec) => [spec.name, toTensor(parameters.get(spec.name)!, spec.shape)]);
  const masks = new Map(tensors(new Map([...(options.masks ?? [])].map(([name, mask]) => [name, Float32Array.from(mask)]))));
  const target = new Map(tensors(options.target));
  const online = new Map(tensors(options.online).map(([name, values]) => [name, tf.variable(values)]));
  const squares = new Map([...online].map(([name, variable]) => [name, tf.variable(tf.zerosLike(variable), false)]));
  const names = new Map([...online].map(([name, variable]) => [variable.name, name]));

  const masked = (parameters: ReadonlyMap<string, tf.Tensor>): Map<string, tf.Tensor> =>
    new Map([...parameters].map(([name, values]) => [name, masks.has(name) ? tf.mul(values, masks.get(name)!) : values]));

  /** The loss as a function of the online variables. */
  const lossOf = (batch: Batch): tf.Scalar => {
    const { steps, episodes, rows, width, actionCount } = batch;
    const target_ = masked(target);
    const online_ = masked(online);
    const inputs = tf.tensor2d(batch.inputs, [(steps + 1) * rows, width]);
    const states = tf.tensor2d(batch.states, [(steps + 1) * episodes, shape.state]);
    const values = agent(inputs, online_, steps + 1, product);
    // Which action is greedy has no gradient: it leaves the tape here, and comes back as constants.
    const greedy = greedyActions(values.dataSync<"float32">(), batch);
    const pick = (from: tf.Tensor2D, oneHot: Float32Array, first: number): tf.Tensor2D =>
      tf.reshape(tf.sum(tf.mul(tf.slice(from, [first * rows, 0], [steps * rows, actionCount]), tf.tensor2d(oneHot, [steps * rows, actionCount])), 1), [steps * episodes, shape.agents]);
    const next = mixer(pick(agent(inputs, target_, steps + 1, product), greedy, 1), tf.slice(states, [episodes, 0], [steps * episodes, shape.state]), target_, shape, product);
    const total = mixer(pick(values, batch.chosen, 0), tf.slice(states, [0, 0], [steps * episodes, shape.state]), online_, shape, product);
    const targets = tf.add(tf.tensor1d(batch.rewards), tf.mul(next, tf.tensor1d(batch.continues.map((c) => c * options.discount))));
    const error = tf.mul(tf.sub(total, targets), tf.tensor1d(batch.filled));
    return tf.div(tf.sum(tf.square(error)), batch.filled.reduce((a, b) => a + b, 0));
  };

  const gradientsOf = (batch: readonly Episode[]): { value: tf.Scalar; grads: tf.NamedTensorMap } => {
    const prepared = prepareBatch(batch, shape);
    return tf.variableGrads(() => lossOf(prepared), [...online.values()]);
  };

  return {
    lossAndGradients: (batch) => {
      const { value, grads } = gradientsOf(batch);
      const gradients = new Map([...online].map(([name, variable]) => [name, fromTensor(grads[variable.name]!)]));
      const loss = value.dataSync()[0]!;
      tf.dispose([value, grads]);
      return { loss, gradients };
    },
    update: (batch) => {
      const { value, grads } = gradientsOf(batch);
      const result = tf.tidy(() => {
        const norm = Math.sqrt(tf.addN(Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)))).dataSync()[0]!);
        const scale = Math.min(1, optimiser.gradientClip / norm);
        for (const [name, gradient] of Object.entries(grads)) {
          const clipped = scale < 1 ? tf.mul(gradient, scale) : gradient;
          const square = squares.get(names.get(name)!)!;
          square.assign(tf.add(tf.mul(square, optimiser.alpha), tf.mul(tf.square(clipped), 1 - optimiser.alpha)));
          const variable = online.get(names.get(name)!)!;
          variable.assign(tf.sub(variable, tf.div(tf.mul(clipped, optimiser.learningRate), tf.add(tf.sqrt(square), optimiser.epsilon))));
        }
        return { loss: value.dataSync()[0]!, norm };
      });
      tf.dispose([value, grads]);
      return result;
    },
    read: () => new Map([...online].map(([name, variable]) => [name, fromTensor(variable)])),
    dispose: () => tf.dispose([...online.values(), ...target.values(), ...squares.values(), ...masks.values()]),
  };
}

type Product = (x: tf.Tensor2D, weight: tf.Tensor2D) => tf.Tensor2D;

const autogradProduct: Product = (x, weight) => tf.matMul(x, weight);

const transposingProduct: Product = tf.customGrad((x, weight, save) => {
  (save as tf.GradSaveFunc)([x as tf.Tensor, weight as tf.Tensor]);
  return {
    value: tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
      return [tf.matMul(dy as tf.Tensor2D, tf.transpose(weight)), tf.matMul(tf.transpose(x), dy as tf.Tensor2D)];
    },
  };
}) as unknown as Product;

/**
 * Q-values of all agents over time: [steps * rows, inputs] to [steps * rows, actions], a row an agent of an episode.
 * Everything but the recurrent product is done for all steps in one call.
 */
function agent(inputs: tf.Tensor2D, parameters: ReadonlyMap<string, tf.Tensor>, steps: number, product: Product): tf.Tensor2D {
  const matrix = (name: string) => parameters.get(`agent.${name}`) as tf.Tensor2D;
  const vector = (name: string) => parameters.get(`agent.${name}`) as tf.Tensor1D;
  const hidden = vector("rnn.bias_hh").size / 3;
  const gates = <T extends tf.Tensor>(of: T, axis: number): T[] => tf.split(of, [2 * hidden, hidden], axis) as T[];
  const [inputGates, inputNew] = gates(matrix("rnn.weight_ih"), 1);
  const [recurrentGates, recurrentNew] = gates(matrix("rnn.weight_hh"), 1);
  const [biasInputGates, biasInputNew] = gates(vector("rnn.bias_ih"), 0);
  const [biasGates, biasNew] = gates(vector("rnn.bias_hh"), 0);

  const x = tf.relu(tf.add(product(inputs, matrix("fc1.weight")), vector("fc1.bias"))) as tf.Tensor2D;
  const xGates = tf.split(tf.add(product(x, inputGates!), tf.add(biasInputGates!, biasGates!)), steps, 0) as tf.Tensor2D[];
  const xNew = tf.split(tf.add(product(x, inputNew!), biasInputNew!), steps, 0) as tf.Tensor2D[];
  let h: tf.Tensor2D = tf.zeros([inputs.shape[0] / steps, hidden]);
  const all: tf.Tensor2D[] = [];
  for (let t = 0; t < steps; t++) {
    const [reset, update] = tf.split(tf.sigmoid(tf.add(xGates[t]!, product(h, recurrentGates!))), 2, 1);
    const candidate = tf.tanh(tf.add(xNew[t]!, tf.mul(reset!, tf.add(product(h, recurrentNew!), biasNew!))));
    h = tf.add(candidate, tf.mul(update!, tf.sub(h, candidate)));
    all.push(h);
  }
  return tf.add(product(tf.concat(all, 0), matrix("fc2.weight")), vector("fc2.bias"));
}

/** Q_tot [samples] of chosen values [samples, agents] at states [samples, state]. */
function mixer(values: tf.Tensor2D, states: tf.Tensor2D, parameters: ReadonlyMap<string, tf.Tensor>, shape: NetworkShape, product: Product): tf.Tensor1D {
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(product(x, parameters.get(`mixer.${name}.weight`) as tf.Tensor2D), parameters.get(`mixer.${name}.bias`)!);
  const samples = states.shape[0];
  const first = tf.reshape(tf.abs(linear(tf.relu(linear(states, "hyper_w_1.0")), "hyper_w_1.2")), [samples, shape.agents, shape.embed]);
  const final = tf.abs(linear(tf.relu(linear(states, "hyper_w_final.0")), "hyper_w_final.2"));
  const hidden = tf.elu(tf.add(tf.sum(tf.mul(tf.expandDims(values, 2), first), 1), linear(states, "hyper_b_1")));
  const value = tf.reshape(linear(tf.relu(linear(states, "V.0")), "V.2"), [samples]);
  return tf.add(tf.sum(tf.mul(hidden, final), 1), value);
}

/** A batch as TensorFlow.js is given it: rows run over time, then episode, then agent; short episodes are padded. */
interface Batch {
  readonly steps: number;
  readonly episodes: number;
  /** Agents of all episodes. */
  readonly rows: number;
  /** Inputs of the agent network. */
  readonly width: number;
  readonly actionCount: number;
  /** [steps + 1, rows, width] */
  readonly inputs: Float32Array;
  /** [steps + 1, episodes, state] */
  readonly states: Float32Array;
  /** One-hot of the actions taken, [steps, rows, actions]. */
  readonly chosen: Float32Array;
  /** [steps + 1, rows, actions] */
  readonly available: Uint8Array;
  /** [steps, episodes] */
  readonly rewards: Float32Array;
  /** 1 where the next state has a value, [steps, episodes]. */
  readonly continues: Float32Array;
  /** 1 where the episode has the step, [steps, episodes]. */
  readonly filled: Float32Array;
}

function prepareBatch(episodes: readonly Episode[], shape: NetworkShape): Batch {
  const { agents, actions, observation, state } = shape;
  const steps = Math.max(...episodes.map((episode) => episode.length));
  const rows = episodes.length * agents;
  const width = agentInput(shape);
  const batch: Batch = {
    steps, rows, width, episodes: episodes.length, actionCount: actions,
    inputs: new Float32Array((steps + 1) * rows * width),
    states: new Float32Array((steps + 1) * episodes.length * state),
    chosen: new Float32Array(steps * rows * actions),
    available: new Uint8Array((steps + 1) * rows * actions).fill(1),
    rewards: new Float32Array(steps * episodes.length),
    continues: new Float32Array(steps * episodes.length),
    filled: new Float32Array(steps * episodes.length),
  };
  episodes.forEach((episode, e) => {
    for (let t = 0; t <= episode.length; t++) {
      batch.states.set(episode.states.subarray(t * state, (t + 1) * state), (t * episodes.length + e) * state);
      for (let agent = 0; agent < agents; agent++) {
        const from = t * agents + agent;
        const row = t * rows + e * agents + agent;
        batch.inputs.set(episode.observations.subarray(from * observation, (from + 1) * observation), row * width);
        if (t > 0) batch.inputs[row * width + observation + episode.actions[from - agents]!] = 1;
        batch.inputs[row * width + observation + actions + agent] = 1;
        batch.available.set(episode.availableActions.subarray(from * actions, (from + 1) * actions), row * actions);
        if (t < episode.length) batch.chosen[row * actions + episode.actions[from]!] = 1;
      }
      if (t === episode.length) continue;
      const step = t * episodes.length + e;
      batch.rewards[step] = episode.rewards[t]!;
      batch.filled[step] = 1;
      batch.continues[step] = episode.terminal && t === episode.length - 1 ? 0 : 1;
    }
  });
  return batch;
}

/** One-hot of the greedy available action at the next state of every step, [steps, rows, actions]. */
function greedyActions(values: Float32Array, batch: Batch): Float32Array {
  const { steps, rows, actionCount, available } = batch;
  const oneHot = new Float32Array(steps * rows * actionCount);
  for (let row = 0; row < steps * rows; row++) {
    const next = (row + rows) * actionCount;
    let best = -1;
    for (let a = 0; a < actionCount; a++) {
      if (available[next + a] && (best < 0 || values[next + a]! > values[next + best]!)) best = a;
    }
    oneHot[row * actionCount + best] = 1;
  }
  return oneHot;
}

/** PyMARL's layout to TensorFlow.js's: a weight matrix [out, in] becomes [in, out], so that no forward product needs a transpose. */
function toTensor(values: Float32Array, shape: readonly number[]): tf.Tensor {
  return tf.tidy(() => (shape.length === 2 ? tf.transpose(tf.tensor2d(values, [shape[0]!, shape[1]!])) : tf.tensor1d(values)));
}

/** The other way round. */
function fromTensor(tensor: tf.Tensor): Float32Array {
  return tf.tidy(() => (tensor.rank === 2 ? tf.transpose(tensor) : tensor).dataSync<"float32">().slice());
}
