// This module declares the paper's tables and figures, and reduces and publishes their runs.
//   import { lambda, publishResults } from "mast-lab/experiments";

export { budgetTable } from "../experiments/budgets.js";
export { comparison3m, COMPARISONS } from "../experiments/comparative.js";
export { distributionShift, type FollowedRun } from "../experiments/distribution-shift.js";
export { bufferRatio, bufferRatioOwQmix, singleBuffers } from "../experiments/dual-buffers.js";
export { facmac2s3z, facmac3m } from "../experiments/facmac.js";
export { maskInterval, maskIntervalOwQmix } from "../experiments/mask-interval.js";
export { masks, weightImage } from "../experiments/masks.js";
export { comixHumanoid, comixStandup, comixStrokes, comixSwimmer, facmacHumanoid } from "../experiments/mujoco.js";
export { alphaOmega, alphaOmegaOwQmix, operatorComparison } from "../experiments/soft-mellowmax.js";
export { sparsity } from "../experiments/sparsity.js";
export { stepLength } from "../experiments/step-length.js";
export { burnIn, burnInOwQmix, lambda, lambdaOwQmix } from "../experiments/td-lambda.js";
export { publishedAblation, publishedFrame, publishedRuns } from "../experiments/published.js";
export { realGameLearning, realGameRows } from "../experiments/real-game.js";
export { tableOne } from "../experiments/table-one.js";
export { tickets } from "../experiments/tickets.js";
export { twoStepSparse, type TwoStepValues } from "../experiments/two-step.js";
export { type EnginePair, engines } from "../experiments/engines.js";
export { type PublishedFile, publishMeasurement, type PublishOptions } from "../experiments/publish.js";
export { QUICKSTART_PROFILES } from "../experiments/quickstart.js";
export { lawTable, reduceTimings, wallClock } from "../experiments/wall-clock.js";
export { type Dimension, type GridDeclaration, type GridPlan, type Setting } from "../experiments/grid.js";
export type { Experiment, Measured, Measurement, Reduction } from "../experiments/experiment.js";
