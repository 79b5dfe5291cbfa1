import "../parts/built-in.js";
import { algorithms } from "../parts/algorithm.js";
import { environments } from "../parts/environment.js";
import { methodParts } from "../parts/method.js";
import { type Kind, loadParts, type Part, PartError, type PartFile } from "../parts/registry.js";
import { plain, show } from "../messages.js";
import type { Config, ConfigInput } from "./config.js";
import { ConfigError } from "./error.js";
import { explain, explainKey } from "./explain.js";
import { refuseImpossible, refuseUnknownNames } from "./impossible.js";
import { isTree, merge, plainCopy, type Tree } from "./merge.js";
import { type Parsed, schema } from "./schema.js";
import { completeSettings, scoreOf, tryParts } from "./parts.js";
import { shortSettings } from "./short.js";

/**
 * Completes a configuration with the defaults of its algorithm, its method and Table 3, and checks it.
 *
 * A complete configuration remembers what it was given. One that is spread and changed, as in `resolveConfig({
 * ...config, method: "rigl" })`, therefore resolves as the given values with that change would: see `changeConfig`.
 *
 * @throws {ConfigError} naming the field, what was given and what is allowed.
 * @example const config = resolveConfig({ environment: "3m", method: "mast", steps: 200_000, seed: 1 });
 */
export function resolveConfig(input: ConfigInput = {}): Config {
  if (!isTree(input))
    throw new ConfigError(
      `config: the configuration is ${show(input)}; expected an object such as { "environment": "3m" }`,
    );
  return complete(givenOf(input));
}

/**
 * Changes a configuration as if the changes had been given from the start, so that defaults which depend on a changed
 * field change with it. Method "rigl" instead of "mast" brings RigL's operator, returns and buffers; another number of
 * steps changes T_0, the warm-up and, in a short run, the number of evaluations in a score.
 *
 * @param config a complete configuration, from `resolveConfig` or a run
 * @param changes the fields that change; all others stay as they were given
 * @throws {ConfigError} when the given values with these changes cannot be used together
 * @example const rigl = changeConfig(readRun("3m-qmix-mast").config, { method: "rigl" });
 */
export function changeConfig(config: Config, changes: ConfigInput): Config {
  if (!isTree(changes))
    throw new ConfigError(`config: the changes are ${show(changes)}; expected an object such as { "method": "rigl" }`);
  return complete(merge(givenOf(config) as Tree, plainCopy(changes, refuseKey)));
}

/**
 * The key under which a complete configuration keeps the values that were given. A symbol is copied when the
 * configuration is spread, and is not a field. The values are private to the object under this key, so that
 * configurations of the same run compare equal whatever was given for them.
 */
const GIVEN = Symbol.for("mast-lab.given");

class Given {
  readonly #values: ConfigInput;
  constructor(values: ConfigInput) {
    this.#values = values;
  }
  get values(): ConfigInput {
    return this.#values;
  }
}

/**
 * The values that were given for a configuration, without the defaults that completed it. Changes made by hand since
 * then count as given.
 *
 * @throws {ConfigError} when it holds something that no configuration can hold
 * @example givenOf(resolveConfig({ steps: 200_000 })); // { steps: 200000 }
 */
export function givenOf(config: Config | ConfigInput): ConfigInput {
  const given = (config as { readonly [GIVEN]?: Given })[GIVEN]?.values;
  return given === undefined ? plainCopy(config as Tree, refuseKey) : changesSince(given, config);
}

/**
 * The given values of a configuration as it is now: with fields that differ from what the given values resolve to, and
 * without fields that have been removed.
 * @throws {ConfigError} when the given values cannot be used, or it holds something that no configuration can hold
 */
export function changesSince(given: ConfigInput, config: Config | ConfigInput): ConfigInput {
  return adopt(given as Tree, complete(given) as unknown as Tree, plainCopy(config as Tree, refuseKey));
}

/**
 * Restores a complete configuration from a run's files, together with the values that were given for it. Unlike
 * `resolveConfig` it does not look for the run's parts, which may be missing.
 * @throws {ConfigError} when one of the two is not a configuration of this version
 */
export function restoreConfig(given: unknown, completed: unknown): Config {
  for (const part of [given, completed])
    if (!isTree(part)) throw new ConfigError(`config: found ${show(part)} in place of an object`);
  parse(plainCopy(given as Tree, refuseKey));
  const { short: _, ...parsed } = parse(plainCopy(completed as Tree, refuseKey));
  const lacking =
    lacks(parsed, completed as Tree) ??
    (parsed.warmup === undefined ? "warmup" : parsed.returns.burnIn === undefined ? "returns.burnIn" : undefined);
  if (lacking !== undefined) throw new ConfigError(`config: ${lacking} is missing`);
  return remember(parsed as Config, given as ConfigInput);
}

function complete(given: ConfigInput): Config {
  try {
    return completeWithParts(given);
  } catch (error) {
    if (error instanceof PartError) throw new ConfigError(`config: ${plain(error.message, 400)}`, { cause: error });
    throw error;
  }
}

function completeWithParts(given: ConfigInput): Config {
  // Parts are loaded first, because they bring defaults.
  const listed = given.parts === undefined ? [] : (parse({ parts: given.parts }).parts ?? []);
  const own = typeof given.environment === "string" ? (environments.find(given.environment)?.files ?? []) : [];
  const files = loadParts([
    ...listed,
    ...own.filter((file) => !listed.some((entry) => (typeof entry === "string" ? entry : entry.file) === file)),
  ]);
  const method = defaultsOf(methodParts, given.method ?? "mast", files);
  const algorithm = algorithms.find(given.algorithm ?? "qmix", files);
  if (given.short === true && algorithm?.learnsFrom === "transitions")
    throw new ConfigError(
      `config: short is true, but its settings are for episodes of discrete actions, and ${algorithm.title ?? given.algorithm} learns from transitions: leave it out`,
    );
  const defaults = [
    defaultsOf(algorithms, given.algorithm ?? "qmix", files),
    method,
    given.short === true && shortSettings(shortSteps(given)),
    // After the short run's T_0, which is MAST's: what an algorithm gives to baselines, as FACMAC its targets, stays.
    method !== undefined && algorithm?.adapt?.(method),
    isTree(given.ticket) && { topology: { grow: "none" } },
  ];
  const {
    short: _,
    parts: __,
    options: settings = {},
    rewardScale,
    ...parsed
  } = parse(
    merge(
      defaults.reduce<Tree>((below, above) => merge(below, (above || {}) as Tree), {}),
      given as Tree,
    ),
    given,
  );
  refuseUnknownNames(parsed, files);
  refuseImpossible(parsed, files);
  const options = completeSettings(parsed, settings, files);
  const { engine, steps, returns } = parsed;
  const config = {
    ...parsed,
    ...(engine === "tensorflow" && { backend: parsed.backend ?? "auto" }),
    // Times 1 is what a run without it does, and both are one run.
    ...(rewardScale !== undefined && rewardScale !== 1 && { rewardScale }),
    warmup: parsed.warmup ?? Math.round(steps / 40),
    returns: { ...returns, burnIn: returns.burnIn ?? Math.round((3 / 8) * steps) },
    ...(files.length > 0 && { parts: files }),
    ...(options && { options }),
  };
  const wins = tryParts(config as Config);
  const { score: _score, ...evaluation } = config.evaluation;
  const score = scoreOf(config as Config, wins);
  return remember({ ...config, evaluation: { ...evaluation, ...(score && { score }) } } as Config, given);
}

/** The defaults that a part changes. A mistake in them is reported as the part's, not as one in the given values. */
function defaultsOf<P extends Part & { readonly defaults?: ConfigInput }>(
  kind: Kind<P>,
  name: string,
  files: readonly PartFile[],
): ConfigInput | undefined {
  const defaults = kind.find(name, files)?.defaults;
  if (defaults === undefined || kind.builtIn(name)) return defaults;
  try {
    parse(plainCopy(defaults as Tree, refuseKey));
  } catch (error) {
    throw new PartError(
      `${kind.kind} ${show(name)} has defaults that cannot be used: ${(error as Error).message.replace(/^config: /, "")}`,
      { cause: error },
    );
  }
  return defaults;
}

function parse(tree: Tree, given: unknown = tree): Parsed {
  const parsed = schema.safeParse(tree);
  if (!parsed.success) throw new ConfigError(explain(parsed.error.issues[0], given));
  return parsed.data;
}

function shortSteps({ steps }: ConfigInput): number {
  if (steps === undefined)
    throw new ConfigError("config: short is true, but it needs a budget: give steps, for example 200000");
  // Other values of `short` are refused later, with those of the other fields.
  return typeof steps === "number" ? steps : 1;
}

function remember(config: Config, given: ConfigInput): Config {
  return { ...config, [GIVEN]: new Given(given) } as Config;
}

function refuseKey(section: readonly string[], key: string): never {
  throw new ConfigError(explainKey(section, key));
}

/**
 * Adapts given values to a configuration as it is now: adds fields that differ from what the given values resolve to,
 * and leaves out fields that have been removed.
 */
function adopt(given: Tree, completed: Tree, now: Tree): Tree {
  const adopted: Record<string, unknown> = Object.fromEntries(
    Object.entries(given).filter(([key]) => !(key in completed) || key in now),
  );
  for (const [key, value] of Object.entries(now)) {
    const before = completed[key];
    if (isTree(before) && isTree(value)) {
      const section = adopt(isTree(given[key]) ? given[key] : {}, before, value);
      if (key in given || Object.keys(section).length > 0) adopted[key] = section;
    } else if (before !== value && !(Array.isArray(value) && JSON.stringify(before) === JSON.stringify(value)))
      adopted[key] = value;
  }
  return adopted;
}

/** The first field of `tree` that `other` lacks. */
function lacks(tree: Tree, other: Tree, path = ""): string | undefined {
  for (const [key, value] of Object.entries(tree)) {
    if (!(key in other)) return `${path}${key}`;
    const below = isTree(value) ? lacks(value, other[key] as Tree, `${path}${key}.`) : undefined;
    if (below !== undefined) return below;
  }
  return undefined;
}
