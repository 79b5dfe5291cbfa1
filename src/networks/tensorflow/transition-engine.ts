import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import { disposable } from "../disposable.js";
import { networksOf } from "../kinds.js";
import type { NetworkShape, Parameters } from "../parameters.js";
import { createDraws } from "../sparse/normals.js";
import { createTransitionEngine } from "../sparse/transition-engine.js";
import type {
  CrossEntropySearch,
  FeedForward,
  TransitionEngine,
  TransitionMixer,
  TransitionNetworks,
} from "../transition-engine.js";
import { download } from "./download.js";
import { feedForward } from "./feed-forward.js";
import type { Weights } from "./linear.js";
import { monotonicMixer } from "./mixer.js";
import { connectStorage } from "./storage.js";
import { createVectorisedCalls } from "./vectorised-calls.js";
import { createVectorisedParameters } from "./vectorised-parameters.js";

/** The only run. */
const ONE = [0];

/**
 * Makes the networks of COMIX or FACMAC in TensorFlow.js, on any of its backends: masked dense weights, gradients by
 * autograd, the cross-entropy method on the device. Acting, a few rows at a time, is done by the sparse engine with
 * copies of the weights.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @throws {Error} when a parameter or mask is missing, unknown or of the wrong size
 * @example const { tf } = await openBackend("auto"); const engine = createTensorflowTransitionEngine(tf, shape,
 *   initialParameters(networkParameters(shape), random), new Map());
 */
export function createTensorflowTransitionEngine<Own extends TransitionNetworks = TransitionNetworks>(
  tf: Tensorflow,
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
): TransitionEngine<boolean, Own> {
  // Checks what it is given, too.
  const acting = createTransitionEngine<Own>(shape, parameters, masks);
  const kept = createVectorisedParameters(tf, acting.parameters, 1);
  const kinds = networksOf(shape);
  const { clear, ...storage } = connectStorage(
    kept,
    createVectorisedCalls(1),
    0,
    parameters,
    masks,
    acting,
    Object.keys(kinds),
  );
  const { observation, actions, agents, state } = shape;
  const drawsOf = createDraws();

  /**
   * Computes gradients of sum(dy f(x)) by autograd: with respect to the online parameters of a network, which are added
   * up if `adds` is true, and with respect to x, which is returned.
   */
  function gradientOf(
    network: string,
    f: (weights: Weights, x: tfjs.Tensor3D) => tfjs.Tensor,
    x: tfjs.Tensor3D,
    dy: tfjs.Tensor,
    adds: boolean,
  ): tfjs.Tensor {
    const weights = kept.weights("online", ONE);
    const names = adds ? acting.parameters.filter((spec) => spec.network === network).map(({ name }) => name) : [];
    const [dx, ...gradients] = tf.grads((x, ...given) =>
      f(
        new Map([...weights, ...names.map((name, i) => [name, given[i] as tfjs.Tensor3D] as const)]),
        x as tfjs.Tensor3D,
      ),
    )([x, ...names.map((name) => weights.get(name)!)], dy);
    if (adds) kept.addGradients(ONE, new Map(names.map((name, i) => [name, gradients[i] as tfjs.Tensor3D])));
    return dx;
  }

  function feedForwardOf(name: string, kind: "action-value" | "policy"): FeedForward {
    const [input, output] = kind === "policy" ? [observation, actions] : [observation + actions, 1];
    const rowsOf = (values: Float32Array, width: number) => tf.tensor3d(values, [1, values.length / width, width]);
    let before = new Float32Array(0);
    return {
      forward(side, inputs, keep = false) {
        if (keep) before = inputs.slice();
        return download(tf.tidy(() => feedForward(tf, kind, name, kept.weights(side, ONE), rowsOf(inputs, input))));
      },
      backward(gradient, { adds = true, through = false } = {}) {
        const dx = tf.tidy(() =>
          gradientOf(
            name,
            (weights, x) => feedForward(tf, kind, name, weights, x),
            rowsOf(before, input),
            rowsOf(gradient, output),
            adds,
          ),
        );
        if (through) return download(dx);
        dx.dispose();
        return undefined;
      },
    };
  }

  function mixerOf(name: string): TransitionMixer {
    const stateRows = (states: Float32Array) => tf.tensor3d(states, [1, states.length / state, state]);
    const valueRows = (values: Float32Array) => tf.tensor3d(values, [1, values.length / agents, agents]);
    let [states, values] = [new Float32Array(0), new Float32Array(0)];
    return {
      forward(side, at, of, keep = false) {
        if (keep) [states, values] = [at.slice(), of.slice()];
        return download(
          tf.tidy(() => monotonicMixer(tf, shape, name, kept.weights(side, ONE), valueRows(of), stateRows(at))),
        );
      },
      backward: (gradient) =>
        download(
          tf.tidy(() => {
            const at = stateRows(states);
            return gradientOf(
              name,
              (weights, values) => monotonicMixer(tf, shape, name, weights, values, at),
              valueRows(values),
              tf.tensor2d(gradient, [1, gradient.length]),
              true,
            );
          }),
        ),
    };
  }

  const search: CrossEntropySearch = async (side, observations, options, draws) => {
    const { samples, elites, iterations } = options;
    const rows = observations.length / observation;
    const noise = draws instanceof Float32Array ? draws : drawsOf(draws, { iterations, rows, actions, samples });
    const [best, values] = tf.tidy(() => {
      const weights = kept.weights(side, ONE);
      const seen = tf.tile(tf.reshape(tf.tensor1d(observations), [rows, 1, observation]), [1, samples, 1]);
      let centre: tfjs.Tensor = tf.zeros([rows, 1, actions]);
      let spread: tfjs.Tensor = tf.ones([rows, 1, actions]);
      for (let iteration = 0; ; iteration++) {
        const size = rows * actions * samples;
        const own = tf.tensor3d(noise.slice(iteration * size, (iteration + 1) * size), [rows, actions, samples]);
        const drawn = tf.add(centre, tf.mul(spread, tf.transpose(own, [0, 2, 1])));
        const tried = tf.tanh(drawn);
        const inputs = tf.reshape(tf.concat([seen, tried], 2), [1, rows * samples, observation + actions]);
        const values = tf.reshape(feedForward(tf, "action-value", "agent", weights, inputs as tfjs.Tensor3D), [
          rows,
          samples,
        ]);
        const last = iteration + 1 === iterations;
        const { indices } = tf.topk(values, last ? 1 : elites);
        const chosen = tf.gather(last ? tried : drawn, indices, 1, 1);
        if (last) return [tf.reshape(chosen, [rows, actions]), values];
        centre = tf.mean(chosen, 1, true);
        spread = tf.sqrt(tf.div(tf.sum(tf.square(tf.sub(chosen, centre)), 1, true), elites - 1));
      }
    });
    return { actions: await download(best), values: await download(values) };
  };

  // The sparse engine has refused networks of other kinds.
  const networks = Object.entries(kinds).map(([name, kind]) => [
    name,
    kind === "action-value" || kind === "policy" ? feedForwardOf(name, kind) : mixerOf(name),
  ]);
  const engine: Omit<TransitionEngine<boolean, Own>, "dispose"> = {
    ...storage,
    acting,
    networks: Object.fromEntries(networks) as TransitionEngine<boolean, Own>["networks"],
    search: kinds["agent"] && search,
    begin: clear,
  };
  return disposable(engine, () => {
    acting.dispose();
    kept.dispose();
  });
}
