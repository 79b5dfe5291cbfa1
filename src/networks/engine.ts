import type { EpisodeGroup } from "../replay/group.js";
import type { NetworkShape, ParameterSpec, Parameters } from "./parameters.js";
import type { TargetMemory } from "./target-memory.js";

/**
 * What an engine answers: at once when `AtOnce` is true, as the sparse engine does; else perhaps later, when a device
 * or other runs have to be waited for.
 */
export type Answer<Value, AtOnce extends boolean = boolean> = AtOnce extends true ? Value : Value | Promise<Value>;

/** The learned networks, or their slowly following copies. */
export type NetworkSide = "online" | "target";

/**
 * Runs networks and knows no learning rule. A training update is, for each group of the batch: `load`, forward passes,
 * `backward` of mixer and agent (which add to the gradients), and once after the last group `step`. Returned arrays are
 * views into the engine's memory that the next call of the same method for the same side overwrites; entries of lanes
 * that have ended are unspecified. An answer is awaited before the next call; `Engine<true>` gives all of them at once.
 */
export interface Engine<AtOnce extends boolean = boolean> {
  /** Our own kernels over true sparse storage are "sparse"; TensorFlow.js is "tensorflow". */
  readonly name: "sparse" | "tensorflow";
  /** Shape of all of its networks. */
  readonly shape: NetworkShape;
  /** Lanes of the groups that it takes, or "all" where a group holds a whole batch. */
  readonly lanes: number | "all";
  /** Every parameter in PyMARL's names and order. */
  readonly parameters: readonly ParameterSpec[];
  /** The recurrent network that all agents share. */
  readonly agent: AgentNetwork<AtOnce>;
  /** QMIX's monotonic mixing network. */
  readonly mixer: MonotonicMixer<AtOnce>;
  /** WQMIX's unrestricted networks (Algorithm 3, phi); there when `shape.centralEmbed` is set. */
  readonly central?: {
    /** Recurrent network of the unrestricted agents, which all of them share. */
    readonly agent: AgentNetwork<AtOnce>;
    /** Mixing network without the constraint of monotonicity. */
    readonly mixer: MixingNetwork<AtOnce>;
  };

  /**
   * What the target networks gave to episodes since they last changed. The engine forgets it whenever a target value
   * could change: in `copyToTarget`, `write` to the target side and `setMask`. Null where nothing may be remembered,
   * because an episode's values differ by a rounding with the episodes that it is computed with, as on a GPU.
   */
  readonly targets: TargetMemory | null;

  /**
   * The values of next states by a built-in operator, as `nextValues` of targets/operators.ts works them out and with
   * the same bits, in a view that the next call overwrites. Undefined where the engine leaves it to that function;
   * absent where it always does.
   *
   * @param q what `forward` of one of its agent networks returned for the loaded group, and `choosing` likewise
   */
  nextValues?(operator: NextOperator, q: Float32Array, choosing: Float32Array | null): Float32Array | undefined;

  /** Takes a group of episodes, which must stay as they are until the next `load`: what follows works on them. */
  load(group: EpisodeGroup): void;
  /**
   * From now on gradients of masked weights are computed for pruned connections too (topology evolution needs them),
   * until the next `step`. Costs one dense backward.
   */
  requestDenseGradients(): void;
  /**
   * The gradient added up since the last `step`, [out, in] or [out]; pruned entries are 0 unless dense gradients were
   * requested.
   */
  gradient(name: string): Answer<Float32Array, AtOnce>;
  /**
   * Clips the global norm of the gradients, takes one RMSprop step on every remaining connection and bias, and clears
   * the gradients. After it, `gradient(name)` still gives the (unclipped) gradients of this update until the next
   * `load`.
   * @returns the norm before clipping; when it is not finite nothing is changed.
   */
  step(options: OptimiserOptions): Answer<number, AtOnce>;

  /** A copy of all parameters of a side; pruned weights are 0. */
  read(side: NetworkSide): Answer<Parameters, AtOnce>;
  /** Overwrites parameters of a side (all, or those given); values of pruned weights are ignored. */
  write(side: NetworkSide, parameters: Parameters): void;
  /** RMSprop's running mean of squared gradients, by parameter name. */
  readOptimiser(): Answer<Parameters, AtOnce>;
  /** Overwrites RMSprop's running mean of squared gradients, by parameter name; a missing name stays as it is. */
  writeOptimiser(state: Parameters): void;
  /** Hard update of the target networks: target := online (the target side has the online masks always). */
  copyToTarget(): void;
  /** The mask of a weight matrix, [out, in], 1 where the connection is; all ones for a dense one. A copy. */
  mask(name: string): Uint8Array;
  /**
   * Changes the topology of one weight matrix on both sides, between two updates: not after a backward pass and before
   * its step. Kept connections keep weight and optimiser state; new ones start with weight 0 and optimiser state 0.
   */
  setMask(name: string, mask: Uint8Array): void;

  /** A separate recurrent forward pass of the online agent for acting in `environments` copies at once. */
  createActor(environments: number): Actor;
  /** Gives back native memory; the engine cannot be used any more. */
  dispose(): void;
}

/** A built-in operator with its settings, which have been checked. */
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
 * Makes an engine whose networks, online and target, have the given parameters, by name, and masks, [out, in] by weight
 * name.
 */
export type OpenEngine = (
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
) => Engine | Promise<Engine>;

/** Agents over the steps of the loaded episodes. */
export interface AgentNetwork<AtOnce extends boolean = boolean> {
  /**
   * Q_i(tau_i, .) of every agent at every step: [steps + 1, agents, actions, lanes].
   * With `keep`, activations are kept for `backward` (online side only).
   */
  forward(side: NetworkSide, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Both sides in one sweep, while inputs are in the cache: what `forward("online", true)` and `forward("target")`
   * return.
   */
  forwardBoth(): Answer<Readonly<Record<NetworkSide, Float32Array>>, AtOnce>;
  /** Adds the gradients of the online agent, given dL/dQ_i of the chosen actions [steps, agents, lanes]. */
  backward(gradient: Float32Array): Answer<void, AtOnce>;
}

/** A network that makes one value of the team out of the agents' values and the state. */
export interface MixingNetwork<AtOnce extends boolean = boolean> {
  /**
   * Q_tot for chosen values [steps, agents, lanes] at the states of steps `offset`..`offset + steps - 1`: [steps,
   * lanes]. `offset` is 1 for the value of next states. With `keep`, activations are kept for `backward` (online side,
   * offset 0).
   */
  forward(side: NetworkSide, values: Float32Array, offset: 0 | 1, keep?: boolean): Answer<Float32Array, AtOnce>;
  /**
   * Adds the gradients of the online mixer, given dL/dQ_tot [steps, lanes]; returns dL/dvalues [steps, agents, lanes].
   */
  backward(gradient: Float32Array): Answer<Float32Array, AtOnce>;
}

export interface MonotonicMixer<AtOnce extends boolean = boolean> extends MixingNetwork<AtOnce> {
  /**
   * Q_tot of the joint actions that differ from a given one in one agent's action, RES's counterfactual joint actions:
   * entry (t, i, a) is Q_tot with agent i's value replaced by `alternatives` (t, i, a). The hypernetworks run once for
   * all of them.
   *
   * @param values of the given joint action, [steps, agents, lanes]
   * @param alternatives [steps, agents, actions, lanes]; for unavailable actions, anything
   * @returns [steps, agents, actions, lanes], -Infinity where the action is unavailable at the step whose state it is
   * @example
   * // In next states: the values of the greedy joint action, and all Q-values from step 1 on.
   * const later = q.subarray(agents * actions * LANES);
   * const totals = await engine.mixer.counterfactuals("online", greedy, later, 1);
   */
  counterfactuals(
    side: NetworkSide,
    values: Float32Array,
    alternatives: Float32Array,
    offset: 0 | 1,
  ): Answer<Float32Array, AtOnce>;
}

/** RMSprop as in PyTorch: v = alpha v + (1 - alpha) g^2; w -= learningRate g / (sqrt(v) + epsilon). */
export interface OptimiserOptions {
  /** Step size. Table 3: 0.0005. */
  readonly learningRate: number;
  /** Share of the running mean of squared gradients that one step keeps. PyMARL: 0.99. */
  readonly alpha: number;
  /** Added to the root of the running mean, against a division by zero. PyMARL: 0.00001. */
  readonly epsilon: number;
  /** Largest global L2 norm of the gradient. */
  readonly gradientClip: number;
}

/** Acts with the online agent's current weights, keeping one hidden state an agent and environment. */
export interface Actor {
  /** Number of environments whose agents act in one forward pass. */
  readonly environments: number;
  /** Where to write what each agent observes before `forward`: [environments, agents, observation]. */
  readonly observations: Float32Array;
  /** Where to write each agent's last action, or -1 at the first step: [environments, agents]. */
  readonly lastActions: Int16Array;
  /** Sets the hidden states of one environment to zero, for a new episode. */
  reset(environment: number): void;
  /**
   * Advances all hidden states one step: Q_i(tau_i, .) as [environments, agents, actions]; overwritten by the next
   * call.
   */
  forward(): Float32Array;
}
