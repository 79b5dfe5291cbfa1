import type { Config } from "../config.js";
import type { TrainState } from "./records.js";

/**
 * Makes the state with which a run continues after its end. Everything is as the run ended, except that evaluations and
 * records of training are due at the next multiples of their intervals, even if the run's own end, which it evaluated
 * and recorded, was not such a multiple.
 *
 * @param ended the state of the `EndRecord` of a run
 * @param steps `config.steps` of that run
 * @param config configuration of the run that continues
 * @example
 * for await (const record of train(longer, { resume: extendedState(end.state, shorter.steps, longer) }))
 *   console.log(record);
 */
export function extendedState(
  ended: TrainState,
  steps: number,
  { evaluation, log }: Pick<Config, "evaluation" | "log">,
): TrainState {
  const next = (interval: number, from: number): number => (Math.floor(from / interval) + 1) * interval;
  return {
    ...ended,
    progress: {
      ...ended.progress,
      nextEvaluation: next(evaluation.interval, steps),
      nextTrainRecord: next(log.interval, ended.progress.step),
    },
  };
}
