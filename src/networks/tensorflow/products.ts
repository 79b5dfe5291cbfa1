import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";

/** Computes A W of every run: [runs, rows, in] and [runs, in, out] to [runs, rows, out]. */
export function product(tf: Tensorflow, a: tfjs.Tensor3D, w: tfjs.Tensor3D): tfjs.Tensor3D {
  if (!singly(tf)) return tf.matMul(a, w);
  const differentiated = tf.customGrad((...given) => {
    const [a, w] = given as unknown as [tfjs.Tensor3D, tfjs.Tensor3D];
    (given[2] as unknown as tfjs.GradSaveFunc)([a, w]);
    return {
      value: multiplier(tf, w)(a),
      gradFunc: (dy: tfjs.Tensor, saved: tfjs.Tensor[]) => {
        const [a, w] = saved as [tfjs.Tensor3D, tfjs.Tensor3D];
        return [multiplier(tf, turn(tf, w))(dy as tfjs.Tensor3D), transposedProduct(tf, a, dy as tfjs.Tensor3D)];
      },
    };
  });
  return differentiated(a, w);
}

/** Computes A' B of every run, the gradient of weights: [runs, rows, in] and [runs, rows, out] to [runs, in, out]. */
export function transposedProduct(tf: Tensorflow, a: tfjs.Tensor3D, b: tfjs.Tensor3D): tfjs.Tensor3D {
  return singly(tf) ? multiplier(tf, b)(turn(tf, a)) : tf.matMul(a, b, true, false);
}

/** Transposes W of every run. */
export function turn(tf: Tensorflow, w: tfjs.Tensor3D): tfjs.Tensor3D {
  return tf.transpose(w, [0, 2, 1]);
}

/** Makes a function from A to A B for a B that is used many times. It cannot be differentiated. */
export function multiplier(tf: Tensorflow, b: tfjs.Tensor3D): (a: tfjs.Tensor3D) => tfjs.Tensor3D {
  const runs = b.shape[0];
  if (!singly(tf) || runs === 1) return (a) => tf.matMul(a, b);
  const each = tf.split(b, runs, 0);
  return (a) =>
    tf.concat(
      tf.split(a, runs, 0).map((one, run) => tf.matMul(one, each[run]) as tfjs.Tensor3D),
      0,
    );
}

/**
 * Tells whether products have to be computed one by one: the wasm backend is fast at single products of matrices that
 * are not transposed, and an order of magnitude slower at others.
 */
function singly(tf: Tensorflow): boolean {
  return tf.getBackend() === "wasm";
}
