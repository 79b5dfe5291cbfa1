import type { Random } from "../random.js";
import { chooseIndices } from "./mask.js";

/**
 * Makes the topology of a layer from its weights: the connections with the largest magnitudes. If the layer has fewer
 * connections than asked for, random ones are added; if it has exactly as many, they stay as they are.
 *
 * @param weights row-major, [out * in]
 * @param connections number of connections of the new mask
 * @param mask which weights are connections, 1 each. Default: those that are not 0
 * @returns the mask, 1 where a connection is
 * @example magnitudeMask(Float32Array.of(0.1, -0.9, 0, 0.5), 2, random); // 0, 1, 0, 1
 */
export function magnitudeMask(
  weights: Float32Array,
  connections: number,
  random: Random,
  mask: ArrayLike<number> = weights.map((weight) => (weight === 0 ? 0 : 1)),
): Uint8Array {
  const [present, absent]: [number[], number[]] = [[], []];
  weights.forEach((_, i) => (mask[i] === 1 ? present : absent).push(i));
  // Of equal weights the first is kept.
  const largest = present.sort((i, j) => Math.abs(weights[j]) - Math.abs(weights[i]) || i - j).slice(0, connections);
  const added = chooseIndices(absent.length, connections - largest.length, random);
  const chosen = new Uint8Array(weights.length);
  for (const i of largest) chosen[i] = 1;
  for (const place of added) chosen[absent[place]] = 1;
  return chosen;
}
