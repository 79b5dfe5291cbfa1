import type { Config } from "../config.js";
import type { TrainState } from "./records.js";

/**
 * The state with which a run is gone on with after its end. All is as the run ended; evaluations and records of
 * training are due at the next multiples of their intervals, also where the run's own end, which it evaluated and
 * recorded, was none.
 *
 * @param ended the state of the `EndRecord` of a run
 * @param steps environment steps that were asked of that run
 * @param config what goes on from there
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
