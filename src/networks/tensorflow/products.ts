import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "./backend.js";

/** A W of every run: [runs, rows, in] and [runs, in, out] to [runs, rows, out]. */
export function product(tf: Tensorflow, a: tfjs.Tensor3D, w: tfjs.Tensor3D): tfjs.Tensor3D {
  if (!transposesFirst(tf)) return tf.matMul(a, w);
  const differentiated = tf.customGrad((...given) => {
    const [a, w] = given as unknown as [tfjs.Tensor3D, tfjs.Tensor3D];
    (given[2] as unknown as tfjs.GradSaveFunc)([a, w]);
    return {
      value: tf.matMul(a, w),
      gradFunc: (dy: tfjs.Tensor, saved: tfjs.Tensor[]) => {
        const [a, w] = saved as [tfjs.Tensor3D, tfjs.Tensor3D];
        return [tf.matMul(dy as tfjs.Tensor3D, turn(tf, w)), transposedProduct(tf, a, dy as tfjs.Tensor3D)];
      },
    };
  });
  return differentiated(a, w) as tfjs.Tensor3D;
}

/** A' B of every run, the gradient of weights: [runs, rows, in] and [runs, rows, out] to [runs, in, out]. */
export function transposedProduct(tf: Tensorflow, a: tfjs.Tensor3D, b: tfjs.Tensor3D): tfjs.Tensor3D {
  return transposesFirst(tf) ? tf.matMul(turn(tf, a), b) : tf.matMul(a, b, true, false);
}

/** W' of every run. */
export function turn(tf: Tensorflow, w: tfjs.Tensor3D): tfjs.Tensor3D {
  return tf.transpose(w, [0, 2, 1]);
}

/** The wasm backend multiplies transposed matrices an order of magnitude slower than others: transposing them first costs less. */
function transposesFirst(tf: Tensorflow): boolean {
  return tf.getBackend() === "wasm";
}
