import "../parts/built-in.js";
import { algorithms } from "../parts/algorithm.js";
import { environments } from "../parts/environment.js";
import { growthRules } from "../parts/growth.js";
import { methodParts } from "../parts/method.js";
import { operators } from "../parts/operator.js";
import type { PartFile } from "../parts/registry.js";

/** The fields of a configuration that name a part of the lab. */
export const NAMING_FIELDS = ["environment", "algorithm", "method", "topology.grow", "operator.kind"] as const;

export type NamingField = (typeof NAMING_FIELDS)[number];

/** The names that a field allows: those of built-in parts, and of parts in the configuration's files. */
export function namesFor(field: NamingField, files: readonly PartFile[] = []): readonly string[] {
  switch (field) {
    case "environment":
      return environments.names(files);
    case "algorithm":
      return algorithms.names(files);
    case "method":
      return methodParts.names(files);
    case "topology.grow":
      return [...growthRules.names(files), "none"];
    case "operator.kind":
      return operators.names(files);
  }
}
