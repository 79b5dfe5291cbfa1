import { nextPcg32, seedPcg64 } from "../starcraft/pcg64.js";

/** A stream of NumPy's default generator, so that the same seed makes the same noise as in Gymnasium. */
export type Noise = Int32Array;

/** Starts the stream of a seed. */
export function seedNoise(seed: number, stream: Noise = new Int32Array(10)): Noise {
  seedPcg64(stream, seed);
  return stream;
}

/** A number from `low` to `high`, as NumPy's `uniform` draws it, with 53 random bits. */
export function uniform(stream: Noise, low: number, high: number): number {
  const lower = nextPcg32(stream) >>> 0;
  const upper = nextPcg32(stream) >>> 0;
  return low + (high - low) * ((upper * 2 ** 21 + (lower >>> 11)) / 2 ** 53);
}
