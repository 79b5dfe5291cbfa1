import type * as tfjs from "@tensorflow/tfjs";
import type { Tensorflow } from "../../host.js";

/**
 * Computes max(x, 0). The gradient of TensorFlow.js's own function makes an array of ones as large as x and, with
 * TensorFlow's library, uploads it every time; the gradient of this one only uses tensors on the device.
 */
export function relu<T extends tfjs.Tensor>(tf: Tensorflow, x: T): T {
  return slope(tf, x, tf.relu, (x) => tf.cast(tf.greater(x, 0), "float32"));
}

/** Computes |x|, with a gradient of the same kind. */
export function abs<T extends tfjs.Tensor>(tf: Tensorflow, x: T): T {
  return slope(tf, x, tf.abs, tf.sign);
}

/** Defines a function of each entry by its value and its derivative. */
function slope<T extends tfjs.Tensor>(
  tf: Tensorflow,
  x: T,
  f: (x: tfjs.Tensor) => tfjs.Tensor,
  derivative: (x: tfjs.Tensor) => tfjs.Tensor,
): T {
  const differentiated = tf.customGrad((...given) => {
    const x = given[0] as tfjs.Tensor;
    (given[1] as unknown as tfjs.GradSaveFunc)([x]);
    return { value: f(x), gradFunc: (dy: tfjs.Tensor, [x]: tfjs.Tensor[]) => tf.mul(dy, derivative(x)) };
  });
  return differentiated(x) as T;
}
