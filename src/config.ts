/**
 * Configurations of runs: what may be given (`ConfigInput`), what it is completed to (`Config`), and how one is
 * changed.
 */

export * from "./config/config.js";
export { ConfigError } from "./config/error.js";
export { mergeConfig } from "./config/merge.js";
export { changeConfig, givenOf, resolveConfig, restoreConfig } from "./config/resolve.js";
export { SHORT_RUN } from "./config/short.js";
