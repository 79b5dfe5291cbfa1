import { checkedScores, growthOf } from "../algorithms/evolve.js";
import { tryEnvironment } from "../envs/checked.js";
import type { EnvironmentSizes } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import { algorithms } from "../parts/algorithm.js";
import { environments } from "../parts/environment.js";
import { growthRules } from "../parts/growth.js";
import { operators } from "../parts/operator.js";
import { completeOptions, describeValue, PartError, type PartFile } from "../parts/registry.js";
import { createRandom } from "../random.js";
import { episodeBytes } from "../replay/episode.js";
import { transitionBytes } from "../replay/transitions.js";
import { operatorOf } from "../targets/operators.js";
import type { Config, PartSettings } from "./config.js";
import type { Parsed } from "./schema.js";

/**
 * Completes the settings of the parts that a configuration uses; undefined where none of them has any.
 * @throws {PartError} on a setting that its part does not have, or of another type
 */
export function completeSettings(
  { environment, algorithm, topology, operator }: Pick<Parsed, "environment" | "algorithm" | "topology" | "operator">,
  given: PartSettings,
  files: readonly PartFile[],
): PartSettings | undefined {
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

/**
 * Environments and algorithms that were tried in this thread, by everything that determines their behaviour, and
 * whether teams can win.
 */
const tried = new Map<string, boolean>();

/**
 * The measure of a configuration's scores; undefined for win rates, which a configuration does not name.
 *
 * @param wins whether teams can win in the environment
 * @throws {PartError} when the configuration asks for win rates and no team can win in the environment
 */
export function scoreOf({ environment, evaluation }: Config, wins: boolean): "return" | undefined {
  if (!wins && evaluation.score === "win-rate")
    throw new PartError(
      `evaluation.score is "win-rate", but in environment "${environment}" no team can win: leave it out, or give "return"`,
    );
  return wins && evaluation.score !== "return" ? undefined : "return";
}

/**
 * Tries each part of a configuration that is not built in once, so that a part that breaks its contract is refused
 * before anything runs.
 * @returns whether teams can win in the environment
 * @throws {PartError} naming the part and what is wrong
 */
export function tryParts(config: Config): boolean {
  const { environment, rules, options, parts, topology, operator } = config;
  if (!operators.builtIn(operator.kind)) tryOperator(config);
  if (topology.grow !== "none" && !growthRules.builtIn(topology.grow)) tryGrowth(config);
  const key = JSON.stringify([environment, rules, options?.environment, parts?.map(({ sha256 }) => sha256)]);
  if (environments.builtIn(environment)) {
    // Making it checks its options.
    refuseOtherActions(config, environments.get(environment).continuous ? environmentOf(config).sizes : undefined);
    if (!tried.has(key)) tried.set(key, environmentOf(config).wins !== false);
    return tried.get(key)!;
  }
  // A part that the program registered can be replaced under the same name, so its result is not remembered.
  const { slow = false } = environments.get(environment, parts);
  if ((parts === undefined && !slow) || !tried.has(key))
    tried.set(
      key,
      tryEnvironment(() => environmentOf(config)),
    );
  const { deterministic, sizes } = environmentOf(config);
  refuseOtherActions(config, sizes);
  if (!deterministic && algorithms.get(config.algorithm, parts).learnsFrom !== "transitions")
    refuseTooMuch(config, sizes);
  return tried.get(key)!;
}

/** An algorithm that learns from transitions gives continuous actions, any other chooses among discrete ones. */
function refuseOtherActions(config: Config, sizes: EnvironmentSizes | undefined): void {
  const { environment, algorithm, parts } = config;
  const continuous = sizes?.box !== undefined;
  const title = algorithms.title(algorithm, parts);
  if (algorithms.get(algorithm, parts).learnsFrom === "transitions") {
    if (!continuous)
      throw new PartError(
        `environment "${environment}" has discrete actions, but ${title} gives continuous ones: choose an environment with continuous actions, such as "manyagent-swimmer", or another algorithm, such as "qmix"`,
      );
    refuseTooManyTransitions(config, sizes!);
  } else if (continuous)
    throw new PartError(
      `environment "${environment}" has continuous actions, but ${title} chooses among discrete ones: choose algorithm "comix" or "facmac", or an environment with discrete actions, such as "3m"`,
    );
}

/** Bytes of episodes or transitions that a checkpoint may hold: it is written and read as a whole. */
const MOST_KEPT = 2 ** 31;
/** Bytes beside transitions that are left for the rest of a checkpoint. */
const REST = 2 ** 27;

/** A checkpoint holds the transitions themselves. */
function refuseTooManyTransitions({ environment, replay, steps }: Config, sizes: EnvironmentSizes): void {
  const most = Math.floor((MOST_KEPT - REST) / transitionBytes(sizes));
  if (Math.min(replay.offlineCapacity, steps) <= most) return;
  const gigabytes = ((replay.offlineCapacity * transitionBytes(sizes)) / 1e9).toFixed(1);
  throw new PartError(
    `replay.offlineCapacity is ${replay.offlineCapacity}, but checkpoints on environment "${environment}" would hold up to ${gigabytes} GB of transitions, where 2 GB fit: give at most ${most}`,
  );
}

/**
 * Refuses buffers that a checkpoint could not hold: episodes of an environment that is not deterministic are part of
 * each one.
 */
function refuseTooMuch({ environment, replay }: Config, sizes: EnvironmentSizes): void {
  const capacity = Math.max(replay.offlineCapacity, replay.onlineCapacity);
  const most = Math.floor(MOST_KEPT / episodeBytes(sizes));
  if (capacity <= most) return;
  const gigabytes = ((capacity * episodeBytes(sizes)) / 1e9).toFixed(1);
  throw new PartError(
    `replay.offlineCapacity is ${capacity}, but environment "${environment}" is not deterministic and its checkpoints would hold up to ${gigabytes} GB of episodes, where 2 GB fit: give at most ${most}`,
  );
}

function tryOperator(config: Config): void {
  const { kind, part, ...settings } = operatorOf(config);
  const values = Float64Array.of(1, -2, 3);
  let value: unknown;
  try {
    value = part.evaluate(values, 3, 3, { kind, ...settings });
  } catch (error) {
    throw new PartError(`operator "${kind}" fails in evaluate: ${(error as Error)?.message ?? describeValue(error)}`, {
      cause: error,
    });
  }
  if (!Number.isFinite(value))
    throw new PartError(
      `operator "${kind}" values actions of 1, -2 and 3 with ${describeValue(value)}; expected a finite number`,
    );
}

function tryGrowth(config: Config): void {
  const rule = growthOf(config)!;
  const layer = {
    name: "agent.fc1.weight",
    shape: [2, 3],
    weights: Float32Array.of(0, 0.5, -0.2, 0, 0, 0.1),
    mask: Uint8Array.of(0, 1, 1, 0, 0, 1),
    absent: Uint32Array.of(0, 3, 4, 5),
    count: 1,
    ...(rule.gradients && { gradient: Float32Array.of(1, -2, 3, -4, 5, -6) }),
    random: createRandom(1),
    options: config.options?.growth ?? {},
  };
  checkedScores(config.topology.grow, rule, layer);
}
