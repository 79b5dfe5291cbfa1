// Everything a notebook imports, by name:
//   import { resolveConfig, watchRuns } from "mast-lab";

import "./node/host.js";
export {
  type Backend, changeConfig, type Config, ConfigError, type ConfigInput, type DynamicBufferConfig, type EvaluationConfig, type ExplorationConfig, givenOf, type LogConfig,
  mergeConfig, type NetworkConfig, type OperatorConfig, type OptimiserConfig, type Partially, type ReplayConfig, type ResConfig, resolveConfig, type ReturnsConfig,
  type SparsityConfig, type TicketConfig, type TopologyConfig, type WqmixConfig,
} from "./config.js";
export { LabError } from "./errors.js";
export { createRandom, type Random, restoreRandom } from "./random.js";

export type { Environment, EnvironmentSizes, EnvironmentSnapshot, UnitSnapshot } from "./envs/environment.js";
export { createEnvironment, environmentNames, type EnvironmentOptions } from "./envs/index.js";
export { playEpisodes, playRandom, type PlaySummary, type Policy, type Script, scripts, uniformRandom } from "./envs/play.js";

export { erdosRenyi, layerNonzeros, uniform } from "./sparse/density.js";
export { type Evolution, evolveTopology, type Growth, updateFraction } from "./sparse/evolution.js";
export { algorithmShape, type Cost, costOf, type LayerCost, type NetworkCost, networkCost, relativeCost, sparseCost } from "./sparse/flops.js";
export { agentLayers, type Layer, layerFlops, layerWeights, mixerLayers, unrestrictedMixerLayers } from "./sparse/layers.js";
export { type ConnectionSpread, connectionSpread, randomConnections, randomSpread, type Side, sortedConnections } from "./sparse/connections.js";
export { countNonzeros, initialMasks, initialNonzeros, inputConnections, outputConnections, randomMask } from "./sparse/mask.js";
export { maskOverlap, type Masks, masksOf, type Overlap } from "./sparse/overlap.js";
export { tinyShape } from "./sparse/tiny.js";

export { chosenValues, greedyActions } from "./targets/actions.js";
export { softmaxOverJointActions } from "./targets/joint-softmax.js";
export { tdLoss } from "./targets/loss.js";
export { applyOperator, mellowmax, nextValues, softMellowmax, softmaxMean, type ValueOperator } from "./targets/operators.js";
export { hybridTdLambda, learningTargets, monteCarloReturns, nStepReturns, tdLambdaReturns, type Trajectories } from "./targets/returns.js";
export { centralWeights, optimisticWeights } from "./targets/weights.js";

export { createEpisodeBuffer, type EpisodeBuffer } from "./replay/buffer.js";
export { addEpisode, canSample, createDualBuffer, type DualBuffer, sampleBatch } from "./replay/dual.js";
export { type Episode, episodeReturn } from "./replay/episode.js";
export { type EpisodeSizes, randomEpisode, randomEpisodes, uniformLengths } from "./replay/random-episodes.js";
export { type PolicyChange, policyChange } from "./replay/distance.js";
export { type EpisodeGroup, groupEpisodes } from "./replay/group.js";
export { addChoices, mixChoices, policyDrift, shareChanged, shareExplored, type StoredChoices, storedChoices } from "./replay/stored-choices.js";

export type { Actor, Answer, Engine, OpenEngine, OptimiserOptions } from "./networks/engine.js";
export { agentInput, initialParameters, type NetworkShape, type Parameters, type ParameterSpec, networkParameters } from "./networks/parameters.js";
export { createWasmEngine } from "./networks/wasm/engine.js";
export { BackendError, openBackend, setTensorflowEnvironment, type OpenBackend } from "./node/tensorflow/backend.js";
export { createVectorisedRuns, createTensorflowEngine, type VectorisedRuns } from "./networks/tensorflow/engine.js";

export { evolveNetworks } from "./algorithms/evolve.js";
export { type Algorithm, ALGORITHM_TITLES, ALGORITHMS, algorithmTitle, type Method, METHOD_TITLES, METHODS, methodTitle } from "./methods.js";
export { updateNetworks } from "./algorithms/update.js";
export { qmixUpdate } from "./algorithms/qmix.js";
export { resUpdate } from "./algorithms/res.js";
export type { UpdateStatistics } from "./algorithms/statistics.js";
export { wqmixUpdate } from "./algorithms/wqmix.js";

export { createEvaluation, type Evaluation } from "./training/evaluate.js";
export { createNetworks, restoreNetworks, resumeNetworks, type Ticket } from "./training/networks.js";
export { type NetworkPlan, networkPlan } from "./training/plan.js";
export type { CheckpointRecord, EndRecord, EvaluationRecord, TopologyRecord, TrainingRecord, TrainRecord, TrainState } from "./training/records.js";
export { createEpisodeRecorder, epsilonGreedy, greedyPolicy } from "./training/rollout.js";
export { tensorsOf } from "./training/state.js";
export { train, type TrainOptions } from "./training/train.js";

export { exportParameters } from "./runs/checkpoint.js";
export { frameCsv, methodsFrame, rowsCsv, runRows, runsFrame, tidyRows } from "./results/frame.js";
export { RunError } from "./runs/disk.js";
export type { MaskMoment } from "./runs/mask-history.js";
export type { MetricsRow, TimingRow, TopologyRow } from "./runs/metrics.js";
export { decodeSafetensors, encodeSafetensors, type Tensor } from "./runs/safetensors.js";
export {
  type AblationRow, type AlgorithmHyperparameterRow, type ComparisonRow, type HyperparameterRow, type PaperRow, readPaperTable, type WinRateRow,
} from "./results/paper.js";
export { type MethodStatistics, methodStatistics } from "./results/methods.js";
export { type ScoreStatistics, scoreStatistics } from "./results/scores.js";
export { figurePath, resultsPlace, type ResultsPlace } from "./results/place.js";
export { rankCorrelation } from "./results/rank-correlation.js";
export { differenceText, mannWhitneyP, type ScoreDifference, scoreDifference } from "./results/difference.js";
export { smooth, smoothWithin } from "./results/savgol.js";
export { bootstrapInterval, finalScore, interquartileMean, mean, probabilityOfImprovement, standardDeviation } from "./results/statistics.js";
export {
  checkpointPath, type DamagedRun, findRun, inspectRun, listRuns, readMasks, readRun, readRunCheckpoint, readTiming, readTopology,
  type RunCost, runName, runOf, runsDirectory, type RunState, type RunSummary, type StoredRun,
} from "./runs/store.js";

export { EXPERIMENTS, findExperiment, isMeasurement, MEASUREMENTS } from "./experiments/all.js";
export { type Experiment, type Measured, type Measurement, type Profile, profileNamed, PROFILES, type Reduction } from "./experiments/experiment.js";
export { comparison2s3z, comparison3m, COMPARISONS } from "./experiments/comparative.js";
export { distributionShift, type FollowedRun, reduceDistances, shiftConfigs } from "./experiments/distribution-shift.js";
export { bufferRatio, bufferRatioOwQmix, singleBuffers } from "./experiments/dual-buffers.js";
export type { Cell, CellStatistics } from "./results/cells.js";
export { cellStatistics, type Dimension, grid, type GridDeclaration, type GridPlan, reduceGrid, type Setting } from "./experiments/grid.js";
export { maskInterval, maskIntervalOwQmix } from "./experiments/mask-interval.js";
export { type AgentConnections, measureConnections, type TeamConnections, type UsedConnections } from "./analysis/connections-used.js";
export { type CutCurve, cutCurves, winRateWithout, withoutInputs } from "./analysis/cut.js";
export { gateTable, inputTable, spreadTable, typeTable, weightsOf } from "./analysis/mask-tables.js";
export { connectionOrder, masks, weightImage } from "./experiments/masks.js";
export { alphaOmega, alphaOmegaOwQmix, operatorComparison } from "./experiments/soft-mellowmax.js";
export { sparsity } from "./experiments/sparsity.js";
export { stepLength } from "./experiments/step-length.js";
export { inputEvolution, supervisedCurves, supervisedTable, watchSupervised } from "./lessons/supervised-results.js";
export { connectedInputs, relevantInputs, type SupervisedRun, type SupervisedTask, trainSupervised } from "./lessons/supervised.js";
export { burnIn, burnInOwQmix, lambda, lambdaOwQmix } from "./experiments/td-lambda.js";
export { publishedAblation, publishedRows } from "./experiments/published.js";
export { tableOne } from "./experiments/table-one.js";
export { tickets } from "./experiments/tickets.js";
export { optimalTwoStepValues, twoStepSparse, type TwoStepValues, twoStepValues } from "./experiments/two-step.js";
export { type EnginePair, enginePairs, engines } from "./experiments/engines.js";
export { differenceTable, largestDifference, observeUpdate, type ObservedUpdate, type UpdateDifference, updateDifferences } from "./timing/engine-agreement.js";
export { vectorisedTable, type VectorisedTime, timeVectorisedSeeds } from "./timing/vectorised-times.js";
export { type VectorisedSeeds, type VectorisedSeedsPlan, startVectorisedSeeds } from "./timing/vectorised-seeds.js";
export { mastRule, plainRule, ruleConfig, type Start, startEngine } from "./timing/random-learner.js";
export { compareMethods, compareWithPaper, scoreFigure } from "./experiments/comparison.js";
export { estimateTable, type EstimateTableOptions } from "./analysis/estimates.js";
export { seedTable, type SeedTableOptions, sharedSteps, winRateSince } from "./analysis/seeds.js";
export { publishedMeasurement, publishMeasurement, type PublishedFile, type PublishOptions, publishResults } from "./experiments/publish.js";
export { type AgedChoices, batchChoices, type DistanceMoment, followDistances, offlineChoices, onlineChoices } from "./analysis/policy-distance.js";
export { quickstart, QUICKSTART_PROFILES } from "./experiments/quickstart.js";
export { SHORT_RUN, shortRun } from "./short-run.js";
export { lawTable, reduceTimings, wallClock } from "./experiments/wall-clock.js";
export { predictedFlops, type TimedCase, timeCases, type Timing, type TimingPlan } from "./timing/cases.js";
export { type SpeedUp, speedUps, type TimeLaw, timeLaws, type TimedRow } from "./timing/laws.js";
export { estimatedValueCurve, overestimationCurve, winRateCurve } from "./analysis/curves.js";
export { maskSnapshots } from "./analysis/snapshots.js";
export { playTrained } from "./analysis/trained-play.js";
export { watchMeasurement, watchRuns, type WatchOptions } from "./experiments/watch.js";
export { readTicket } from "./runs/ticket.js";
export { topologyChange, type TopologyChange } from "./analysis/topology-change.js";
export { runOne, type RunOptions } from "./runs/run.js";
export { runAll, type RunOutcome } from "./runs/run-all.js";
export { randomDecPomdp, type TabularDecPomdp } from "./lessons/theorems/dec-pomdp.js";
export { bestReactivePolicy, optimalValues, policyValues, reactivePolicy, type Values } from "./lessons/theorems/values.js";
export { expectedTdLambda, highestValues, type MultiStepError, multiStepErrors } from "./lessons/theorems/multi-step-error.js";
export { type BoundCheck, checkErrorBound, meanStepErrors, type MeanStepError, perturb } from "./lessons/theorems/error-bound.js";
export { balancedErrors, leastOverestimation, type OperatorBias, operatorBiases } from "./lessons/theorems/operator-bias.js";
export { type MonotoneMixer, mixOperator, randomMonotoneMixer } from "./lessons/theorems/monotone-mixer.js";
export { type FactoredValues, factoredNextValues, factoredTotals, fitFactored, greedyChoices } from "./lessons/theorems/factored.js";
export { noisyIteration, type IterationPoint } from "./lessons/theorems/noisy-iteration.js";
export { samplePlay } from "./lessons/theorems/sample.js";

export { agrees, costComparison, costFigure, type CostShares, layerTable, reproduceCosts, type ReproducedCost } from "./figures/costs.js";
export { type DistanceCurve, distanceFigure } from "./figures/distance.js";
export { meanCurve, type RunCurve, trainingCurves } from "./figures/curves.js";
export { agentTypes, type Feature, featureTable, inputBlocks, inputFeatures, observationFeatures, stateFeatures, unitTable } from "./figures/features.js";
export { evolutionImage, type EvolutionPanel, evolutionSteps, fractionCurve } from "./figures/evolution.js";
export { type Figure, shortSteps } from "./figures/figure.js";
export { connectionCounts, gruGates, type InputBlock, maskImage, type MaskSnapshot } from "./figures/masks.js";
export { interruptSignal, liveFigure, type ProgressOptions, showFigure, showPage, showProgress, showTable } from "./display/notebook.js";
export { type Line, linePanels, type Panel } from "./figures/panels.js";
export type { RunProgress } from "./runs/progress.js";
export { type EpisodeRecording, recordEpisode } from "./figures/recording.js";
export { battleReplay, replayTitle, saveReplay, showReplay } from "./display/replay.js";
export { figurePng, saveFigure, type SavedFigure } from "./display/save.js";
export { type MethodScores, scoreIntervals } from "./figures/scores.js";
export { type SettingScore, settingScores } from "./figures/settings.js";
export { type LearnedValue, learnedValues } from "./figures/values.js";
export { clock, type MethodResult, resultsTable, type Table, tableHtml, tableMarkdown, tableText } from "./figures/table.js";
export { partsFigure, type PartsPanel, speedFigure, type SpeedLine, type SpeedPanel } from "./figures/wall-clock.js";
export { METHOD_STYLES, methodStyles } from "./figures/theme.js";
export { methodLabel, runLabels } from "./figures/labels.js";
