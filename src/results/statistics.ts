import { LabError } from "../errors.js";
import type { Random } from "../random.js";

/** Computes the arithmetic mean; NaN if there are no values or one of them is NaN. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/**
 * Computes the standard deviation of a sample (n - 1 in the denominator), the paper's +-; NaN for fewer than two
 * values, and if one value is NaN.
 */
export function standardDeviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) ** 2;
  return values.length < 2 ? NaN : Math.sqrt(sum / (values.length - 1));
}

/**
 * Computes the interquartile mean: the mean without the lowest and the highest quarter of the values, each rounded down
 * to whole values (rliable's IQM, `scipy.stats.trim_mean(values, 0.25)`). It is NaN if there are no values or one of
 * them is NaN: a run that diverged is not left out.
 *
 * @example interquartileMean([0, 0.8, 0.9, 1]); // 0.85
 */
export function interquartileMean(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  // Sorting puts NaN last, where it would be trimmed.
  if (sorted.some(Number.isNaN)) return NaN;
  const cut = Math.floor(sorted.length / 4);
  return mean(sorted.subarray(cut, sorted.length - cut));
}

/**
 * Computes a run's score as in the paper: the mean over its last 20 evaluations, or over all if it has fewer; NaN if
 * one of them is NaN.
 *
 * @param evaluations for example test win rates, oldest first, without that of step 0: see `scoredEvaluations`
 * @throws {Error} when there are no evaluations
 */
export function finalScore(evaluations: ArrayLike<number>, last = 20): number {
  if (evaluations.length === 0)
    throw new LabError("A score was asked of a run without evaluations; it needs at least one.");
  return mean(Array.from(evaluations).slice(-last));
}

/**
 * Computes a percentile bootstrap interval, stratified as in rliable: every resample draws, within each stratum (task),
 * as many runs as the stratum has, with replacement.
 *
 * @param strata scores of the runs of each task, [tasks][runs]
 * @param statistic computes the statistic of a resample; it must not keep or change the arrays, which are reused
 * @param options `random` draws the resamples; `resamples` defaults to 2,000, `confidence` to 0.95
 * @returns lower and upper end, both NaN if a score is NaN
 * @throws {Error} when a stratum is empty or an option impossible
 * @example
 * bootstrapInterval(
 *   [
 *     [0.9, 0.95, 1],
 *     [0.4, 0.8, 0.6],
 *   ],
 *   (tasks) => interquartileMean(tasks.flat()),
 *   { random: createRandom(1) },
 * );
 */
export function bootstrapInterval(
  strata: readonly (readonly number[])[],
  statistic: (strata: readonly (readonly number[])[]) => number,
  {
    random,
    resamples = 2000,
    confidence = 0.95,
  }: {
    /** Draws the resamples. */
    readonly random: Random;
    /** Number of resamples. Default: 2,000. */
    readonly resamples?: number;
    /** Confidence level of the interval, between 0 and 1. Default: 0.95. */
    readonly confidence?: number;
  },
): [lower: number, upper: number] {
  strata.forEach((runs, task) => {
    if (runs.length === 0)
      throw new LabError(
        `Task ${task} of ${strata.length} has no runs; a bootstrap interval needs at least one of each task.`,
      );
  });
  if (strata.length === 0) throw new LabError("A bootstrap interval was asked of no runs; it needs at least one.");
  if (!(Number.isInteger(resamples) && resamples >= 1))
    throw new LabError(`resamples is ${resamples}; it must be a whole number, at least 1.`);
  if (!(confidence > 0 && confidence < 1))
    throw new LabError(`confidence is ${confidence}; it must be between 0 and 1, for example 0.95.`);

  if (strata.some((runs) => runs.some(Number.isNaN))) return [NaN, NaN];
  const resample = strata.map((runs) => [...runs]);
  const found = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    strata.forEach((runs, task) => {
      for (let j = 0; j < runs.length; j++) resample[task][j] = runs[random.below(runs.length)];
    });
    found[i] = statistic(resample);
  }
  found.sort();
  return [quantile(found, (1 - confidence) / 2), quantile(found, (1 + confidence) / 2)];
}

/**
 * Computes the probability that a run of X scores higher than a run of Y on the same task, with ties counted half: Mann
 * and Whitney's U / (n m) of each task, averaged over tasks (rliable); NaN if a score is NaN.
 *
 * @param x scores of X, [tasks][runs]
 * @param y scores of Y on the same tasks; the numbers of runs may differ
 * @throws {Error} when the numbers of tasks differ or a task has no runs
 * @example
 * probabilityOfImprovement([[0.9, 1]], [[0.8, 0.9]]); // 0.875
 */
export function probabilityOfImprovement(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): number {
  if (x.length !== y.length || x.length === 0) {
    throw new LabError(
      `A probability of improvement was asked of ${x.length} and ${y.length} tasks; both need the same tasks, at least one.`,
    );
  }
  return mean(
    x.map((runs, task) => {
      const others = y[task];
      if (runs.length === 0 || others.length === 0)
        throw new LabError(`Task ${task} has ${runs.length} and ${others.length} runs; both need at least one.`);
      let wins = 0;
      for (const a of runs)
        for (const b of others) wins += Number.isNaN(a) || Number.isNaN(b) ? NaN : a > b ? 1 : a === b ? 0.5 : 0;
      return wins / (runs.length * others.length);
    }),
  );
}

/**
 * Computes a quantile of ascending values, interpolated linearly between neighbours (numpy's default); NaN if there are
 * no values or one of them is NaN (which sorting puts last).
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0 || Number.isNaN(sorted[sorted.length - 1])) return NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
