import type { Config } from "../config.js";
import { scoredEvaluations } from "../training/score.js";
import { runName, type StoredRun } from "./store.js";

/**
 * Makes a complete run of a configuration, for tests.
 *
 * @param winRates the win rates of its evaluations, oldest first; its score is the mean of the last
 *   `evaluation.window`, see `scoredEvaluations`
 */
export function completeRun(
  config: Config,
  winRates: readonly number[],
  commit: string | undefined = "abc",
): StoredRun {
  const last = scoredEvaluations(winRates, config.evaluation.window);
  return {
    name: runName(config),
    directory: "",
    config,
    state: "complete",
    step: config.steps,
    metrics: [],
    summary: {
      score: last.reduce((sum, rate) => sum + rate, 0) / last.length,
      winRates,
      steps: config.steps + 3,
      episodes: 40,
      updates: 9,
      seconds: 2,
      processorSeconds: 1.5,
      stepsPerSecond: 501.5,
      parameters: 1234,
      cost: {
        totalSize: 1,
        trainFlops: 2,
        inferenceFlops: 3,
        relative: { totalSize: 0.066, trainFlops: 0.051, inferenceFlops: 0.05 },
      },
      commit,
      finished: "2026-01-01T00:00:00.000Z",
    },
  };
}
