import type { TransitionAlgorithm } from "../parts/algorithm.js";
import { FACMAC_COST } from "../sparse/flops.js";
import { acrossTransitions, TRANSITION_DEFAULTS } from "./continuous/defaults.js";
import { continuousOptions, facmacNetworks, facmacUpdate } from "./continuous/update.js";

/**
 * FACMAC (Peng et al. 2021) with continuous actions. A policy that all agents share climbs the gradient of a critic,
 * whose values of the agents a monotonic mixer joins. In MAST-FACMAC topology evolves in actor, critic and mixer,
 * batches come from dual buffers of transitions, and targets look ahead as in TD(lambda). It has no soft mellowmax: the
 * target policy names the one action whose value counts, so that there is no maximum to soften.
 */
export const facmac: TransitionAlgorithm<typeof facmacNetworks> = {
  title: "FACMAC",
  learnsFrom: "transitions",
  networks: facmacNetworks,
  values: "critic",
  policy: true,
  cost: FACMAC_COST,
  defaults: TRANSITION_DEFAULTS,
  adapt: (method) => ({ ...acrossTransitions(method), operator: { kind: "max" } }),
  act: (engine, observations) => engine.networks.actor.forward("online", observations),
  update: (engine, batch, config, { update, stepped, dense, box }) =>
    facmacUpdate(engine, batch, { ...continuousOptions(config), box }, update, stepped, dense),
};
