import type { Config, ConfigInput } from "../config/config.js";
import type { ActionBox } from "../envs/environment.js";
import type { Engine } from "../networks/engine.js";
import type { AgentsAndMixer, NetworkKind, Networks } from "../networks/kinds.js";
import type { NetworkShape } from "../networks/parameters.js";
import type { TransitionEngine, TransitionNetworks } from "../networks/transition-engine.js";
import { declareKind, describeValue, isObject, lacksFunction, type Part } from "./registry.js";
import type { Random } from "../random.js";
import type { EpisodeGroup } from "../replay/group.js";
import type { TransitionBatch } from "../replay/transitions.js";

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
  readonly copies: Readonly<Record<string, number>>;
  /** Forward passes of each network in one update, a backward pass counting as two. Column "Training FLOPs". */
  readonly passes: Readonly<Record<string, number>> | ((shape: NetworkShape) => Readonly<Record<string, number>>);
  /** Forward passes of each network in one step of acting. Column "Inference FLOPs". Default: one of the agents. */
  readonly acting?: Readonly<Record<string, number>>;
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

/**
 * An algorithm that learns from whole episodes and chooses among discrete actions. `Own` are the names and kinds of its
 * networks.
 */
export interface EpisodeAlgorithm<Own extends Networks = AgentsAndMixer> extends CommonAlgorithm {
  /** It learns from episodes, which is the default. */
  readonly learnsFrom?: "episodes";
  /**
   * The networks that it trains, each a kind by its name: "agent" and "mixer", and others as it needs them. The engine
   * makes them and knows nothing else about the algorithm.
   */
  readonly networks: Own;
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
    engine: Engine<boolean, Own>,
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
  /** Whether gradients of pruned connections are wanted, see `NetworkEngine.requestDenseGradients`. */
  readonly dense: boolean;
  /** Bounds of the environment's actions where these are continuous, [agents, actions]. */
  readonly box?: ActionBox;
}

/**
 * An algorithm that learns from single transitions and whose actions are continuous: it acts and learns at every step.
 */
export interface TransitionAlgorithm<Own extends TransitionNetworks = TransitionNetworks> extends CommonAlgorithm {
  /** It learns from transitions, which replay buffers hold in the place of episodes. */
  readonly learnsFrom: "transitions";
  /** The networks that it trains, each a kind by its name. */
  readonly networks: Own;
  /** The network of kind "action-value" whose values of the agents' actions the mixer joins. */
  readonly values: string & keyof Own;
  /** If true, a policy names the actions, so that there is no maximum that an operator could take. */
  readonly policy?: boolean;
  /**
   * Computes the agents' actions without noise; the caller cuts them to the environment's box.
   *
   * @param observations [rows, observation]
   * @param random what is drawn for it, if anything is
   * @returns [rows, actions], overwritten by the next call
   */
  act(engine: TransitionEngine<true, Own>, observations: Float32Array, random: Random, config: Config): Float32Array;
  /**
   * One update of the networks with a sampled batch: `engine.begin`, forward and backward passes, a step of each
   * network, target networks.
   *
   * @param config the configuration of the run; the algorithm's own settings are in `config.options.algorithm`
   */
  update(
    engine: TransitionEngine<boolean, Own>,
    batch: TransitionBatch,
    config: Config,
    told: UpdateContext,
  ): UpdateStatistics | Promise<UpdateStatistics>;
}

/** The kinds that networks may have: those with certain names, and all others. */
const KINDS: Readonly<Record<"episodes" | "transitions", Readonly<Record<string, readonly NetworkKind[]>>>> = {
  episodes: {
    agent: ["recurrent"],
    mixer: ["monotonic", "sum", "none"],
    other: ["recurrent", "action-value", "monotonic", "unrestricted"],
  },
  transitions: { mixer: ["monotonic"], other: ["action-value", "policy"] },
};

/** The registered algorithms, by the name in `config.algorithm`. */
export const algorithms = declareKind<Algorithm>("algorithm", "algorithms", (part) => {
  const { networks, cost, defaults, learnsFrom = "episodes" } = part as Partial<Algorithm>;
  if (learnsFrom !== "episodes" && learnsFrom !== "transitions")
    return `has learnsFrom ${describeValue(learnsFrom)}; there are "episodes" and "transitions"`;
  if (!isObject(networks)) return `lacks networks, for example { agent: "recurrent", mixer: "monotonic" }`;
  const { other, ...named } = KINDS[learnsFrom];
  const given: Readonly<Record<string, unknown>> = networks;
  for (const name of new Set([...Object.keys(named), ...Object.keys(networks)])) {
    const kinds: readonly string[] = named[name] ?? other!;
    if (!kinds.includes(given[name] as string))
      return `has networks.${name} ${describeValue(given[name])}; there ${kinds.length > 1 ? "are" : "is"} ${kinds.map((kind) => `"${kind}"`).join(", ")}`;
  }
  const { values } = part as Partial<TransitionAlgorithm>;
  if (learnsFrom === "transitions" && given[values!] !== "action-value")
    return `has values ${describeValue(values)}; expected the one of its networks that values actions, of kind "action-value"`;
  if (
    !isObject(cost) ||
    !isObject(cost["copies"]) ||
    !(isObject(cost["passes"]) || typeof cost["passes"] === "function")
  ) {
    return "lacks cost, for example { copies: { agent: 2, mixer: 2 }, passes: { agent: 4, mixer: 4 } }";
  }
  const counted = Object.keys(networks);
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
