import { type Method, METHODS } from "../methods.js";
import { createRandom } from "../random.js";
import { bootstrapInterval, interquartileMean, mean, probabilityOfImprovement, standardDeviation } from "./statistics.js";
import type { StoredRun } from "./store.js";

/** What the seeds of one method came to. Win rates are shares, 0..1; a score is a run's mean win rate in its last evaluations. */
export interface MethodStatistics {
  readonly environment: string;
  readonly rules: string;
  readonly algorithm: string;
  readonly method: Method;
  readonly sparsity: number;
  readonly steps: number;
  readonly seeds: number;
  /** Mean and sample standard deviation of the scores, as the paper reports them. */
  readonly mean: number;
  readonly deviation: number;
  /** Interquartile mean of the scores with its 95 % bootstrap interval, as rliable does. */
  readonly iqm: number;
  readonly iqmLow: number;
  readonly iqmHigh: number;
  /** Mean over the mean of the dense runs: what Table 1 prints in percent; NaN without dense runs. */
  readonly relativeToDense: number;
  /** Probability that a run of MAST scores higher than one of this method, ties counted half; NaN without MAST runs. */
  readonly mastImproves: number;
  /** Size and FLOPs over those of the dense networks. */
  readonly totalSize: number;
  readonly trainFlops: number;
  readonly inferenceFlops: number;
  /** Commits of the code that trained it. */
  readonly commit: string;
}

/**
 * Statistics of complete runs, one entry a method in the order of Table 1. The runs differ in method and seed alone.
 *
 * @throws {Error} when a run is not complete, naming it
 * @example
 * methodStatistics(runs).find(({ method }) => method === "mast")!.iqm;
 */
export function methodStatistics(runs: readonly StoredRun[]): MethodStatistics[] {
  const runsOf = (method: Method) => runs.filter(({ config }) => config.method === method);
  const scores = (group: readonly StoredRun[]) => group.map(summaryOf).map(({ score }) => score);
  const dense = mean(scores(runsOf("dense")));
  const mast = scores(runsOf("mast"));
  return METHODS.filter((method) => runsOf(method).length > 0).map((method): MethodStatistics => {
    const group = runsOf(method);
    const { environment, rules, algorithm, sparsity, steps } = group[0].config;
    const own = scores(group);
    // The same resamples for every method, and for every call.
    const [iqmLow, iqmHigh] = bootstrapInterval([own], ([values]) => interquartileMean(values), { random: createRandom(0, 0) });
    const { totalSize, trainFlops, inferenceFlops } = summaryOf(group[0]).cost.relative;
    return {
      environment, rules, algorithm, method, sparsity: sparsity.level, steps,
      seeds: own.length, mean: mean(own), deviation: standardDeviation(own), iqm: interquartileMean(own), iqmLow, iqmHigh,
      relativeToDense: mean(own) / dense,
      mastImproves: mast.length > 0 ? probabilityOfImprovement([mast], [own]) : NaN,
      totalSize, trainFlops, inferenceFlops,
      commit: [...new Set(group.map((run) => summaryOf(run).commit ?? ""))].join(" "),
    };
  });
}

function summaryOf({ name, state, summary }: StoredRun): NonNullable<StoredRun["summary"]> {
  if (summary === undefined) throw new Error(`Run ${name} is ${state}: only complete runs have results.`);
  return summary;
}
