import { type Config, ConfigError } from "../config.js";
import type { EnvironmentSizes } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import { methodOf } from "../methods.js";
import { networkParameters, type NetworkShape, type ParameterSpec } from "../networks/parameters.js";
import { algorithmOf } from "../parts/algorithm.js";
import { algorithmShape, type Cost, costOf, type Nonzeros } from "../sparse/flops.js";
import { episodeBytes } from "../replay/episode.js";
import { transitionBytes } from "../replay/transitions.js";
import { initialNonzeros } from "../sparse/mask.js";
import { tinyShape } from "../sparse/tiny.js";

/** The networks that follow from a configuration. */
export interface NetworkPlan {
  /** Sizes of its environment. */
  readonly sizes: EnvironmentSizes;
  /**
   * Largest number of bytes that a checkpoint holds of episodes that cannot be played again, or of transitions; 0 where
   * the environment is deterministic and whole episodes are learned from.
   */
  readonly keptBytes: number;
  /** Whether its environment can play an episode again from its seed and joint actions. */
  readonly deterministic: boolean;
  /** Shape of its networks; those of method "tiny" are as narrow as its size asks for. */
  readonly shape: NetworkShape;
  /** Every parameter, under PyMARL's names and in its order. */
  readonly parameters: readonly ParameterSpec[];
  /**
   * Number of connections of each weight matrix by name, which topology evolution does not change. A dense matrix has
   * all.
   */
  readonly nonzeros: Nonzeros;
  /** Cost of the networks by Table 4, with batches as configured. */
  readonly cost: Cost;
  /** The dense networks of full width that they are compared with. */
  readonly dense: {
    /** The shape of these networks. */
    readonly shape: NetworkShape;
    /** The cost of these networks by Table 4. */
    readonly cost: Cost;
  };
}

const plans = new WeakMap<Config, NetworkPlan>();

/**
 * Computes the sizes, shapes, connections and costs of a configuration's networks, once for each configuration.
 *
 * @throws {ConfigError} when no tiny network has the required size
 * @throws {Error} when there is no such environment
 * @example
 * const { cost, dense } = networkPlan(resolveConfig({ environment: "3m", method: "mast", sparsity: { level: 0.95 } }));
 * relativeCost(cost, dense.cost).totalSize; // 0.066
 */
export function networkPlan(config: Config): NetworkPlan {
  let plan = plans.get(config);
  if (plan === undefined) plans.set(config, (plan = workOut(config)));
  return plan;
}

function workOut(config: Config): NetworkPlan {
  const { network, replay, steps } = config;
  const algorithm = algorithmOf(config);
  const isTiny = methodOf(config).networks === "tiny";
  const { sizes, deterministic } = environmentOf(config);
  const { agents, actions, observation, state } = sizes;
  const full = algorithmShape(algorithm, { agents, actions, observation, state, ...network });
  const shape = isTiny ? tiny(config, full) : full;
  const parameters = networkParameters(shape);
  const { level, distribution } = config.sparsity;
  const nonzeros = initialNonzeros(parameters, { sparsity: isTiny ? 0 : level, distribution });
  const batch = replay.offlineBatch + replay.onlineBatch;
  return {
    sizes,
    deterministic,
    keptBytes:
      algorithm.learnsFrom === "transitions"
        ? Math.min(replay.offlineCapacity, steps) * transitionBytes(sizes)
        : deterministic
          ? 0
          : Math.max(replay.offlineCapacity, replay.onlineCapacity) * episodeBytes(sizes),
    shape,
    parameters,
    nonzeros,
    cost: costOf(algorithm, shape, { nonzeros, batch }),
    dense: { shape: full, cost: costOf(algorithm, full, { batch }) },
  };
}

function tiny(config: Config, full: NetworkShape): NetworkShape {
  const { environment, method, sparsity } = config;
  try {
    return tinyShape(algorithmOf(config), full, { sparsity: sparsity.level });
  } catch (error) {
    throw new ConfigError(`config: method is "${method}", but in ${environment} ${(error as Error).message}`, {
      cause: error,
    });
  }
}
