// This module is `mast-lab/core` in Node.js: the core with Node.js as its host.
import "../node/host.js";
export * from "./core.js";
