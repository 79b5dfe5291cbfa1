import type * as tfjs from "@tensorflow/tfjs";

/** Downloads the values of a tensor and disposes of it. */
export async function download(tensor: tfjs.Tensor): Promise<Float32Array> {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}
