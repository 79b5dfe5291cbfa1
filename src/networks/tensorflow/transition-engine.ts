import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import type { NetworkSide } from "../engine.js";
import { type FeedForwardName, networkParameters, parameterChecks, type Parameters } from "../parameters.js";
import { joinMoments, splitMoments } from "../moments.js";
import { createDraws } from "../sparse/normals.js";
import { createTransitionEngine } from "../sparse/transition-engine.js";
import type {
  CrossEntropySearch,
  FeedForward,
  TransitionEngine,
  TransitionMixer,
  TransitionShape,
} from "../transition-engine.js";
import { download } from "./download.js";
import { feedForward } from "./feed-forward.js";
import type { Weights } from "./linear.js";
import { monotonicMixer } from "./mixer.js";
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
export function createTensorflowTransitionEngine(
  tf: Tensorflow,
  shape: TransitionShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
): TransitionEngine {
  const specs = networkParameters(shape);
  const { check, checkMaskable } = parameterChecks(specs);
  // Checks what it is given, too.
  const acting = createTransitionEngine(shape, parameters, masks);
  const kept = createVectorisedParameters(tf, specs, 1);
  const namesOf = (networks: readonly string[]) =>
    specs.filter(({ network }) => networks.includes(network)).map(({ name }) => name);
  const { observation, actions, agents, state } = shape;
  const drawsOf = createDraws();
  let dense = false;

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
    const names = adds ? namesOf([network]) : [];
    const [dx, ...gradients] = tf.grads((x, ...given) =>
      f(
        new Map([...weights, ...names.map((name, i) => [name, given[i] as tfjs.Tensor3D] as const)]),
        x as tfjs.Tensor3D,
      ),
    )([x, ...names.map((name) => weights.get(name)!)], dy);
    if (adds) kept.addGradients(ONE, new Map(names.map((name, i) => [name, gradients[i] as tfjs.Tensor3D])));
    return dx;
  }

  function feedForwardOf(name: FeedForwardName): FeedForward {
    const [input, output] = name === "actor" ? [observation, actions] : [observation + actions, 1];
    const rowsOf = (values: Float32Array, width: number) => tf.tensor3d(values, [1, values.length / width, width]);
    let before = new Float32Array(0);
    return {
      forward(side, inputs, keep = false) {
        if (keep) before = inputs.slice();
        return download(tf.tidy(() => feedForward(tf, name, kept.weights(side, ONE), rowsOf(inputs, input))));
      },
      backward(gradient, { adds = true, through = false } = {}) {
        const dx = tf.tidy(() =>
          gradientOf(
            name,
            (weights, x) => feedForward(tf, name, weights, x),
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

  function mixerOf(): TransitionMixer {
    const stateRows = (states: Float32Array) => tf.tensor3d(states, [1, states.length / state, state]);
    const valueRows = (values: Float32Array) => tf.tensor3d(values, [1, values.length / agents, agents]);
    let [states, values] = [new Float32Array(0), new Float32Array(0)];
    return {
      forward(side, at, of, keep = false) {
        if (keep) [states, values] = [at.slice(), of.slice()];
        return download(
          tf.tidy(() => monotonicMixer(tf, shape, kept.weights(side, ONE), valueRows(of), stateRows(at))),
        );
      },
      backward: (gradient) =>
        download(
          tf.tidy(() => {
            const at = stateRows(states);
            return gradientOf(
              "mixer",
              (weights, values) => monotonicMixer(tf, shape, weights, values, at),
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
        const values = tf.reshape(feedForward(tf, "agent", weights, inputs as tfjs.Tensor3D), [rows, samples]);
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

  function write(part: NetworkSide | "squares" | "moments", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    kept.write(0, part, values);
    if (part === "online") acting.write("online", values);
  }
  for (const side of ["online", "target"] as const) kept.write(0, side, parameters);
  for (const [name, mask] of masks) kept.setMask(0, name, mask);
  kept.clearGradients(0);

  return {
    shape,
    acting,
    parameters: specs,
    networks: Object.fromEntries(shape.networks.map((name) => [name, feedForwardOf(name)])),
    mixer: mixerOf(),
    search: shape.networks.includes("agent") ? search : undefined,
    begin() {
      dense = false;
      kept.clearGradients(0);
    },
    requestDenseGradients() {
      dense = true;
    },
    gradient(name) {
      check(name);
      return kept.readGradient(0, name, dense);
    },
    async step(networks, adam, gradientClip) {
      const names = namesOf(networks);
      const [norm] = await kept.step(ONE, [{ ...adam, gradientClip }], names);
      const [online] = await kept.readMany(ONE, names);
      acting.write("online", online);
      return norm;
    },
    follow: (tau) => kept.follow(0, tau),
    copyToTarget: () => kept.copyToTarget(0),
    read: (part) => kept.read(0, part),
    write,
    async readOptimiser() {
      return joinMoments(await kept.read(0, "squares"), await kept.read(0, "moments"));
    },
    writeOptimiser(state) {
      const { squares, moments } = splitMoments(state);
      write("squares", squares);
      write("moments", moments);
    },
    mask: (name) => acting.mask(name),
    setMask(name, mask) {
      checkMaskable(name);
      check(name, mask.length);
      kept.setMask(0, name, mask);
      acting.setMask(name, mask);
    },
    dispose() {
      acting.dispose();
      kept.dispose();
    },
  };
}
