import { METHOD_TITLES } from "../methods.js";
import type { Config } from "../config.js";

/** The name under which a configuration's method is shown. */
export function methodLabel({ method }: Config): string {
  return METHOD_TITLES[method];
}

/**
 * Names for curves and table rows: the method, and what sets a configuration apart from others of the same method. Configurations that
 * differ in the seed alone share a label, and so are averaged.
 *
 * @returns a label for each configuration, in their order
 * @example
 * runLabels([mast, mastWithOneStep, dense]); // ["MAST, returns.kind td-lambda", "MAST, returns.kind one-step", "Dense"]
 */
export function runLabels(configs: readonly Config[]): string[] {
  const fields = configs.map((config) => new Map(flatten(config).filter(([field]) => field !== "seed")));
  return configs.map((config, i) => {
    const others = fields.filter((_, j) => configs[j]!.method === config.method);
    const differences = [...fields[i]!].filter(([field, value]) => others.some((other) => other.get(field) !== value));
    return [methodLabel(config), ...differences.map(([field, value]) => `${field} ${value}`)].join(", ");
  });
}

function flatten(tree: object, path = ""): [field: string, value: string][] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === "object" && value !== null ? flatten(value, `${path}${key}.`) : [[`${path}${key}`, String(value)] as [string, string]]));
}
