import { LabError } from "../errors.js";
import { didYouMean, show } from "../messages.js";
import { COMPARISONS } from "./comparative.js";
import { distributionShift } from "./distribution-shift.js";
import { bufferRatio, bufferRatioOwQmix, singleBuffers } from "./dual-buffers.js";
import { engines } from "./engines.js";
import type { Experiment, Measurement } from "./experiment.js";
import { facmac2s3z, facmac3m } from "./facmac.js";
import { maskInterval, maskIntervalOwQmix } from "./mask-interval.js";
import { masks } from "./masks.js";
import { comixHumanoid, comixStandup, comixStrokes, comixSwimmer, facmacHumanoid, facmacSwimmer } from "./mujoco.js";
import { quickstart } from "./quickstart.js";
import { alphaOmega, alphaOmegaOwQmix, doubleQ, operatorComparison } from "./soft-mellowmax.js";
import { sparsity } from "./sparsity.js";
import { stepLength } from "./step-length.js";
import { burnIn, burnInOwQmix, lambda, lambdaOwQmix } from "./td-lambda.js";
import { tickets } from "./tickets.js";
import { twoStepSparse } from "./two-step.js";
import { wallClock } from "./wall-clock.js";
import { widerNetworks } from "./wider.js";

/** Every experiment, in the order of the notebooks. */
export const EXPERIMENTS: readonly Experiment[] = [
  quickstart,
  twoStepSparse,
  stepLength,
  burnIn,
  burnInOwQmix,
  lambda,
  lambdaOwQmix,
  alphaOmega,
  alphaOmegaOwQmix,
  operatorComparison,
  bufferRatio,
  bufferRatioOwQmix,
  singleBuffers,
  maskInterval,
  maskIntervalOwQmix,
  sparsity,
  tickets,
  masks,
  ...COMPARISONS,
  widerNetworks,
  doubleQ,
  engines,
  facmac3m,
  facmac2s3z,
  facmacSwimmer,
  facmacHumanoid,
  comixSwimmer,
  comixStrokes,
  comixHumanoid,
  comixStandup,
];

/** Every measurement, in the order of the notebooks. */
export const MEASUREMENTS: readonly Measurement[] = [distributionShift, wallClock];

/**
 * Finds an experiment or a measurement by its id.
 * @throws {Error} when there is none, naming the most similar one and listing all
 */
export function findExperiment(id: string): Experiment | Measurement {
  const all = [...EXPERIMENTS, ...MEASUREMENTS];
  const found = all.find((experiment) => experiment.id === id);
  if (found !== undefined) return found;
  const ids = all.map((experiment) => experiment.id);
  throw new LabError(`No experiment ${show(id)}: ${didYouMean(id, ids)}there are: ${ids.join(", ")}.`);
}

/** Tells whether it measures something itself instead of reducing runs. */
export function isMeasurement(found: Experiment | Measurement): found is Measurement {
  return "measure" in found;
}
