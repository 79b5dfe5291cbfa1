import type { Random } from "../random.js";
import type { AdamStep, Answer, NetworkSide } from "./engine.js";
import type { FeedForwardName, NetworkShape, Parameters, ParameterSpec } from "./parameters.js";

/** A shape whose agents are feed-forward networks, which learn from transitions. */
export interface TransitionShape extends NetworkShape {
  /**
   * "agent" is COMIX's utility of observation and action, "critic" is FACMAC's; "actor" gives actions within (-1, 1).
   */
  readonly networks: readonly FeedForwardName[];
}

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

/**
 * Networks that learn from transitions. An update is: `begin`, forward and backward passes, `step` of some networks,
 * `follow`. Answers come at once from the sparse engine, and as promises from one that computes on a device.
 */
export interface TransitionEngine<AtOnce extends boolean = boolean> {
  /** Shape of all of its networks. */
  readonly shape: TransitionShape;
  /** Every parameter, network by network, the mixer last. */
  readonly parameters: readonly ParameterSpec[];
  /**
   * Rows are agents of transitions: [B * agents, observation] or, with the action behind it, [B * agents, observation +
   * actions].
   */
  readonly networks: Readonly<Partial<Record<FeedForwardName, FeedForward<AtOnce>>>>;
  /** Joins the agents' values. */
  readonly mixer: TransitionMixer<AtOnce>;
  /** Finds the best actions by the agent's utilities, for COMIX; undefined where there is no agent network. */
  readonly search: CrossEntropySearch<AtOnce> | undefined;
  /**
   * Networks that answer at once, for acting: the engine itself where it does, else one whose online side has the same
   * parameters.
   */
  readonly acting: TransitionEngine<true>;
  /** Clears all gradients. */
  begin(): void;
  /** Requests gradients of pruned connections too, until the next `begin`. It has to precede any backward pass. */
  requestDenseGradients(): void;
  /** Returns the gradient added up since `begin`, [out, in] or [out]. */
  gradient(name: string): Answer<Float32Array, AtOnce>;
  /**
   * Takes one step of Adam for these networks, by the gradient that they have together, clipped to a norm.
   * @returns the norm before clipping; when it is not finite nothing is changed
   */
  step(networks: readonly string[], adam: AdamStep, gradientClip: number): Answer<number, AtOnce>;
  /** Makes a soft update of all target networks: target += tau (online - target). */
  follow(tau: number): void;
  /** Makes a hard update of all target networks: target := online. */
  copyToTarget(): void;
  /** Returns a copy of all parameters of a side, or of Adam's running means of gradients and of their squares. */
  read(kept: NetworkSide | "squares" | "moments"): Answer<Map<string, Float32Array>, AtOnce>;
  /** Overwrites parameters of a side, or Adam's running means (all, or those given). */
  write(kept: NetworkSide | "squares" | "moments", values: Parameters): void;
  /** Returns Adam's running means: of squared gradients by parameter name, of gradients by "moments.NAME". */
  readOptimiser(): Answer<Parameters, AtOnce>;
  /** Overwrites Adam's running means with what `readOptimiser` gave; a missing name stays as it is. */
  writeOptimiser(state: Parameters): void;
  /** Returns a copy of the mask of a weight matrix, [out, in], 1 where the connection is; all ones for a dense one. */
  mask(name: string): Uint8Array;
  /** Sets a mask as in `Engine`: kept connections keep weight and optimiser state, new ones start with 0. */
  setMask(name: string, mask: Uint8Array): void;
  /** Frees native memory; the engine cannot be used any more. */
  dispose(): void;
}

/** Makes an engine whose networks, online and target, have the given parameters and masks, by name. */
export type OpenTransitionEngine = (
  shape: TransitionShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
) => TransitionEngine | Promise<TransitionEngine>;
