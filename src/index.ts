// This module exports what most notebooks and programs need: to configure, train, run, watch and show, and to compute
// statistics. Further entry points hold the rest: mast-lab/core, /parts, /experiments, /analysis, /figures, /lessons
// and /timing.
//   import { resolveConfig, watchRuns } from "mast-lab";

import "./node/host.js";
export { changeConfig, type Config, ConfigError, type ConfigInput, resolveConfig } from "./config.js";
export { LabError } from "./errors.js";
export { shortRun } from "./short-run.js";
export { type Profile, profileNamed } from "./experiments/experiment.js";
export { ALGORITHM_TITLES, METHOD_TITLES, type PaperAlgorithm, type PaperMethod } from "./methods.js";
export type { TrainOptions } from "./training/options.js";
export { train } from "./training/train.js";
export type { TrainingRecord } from "./training/records.js";
export { createRandom, type Random } from "./random.js";
export type { Environment } from "./envs/environment.js";
export { createEnvironment, environmentNames } from "./envs/index.js";
export { playEpisodes, playRandom, type Policy, scripts, uniformRandom } from "./envs/play.js";
export { runOne, type RunOptions } from "./runs/run.js";
export { runAll, type RunOutcome } from "./runs/run-all.js";
export { extendRun } from "./runs/extension.js";
export { weightsFrom } from "./runs/weights.js";
export type { RunProgress } from "./runs/progress.js";
export { watchMeasurement, type WatchOptions, watchRuns } from "./experiments/watch.js";
export { showFigure, showTable } from "./display/notebook.js";
export { showReplay } from "./display/replay.js";
export type { Figure } from "./figures/figure.js";
export type { Table } from "./figures/table.js";
export { type SavedFigure, saveFigure } from "./display/save.js";
export { figurePath } from "./results/place.js";
export { playTrained } from "./analysis/trained-play.js";
export { type EpisodeRecording, recordEpisode } from "./figures/recording.js";
export { type RunCurve, trainingCurves } from "./figures/curves.js";
export { winRateCurve } from "./analysis/curves.js";
export { connectionCounts, maskImage, type MaskSnapshot } from "./figures/masks.js";
export { maskSnapshots } from "./analysis/snapshots.js";
export { compareMethods } from "./experiments/comparison.js";
export { publishResults } from "./experiments/publish.js";
export { findRun, listRuns, readMasks, readRunCheckpoint, type StoredRun } from "./runs/store.js";
export type { RunSummary } from "./runs/summary-file.js";
export { RunError } from "./runs/disk.js";
export { exportParameters } from "./runs/checkpoint.js";
export { frameCsv, methodsFrame, runsFrame } from "./results/frame.js";
export {
  bootstrapInterval,
  interquartileMean,
  mean,
  probabilityOfImprovement,
  standardDeviation,
} from "./results/statistics.js";
export { methodStatistics, type MethodStatistics } from "./results/methods.js";
export { differenceText, type ScoreDifference, scoreDifference } from "./results/difference.js";
