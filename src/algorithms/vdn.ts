import type { Algorithm } from "../parts/algorithm.js";
import { AGENTS_COST } from "../sparse/flops.js";
import { qmixUpdate } from "./qmix.js";

/**
 * VDN (Sunehag et al. 2018) as in PyMARL: Q_tot is the sum of the agents' values. Targets, loss and optimiser are
 * QMIX's; VDN has no mixing network and does not use the state.
 */
export const vdn: Algorithm = {
  title: "VDN",
  networks: { agent: "recurrent", mixer: "sum" },
  cost: AGENTS_COST,
  update: qmixUpdate,
};
