/**
 * Configurations of runs: what a person gives (`ConfigInput`), the complete configuration (`Config`), and how to change
 * one.
 */

export * from "./config/config.js";
export { ConfigError } from "./config/error.js";
export { mergeConfig } from "./config/merge.js";
export { changeConfig, givenOf, resolveConfig, restoreConfig } from "./config/resolve.js";
export { SHORT_RUN } from "./config/short.js";
