import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";
import { multiplier, product, transposedProduct, turn } from "./products.js";

/** The inputs of a GRU over time, for several runs. Rows are agents of episodes. */
export interface Recurrence {
  /** x W_ih + b_ih, and for r and z also + b_hh: [runs, steps, rows, 3 hidden], gates in the order r, z, n. */
  readonly gates: tfjs.Tensor4D;
  /** W_hh: [runs, hidden, 3 hidden]. */
  readonly weight: tfjs.Tensor3D;
  /** The n part of b_hh, which r multiplies: [runs, 1, hidden]. */
  readonly bias: tfjs.Tensor3D;
}

/**
 * Computes the hidden states of a GRU after every step, starting from zeros: [runs, steps, rows, hidden].
 *
 * Differentiated by TensorFlow.js itself it would take some 40 kernels a step, each of which costs tens of microseconds
 * to start on a GPU. Therefore the sequence has its own gradient: given all hidden states, a few large kernels compute
 * the gates of all steps at once, and only dL/dh needs six kernels for each step. Tests compare it with
 * `recurrenceByAutograd`.
 *
 * @param known the result, if an earlier call has computed it, so that only the gradient is needed
 */
export function recurrence(tf: Tensorflow, { gates, weight, bias }: Recurrence, known?: tfjs.Tensor4D): tfjs.Tensor4D {
  const differentiated = tf.customGrad((...given) => {
    const [gates, weight, bias] = given as unknown as [tfjs.Tensor4D, tfjs.Tensor3D, tfjs.Tensor3D];
    const save = given[3] as unknown as tfjs.GradSaveFunc;
    const states = known === undefined ? forward(tf, { gates, weight, bias }, multiplier(tf, weight)) : tf.clone(known);
    save([gates, weight, bias, states]);
    return {
      value: states,
      gradFunc: (dStates: tfjs.Tensor, saved: tfjs.Tensor[]) => {
        const [gates, weight, bias, states] = saved as [tfjs.Tensor4D, tfjs.Tensor3D, tfjs.Tensor3D, tfjs.Tensor4D];
        return backward(tf, { gates, weight, bias }, states, dStates as tfjs.Tensor4D);
      },
    };
  });
  return differentiated(gates, weight, bias);
}

/** Computes the same hidden states, differentiated by TensorFlow.js. */
export function recurrenceByAutograd(tf: Tensorflow, given: Recurrence): tfjs.Tensor4D {
  return forward(tf, given, (h) => product(tf, h, given.weight));
}

/** Runs the GRU by its equations: gates r, z and n; h' = (1 - z) n + z h. `timesWeight` computes h W_hh. */
function forward(
  tf: Tensorflow,
  { gates, bias }: Recurrence,
  timesWeight: (h: tfjs.Tensor3D) => tfjs.Tensor3D,
): tfjs.Tensor4D {
  const [runs, , rows, width] = gates.shape;
  const hidden = width / 3;
  const [gatesRZ, gatesN] = tf.split(gates, [2 * hidden, hidden], 3).map((part) => stepsOf(tf, part));
  let h: tfjs.Tensor3D = tf.zeros([runs, rows, hidden]);
  const states = gatesRZ.map((gate, t) => {
    h = tf.tidy(() => {
      const [hRZ, hN] = tf.split(timesWeight(h), [2 * hidden, hidden], 2);
      const [r, z] = tf.split(tf.sigmoid(tf.add(gate, hRZ)), 2, 2);
      const n = tf.tanh(tf.add(gatesN[t], tf.mul(r, tf.add(hN, bias))));
      return tf.add(n, tf.mul(z, tf.sub(h, n))) as tfjs.Tensor3D;
    });
    return h;
  });
  return tf.stack(states, 1) as tfjs.Tensor4D;
}

/** Splits [runs, steps, rows, units] into steps. */
function stepsOf(tf: Tensorflow, x: tfjs.Tensor): tfjs.Tensor[] {
  return tf.tidy(() => cut(tf, tf.transpose(x, [1, 0, 2, 3])));
}

function cut(tf: Tensorflow, steps: tfjs.Tensor): tfjs.Tensor[] {
  const count = steps.shape[0];
  // The wasm backend copies a whole tensor for each of its slices, so the tensor is halved first to make the copies
  // smaller.
  if (tf.getBackend() !== "wasm" || count < 8) return tf.unstack(steps, 0);
  return tf.split(steps, [count >> 1, count - (count >> 1)], 0).flatMap((half) => cut(tf, half));
}

function backward(
  tf: Tensorflow,
  { gates, weight, bias }: Recurrence,
  states: tfjs.Tensor4D,
  dStates: tfjs.Tensor4D,
): tfjs.Tensor[] {
  const [runs, steps, rows, hidden] = states.shape;
  const flat = <T extends tfjs.Tensor>(x: T) => tf.reshape(x, [runs, steps * rows, x.shape[3]!]) as tfjs.Tensor3D;
  const overTime = (x: tfjs.Tensor3D) => tf.reshape(x, [runs, steps, rows, x.shape[2]]);
  const rest = (x: tfjs.Tensor) => tf.sub(1, x);
  // One copy for each gate; tf.tile is slow on some backends.
  const threefold = (x: tfjs.Tensor, axis: number) => tf.concat([x, x, x], axis);

  // This computes all gates again, without a loop.
  const previous = tf.concat(
    [tf.zeros([runs, 1, rows, hidden]), tf.slice(states, [0, 0, 0, 0], [runs, steps - 1, rows, hidden])],
    1,
  );
  const [gatesRZ, gatesN] = tf.split(gates, [2 * hidden, hidden], 3);
  const [hRZ, hN0] = tf.split(overTime(multiplier(tf, weight)(flat(previous))), [2 * hidden, hidden], 3);
  const hN = tf.add(hN0, tf.reshape(bias, [runs, 1, 1, hidden]));
  const [r, z] = tf.split(tf.sigmoid(tf.add(gatesRZ, hRZ)), 2, 3);
  const n = tf.tanh(tf.add(gatesN, tf.mul(r, hN)));

  // The derivatives of h_t with respect to the arguments of its gates, and to h_{t-1} W_hh.
  const byN = tf.mul(rest(z), rest(tf.square(n)));
  const byZ = tf.mul(tf.sub(previous, n), tf.mul(z, rest(z)));
  const byR = tf.mul(tf.mul(byN, hN), tf.mul(r, rest(r)));
  const byProduct = tf.concat([byR, byZ, tf.mul(byN, r)], 3);

  const throughWeight = multiplier(tf, turn(tf, weight));
  const [stepsOfProduct, stepsOfZ, stepsOfStates] = [byProduct, z, dStates].map((x) => stepsOf(tf, x));
  const dh: tfjs.Tensor[] = new Array(steps);
  let fromLater: tfjs.Tensor = tf.zeros([runs, rows, hidden]);
  for (let t = steps - 1; t >= 0; t--) {
    const all = tf.add(stepsOfStates[t], fromLater);
    fromLater = tf.tidy(() =>
      tf.add(throughWeight(tf.mul(threefold(all, 2), stepsOfProduct[t])), tf.mul(all, stepsOfZ[t])),
    );
    dh[t] = all;
  }

  const dAll = tf.stack(dh, 1) as tfjs.Tensor4D;
  const dProduct = tf.mul(threefold(dAll, 3), byProduct) as tfjs.Tensor4D;
  const [dRZ, dHN] = tf.split(dProduct, [2 * hidden, hidden], 3);
  return [
    tf.concat([dRZ, tf.mul(dAll, byN)], 3),
    transposedProduct(tf, flat(previous as tfjs.Tensor4D), flat(dProduct)),
    tf.reshape(tf.sum(dHN, [1, 2]), [runs, 1, hidden]),
  ];
}
