import type { Config } from "../config/config.js";
import { LabError } from "../errors.js";
import type { Engine } from "../networks/engine.js";
import { createRandom } from "../random.js";
import type { EpisodeGroup } from "../replay/group.js";
import { algorithmOf, type EpisodeAlgorithm, type UpdateContext } from "../parts/algorithm.js";
import type { UpdateStatistics } from "./statistics.js";

/** Makes one update by the configured algorithm; see `Algorithm.update` for the arguments. */
export async function updateNetworks(
  engine: Engine,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
  told: UpdateContext = ALONE,
): Promise<UpdateStatistics> {
  const part = algorithmOf(config) as EpisodeAlgorithm;
  const missing = Object.keys(part.networks).find((name) => !(name in engine.networks));
  if (missing !== undefined)
    throw new LabError(
      `${config.algorithm} trains a network "${missing}", which this engine does not have: make it for that algorithm.`,
    );
  return part.update(engine, groups, stepsInBatch, config, step, told);
}

/** The context of a single update of networks whose topology stays. */
const ALONE: UpdateContext = { update: 1, random: createRandom(0), stepped: () => undefined, dense: false };
