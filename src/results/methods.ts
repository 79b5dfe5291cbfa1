import { METHODS } from "../methods.js";
import { scoreDifference } from "./difference.js";
import { type ScoreStatistics, scoreStatistics, summaryOf } from "./scores.js";
import { requireMethods } from "./seeds.js";
import { mean } from "./statistics.js";
import type { StoredRun } from "../runs/store.js";

/** Statistics of the seeds of one method. */
export interface MethodStatistics extends ScoreStatistics {
  /** Name of the environment, for example "3m". */
  readonly environment: string;
  /** Rules of the battle simulator: "starcraft" or "smaclite". */
  readonly rules: string;
  /** Name of the algorithm, for example "qmix". */
  readonly algorithm: string;
  /** Name of the method, for example "mast". */
  readonly method: string;
  /** S, the share of weights removed from each network, 0..1. */
  readonly sparsity: number;
  /** Environment steps of each run. */
  readonly steps: number;
  /** Mean divided by the mean of the dense runs, which Table 1 prints in percent; NaN without dense runs. */
  readonly relativeToDense: number;
  /** Probability that a run of MAST scores higher than one of this method, ties counted half; NaN without MAST runs. */
  readonly mastImproves: number;
  /**
   * Two-sided p of the difference from MAST (Mann and Whitney's test, exact); NaN without MAST runs, and for MAST
   * itself.
   */
  readonly mastP: number;
  /** Weights and biases that training holds, divided by those of the dense networks: column "Total Size" of Table 1. */
  readonly totalSize: number;
  /** Floating point operations of one update, divided by those of the dense networks: column "FLOPs (Train)". */
  readonly trainFlops: number;
  /** Floating point operations of one step of acting, divided by those of the dense networks: column "FLOPs (Test)". */
  readonly inferenceFlops: number;
}

/**
 * Computes statistics of complete runs that differ in method and seed only, with one entry for each method in the order
 * of Table 1.
 *
 * @throws {Error} when a run is not complete, naming it; when runs differ in more than method and seed, naming the
 *   field; when a run is given twice
 * @example methodStatistics(runs).find(({ method }) => method === "mast")!.iqm;
 */
export function methodStatistics(runs: readonly StoredRun[]): MethodStatistics[] {
  requireMethods(runs);
  const runsOf = (method: string) => runs.filter(({ config }) => config.method === method);
  const scores = (seeds: readonly StoredRun[]) => seeds.map(summaryOf).map(({ score }) => score);
  const dense = mean(scores(runsOf("dense")));
  const mast = scores(runsOf("mast"));
  // A user's own methods come after those of the paper.
  const methods = [...new Set<string>([...METHODS, ...runs.map(({ config }) => config.method)])];
  return methods
    .filter((method) => runsOf(method).length > 0)
    .map((method): MethodStatistics => {
      const seeds = runsOf(method);
      const { environment, rules, algorithm, sparsity, steps } = seeds[0].config;
      const { commit, ...statistics } = scoreStatistics(seeds);
      const { totalSize, trainFlops, inferenceFlops } = summaryOf(seeds[0]).cost.relative;
      const difference = mast.length > 0 ? scoreDifference(mast, scores(seeds)) : undefined;
      return {
        environment,
        rules,
        algorithm,
        method,
        sparsity: sparsity.level,
        steps,
        ...statistics,
        relativeToDense: statistics.mean / dense,
        mastImproves: difference?.improvement ?? NaN,
        mastP: method === "mast" ? NaN : (difference?.p ?? NaN),
        totalSize,
        trainFlops,
        inferenceFlops,
        commit,
      };
    });
}
