import type { Config } from "../config/config.js";
import type { TransitionAlgorithm } from "../parts/algorithm.js";
import { COMIX_COST } from "../sparse/flops.js";
import { operatorOf } from "../targets/operators.js";
import { acrossTransitions, TRANSITION_DEFAULTS } from "./continuous/defaults.js";
import { comixNetworks, comixUpdate, continuousOptions, type Judge } from "./continuous/update.js";

/** Applies the operator of a configuration to the values of sampled actions, which are all available. */
function judgeOf(config: Config): Judge | undefined {
  if (config.operator.kind === "max") return undefined;
  const { part, ...settings } = operatorOf(config);
  return (values, count, largest) => part.evaluate(values, count, largest, settings);
}

/**
 * COMIX (Peng et al. 2021) is QMIX for continuous actions. The utilities are feed-forward networks of what an agent
 * sees and does, and the cross-entropy method looks for the action of the largest utility. In MAST-COMIX topology
 * evolves in utilities and mixer, batches come from dual buffers of transitions, targets look ahead as in TD(lambda),
 * and the soft mellowmax values the actions that the cross-entropy method sampled last.
 */
export const comix: TransitionAlgorithm<typeof comixNetworks> = {
  title: "COMIX",
  learnsFrom: "transitions",
  networks: comixNetworks,
  values: "agent",
  cost: COMIX_COST,
  defaults: { ...TRANSITION_DEFAULTS, crossEntropy: {} },
  sections: ["crossEntropy"],
  adapt: (method) => acrossTransitions(method),
  act: (engine, observations, random, { crossEntropy }) =>
    engine.search!("online", observations, crossEntropy!, random).actions,
  update: (engine, batch, config, { update, random, stepped, dense, box }) =>
    comixUpdate(
      engine,
      batch,
      { ...continuousOptions(config), box, judge: judgeOf(config) },
      update,
      random,
      stepped,
      dense,
    ),
};
