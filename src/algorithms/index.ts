import { algorithms } from "../parts/algorithm.js";
import { registerParts } from "../parts/registry.js";
import { comix } from "./comix.js";
import { facmacDiscrete } from "./facmac-discrete.js";
import { facmac } from "./facmac.js";
import { iql } from "./iql.js";
import { qmix } from "./qmix.js";
import { res } from "./res.js";
import { vdn } from "./vdn.js";
import { cwQmix, owQmix } from "./wqmix.js";

/** The algorithms that are built in, by the names under which they are registered. */
export const builtInAlgorithms = {
  qmix,
  "ow-qmix": owQmix,
  "cw-qmix": cwQmix,
  res,
  vdn,
  iql,
  comix,
  facmac,
  "facmac-discrete": facmacDiscrete,
};

registerParts({ [algorithms.section]: builtInAlgorithms }, "built-in");
