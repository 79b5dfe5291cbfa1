import { LabError } from "../errors.js";
import { quantile } from "../results/statistics.js";

/** Something that is timed, over and over. */
export interface Candidate {
  readonly name: string;
  /** Does it once; returns how long it took in milliseconds. */
  readonly sample: () => number | Promise<number>;
}

/**
 * Milliseconds of one core that `work` takes: processor time of the whole process, so that what V8 does on other
 * threads counts, and waiting for a core that another process has does not. On an idle machine it is the wall-clock
 * time; on a busy one wall-clock time would favour whatever is short enough to run between two interruptions.
 */
export async function time(work: () => unknown): Promise<number> {
  const elapsed = stopwatch();
  const result = work();
  if (result instanceof Promise) await result;
  return elapsed();
}

/** Starts now; each call says how many milliseconds of one core the process has used since. */
export function stopwatch(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}

/**
 * Samples what is compared in turns (A B C A B C ...), so that a slow spell of the machine meets all alike.
 *
 * @param another whether there is to be a turn of this number, from 0
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

/** How long something took, in milliseconds, over several samples. */
export interface Spread {
  /** What repeats: other processes can only make work slower. */
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
 * The fastest sample and the quartiles.
 * @throws {Error} when there are no samples
 */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new LabError("No sample was taken: there is no time to tell.");
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    fastest: sorted[0],
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
    samples: sorted.length,
  };
}
