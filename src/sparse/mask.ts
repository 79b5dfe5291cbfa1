import { LabError } from "../errors.js";
import type { ParameterSpec } from "../networks/parameters.js";
import type { Random } from "../random.js";
import { layerNonzeros, type Distribution } from "./density.js";

/**
 * Draws a random topology: `nonzeros` different connections of a layer, uniformly.
 *
 * @param shape [out, in]
 * @returns the mask M, [out, in] row-major: 1 where the connection is
 * @throws {Error} when the layer does not have that many weights
 * @example
 * randomMask([64, 150], 960, random); // 10 % of a layer
 */
export function randomMask(shape: readonly number[], nonzeros: number, random: Random): Uint8Array {
  const size = shape.reduce((a, b) => a * b, 1);
  if (!(Number.isInteger(nonzeros) && nonzeros >= 0 && nonzeros <= size)) {
    throw new LabError(`A mask of shape [${shape}] was given ${nonzeros} connections; it can have 0 to ${size}.`);
  }
  const mask = new Uint8Array(size);
  for (const index of chooseIndices(size, nonzeros, random)) mask[index] = 1;
  return mask;
}

/**
 * Draws `count` different numbers below `size`, uniformly and in random order, by the first steps of Fisher and Yates'
 * shuffle.
 */
export function chooseIndices(size: number, count: number, random: Random): Uint32Array {
  const indices = new Uint32Array(size);
  for (let i = 0; i < size; i++) indices[i] = i;
  for (let i = 0; i < count; i++) {
    const j = i + random.below(size - i);
    const chosen = indices[j];
    indices[j] = indices[i];
    indices[i] = chosen;
  }
  return indices.subarray(0, count);
}

/**
 * Draws random initial masks of every weight matrix, with each network (agent, mixer) at the given sparsity (Algorithm
 * 2, line 1).
 *
 * @param sparsity S of each network: 0 <= S < 1
 * @returns a mask [out, in] for every maskable parameter, in the order of `specs`
 * @throws {Error} on an impossible sparsity
 * @example
 * const masks = initialMasks(networkParameters(shape), { sparsity: 0.95, distribution: "erdos-renyi" }, random);
 * for (const [name, mask] of masks) engine.setMask(name, mask);
 */
export function initialMasks(
  specs: readonly ParameterSpec[],
  options: { readonly sparsity: number; readonly distribution: Distribution },
  random: Random,
): Map<string, Uint8Array> {
  return randomMasks(specs, initialNonzeros(specs, options), random);
}

/** Draws a random mask for every weight matrix, with the given number of connections. */
export function randomMasks(
  specs: readonly ParameterSpec[],
  nonzeros: ReadonlyMap<string, number>,
  random: Random,
): Map<string, Uint8Array> {
  const masks = new Map<string, Uint8Array>();
  for (const { name, shape, maskable } of specs) {
    if (maskable) masks.set(name, randomMask(shape, nonzeros.get(name)!, random));
  }
  return masks;
}

/**
 * Computes the number of connections of every weight matrix at a sparsity. The total of each network (agent, mixer) is
 * exact.
 */
export function initialNonzeros(
  specs: readonly ParameterSpec[],
  {
    sparsity,
    distribution,
  }: {
    /** S, the share of weights removed from each network, from 0 to below 1. */
    readonly sparsity: number;
    /** How S is spread over the layers of a network. */
    readonly distribution: Distribution;
  },
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const network of new Set(specs.map((spec) => spec.network))) {
    const layers = specs.filter((spec) => spec.maskable && spec.network === network);
    layerNonzeros(
      layers.map((layer) => layer.shape),
      sparsity,
      distribution,
    ).forEach((count, l) => counts.set(layers[l].name, count));
  }
  return counts;
}

/** Counts the connections in a mask. */
export function countNonzeros(mask: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i];
  return count;
}

/**
 * Counts the connections of each output dimension (row) of a mask [out, in], as in Figures 19 and 23 to 25. Returns
 * [out].
 */
export function outputConnections(mask: Uint8Array, [out, input]: readonly number[]): Int32Array {
  const counts = new Int32Array(out);
  for (let i = 0; i < mask.length; i++) counts[Math.floor(i / input)] += mask[i];
  return counts;
}

/**
 * Counts the connections of each input dimension (column) of a mask [out, in], as in Figures 19 and 23 to 25. Returns
 * [in].
 */
export function inputConnections(mask: Uint8Array, [, input]: readonly number[]): Int32Array {
  const counts = new Int32Array(input);
  for (let i = 0; i < mask.length; i++) counts[i % input] += mask[i];
  return counts;
}
