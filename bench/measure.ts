/** One figure of a benchmark, as it is printed and written to JSON. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** "ms", "us", "GFLOP/s", "steps/s", or "x" for a ratio. */
  readonly unit: string;
}

/** How much time a benchmark may take. */
export interface Effort {
  /** A smoke run: short episodes, one sample of everything. Its figures mean nothing. */
  readonly quick: boolean;
}

/** A named group of figures that is run, or left out, as a whole. */
export interface Benchmark {
  readonly name: string;
  readonly run: (effort: Effort) => Row[] | Promise<Row[]>;
}

/** Something that is timed, over and over. */
export interface Candidate {
  readonly name: string;
  /** Does it once; returns how long it took in milliseconds. */
  readonly sample: () => number;
}

/**
 * Milliseconds of one core that `work` takes: processor time of the whole process, so that what V8 does on other threads
 * counts, and waiting for a core that another process has does not. On an idle machine it is the wall-clock time; on a busy
 * one wall-clock time would favour whatever is short enough to run between two interruptions.
 */
export function time(work: () => void): number {
  const elapsed = stopwatch();
  work();
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
 * Times what is compared in turns (A B C A B C ...), so that a slow spell of the machine meets all alike, and keeps the
 * fastest sample of each: other processes can only make work slower.
 *
 * @param seconds processor time after which no new turn begins; at least three turns are taken, in a quick run exactly one
 * @returns milliseconds by name
 * @example
 * const best = fastest([{ name: "dense", sample: () => time(dense) }, { name: "sparse", sample: () => time(sparse) }], 5, effort);
 */
export function fastest(candidates: readonly Candidate[], seconds: number, effort: Effort): Record<string, number> {
  const best = Object.fromEntries(candidates.map(({ name }) => [name, Infinity]));
  const elapsed = stopwatch();
  for (let turn = 0; effort.quick ? turn < 1 : turn < 3 || elapsed() < seconds * 1000; turn++) {
    for (const { name, sample } of candidates) best[name] = Math.min(best[name], sample());
  }
  return best;
}
