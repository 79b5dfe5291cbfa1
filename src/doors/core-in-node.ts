// The core with Node.js as its host: what `mast-lab/core` is in Node.js.
import "../node/host.js";
export * from "./core.js";
