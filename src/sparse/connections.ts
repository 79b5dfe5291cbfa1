import { inputConnections, outputConnections } from "./mask.js";

/** A side of a weight matrix: its rows are outputs, its columns inputs. */
export type Side = "outputs" | "inputs";

/** The evenness with which the connections of a weight are spread over its dimensions. */
export interface ConnectionSpread {
  /** Number of dimensions without any connection; for a random mask, the expected number. */
  readonly empty: number;
  /**
   * Share of the dimensions, those with the most connections first, that hold half of them, 0..1. It is a half when all
   * dimensions have equally many connections, and smaller the more the connections concentrate.
   */
  readonly half: number;
}

/**
 * Connections of each dimension in descending order, Figures 19 and 23 to 25: [out] or [in].
 *
 * @param mask [out, in], 1 where the connection is
 * @example
 * sortedConnections(Uint8Array.of(1, 0, 0, 1, 1, 0), [2, 3], "inputs"); // [2, 1, 0]
 */
export function sortedConnections(mask: Uint8Array, shape: readonly number[], side: Side): number[] {
  return [...(side === "outputs" ? outputConnections(mask, shape) : inputConnections(mask, shape))].sort(
    (a, b) => b - a,
  );
}

/** Computes how evenly the connections of a mask [out, in] are spread over one side. */
export function connectionSpread(mask: Uint8Array, shape: readonly number[], side: Side): ConnectionSpread {
  const counts = sortedConnections(mask, shape, side);
  const numbers = new Array<number>(counts[0] + 1).fill(0);
  for (const count of counts) numbers[count]++;
  return spreadOf(numbers);
}

/**
 * The spread to expect of random masks, computed from the expected numbers of dimensions with 0, 1, 2, ... connections.
 */
export function randomSpread(shape: readonly number[], nonzeros: number, side: Side): ConnectionSpread {
  return spreadOf(randomNumbers(shape, nonzeros, side));
}

/**
 * The descending counts to expect of a random mask: entry r is the count that r + 1/2 of its dimensions are expected to
 * reach.
 *
 * @param nonzeros connections of the mask
 * @example randomConnections([64, 96], 614, "outputs"); // from 16 down to 4, around 614 / 64
 */
export function randomConnections(shape: readonly number[], nonzeros: number, side: Side): number[] {
  const numbers = randomNumbers(shape, nonzeros, side);
  const sorted: number[] = [];
  let reached = 0;
  for (let count = numbers.length - 1; count >= 0; count--) {
    reached += numbers[count];
    while (sorted.length + 0.5 <= reached && sorted.length < dimensions(shape, side)) sorted.push(count);
  }
  // Rounding may leave the last dimensions without a count: theirs is 0.
  while (sorted.length < dimensions(shape, side)) sorted.push(0);
  return sorted;
}

/**
 * Expected number of dimensions with 0, 1, 2, ... connections in a random mask: the connections of one dimension are
 * drawn without replacement, so that their number is hypergeometric.
 */
function randomNumbers(shape: readonly number[], nonzeros: number, side: Side): number[] {
  const number = dimensions(shape, side);
  const entries = shape[0] * shape[1];
  const each = entries / number;
  const log = logFactorials(entries);
  const choose = (n: number, k: number): number => log[n] - log[k] - log[n - k];
  return Array.from({ length: each + 1 }, (_, k) =>
    k > nonzeros || nonzeros - k > entries - each
      ? 0
      : number * Math.exp(choose(each, k) + choose(entries - each, nonzeros - k) - choose(entries, nonzeros)),
  );
}

function dimensions([out, input]: readonly number[], side: Side): number {
  return side === "outputs" ? out : input;
}

/** Computes log n! for n = 0..most. */
function logFactorials(most: number): Float64Array {
  const log = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) log[n] = log[n - 1] + Math.log(n);
  return log;
}

/** @param numbers of dimensions with 0, 1, 2, ... connections */
function spreadOf(numbers: readonly number[]): ConnectionSpread {
  const all = numbers.reduce((sum, number) => sum + number, 0);
  let left = numbers.reduce((sum, number, count) => sum + number * count, 0) / 2;
  let taken = 0;
  for (let count = numbers.length - 1; count > 0 && left > 0; count--) {
    const take = Math.min(numbers[count], left / count);
    taken += take;
    left -= take * count;
  }
  return { empty: numbers[0], half: taken / all };
}
