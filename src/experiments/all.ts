import { editDistance } from "../config.js";
import type { Experiment } from "./experiment.js";
import { comparison2s3z } from "./comparative.js";
import { learning2s3z, learning3m } from "./learning.js";
import { quickstart } from "./quickstart.js";

/** Every experiment, in the order of the notebooks. */
export const EXPERIMENTS: readonly Experiment[] = [quickstart, learning3m, learning2s3z, comparison2s3z];

/**
 * Finds an experiment by its id.
 * @throws {Error} when there is none, with the nearest one and what there is
 */
export function findExperiment(id: string): Experiment {
  const found = EXPERIMENTS.find((experiment) => experiment.id === id);
  if (found !== undefined) return found;
  const ids = EXPERIMENTS.map((experiment) => experiment.id);
  const nearest = ids.reduce((best, known) => (editDistance(id, known) < editDistance(id, best) ? known : best));
  throw new Error(`No experiment "${id}": did you mean "${nearest}"? There are: ${ids.join(", ")}.`);
}
