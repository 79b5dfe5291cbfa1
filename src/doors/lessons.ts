// This module computes Theorems 3.1 and 3.2 in numbers, and has a supervised task on which one can watch topologies
// evolve.
//   import { multiStepErrors, watchSupervised } from "mast-lab/lessons";

export { inputEvolution, supervisedCurves, supervisedTable, watchSupervised } from "../lessons/supervised-results.js";
export { randomDecPomdp, type TabularDecPomdp } from "../lessons/theorems/dec-pomdp.js";
export {
  bestReactivePolicy,
  optimalValues,
  policyValues,
  reactivePolicy,
  type Values,
} from "../lessons/theorems/values.js";
export { type MultiStepError, multiStepErrors, type MultiStepOptions } from "../lessons/theorems/multi-step-error.js";
export {
  type BoundCheck,
  checkErrorBound,
  type MeanStepError,
  meanStepErrors,
  perturb,
} from "../lessons/theorems/error-bound.js";
export { leastOverestimation, type OperatorBias, operatorBiases } from "../lessons/theorems/operator-bias.js";
export {
  type MixedValues,
  mixOperator,
  type MonotoneMixer,
  randomMonotoneMixer,
} from "../lessons/theorems/monotone-mixer.js";
export { type IterationPoint, noisyIteration } from "../lessons/theorems/noisy-iteration.js";
export { type SampledPlay, samplePlay } from "../lessons/theorems/sample.js";
export type { SupervisedRun, SupervisedTask } from "../lessons/supervised.js";
