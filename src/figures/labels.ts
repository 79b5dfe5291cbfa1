import { algorithmTitle, methodTitle } from "../methods.js";
import type { Config } from "../config.js";
import { flatten, withoutSeed } from "../results/seeds.js";

/**
 * The name under which a configuration's method is shown.
 * @example
 * methodLabel(config); // "MAST", or "MAST, winning ticket"
 */
export function methodLabel({ method, ticket, parts }: Config): string {
  const title = methodTitle(method, parts);
  return ticket === undefined ? title : `${title}, ${ticket.kind} ticket`;
}

/**
 * Names for curves and table rows: the method (with the algorithm, where there are several: "MAST-OW-QMIX"), and what sets a configuration apart
 * from others of the same name. Configurations that differ in the seed alone share a label, and so are averaged; so do tickets whose
 * sources differ in the seed alone.
 *
 * @returns a label for each configuration, in their order
 * @example
 * runLabels([mast, mastWithOneStep, dense]); // ["MAST, returns.kind td-lambda", "MAST, returns.kind one-step", "Dense"]
 */
export function runLabels(configs: readonly Config[]): string[] {
  const severalAlgorithms = new Set(configs.map(({ algorithm }) => algorithm)).size > 1;
  const names = configs.map((config) => {
    const title = methodTitle(config.method, config.parts);
    const label = methodLabel(config);
    return severalAlgorithms ? label.replace(title, `${title}-${algorithmTitle(config.algorithm, config.parts)}`) : label;
  });
  const labels = labelled(configs, names, withoutSeed);
  // Sources that look alike without seed and hash, but are two for one seed, differ in more than that.
  const taken = new Map<string, string | undefined>();
  const ambiguous = configs.some(({ seed, ticket }, i) => {
    const key = JSON.stringify([labels[i], seed]);
    if (taken.has(key) && taken.get(key) !== ticket?.source) return true;
    taken.set(key, ticket?.source);
    return false;
  });
  return ambiguous ? labelled(configs, names, (source) => source) : labels;
}

/** Each name with the fields in which its configuration differs from others of that name. */
function labelled(configs: readonly Config[], names: readonly string[], sourceName: (source: string) => string): string[] {
  const fields = configs.map((config) => new Map(flatten(config).filter(([field]) => field !== "seed")));
  for (const field of fields) {
    const source = field.get("ticket.source");
    if (source !== undefined) field.set("ticket.source", sourceName(source));
  }
  return names.map((name, i) => {
    const others = fields.filter((_, j) => names[j] === name);
    const differences = [...fields[i]!].filter(([field, value]) => others.some((other) => other.get(field) !== value));
    return [name, ...differences.map(([field, value]) => `${field} ${value}`)].join(", ");
  });
}
