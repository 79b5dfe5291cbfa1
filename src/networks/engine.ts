import type { EpisodeGroup } from "../replay/group.js";
import type { AgentsAndMixer, Networks } from "./kinds.js";
import type { NetworkShape, ParameterSpec, Parameters } from "./parameters.js";
import type { TargetMemory } from "./target-memory.js";

/**
 * A result of an engine: given at once if `AtOnce` is true, as by the sparse engine; otherwise possibly later, after a
 * device or other runs.
 */
export type Answer<Value, AtOnce extends boolean = boolean> = AtOnce extends true ? Value : Value | Promise<Value>;

/** The learned networks ("online"), or their copies that follow them slowly ("target"). */
export type NetworkSide = "online" | "target";

/**
 * What every engine does with the parameters of its networks, whatever it runs them on. `Engine` runs them over
 * episodes, `TransitionEngine` on single transitions.
 */
export interface NetworkEngine<AtOnce extends boolean = boolean> {
  /** Shape of all of its networks. */
  readonly shape: NetworkShape;
  /** Every parameter in PyMARL's names, network by network in the order of `shape.networks`. */
  readonly parameters: readonly ParameterSpec[];
  /**
   * Requests gradients of pruned connections too, which topology evolution needs, until the gradients are cleared. It
   * costs one dense backward pass, and has to precede every backward pass.
   */
  requestDenseGradients(): void;
  /**
   * Returns the gradient added up since gradients were cleared, [out, in] or [out]. Pruned entries are 0 unless dense
   * gradients were requested.
   */
  gradient(name: string): Answer<Float32Array, AtOnce>;
  /**
   * Clips the global norm of the gradients and takes one step of RMSprop or Adam on every remaining connection and
   * bias. After it, `gradient(name)` still gives the (unclipped) gradients of this update until they are cleared.
   * @param networks takes the step for these networks alone, by the gradient that they have together. Default: for all
   * @returns the norm before clipping; when it is not finite nothing is changed.
   */
  step(options: OptimiserOptions | AdamOptions, networks?: readonly string[]): Answer<number, AtOnce>;

  /** Copies all parameters of a side; pruned weights are 0. */
  read(side: NetworkSide): Answer<Parameters, AtOnce>;
  /** Overwrites parameters of a side (all, or those given); values of pruned weights are ignored. */
  write(side: NetworkSide, parameters: Parameters): void;
  /**
   * The running mean of squared gradients, by parameter name; once Adam has taken a step, its running mean of gradients
   * as well, by "moments.NAME".
   */
  readOptimiser(): Answer<Parameters, AtOnce>;
  /** Overwrites what `readOptimiser` gives; a missing name stays as it is. */
  writeOptimiser(state: Parameters): void;
  /** Makes a hard update of the target networks: target := online. The target side always has the online masks. */
  copyToTarget(): void;
  /** Makes a soft update of the target networks: target += tau (online - target). */
  follow(tau: number): void;
  /** Copies the mask of a weight matrix, [out, in], 1 where the connection is; all ones for a dense matrix. */
  mask(name: string): Uint8Array;
  /**
   * Changes the topology of one weight matrix on both sides, between two updates: not after a backward pass and before
   * its step. Kept connections keep weight and optimiser state; new ones start with weight 0 and optimiser state 0.
   */
  setMask(name: string, mask: Uint8Array): void;
  /** Frees native memory; the engine cannot be used afterwards. */
  dispose(): void;
}

/** What can be asked of each kind of network over the steps of loaded episodes. */
export interface EpisodeNetworks<AtOnce extends boolean = boolean> {
  /** Agents with a hidden state. */
  readonly recurrent: AgentNetwork<AtOnce>;
  /** A critic of discrete actions. */
  readonly "action-value": CriticNetwork<AtOnce>;
  /** Episodes have no policies of continuous actions. */
  readonly policy: never;
  /** QMIX's mixing network. */
  readonly monotonic: MonotonicMixer<AtOnce>;
  /** WQMIX's mixing network without the constraint of monotonicity. */
  readonly unrestricted: MixingNetwork<AtOnce>;
  /** VDN's sum. */
  readonly sum: MonotonicMixer<AtOnce>;
  /** IQL's mean, for reports only. */
  readonly none: MonotonicMixer<AtOnce>;
}

/**
 * Runs networks over episodes without knowing the learning rule. A training update consists of `load`, forward passes
 * and `backward` of mixer and agent (which add to the gradients) for each group of the batch, and one `step` after the
 * last group; the next `load` clears the gradients. Returned arrays are views into the engine's memory that the next
 * call of the same method for the same side overwrites; entries of lanes that have ended are unspecified. Wait for a
 * result before the next call; `Engine<true>` gives all results at once. `Own` are the names and kinds of its networks.
 */
export interface Engine<
  AtOnce extends boolean = boolean,
  Own extends Networks = AgentsAndMixer,
> extends NetworkEngine<AtOnce> {
  /** Name of the engine: "sparse" for our own kernels over true sparse storage, "tensorflow" for TensorFlow.js. */
  readonly name: "sparse" | "tensorflow";
  /** Number of lanes in a group, or "all" if a group holds a whole batch. */
  readonly lanes: number | "all";
  /** The networks of `shape.networks`, by the same names. */
  readonly networks: { readonly [Name in keyof Own]: EpisodeNetworks<AtOnce>[Own[Name]] };

  /**
   * Values of episodes by the target networks since these last changed. The engine forgets them whenever a target value
   * could change: in `copyToTarget`, `follow`, `write` to the target side and `setMask`. Null if nothing may be
   * remembered, because the rounding of an episode's values depends on the episodes computed with it, as on a GPU.
   */
  readonly targets: TargetMemory | null;

  /**
   * Computes the values of next states by a built-in operator, with the same bits as `nextValues` of
   * targets/operators.ts, in a view that the next call overwrites. It returns undefined where the engine leaves the
   * computation to that function, and is absent if it always does.
   *
   * @param q what `forward` of one of its agent networks returned for the loaded group, and `choosing` likewise
   */
  nextValues?(operator: NextOperator, q: Float32Array, choosing: Float32Array | null): Float32Array | undefined;

  /** Loads a group of episodes for the following calls. They must not change until the next `load`. */
  load(group: EpisodeGroup): void;

  /**
   * Makes an actor: a separate recurrent forward pass of the online network "agent", for acting in `environments`
   * environments at once.
   */
  createActor(environments: number): Actor;
}

/** A built-in operator with its checked settings. */
export interface NextOperator {
  /** "max", "softmax", "mellowmax" or "soft-mellowmax". */
  readonly kind: string;
  /** Inverse temperature of soft mellowmax's weights, Eq. 3. */
  readonly alpha?: number;
  /** Sharpness of mellowmax and soft mellowmax. */
  readonly omega?: number;
  /** Inverse temperature of softmax. */
  readonly beta?: number;
}

/**
 * Makes an engine whose online and target networks have the given parameters, by name, and masks, [out, in] by weight
 * name.
 */
export type Open<Opened extends NetworkEngine> = (
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
) => Opened | Promise<Opened>;

/** Makes an engine that learns from episodes. */
export type OpenEngine = Open<Engine>;

/** The agents' network, run over the steps of the loaded episodes. */
export interface AgentNetwork<AtOnce extends boolean = boolean> {
  /**
   * Computes Q_i(tau_i, .) of every agent at every step: [steps + 1, agents, actions, lanes]. With `keep`, activations
   * are kept for `backward` (online side only).
   */
  forward(side: NetworkSide, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Runs both sides in one sweep, while inputs are in the cache, and returns the results of `forward("online", true)`
   * and `forward("target")`.
   */
  forwardBoth(): Answer<Readonly<Record<NetworkSide, Float32Array>>, AtOnce>;
  /** Adds the gradients of the online agent, given dL/dQ_i of the chosen actions [steps, agents, lanes]. */
  backward(gradient: Float32Array): Answer<void, AtOnce>;
  /**
   * Does the same, given the gradient of every output of the network at each step, [steps, agents, actions, lanes],
   * from which policies learn.
   */
  backwardAll?(gradient: Float32Array): Answer<void, AtOnce>;
}

/**
 * FACMAC's critic of discrete actions, which values each agent's observation and action at every step of the loaded
 * episodes.
 */
export interface CriticNetwork<AtOnce extends boolean = boolean> {
  /**
   * Computes the values of the agents' actions [steps, agents, lanes] at steps `offset`..`offset + steps - 1`, which
   * the next call overwrites. With `keep`, activations are kept for `backward` (online side only).
   *
   * @param actions each agent's action as one number for each of them, one of which is 1: [steps, agents, actions,
   *   lanes]
   */
  forward(side: NetworkSide, actions: Float32Array, offset: 0 | 1, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Runs back through the last pass that kept its values, given dL/dvalues [steps, agents, lanes].
   *
   * @param options.adds whether the parameters' gradients are added up. Default: true
   * @param options.through whether dL/dactions is wanted, [steps, agents, actions, lanes]. Default: false
   */
  backward(
    gradient: Float32Array,
    options?: { readonly adds?: boolean; readonly through?: boolean },
  ): Answer<Float32Array | undefined, AtOnce>;
}

/** A network that computes the team's value from the agents' values and the state. */
export interface MixingNetwork<AtOnce extends boolean = boolean> {
  /**
   * Computes Q_tot for chosen values [steps, agents, lanes] at the states of steps `offset`..`offset + steps - 1`:
   * [steps, lanes]. `offset` is 1 for the value of next states. With `keep`, activations are kept for `backward`
   * (online side, offset 0).
   */
  forward(side: NetworkSide, values: Float32Array, offset: 0 | 1, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Adds the gradients of the online mixer, given dL/dQ_tot [steps, lanes]; returns dL/dvalues [steps, agents, lanes].
   */
  backward(gradient: Float32Array): Answer<Float32Array, AtOnce>;
}

export interface MonotonicMixer<AtOnce extends boolean = boolean> extends MixingNetwork<AtOnce> {
  /**
   * Computes Q_tot of the joint actions that differ from a given one in one agent's action, RES's counterfactual joint
   * actions: entry (t, i, a) is Q_tot with agent i's value replaced by `alternatives` (t, i, a). The hypernetworks run
   * once for all of them.
   *
   * @param values values of the given joint action, [steps, agents, lanes]
   * @param alternatives [steps, agents, actions, lanes]; entries of unavailable actions may have any value
   * @returns [steps, agents, actions, lanes], -Infinity where the action is unavailable at the step of the state
   * @example
   * // In next states: the values of the greedy joint action, and all Q-values from step 1 on.
   * const later = q.subarray(agents * actions * LANES);
   * const totals = await engine.networks.mixer.counterfactuals("online", greedy, later, 1);
   */
  counterfactuals(
    side: NetworkSide,
    values: Float32Array,
    alternatives: Float32Array,
    offset: 0 | 1,
  ): Answer<Float32Array, AtOnce>;
}

/**
 * Adam as in PyTorch: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w -= learningRate m' / (sqrt(v') +
 * epsilon), where m' and v' are divided by 1 - beta1^step and 1 - beta2^step.
 */
export interface AdamStep {
  /** Step size. COMIX and FACMAC: 0.001. */
  readonly learningRate: number;
  /** Share of the running mean of gradients that one step keeps. */
  readonly beta1: number;
  /** Share of the running mean of squared gradients that one step keeps. */
  readonly beta2: number;
  /** Added to the root, against a division by zero. COMIX and FACMAC: 0.01. */
  readonly epsilon: number;
  /** Number of steps so far, this one included. */
  readonly step: number;
}

/** Adam, see `AdamStep`, with the largest global L2 norm of the gradient. */
export interface AdamOptions extends AdamStep {
  /** Distinguishes it from RMSprop. */
  readonly kind: "adam";
  /** Largest L2 norm of the gradient of the networks that step together. */
  readonly gradientClip: number;
}

/** Settings of RMSprop as in PyTorch: v = alpha v + (1 - alpha) g^2; w -= learningRate g / (sqrt(v) + epsilon). */
export interface OptimiserOptions {
  /** Step size. Table 3: 0.0005. */
  readonly learningRate: number;
  /** Decay of the running mean of squared gradients at a step. PyMARL: 0.99. */
  readonly alpha: number;
  /** Added to the root of the running mean, against a division by zero. PyMARL: 0.00001. */
  readonly epsilon: number;
  /** Largest global L2 norm of the gradient. */
  readonly gradientClip: number;
}

/** Acts with the online agent's current weights, with one hidden state for each agent and environment. */
export interface Actor {
  /** Number of environments whose agents act in one forward pass. */
  readonly environments: number;
  /** Write each agent's observation into this array before `forward`: [environments, agents, observation]. */
  readonly observations: Float32Array;
  /** Write each agent's last action into this array, or -1 at the first step: [environments, agents]. */
  readonly lastActions: Int16Array;
  /** Sets the hidden states of one environment to zero, for a new episode. */
  reset(environment: number): void;
  /**
   * Advances all hidden states by one step and returns Q_i(tau_i, .) as [environments, agents, actions], which the next
   * call overwrites.
   */
  forward(): Float32Array;
}
