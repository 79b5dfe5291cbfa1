import { environmentNames } from "../envs/index.js";
import { ALGORITHMS, METHODS } from "../methods.js";

/** The fields of a configuration that name a part of the lab. */
export const NAMING_FIELDS = ["environment", "algorithm", "method", "topology.grow", "operator.kind"] as const;

export type NamingField = (typeof NAMING_FIELDS)[number];

/** The names that a field may have at this moment. They are looked up whenever a configuration is resolved. */
export function namesFor(field: NamingField): readonly string[] {
  switch (field) {
    case "environment": return environmentNames;
    case "algorithm": return ALGORITHMS;
    case "method": return METHODS;
    case "topology.grow": return ["gradient", "random", "none"];
    case "operator.kind": return ["max", "softmax", "mellowmax", "soft-mellowmax"];
  }
}
