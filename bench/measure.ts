import { type Candidate, stopwatch, takeTurns } from "../src/timing/timing.js";

export { type Candidate, stopwatch, time } from "../src/timing/timing.js";

/** One figure of a benchmark, printed and written to JSON. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** Unit of the value: "ms", "us", "GFLOP/s", "steps/s", or "x" for a ratio. */
  readonly unit: string;
}

/** How much time a benchmark may take. */
export interface Effort {
  /** A smoke run: short episodes, one sample of everything. Its figures mean nothing. */
  readonly quick: boolean;
}

/** A named group of figures that is measured or left out as a whole. */
export interface Benchmark {
  readonly name: string;
  readonly run: (effort: Effort) => Row[] | Promise<Row[]>;
}

/**
 * Times candidates in turns (A B C A B C ...), so that a slow phase of the machine affects all of them, and keeps the
 * fastest sample of each, because other processes can only slow work down.
 *
 * @param seconds processor time after which no new turn begins; at least three turns are taken, in a quick run exactly
 *   one
 * @returns milliseconds by name
 * @example
 * const best = await fastest(
 *   [
 *     { name: "dense", sample: () => time(dense) },
 *     { name: "sparse", sample: () => time(sparse) },
 *   ],
 *   5,
 *   effort,
 * );
 */
export async function fastest(
  candidates: readonly Candidate[],
  seconds: number,
  effort: Effort,
): Promise<Record<string, number>> {
  const best = Object.fromEntries(candidates.map(({ name }) => [name, Infinity]));
  const elapsed = stopwatch();
  const another = (turn: number) => (effort.quick ? turn < 1 : turn < 3 || elapsed() < seconds * 1000);
  for await (const [{ name }, milliseconds] of takeTurns(candidates, another))
    best[name] = Math.min(best[name], milliseconds);
  return best;
}
