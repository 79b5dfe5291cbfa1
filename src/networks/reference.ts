import { LabError } from "../errors.js";
import type { Episode } from "../replay/episode.js";
import { agentInput } from "./kinds.js";
import type { NetworkShape } from "./parameters.js";

/**
 * The networks of QMIX and WQMIX, written directly from their equations in float64, one value after another: a slow
 * oracle against which engines are tested. Not for training.
 */

/** Values by parameter name, row-major, of any precision. */
export type Values = ReadonlyMap<string, ArrayLike<number>>;

/**
 * Computes Q_i(tau_i, .) of every agent at every step of an episode: [T + 1][agents][actions]. `network` names one of
 * the recurrent agents.
 */
export function referenceAgent(
  shape: NetworkShape,
  values: Values,
  episode: Episode,
  network: "agent" | "central_agent" = "agent",
): Float64Array[][] {
  const { agents, actions, observation, hidden } = shape;
  const result: Float64Array[][] = [];
  let states: Float64Array[] = Array.from({ length: agents }, () => new Float64Array(hidden));
  for (let t = 0; t <= episode.length; t++) {
    states = states.map((h, agent) => {
      const start = (t * agents + agent) * observation;
      const input = new Float64Array(agentInput(shape));
      input.set(episode.observations.subarray(start, start + observation));
      if (t > 0) input[observation + episode.actions[(t - 1) * agents + agent]] = 1;
      input[observation + actions + agent] = 1;
      return gru(values, `${network}.rnn`, relu(linear(values, `${network}.fc1`, input)), h);
    });
    result.push(states.map((h) => linear(values, `${network}.fc2`, h)));
  }
  return result;
}

/** r, z, n gates; h' = (1 - z) n + z h. */
function gru(values: Values, name: string, x: Float64Array, h: Float64Array): Float64Array {
  const fromX = product(values.get(`${name}.weight_ih`)!, values.get(`${name}.bias_ih`)!, x);
  const fromH = product(values.get(`${name}.weight_hh`)!, values.get(`${name}.bias_hh`)!, h);
  const size = h.length;
  return h.map((previous, j) => {
    const r = logistic(fromX[j] + fromH[j]);
    const z = logistic(fromX[size + j] + fromH[size + j]);
    const n = Math.tanh(fromX[2 * size + j] + r * fromH[2 * size + j]);
    return (1 - z) * n + z * previous;
  });
}

/**
 * Computes Q_tot(s, q_1..q_N), equation 1 of QMIX, where the weights of the mixing network are absolute values of the
 * hypernetworks' outputs.
 */
export function referenceMixer(
  shape: NetworkShape,
  values: Values,
  state: ArrayLike<number>,
  q: readonly number[],
): number {
  const s = Float64Array.from(state);
  const w1 = linear(values, "mixer.hyper_w_1.2", relu(linear(values, "mixer.hyper_w_1.0", s)));
  const wFinal = linear(values, "mixer.hyper_w_final.2", relu(linear(values, "mixer.hyper_w_final.0", s)));
  const b1 = linear(values, "mixer.hyper_b_1", s);
  const [v] = linear(values, "mixer.V.2", relu(linear(values, "mixer.V.0", s)));
  return b1.reduce((total, bias, e) => {
    const sum = q.reduce((sum, value, agent) => sum + value * Math.abs(w1[agent * shape.embed + e]), bias);
    return total + (sum > 0 ? sum : Math.expm1(sum)) * Math.abs(wFinal[e]);
  }, v);
}

/** Computes Q*(s, q_1..q_N) of WQMIX: a feed-forward network of state and values, plus one of the state. */
export function referenceCentralMixer(values: Values, state: ArrayLike<number>, q: readonly number[]): number {
  const s = Float64Array.from(state);
  const h1 = relu(linear(values, "central_mixer.net.0", Float64Array.of(...s, ...q)));
  const h2 = relu(linear(values, "central_mixer.net.2", h1));
  const h3 = relu(linear(values, "central_mixer.net.4", h2));
  const [net] = linear(values, "central_mixer.net.6", h3);
  const [v] = linear(values, "central_mixer.V.2", relu(linear(values, "central_mixer.V.0", s)));
  return net + v;
}

function linear(values: Values, name: string, x: Float64Array): Float64Array {
  return product(values.get(`${name}.weight`)!, values.get(`${name}.bias`)!, x);
}

function product(weight: ArrayLike<number>, bias: ArrayLike<number>, x: Float64Array): Float64Array {
  if (weight.length !== bias.length * x.length)
    throw new LabError(`A matrix of ${bias.length} x ${x.length} cannot have ${weight.length} values.`);
  const y = Float64Array.from(bias);
  for (let row = 0, i = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++, i++) y[row] += weight[i] * x[column];
  }
  return y;
}

function relu(x: Float64Array): Float64Array {
  return x.map((value) => Math.max(0, value));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
