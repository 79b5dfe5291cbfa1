// This module holds everything that trains a team, in Node.js and in a browser, by the paper's names: environments,
// masks and their evolution, targets, buffers, networks, updates. In a browser, call `setHost` first.
//   import { evolveTopology, hybridTdLambda, train } from "mast-lab/core";

export {
  type Backend,
  type Config,
  type ConfigInput,
  type CrossEntropyConfig,
  type DynamicBufferConfig,
  type EvaluationConfig,
  type ScoreMeasure,
  type ExplorationConfig,
  type ExtendConfig,
  type FromConfig,
  type LogConfig,
  type NetworkConfig,
  type OperatorConfig,
  type OptimiserConfig,
  type Partially,
  type ReplayConfig,
  type ResConfig,
  resolveConfig,
  type ReturnsConfig,
  type SparsityConfig,
  type TicketConfig,
  type TopologyConfig,
  type WqmixConfig,
} from "../config.js";
export { shortRun } from "../short-run.js";
export { createRandom, type Random } from "../random.js";
export { createEnvironment, type EnvironmentOptions } from "../envs/index.js";
export { type PlaySummary, type Policy, type Script } from "../envs/play.js";
export { type Distribution, erdosRenyi, type LayerShape } from "../sparse/density.js";
export { type Evolution, evolveTopology, type Growth, updateFraction } from "../sparse/evolution.js";
export { countNonzeros, initialNonzeros, randomMask } from "../sparse/mask.js";
export { maskOverlap, type Masks, masksOf, type Overlap } from "../sparse/overlap.js";
export { tinyShape } from "../sparse/tiny.js";
export { networkPlan, type NetworkPlan } from "../training/plan.js";
export {
  type AlgorithmOrName,
  type Cost,
  costOf,
  type CostOptions,
  type LayerCost,
  type NetworkCost,
  type Nonzeros,
  relativeCost,
  sparseCost,
} from "../sparse/flops.js";
export { applyOperator, type RegisteredOperator, softMellowmax, type ValueOperator } from "../targets/operators.js";
export {
  hybridTdLambda,
  monteCarloReturns,
  nStepReturns,
  tdLambdaReturns,
  type Trajectories,
} from "../targets/returns.js";
export {
  addEpisode,
  canSample,
  createDualBuffer,
  type DualBuffer,
  type DualBufferOptions,
  sampleBatch,
} from "../replay/dual.js";
export { countSteps, type EpisodeGroup, groupEpisodes } from "../replay/group.js";
export { type EpisodeSizes, uniformLengths } from "../replay/random-episodes.js";
export {
  type Beginning,
  createNetworks,
  type NetworkRandom,
  restoreNetworks,
  type StartWeights,
  type Ticket,
} from "../training/networks.js";
export { updateNetworks } from "../algorithms/update.js";
export { evolveNetworks, type LayerChange } from "../algorithms/evolve.js";
export {
  createEpisodeRecorder,
  type EpisodeRecorder,
  type EpisodeResult,
  epsilonGreedy,
  greedyPolicy,
} from "../training/rollout.js";
export { createEvaluation, type Evaluation } from "../training/evaluate.js";
export type { TrainOptions } from "../training/options.js";
export { train } from "../training/train.js";
export { type PaperAlgorithm, type PaperMethod } from "../methods.js";
export type { EpisodeBuffer } from "../replay/buffer.js";
export type { EpisodeArrays, EpisodeMemory } from "../replay/episode-memory.js";
export type { AgentsAndMixer, NetworkKind, Networks } from "../networks/kinds.js";
export type { NetworkShape, Parameters, ParameterSpec } from "../networks/parameters.js";
export type { NextOperator } from "../networks/engine.js";
export type { TargetMemory } from "../networks/target-memory.js";
export type { PartFile, PartOption } from "../parts/registry.js";
export type {
  ActionBox,
  EnvironmentSizes,
  EnvironmentSnapshot,
  JointAction,
  ShapeSnapshot,
  UnitSnapshot,
} from "../envs/environment.js";
export type { CompiledModel, ModelCompiler, Mujoco, SimulatedState, StateConstructor } from "../envs/mujoco/mujoco.js";
export type { EpisodeLost } from "../envs/lost.js";
export type {
  CheckpointRecord,
  EndRecord,
  EpisodeData,
  EvaluationRecord,
  ReplayState,
  TopologyRecord,
  TrainProgress,
  TrainRecord,
  TrainState,
} from "../training/records.js";
export type { Episode } from "../replay/episode.js";
export type { UpdateStatistics } from "../parts/algorithm.js";
export type {
  Actor,
  AgentNetwork,
  Answer,
  Engine,
  EpisodeNetworks,
  NetworkEngine,
  Open,
  MixingNetwork,
  MonotonicMixer,
  AdamOptions,
  AdamStep,
  CriticNetwork,
  NetworkSide,
  OpenEngine,
  OptimiserOptions,
} from "../networks/engine.js";
export type { Rules } from "../envs/starcraft/units.js";
export type { PartSettings } from "../config/config.js";
export type { OperatorPart, OperatorSettings } from "../parts/operator.js";
export { type Host, type NativeKernels, type NativePass, setHost, type Tensorflow } from "../host.js";
