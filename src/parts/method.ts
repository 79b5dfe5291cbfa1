import type { ConfigInput } from "../config/config.js";
import { declareKind, describeValue, isObject, type Part } from "./registry.js";

/** A way to train as a part: named defaults of a configuration. It is no code of its own. */
export interface MethodPart extends Part {
  /** What it changes in the defaults of a configuration. */
  readonly defaults: ConfigInput;
  /**
   * "sparse" networks are masked; "dense" ones are not; "tiny" ones are dense and as small as the sparse ones would be.
   * Default: "sparse".
   */
  readonly networks?: "sparse" | "dense" | "tiny";
}

/** The methods by name: `config.method`. */
export const methodParts = declareKind<MethodPart>("method", "methods", (part) => {
  const { defaults, networks = "sparse" } = part as Partial<MethodPart>;
  if (!["sparse", "dense", "tiny"].includes(networks))
    return `has networks ${describeValue(networks)}; there are "sparse", "dense" and "tiny"`;
  return isObject(defaults)
    ? undefined
    : `has defaults that are ${describeValue(defaults)}; expected a part of a configuration, for example { sparsity: { level: 0.9 } }`;
});
