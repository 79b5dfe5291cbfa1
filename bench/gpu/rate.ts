import { stopwatch } from "../measure.js";

/** How fast something was, by the clock. */
export interface Rate {
  /** Updates a second. */
  readonly rate: number;
  /** Processor time by time on the clock: cores that it kept busy. */
  readonly busy: number;
}

/**
 * Updates a second over so many seconds, or over one update where that takes longer, and processor time by time on the
 * clock.
 */
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
