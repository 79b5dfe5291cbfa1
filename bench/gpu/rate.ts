import { stopwatch } from "../measure.js";

/** Speed of updates, by the clock. */
export interface Rate {
  /** Updates a second. */
  readonly rate: number;
  /** Processor time divided by wall-clock time: the number of cores kept busy. */
  readonly busy: number;
}

/** Measures updates a second over the given number of seconds, or over one update if that takes longer. */
export async function updateRate(update: () => Promise<unknown>, seconds: number): Promise<Rate> {
  const begin = performance.now();
  const used = stopwatch();
  let updates = 0;
  let elapsed: number;
  do {
    await update();
    updates++;
    elapsed = (performance.now() - begin) / 1000;
  } while (elapsed < seconds);
  return { rate: updates / elapsed, busy: used() / 1000 / elapsed };
}
