// A file of parts imports names from this module:
//   import { chosenValues, type Parts, tdLoss } from "mast-lab/parts";

import type { Algorithm } from "./algorithm.js";
import type { EnvironmentPart } from "./environment.js";
import type { GrowthRule } from "./growth.js";
import type { MethodPart } from "./method.js";
import type { OperatorPart } from "./operator.js";
import type { MapPart } from "../envs/starcraft/map-part.js";

/**
 * The default export of a file of parts.
 *
 * @example
 * export default { environments: { walk: { create: () => createWalk() } } } satisfies Parts;
 */
export interface Parts {
  /** Environments by the name that `config.environment` has. */
  readonly environments?: Readonly<Record<string, EnvironmentPart>>;
  /** Maps of the battle simulator, which are environments as well. */
  readonly maps?: Readonly<Record<string, MapPart>>;
  /** Algorithms by the name that `config.algorithm` has. */
  readonly algorithms?: Readonly<Record<string, Algorithm>>;
  /** Growth rules by the name that `config.topology.grow` has. */
  readonly growth?: Readonly<Record<string, GrowthRule>>;
  /** Value operators by the name that `config.operator.kind` has. */
  readonly operators?: Readonly<Record<string, OperatorPart>>;
  /** Methods by the name that `config.method` has. */
  readonly methods?: Readonly<Record<string, MethodPart>>;
}

export type { Config, ConfigInput, PartName } from "../config/config.js";
export type {
  ActionBox,
  Environment,
  EnvironmentSizes,
  EnvironmentSnapshot,
  GivenEnvironment,
  ShapeSnapshot,
  UnitSnapshot,
} from "../envs/environment.js";
export { createMatrixEnvironment, type MatrixGame } from "../envs/games/matrix.js";
export { iqlUpdate } from "../algorithms/iql.js";
export { qmixUpdate } from "../algorithms/qmix.js";
export { resUpdate } from "../algorithms/res.js";
export { addSteps } from "../algorithms/statistics.js";
export { wqmixUpdate } from "../algorithms/wqmix.js";
export type {
  AgentNetwork,
  Engine,
  EpisodeNetworks,
  NetworkEngine,
  Open,
  MixingNetwork,
  MonotonicMixer,
  NetworkSide,
  OptimiserOptions,
} from "../networks/engine.js";
export type { AgentsAndMixer, NetworkKind, Networks } from "../networks/kinds.js";
export type { NetworkShape } from "../networks/parameters.js";
export { createRandom, type Random, restoreRandom } from "../random.js";
export { countSteps, type EpisodeGroup } from "../replay/group.js";
export { AGENTS_COST, QMIX_COST, RES_COST, WQMIX_COST } from "../sparse/flops.js";
export { chosenValues, greedyActions } from "../targets/actions.js";
export { softmaxOverJointActions } from "../targets/joint-softmax.js";
export { tdLoss, type TdLossInput } from "../targets/loss.js";
export {
  applyOperator,
  nextValues,
  operatorOf,
  type RegisteredOperator,
  type ValueOperator,
} from "../targets/operators.js";
export {
  hybridTdLambda,
  type LearningTarget,
  learningTargets,
  monteCarloReturns,
  nStepReturns,
  tdLambdaReturns,
  type Trajectories,
} from "../targets/returns.js";
export { centralWeights, optimisticWeights } from "../targets/weights.js";
export type {
  Algorithm,
  AlgorithmCost,
  CommonAlgorithm,
  EpisodeAlgorithm,
  TransitionAlgorithm,
  UpdateContext,
  UpdateStatistics,
} from "./algorithm.js";
export type {
  BestActions,
  CrossEntropyOptions,
  CrossEntropySearch,
  Draws,
  FeedForward,
  OpenTransitionEngine,
  TransitionEngine,
  TransitionKinds,
  TransitionMixer,
  TransitionNetworks,
} from "../networks/transition-engine.js";
export type { StoredTransitions, TransitionBatch } from "../replay/transitions.js";
export type { EnvironmentPart, EnvironmentSettings } from "./environment.js";
export type { GrowthLayer, GrowthRule } from "./growth.js";
export type { MethodPart } from "./method.js";
export type { OperatorPart, OperatorSettings } from "./operator.js";
export {
  type Part,
  PartError,
  type PartFile,
  type PartOption,
  type PartOptions,
  type PartSource,
  type PartTable,
  registerParts,
} from "./registry.js";
export type { MapPart } from "../envs/starcraft/map-part.js";
