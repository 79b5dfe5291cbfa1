// This module times updates and acting, fits laws of time, and compares engines.
//   import { timeCases } from "mast-lab/timing";

export {
  differenceTable,
  type ObservedUpdate,
  observeUpdate,
  type UpdateDifference,
  updateDifferences,
} from "../timing/engine-agreement.js";
export { timeVectorisedSeeds, vectorisedTable, type VectorisedTime } from "../timing/vectorised-times.js";
export { startVectorisedSeeds, type VectorisedSeeds, type VectorisedSeedsPlan } from "../timing/vectorised-seeds.js";
export { mastRule, ruleConfig, type Start } from "../timing/random-learner.js";
export { timeCases, type TimeCasesOptions, type TimedCase, type Timing, type TimingPlan } from "../timing/cases.js";
export { openBackend, type OpenBackend } from "../node/tensorflow/backend.js";
export type { Spread } from "../timing/timing.js";
