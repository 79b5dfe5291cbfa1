import { LabError } from "../errors.js";
import { quantile } from "../results/statistics.js";

/** Work that is timed repeatedly. */
export interface Candidate {
  readonly name: string;
  /** Does the work once and returns its duration in milliseconds. */
  readonly sample: () => number | Promise<number>;
}

/**
 * Measures the milliseconds of one core that `work` takes. It is processor time of the whole process, so that V8's work
 * on other threads counts, but waiting for a core does not. On an idle machine it equals wall-clock time; on a busy one
 * wall-clock time would favour work that is short enough to run between two interruptions.
 */
export async function time(work: () => unknown): Promise<number> {
  const elapsed = stopwatch();
  const result = work();
  if (result instanceof Promise) await result;
  return elapsed();
}

/** Starts a stopwatch; each call returns the milliseconds of one core that the process has used since. */
export function stopwatch(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}

/**
 * Samples candidates in turns (A B C A B C ...), so that a slow phase of the machine affects all of them.
 *
 * @param another tells whether there is another turn; it is called with the number of the turn, from 0
 * @returns each sample in milliseconds, as it is taken
 * @example
 * for await (const [{ name }, milliseconds] of takeTurns([dense, sparse], (turn) => turn < 5))
 *   console.log(name, milliseconds);
 */
export async function* takeTurns<T extends Candidate>(
  candidates: readonly T[],
  another: (turn: number) => boolean,
): AsyncGenerator<[candidate: T, milliseconds: number], void, void> {
  for (let turn = 0; another(turn); turn++) {
    for (const candidate of candidates) yield [candidate, await candidate.sample()];
  }
}

/** Fastest sample and quartiles of several samples, in milliseconds. */
export interface Spread {
  /** The fastest sample, which is the most repeatable, since other processes can only slow work down. */
  readonly fastest: number;
  /** First quartile. */
  readonly low: number;
  /** Second quartile. */
  readonly median: number;
  /** Third quartile. */
  readonly high: number;
  /** Number of samples. */
  readonly samples: number;
}

/**
 * Computes the fastest sample and the quartiles.
 * @throws {Error} when there are no samples
 */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new LabError("`spread` needs at least one sample.");
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    fastest: sorted[0],
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
    samples: sorted.length,
  };
}
