import type { ConfigInput } from "../config/config.js";
import { declareKind, describeValue, isObject, type Part } from "./registry.js";

/** A method as a part: a name for a set of defaults of a configuration. It has no code of its own. */
export interface MethodPart extends Part {
  /** The defaults of a configuration that it changes. */
  readonly defaults: ConfigInput;
  /**
   * "sparse" networks are masked; "dense" networks are not; "tiny" networks are dense with as few parameters as the
   * sparse ones. Default: "sparse".
   */
  readonly networks?: "sparse" | "dense" | "tiny";
}

/** The registered methods, by the name in `config.method`. */
export const methodParts = declareKind<MethodPart>("method", "methods", (part) => {
  const { defaults, networks = "sparse" } = part as Partial<MethodPart>;
  if (!["sparse", "dense", "tiny"].includes(networks))
    return `has networks ${describeValue(networks)}; there are "sparse", "dense" and "tiny"`;
  return isObject(defaults)
    ? undefined
    : `has defaults that are ${describeValue(defaults)}; expected a part of a configuration, for example { sparsity: { level: 0.9 } }`;
});
