import type { Random } from "../random.js";
import { chooseIndices } from "./mask.js";

/**
 * The topology of a layer out of its weights: its connections with the largest magnitudes. Where it has fewer than are
 * asked for, others come to them at random; where it has exactly as many, the mask is its own.
 *
 * @param weights row-major, [out * in]
 * @param connections how many the mask has
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
  // Of equal weights, the first.
  const largest = present.sort((i, j) => Math.abs(weights[j]) - Math.abs(weights[i]) || i - j).slice(0, connections);
  const added = chooseIndices(absent.length, connections - largest.length, random);
  const chosen = new Uint8Array(weights.length);
  for (const i of largest) chosen[i] = 1;
  for (const place of added) chosen[absent[place]] = 1;
  return chosen;
}
