import type * as tfjs from "@tensorflow/tfjs";

/** The values of a tensor, which is gone then. */
export async function download(tensor: tfjs.Tensor): Promise<Float32Array> {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}
