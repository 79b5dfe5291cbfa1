import { LabError } from "./errors.js";
import { show } from "./messages.js";
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * A stream of random numbers whose position can be saved and restored, so that a resumed run draws what the
 * uninterrupted run would have drawn.
 */
export interface Random {
  /** A number in [0, 1) with 32 random bits. */
  float(): number;
  /** A whole number in [0, n); n is at most 2^32. */
  below(n: number): number;
  /** The position of the stream, as plain JSON. */
  state(): number[];
}

/**
 * The largest seed of a stream or an episode: 2^32 - 1. Larger ones would be cut to 32 bits and give the stream of
 * another seed.
 */
export const LARGEST_SEED = 0xffff_ffff;

/**
 * Refuses a seed that would give the stream of another one.
 * @throws {Error} when it is not a whole number from 0 to 2^32 - 1
 */
export function requireSeed(seed: number): void {
  if (!(Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED))
    throw new LabError(
      `The seed is ${show(seed)}; it must be a whole number from 0 to ${LARGEST_SEED.toLocaleString("en")}.`,
    );
}

/**
 * Starts stream `stream` of `seed`. Different streams of one seed (exploration, sampling, environment, ...)
 * are independent for every practical purpose, so that drawing more from one never shifts another.
 *
 * @throws {Error} when the seed is not a whole number from 0 to 2^32 - 1
 * @example
 * const random = createRandom(7, 1);
 * random.below(6); // a die, 0..5
 */
export function createRandom(seed: number, stream = 0): Random {
  requireSeed(seed);
  const generator = xoroshiro128plus((Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0);
  // pure-rand seeds xoroshiro128+ with a nearly constant state, so that its first outputs look alike for neighbouring
  // seeds.
  for (let i = 0; i < 32; i++) generator.next();
  return wrap(generator);
}

/** Continues a stream from what `state()` returned. */
export function restoreRandom(state: readonly number[]): Random {
  return wrap(xoroshiro128plusFromState(state));
}

function wrap(generator: ReturnType<typeof xoroshiro128plus>): Random {
  const float = () => (generator.next() >>> 0) / 0x1_0000_0000;
  return {
    float,
    // Scaling 32 bits is biased by less than 2^-24 for our numbers of actions and batch sizes; rejection sampling would
    // make the number of draws depend on the values drawn.
    below: (n) => Math.floor(float() * n),
    state: () => [...generator.getState()],
  };
}
