import type { Random } from "../random.js";
import type { Answer, NetworkEngine, NetworkSide, Open } from "./engine.js";

/** A feed-forward network on independent rows: [rows, inputs] to [rows, outputs], row-major. */
export interface FeedForward<AtOnce extends boolean = boolean> {
  /**
   * Computes the outputs of the network for each row, which the next call overwrites. With `keep`, a backward pass may
   * follow. It belongs to the last pass that kept its values.
   *
   * @param inputs [rows, inputs]
   */
  forward(side: NetworkSide, inputs: Float32Array, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Runs back through the last pass of the online side that kept its values.
   *
   * @param gradient dL/doutputs, [rows, outputs]
   * @param options.adds whether the parameters' gradients are added up. Default: true
   * @param options.through whether dL/dinputs is wanted, [rows, inputs]. Default: false
   */
  backward(
    gradient: Float32Array,
    options?: { readonly adds?: boolean; readonly through?: boolean },
  ): Answer<Float32Array | undefined, AtOnce>;
}

/** The monotonic mixing network on a batch of transitions. */
export interface TransitionMixer<AtOnce extends boolean = boolean> {
  /**
   * Computes Q_tot of each transition, which the next call overwrites.
   *
   * @param states [B, state]
   * @param values of the agents, [B, agents]
   */
  forward(side: NetworkSide, states: Float32Array, values: Float32Array, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Adds the gradients of the online mixer, given dL/dQ_tot [B] of the last pass that kept its values; returns
   * dL/dvalues [B, agents].
   */
  backward(gradient: Float32Array): Answer<Float32Array, AtOnce>;
}

/** Settings of the cross-entropy method. COMIX: 64 samples, 6 elites, 2 iterations. */
export interface CrossEntropyOptions {
  /** Number of actions that are tried in an iteration. */
  readonly samples: number;
  /** Number of the best actions, to which the next iteration's distribution is fitted; at least 2. */
  readonly elites: number;
  /** Number of iterations. */
  readonly iterations: number;
}

/**
 * The source of the method's draws from N(0, 1): a stream, of which each search takes two numbers; or the draws
 * themselves, [iterations, rows, actions, samples].
 */
export type Draws = Random | Float32Array;

/** The result of a search, which the next one overwrites. */
export interface BestActions {
  /** The best sample of the last iteration for each row, within (-1, 1). [rows, actions] */
  readonly actions: Float32Array;
  /** Values of all samples of the last iteration. [rows, samples] */
  readonly values: Float32Array;
}

/**
 * Searches for the best action of each row.
 *
 * @param observations [rows, observation]
 */
export type CrossEntropySearch<AtOnce extends boolean = boolean> = (
  side: NetworkSide,
  observations: Float32Array,
  options: CrossEntropyOptions,
  draws: Draws,
) => Answer<BestActions, AtOnce>;

/** The networks of an algorithm that learns from transitions: feed-forward networks by name, and a mixer. */
export type TransitionNetworks = {
  readonly [name: string]: "action-value" | "policy" | "monotonic";
  /** Joins the agents' values. */
  readonly mixer: "monotonic";
};

/** What can be asked of each kind of network on a batch of transitions. */
export interface TransitionKinds<AtOnce extends boolean = boolean> {
  /** Rows are agents of transitions, each with its action behind what it sees: [B * agents, observation + actions]. */
  readonly "action-value": FeedForward<AtOnce>;
  /** Rows are agents of transitions: [B * agents, observation]. */
  readonly policy: FeedForward<AtOnce>;
  /** QMIX's mixing network. */
  readonly monotonic: TransitionMixer<AtOnce>;
}

/**
 * Networks that learn from transitions. An update is: `begin`, forward and backward passes, `step` of some networks,
 * `follow`. Answers come at once from the sparse engine, and as promises from one that computes on a device. `Own` are
 * the names and kinds of its networks.
 */
export interface TransitionEngine<
  AtOnce extends boolean = boolean,
  Own extends TransitionNetworks = TransitionNetworks,
> extends NetworkEngine<AtOnce> {
  /** The networks of `shape.networks`, by the same names. */
  readonly networks: { readonly [Name in keyof Own]: TransitionKinds<AtOnce>[Own[Name]] };
  /** Finds the best actions by the values of a network "agent", for COMIX; undefined where there is none. */
  readonly search: CrossEntropySearch<AtOnce> | undefined;
  /**
   * Networks that answer at once, for acting: the engine itself where it does, else one whose online side has the same
   * parameters.
   */
  readonly acting: TransitionEngine<true, Own>;
  /** Clears all gradients. */
  begin(): void;
}

/** Makes an engine that learns from transitions. */
export type OpenTransitionEngine = Open<TransitionEngine>;
