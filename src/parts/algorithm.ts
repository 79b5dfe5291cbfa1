import type { Config, ConfigInput } from "../config/config.js";
import type { ActionBox } from "../envs/environment.js";
import type { Engine } from "../networks/engine.js";
import type { FeedForwardName, NetworkName, NetworkShape } from "../networks/parameters.js";
import type { TransitionEngine } from "../networks/transition-engine.js";
import { declareKind, describeValue, isObject, lacksFunction, type Part } from "./registry.js";
import type { Random } from "../random.js";
import type { EpisodeGroup } from "../replay/group.js";
import type { TransitionBatch } from "../replay/transitions.js";

/**
 * The networks that an algorithm trains. An engine builds the networks named here and knows nothing else about the
 * algorithm.
 */
export interface AlgorithmNetworks {
  /** The agents' network: "recurrent" is PyMARL's, Linear, GRU, Linear, shared by all agents. */
  readonly agent: "recurrent";
  /**
   * The way in which the agents' values become one value: by QMIX's "monotonic" network, by their "sum" (VDN), or not
   * at all ("none"), so that each agent learns on its own (IQL).
   */
  readonly mixer: "monotonic" | "sum" | "none";
  /** Whether WQMIX's unrestricted agents and their mixing network learn beside them. Default: false. */
  readonly central?: boolean;
  /** Whether FACMAC's critic of discrete actions learns beside the agents, which are its actor. Default: false. */
  readonly critic?: boolean;
}

/** The networks of an algorithm that learns from transitions. */
export interface TransitionNetworks {
  /** Networks of two hidden layers, each shared by all agents: see `NetworkShape.networks`. */
  readonly feedForward: readonly FeedForwardName[];
  /** QMIX's monotonic network makes one value of the agents' values. */
  readonly mixer: "monotonic";
  /** WQMIX's networks are for discrete actions. */
  readonly central?: false;
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

/** Numbers of copies and passes of each network in training, as in Table 4. A network that is not named counts 0. */
export interface AlgorithmCost {
  /** Copies of each network, 2 with a target network. Column "Model size". */
  readonly copies: Readonly<Partial<Record<NetworkName, number>>>;
  /** Forward passes of each network in one update, a backward pass counting as two. Column "Training FLOPs". */
  readonly passes:
    | Readonly<Partial<Record<NetworkName, number>>>
    | ((shape: NetworkShape) => Readonly<Partial<Record<NetworkName, number>>>);
  /** Forward passes of each network in one step of acting. Column "Inference FLOPs". Default: one of the agents. */
  readonly acting?: Readonly<Partial<Record<NetworkName, number>>>;
}

/** The fields that every learning algorithm has. */
export interface CommonAlgorithm extends Part {
  /** Numbers of copies and passes of each network, from which sizes and FLOPs follow as in Table 4. */
  readonly cost: AlgorithmCost;
  /** The defaults of a configuration that it changes. A method's changes have precedence. */
  readonly defaults?: ConfigInput;
  /**
   * Sections of the configuration that belong to this algorithm, for example "wqmix". Its own settings go to `options`
   * instead.
   */
  readonly sections?: readonly ("wqmix" | "res" | "crossEntropy")[];
  /**
   * Returns the changes that this algorithm makes to a method's defaults, which are made for values of discrete actions
   * that are learned from episodes.
   *
   * @param method the method's changes
   */
  adapt?(method: ConfigInput): ConfigInput;
}

/**
 * A learning algorithm as a part: which networks it has, how it updates them, what that costs, and which defaults it
 * changes. Without `learnsFrom` it learns from episodes and chooses among discrete actions.
 *
 * @example registerParts({ algorithms: { "my-vdn": { networks: { agent: "recurrent", mixer: "sum" }, cost: { copies: {
 *   agent: 2 }, passes: { agent: 4 } }, update: qmixUpdate } } });
 */
export type Algorithm = EpisodeAlgorithm | TransitionAlgorithm;

/** An algorithm that learns from whole episodes and chooses among discrete actions. */
export interface EpisodeAlgorithm extends CommonAlgorithm {
  /** It learns from episodes, which is the default. */
  readonly learnsFrom?: "episodes";
  /** Which networks the engine makes for the algorithm: its agents, its mixer, its central networks. */
  readonly networks: AlgorithmNetworks;
  /** If true, the online agents choose the joint action whatever `operator.doubleQ` says. */
  readonly alwaysDoubleQ?: boolean;
  /**
   * If true, the agents' network is a policy: it is explored by drawing from its softmax, it learns by Adam, and no
   * operator takes a maximum over actions.
   */
  readonly actor?: boolean;
  /**
   * One update of the networks with a sampled batch: for each group `engine.load`, forward and backward passes, and
   * after the last group one `engine.step`.
   *
   * @param groups the sampled batch, laid out by `groupEpisodes`
   * @param stepsInBatch number of sampled steps of all groups, over which the loss is a mean
   * @param config the configuration of the run; the algorithm's own settings are in `config.options.algorithm`
   * @param step environment steps so far; before T_0 targets are one-step (Eq. 6)
   * @param told what networks need that step one after the other
   */
  update(
    engine: Engine,
    groups: readonly EpisodeGroup[],
    stepsInBatch: number,
    config: Config,
    step: number,
    told: UpdateContext,
  ): Promise<UpdateStatistics>;
}

/** The input of an update beside its batch. */
export interface UpdateContext {
  /** Number of this update, from 1. */
  readonly update: number;
  /** The random stream of updates, from which an algorithm may draw. */
  readonly random: Random;
  /**
   * Has to be called after each step of the optimiser with the networks that took it, while their gradients can be
   * read: their topology may evolve then. The networks of an algorithm that learns from episodes and never calls it
   * evolve together after its update.
   */
  readonly stepped: (networks: readonly string[]) => void | Promise<void>;
  /** Whether gradients of pruned connections are wanted, see `TransitionEngine.requestDenseGradients`. */
  readonly dense: boolean;
  /** Bounds of the environment's actions where these are continuous, [agents, actions]. */
  readonly box?: ActionBox;
}

/**
 * An algorithm that learns from single transitions and whose actions are continuous: it acts and learns at every step.
 */
export interface TransitionAlgorithm extends CommonAlgorithm {
  /** It learns from transitions, which replay buffers hold in the place of episodes. */
  readonly learnsFrom: "transitions";
  /** Which networks the engine makes for the algorithm. */
  readonly networks: TransitionNetworks;
  /** The network whose values of the agents' actions the mixer joins. */
  readonly values: "agent" | "critic";
  /** If true, a policy names the actions, so that there is no maximum that an operator could take. */
  readonly policy?: boolean;
  /**
   * Computes the agents' actions without noise; the caller cuts them to the environment's box.
   *
   * @param observations [rows, observation]
   * @param random what is drawn for it, if anything is
   * @returns [rows, actions], overwritten by the next call
   */
  act(engine: TransitionEngine<true>, observations: Float32Array, random: Random, config: Config): Float32Array;
  /**
   * One update of the networks with a sampled batch: `engine.begin`, forward and backward passes, a step of each
   * network, target networks.
   *
   * @param config the configuration of the run; the algorithm's own settings are in `config.options.algorithm`
   */
  update(
    engine: TransitionEngine,
    batch: TransitionBatch,
    config: Config,
    told: UpdateContext,
  ): UpdateStatistics | Promise<UpdateStatistics>;
}

const MIXERS = ["monotonic", "sum", "none"];
const NETWORKS: readonly string[] = ["agent", "mixer", "central_agent", "central_mixer"] satisfies NetworkName[];
const FEED_FORWARD: readonly string[] = ["agent", "critic", "actor"] satisfies FeedForwardName[];

/** The registered algorithms, by the name in `config.algorithm`. */
export const algorithms = declareKind<Algorithm>("algorithm", "algorithms", (part) => {
  const { networks, cost, defaults, learnsFrom = "episodes" } = part as Partial<Algorithm>;
  if (learnsFrom !== "episodes" && learnsFrom !== "transitions")
    return `has learnsFrom ${describeValue(learnsFrom)}; there are "episodes" and "transitions"`;
  if (!isObject(networks)) return `lacks networks, for example { agent: "recurrent", mixer: "monotonic" }`;
  if (learnsFrom === "transitions") {
    const { feedForward } = networks;
    if (!Array.isArray(feedForward) || !feedForward.every((name) => FEED_FORWARD.includes(name as string)))
      return `has networks.feedForward ${describeValue(feedForward)}; expected a list of ${FEED_FORWARD.map((name) => `"${name}"`).join(", ")}`;
    const { values } = part as Partial<TransitionAlgorithm>;
    if ((values !== "agent" && values !== "critic") || !feedForward.includes(values))
      return `has values ${describeValue(values)}; expected the one of its networks that values actions, "agent" or "critic"`;
    if (networks["mixer"] !== "monotonic")
      return `has networks.mixer ${describeValue(networks["mixer"])}; there is "monotonic"`;
  } else if (networks["agent"] !== "recurrent")
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
  const counted =
    learnsFrom === "transitions" ? [...FEED_FORWARD, "mixer"] : networks["critic"] ? [...NETWORKS, "critic"] : NETWORKS;
  for (const counts of [cost["copies"], cost["passes"], cost["acting"]]) {
    if (!isObject(counts)) continue;
    const wrong = Object.entries(counts).find(
      ([name, count]) => !counted.includes(name) || typeof count !== "number" || !(count >= 0),
    );
    if (wrong)
      return `counts ${describeValue(wrong[1])} of ${wrong[0]} in its cost; expected numbers for ${counted.join(", ")}`;
  }
  if (defaults !== undefined && !isObject(defaults))
    return `has defaults that are ${describeValue(defaults)}; expected a part of a configuration`;
  return (learnsFrom === "transitions" ? lacksFunction(part, "act") : undefined) ?? lacksFunction(part, "update");
});

/** Finds the algorithm that a configuration names. */
export function algorithmOf(config: Pick<Config, "algorithm" | "parts">): Algorithm {
  return algorithms.get(config.algorithm, config.parts);
}
