import type { Config } from "../config/config.js";
import type { Engine } from "../networks/engine.js";
import { createRandom } from "../random.js";
import type { EpisodeGroup } from "../replay/group.js";
import { algorithmOf, type EpisodeAlgorithm, type UpdateContext } from "../parts/algorithm.js";
import type { UpdateStatistics } from "./statistics.js";

/** Makes one update by the configured algorithm; see `Algorithm.update` for the arguments. */
export function updateNetworks(
  engine: Engine,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
  told: UpdateContext = ALONE,
): Promise<UpdateStatistics> {
  return (algorithmOf(config) as EpisodeAlgorithm).update(engine, groups, stepsInBatch, config, step, told);
}

/** The context of a single update of networks whose topology stays. */
const ALONE: UpdateContext = { update: 1, random: createRandom(0), stepped: () => undefined, dense: false };
