import type { EpisodeGroup } from "../replay/group.js";
import type { NetworkShape, ParameterSpec, Parameters } from "./parameters.js";

/** The learned networks, or their slowly following copies. */
export type NetworkSide = "online" | "target";

/**
 * Runs networks and knows no learning rule. A training update is, for each group of the batch: `load`, forward passes, `backward` of
 * mixer and agent (which add to the gradients), and once after the last group `step`. Returned arrays are views into the engine's
 * memory that the next call of the same method for the same side overwrites; entries of lanes that have ended are unspecified.
 */
export interface Engine {
  readonly name: "wasm" | "tensorflow";
  readonly shape: NetworkShape;
  /** Every parameter in PyMARL's names and order. */
  readonly parameters: readonly ParameterSpec[];
  /** The recurrent network that all agents share. */
  readonly agent: AgentNetwork;
  /** QMIX's monotonic mixing network. */
  readonly mixer: MonotonicMixer;
  /** WQMIX's unrestricted networks (Algorithm 3, phi); there when `shape.centralEmbed` is set. */
  readonly central?: { readonly agent: AgentNetwork; readonly mixer: MixingNetwork };

  /** Takes a group of episodes, which must stay as they are until the next `load`: what follows works on them. */
  load(group: EpisodeGroup): void;
  /**
   * From now on gradients of masked weights are computed for pruned connections too (topology evolution needs them),
   * until the next `step`. Costs one dense backward.
   */
  requestDenseGradients(): void;
  /** The gradient added up since the last `step`, [out, in] or [out]; pruned entries are 0 unless dense gradients were requested. */
  gradient(name: string): Float32Array;
  /**
   * Clips the global norm of the gradients, takes one RMSprop step on every remaining connection and bias, and clears the gradients.
   * After it, `gradient(name)` still gives the (unclipped) gradients of this update until the next `load`.
   * @returns the norm before clipping; when it is not finite nothing is changed.
   */
  step(options: OptimiserOptions): number;

  /** A copy of all parameters of a side; pruned weights are 0. */
  read(side: NetworkSide): Parameters;
  /** Overwrites parameters of a side (all, or those given); values of pruned weights are ignored. */
  write(side: NetworkSide, parameters: Parameters): void;
  /** RMSprop's running mean of squared gradients, by parameter name. */
  readOptimiser(): Parameters;
  writeOptimiser(state: Parameters): void;
  /** Hard update of the target networks: target := online (the target side has the online masks always). */
  copyToTarget(): void;
  /** The mask of a weight matrix, [out, in], 1 where the connection is; all ones for a dense one. A copy. */
  mask(name: string): Uint8Array;
  /**
   * Changes the topology of one weight matrix on both sides. Kept connections keep weight and optimiser state; new ones start
   * with weight 0 and optimiser state 0.
   */
  setMask(name: string, mask: Uint8Array): void;

  /** A separate recurrent forward pass of the online agent for acting in `environments` copies at once. */
  createActor(environments: number): Actor;
  /** Gives back native memory; the engine cannot be used any more. */
  dispose(): void;
}

/** Agents over the steps of the loaded episodes. */
export interface AgentNetwork {
  /**
   * Q_i(tau_i, .) of every agent at every step: [steps + 1, agents, actions, lanes].
   * With `keep`, activations are kept for `backward` (online side only).
   */
  forward(side: NetworkSide, keep?: boolean): Float32Array;
  /**
   * Both sides in one sweep, while inputs are in the cache: what `forward("online", true)` and `forward("target")` return.
   */
  forwardBoth(): Readonly<Record<NetworkSide, Float32Array>>;
  /** Adds the gradients of the online agent, given dL/dQ_i of the chosen actions [steps, agents, lanes]. */
  backward(gradient: Float32Array): void;
}

/** A network that makes one value of the team out of the agents' values and the state. */
export interface MixingNetwork {
  /**
   * Q_tot for chosen values [steps, agents, lanes] at the states of steps `offset`..`offset + steps - 1`: [steps, lanes].
   * `offset` is 1 for the value of next states. With `keep`, activations are kept for `backward` (online side, offset 0).
   */
  forward(side: NetworkSide, values: Float32Array, offset: 0 | 1, keep?: boolean): Float32Array;
  /** Adds the gradients of the online mixer, given dL/dQ_tot [steps, lanes]; returns dL/dvalues [steps, agents, lanes]. */
  backward(gradient: Float32Array): Float32Array;
}

export interface MonotonicMixer extends MixingNetwork {
  /**
   * Q_tot of the joint actions that differ from a given one in one agent's action, RES's counterfactual joint actions: entry
   * (t, i, a) is Q_tot with agent i's value replaced by `alternatives` (t, i, a). The hypernetworks run once for all of them.
   *
   * @param values of the given joint action, [steps, agents, lanes]
   * @param alternatives [steps, agents, actions, lanes]; for unavailable actions, anything
   * @returns [steps, agents, actions, lanes], -Infinity where the action is unavailable at the step whose state it is
   * @example
   * // Of next states: the greedy joint action's values, and all Q-values from step 1 on.
   * const totals = engine.mixer.counterfactuals("online", greedy, q.subarray(agents * actions * LANES), 1);
   */
  counterfactuals(side: NetworkSide, values: Float32Array, alternatives: Float32Array, offset: 0 | 1): Float32Array;
}

/** RMSprop as in PyTorch: v = alpha v + (1 - alpha) g^2; w -= learningRate g / (sqrt(v) + epsilon). */
export interface OptimiserOptions {
  readonly learningRate: number;
  readonly alpha: number;
  readonly epsilon: number;
  /** Largest global L2 norm of the gradient. */
  readonly gradientClip: number;
}

/** Acts with the online agent's current weights, keeping one hidden state an agent and environment. */
export interface Actor {
  readonly environments: number;
  /** Where to write what each agent observes before `forward`: [environments, agents, observation]. */
  readonly observations: Float32Array;
  /** Where to write each agent's last action, or -1 at the first step: [environments, agents]. */
  readonly lastActions: Int16Array;
  /** Sets the hidden states of one environment to zero, for a new episode. */
  reset(environment: number): void;
  /** Advances all hidden states one step: Q_i(tau_i, .) as [environments, agents, actions]; overwritten by the next call. */
  forward(): Float32Array;
}
