import type { Config, ConfigInput } from "../config/config.js";
import type { Engine } from "../networks/engine.js";
import type { NetworkName, NetworkShape } from "../networks/parameters.js";
import { declareKind, describeValue, isObject, lacksFunction, type Part } from "./registry.js";
import type { EpisodeGroup } from "../replay/group.js";

/**
 * The networks that an algorithm trains. An engine builds the networks named here and knows nothing else about the
 * algorithm.
 */
export interface AlgorithmNetworks {
  /** The agents' network: "recurrent" is PyMARL's, Linear, GRU, Linear, shared by all agents. */
  readonly agent: "recurrent";
  /**
   * How the agents' values become one value: by QMIX's "monotonic" network, by their "sum" (VDN), or not at all
   * ("none"), so that each agent learns on its own (IQL).
   */
  readonly mixer: "monotonic" | "sum" | "none";
  /** Whether WQMIX's unrestricted agents and their mixing network learn beside them. Default: false. */
  readonly central?: boolean;
}

/** Statistics of one gradient update, as means over the sampled steps. */
export interface UpdateStatistics {
  /** The loss: the mean squared TD error, Eq. 7, and the terms that WQMIX and RES add to it. */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Q_tot of the joint actions taken, by the online networks. */
  readonly qTotal: number;
  /** y, the learning target, of the same steps. */
  readonly target: number;
}

/** How often training stores and runs each network, as in Table 4. A network that is not named counts 0. */
export interface AlgorithmCost {
  /** Copies of each network, 2 with a target network. Column "Model size". */
  readonly copies: Readonly<Partial<Record<NetworkName, number>>>;
  /** Forward passes of each network in one update, a backward pass counting as two. Column "Training FLOPs". */
  readonly passes:
    | Readonly<Partial<Record<NetworkName, number>>>
    | ((shape: NetworkShape) => Readonly<Partial<Record<NetworkName, number>>>);
}

/**
 * A learning algorithm as a part: its networks, how it updates them, what that costs, and the defaults that it changes.
 *
 * @example
 * registerParts({
 *   algorithms: {
 *     "my-vdn": {
 *       networks: { agent: "recurrent", mixer: "sum" },
 *       cost: { copies: { agent: 2 }, passes: { agent: 4 } },
 *       update: qmixUpdate,
 *     },
 *   },
 * });
 */
export interface Algorithm extends Part {
  /** Which networks the engine makes for the algorithm: its agents, its mixer, its central networks. */
  readonly networks: AlgorithmNetworks;
  /** How often training stores and runs each network, from which sizes and FLOPs follow as in Table 4. */
  readonly cost: AlgorithmCost;
  /** The defaults of a configuration that it changes. A method's changes have precedence. */
  readonly defaults?: ConfigInput;
  /**
   * Sections of the configuration that belong to this algorithm, for example "wqmix". Its own settings go to `options`
   * instead.
   */
  readonly sections?: readonly ("wqmix" | "res")[];
  /** If true, the online agents choose the joint action whatever `operator.doubleQ` is. */
  readonly alwaysDoubleQ?: boolean;
  /**
   * One update of the networks with a sampled batch: for each group `engine.load`, forward and backward passes, and
   * after the last group one `engine.step`.
   *
   * @param groups the sampled batch, laid out by `groupEpisodes`
   * @param stepsInBatch number of sampled steps of all groups, over which the loss is a mean
   * @param config the configuration of the run; the algorithm's own settings are in `config.options.algorithm`
   * @param step environment steps so far; before T_0 targets are one-step (Eq. 6)
   */
  update(
    engine: Engine,
    groups: readonly EpisodeGroup[],
    stepsInBatch: number,
    config: Config,
    step: number,
  ): Promise<UpdateStatistics>;
}

const MIXERS = ["monotonic", "sum", "none"];
const NETWORKS: readonly string[] = ["agent", "mixer", "central_agent", "central_mixer"] satisfies NetworkName[];

/** The registered algorithms, by the name in `config.algorithm`. */
export const algorithms = declareKind<Algorithm>("algorithm", "algorithms", (part) => {
  const { networks, cost, defaults } = part as Partial<Algorithm>;
  if (!isObject(networks)) return `lacks networks, for example { agent: "recurrent", mixer: "monotonic" }`;
  if (networks["agent"] !== "recurrent")
    return `has networks.agent ${describeValue(networks["agent"])}; there is "recurrent"`;
  if (!MIXERS.includes(networks["mixer"]))
    return `has networks.mixer ${describeValue(networks["mixer"])}; there are ${MIXERS.map((name) => `"${name}"`).join(", ")}`;
  if (
    !isObject(cost) ||
    !isObject(cost["copies"]) ||
    !(isObject(cost["passes"]) || typeof cost["passes"] === "function")
  ) {
    return "lacks cost, for example { copies: { agent: 2, mixer: 2 }, passes: { agent: 4, mixer: 4 } }";
  }
  for (const counts of [cost["copies"], cost["passes"]]) {
    if (!isObject(counts)) continue;
    const wrong = Object.entries(counts).find(
      ([name, count]) => !NETWORKS.includes(name) || typeof count !== "number" || !(count >= 0),
    );
    if (wrong)
      return `counts ${describeValue(wrong[1])} of ${wrong[0]} in its cost; expected numbers for ${NETWORKS.join(", ")}`;
  }
  if (defaults !== undefined && !isObject(defaults))
    return `has defaults that are ${describeValue(defaults)}; expected a part of a configuration`;
  return lacksFunction(part, "update");
});

/** Finds the algorithm that a configuration names. */
export function algorithmOf(config: Pick<Config, "algorithm" | "parts">): Algorithm {
  return algorithms.get(config.algorithm, config.parts);
}
