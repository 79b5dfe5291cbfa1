import { algorithmTitle, methodTitle } from "../methods.js";
import type { Config } from "../config.js";
import { flatten, ofAnySeed } from "../results/seeds.js";

/**
 * Returns the name under which a configuration's method is shown.
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
 * Returns names for curves and table rows: the method (with the algorithm if there are several, as in "MAST-OW-QMIX")
 * and whatever sets a configuration apart from others of the same name. Configurations that differ only in the seed
 * share a label, and so are averaged. So do those that name runs (a ticket's source, an ancestor) which differ only in
 * the seed.
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
  // If two runs of one seed look alike without seed and hash, they differ in something else.
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

/** Adds to each name the fields in which its configuration differs from others of that name. */
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
