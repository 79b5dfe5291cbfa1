import { algorithmTitle, methodTitle } from "../methods.js";
import type { Config } from "../config.js";
import { flatten, ofAnySeed } from "../results/seeds.js";

/**
 * The name under which a configuration's method is shown.
 * @example
 * methodLabel(config); // "MAST", or "MAST, winning ticket"; "MAST, extended" where it goes on with another run
 */
export function methodLabel({ method, ticket, extend, from, parts }: Config): string {
  return [
    methodTitle(method, parts),
    ...(ticket === undefined ? [] : [`${ticket.kind} ticket`]),
    ...(from === undefined ? [] : ["warm start"]),
    ...(extend === undefined ? [] : ["extended"]),
  ].join(", ");
}

/**
 * Names for curves and table rows: the method (with the algorithm, where there are several: "MAST-OW-QMIX"), and what
 * sets a configuration apart from others of the same name. Configurations that differ in the seed alone share a label,
 * and so are averaged; so do those that name runs (a ticket's source, an ancestor) which differ in the seed alone.
 *
 * @returns a label for each configuration, in their order
 * @example
 * // ["MAST, returns.kind = td-lambda", "MAST, returns.kind = one-step", "Dense"]
 * runLabels([mast, mastWithOneStep, dense]);
 */
export function runLabels(configs: readonly Config[]): string[] {
  const severalAlgorithms = new Set(configs.map(({ algorithm }) => algorithm)).size > 1;
  const names = configs.map((config) => {
    const title = methodTitle(config.method, config.parts);
    const label = methodLabel(config);
    return severalAlgorithms
      ? label.replace(title, `${title}-${algorithmTitle(config.algorithm, config.parts)}`)
      : label;
  });
  const labels = labelled(configs, names, ofAnySeed);
  // Runs that look alike without seed and hash, but are two for one seed, differ in more than that.
  const taken = new Map<string, string>();
  const ambiguous = configs.some(({ seed, ticket, extend, from }, i) => {
    const key = JSON.stringify([labels[i], seed]);
    const named = JSON.stringify([ticket?.source, extend?.run, from]);
    if (taken.has(key) && taken.get(key) !== named) return true;
    taken.set(key, named);
    return false;
  });
  return ambiguous ? labelled(configs, names, (fields) => fields) : labels;
}

/** Each name with the fields in which its configuration differs from others of that name. */
function labelled(
  configs: readonly Config[],
  names: readonly string[],
  named: (fields: Map<string, string>) => Map<string, string>,
): string[] {
  const fields = configs.map((config) => named(new Map(flatten(config).filter(([field]) => field !== "seed"))));
  return names.map((name, i) => {
    const others = fields.filter((_, j) => names[j] === name);
    const differences = [...fields[i]].filter(([field, value]) => others.some((other) => other.get(field) !== value));
    return [name, ...differences.map(([field, value]) => `${field} = ${value}`)].join(", ");
  });
}
