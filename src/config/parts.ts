import { tryEnvironment } from "../envs/checked.js";
import { environmentOf } from "../envs/index.js";
import { algorithms } from "../parts/algorithm.js";
import { environments } from "../parts/environment.js";
import { growthRules } from "../parts/growth.js";
import { operators } from "../parts/operator.js";
import { completeOptions, type PartFile } from "../parts/registry.js";
import type { Config, PartSettings } from "./config.js";
import type { Parsed } from "./schema.js";

/**
 * The settings of the parts that a configuration uses, complete; undefined where none of them has any.
 * @throws {PartError} on a setting that its part does not have, or of another type
 */
export function completeSettings({ environment, algorithm, topology, operator }: Pick<Parsed, "environment" | "algorithm" | "topology" | "operator">, given: PartSettings, files: readonly PartFile[]): PartSettings | undefined {
  const used = {
    environment: [`environment "${environment}"`, environments.get(environment, files)],
    algorithm: [`algorithm "${algorithm}"`, algorithms.get(algorithm, files)],
    growth: [`growth rule "${topology.grow}"`, topology.grow === "none" ? {} : growthRules.get(topology.grow, files)],
    operator: [`operator "${operator.kind}"`, operators.get(operator.kind, files)],
  } as const;
  const all = (Object.keys(used) as (keyof typeof used)[]).map((kind) => {
    const [what, part] = used[kind];
    return [kind, completeOptions(what, part, given[kind] ?? {}, `options.${kind}`)] as const;
  });
  const some = all.filter(([, options]) => Object.keys(options).length > 0);
  return some.length > 0 ? Object.fromEntries(some) : undefined;
}

/** What was tried already in this thread, by all that decides what it does. */
const tried = new Set<string>();

/**
 * Tries the parts of a configuration that are not built in, each once, so that one that breaks its contract is refused before anything runs.
 * @throws {PartError} naming the part and what is wrong
 */
export function tryParts(config: Config): void {
  const { environment, rules, options, parts } = config;
  if (environments.builtIn(environment)) return;
  const key = JSON.stringify([environment, rules, options?.environment, parts?.map(({ sha256 }) => sha256)]);
  // What a program registers can be replaced, under the same name.
  if (parts !== undefined && tried.has(key)) return;
  tryEnvironment(() => environmentOf(config));
  tried.add(key);
}
