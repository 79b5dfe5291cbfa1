import type { Config } from "../config.js";
import type { Engine } from "../networks/engine.js";
import type { EpisodeGroup } from "../replay/group.js";
import { qmixUpdate } from "./qmix.js";
import { resUpdate } from "./res.js";
import type { UpdateStatistics } from "./statistics.js";
import { wqmixUpdate } from "./wqmix.js";

/** One update of the configured algorithm; see `qmixUpdate` for the arguments. */
export function updateNetworks(engine: Engine, groups: readonly EpisodeGroup[], stepsInBatch: number, config: Config, step: number): Promise<UpdateStatistics> {
  switch (config.algorithm) {
    case "qmix":
      return qmixUpdate(engine, groups, stepsInBatch, config, step);
    case "ow-qmix":
    case "cw-qmix":
      return wqmixUpdate(engine, groups, stepsInBatch, config, step);
    case "res":
      return resUpdate(engine, groups, stepsInBatch, config, step);
  }
}
