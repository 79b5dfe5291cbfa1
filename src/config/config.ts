import type { PartFile, PartOptions } from "../parts/registry.js";

/**
 * The measure that scores average: the share of episodes that the team wins, or the undiscounted return of an episode.
 */
export type ScoreMeasure = "win-rate" | "return";

/**
 * The engines that can run the networks: our own kernels on a processor core, or TensorFlow.js, which can use a GPU.
 */
export const ENGINES = ["sparse", "tensorflow"] as const;

/**
 * The backends of TensorFlow.js: CUDA, TensorFlow on the processor, any GPU through WebGPU, WebAssembly, and plain
 * JavaScript. "auto" takes the first of them that works on the machine.
 */
export const BACKENDS = [
  "auto",
  "tfjs-node-gpu",
  "tfjs-node",
  "webgpu",
  "wasm",
  "cpu",
] as const satisfies readonly Backend[];

/** Name of a TensorFlow.js backend. */
export type Backend = "auto" | "tfjs-node-gpu" | "tfjs-node" | "webgpu" | "wasm" | "cpu";

/** The share of a network's weights that is removed, and how it is spread over layers. */
export interface SparsityConfig {
  /**
   * S, the share of weights removed in each network. 0 is dense. Table 1: 0.85 to 0.95. With method "tiny" it is the
   * sparsity of the network whose size is matched.
   */
  readonly level: number;
  /** How S is spread over layers: "erdos-renyi" keeps small layers denser, "uniform" treats all alike. */
  readonly distribution: "erdos-renyi" | "uniform";
}

/** Topology evolution, Algorithm 1. */
export interface TopologyConfig {
  /**
   * How connections grow: by the largest gradients ("gradient", RigL and MAST), at "random" (SET), not at all ("none",
   * static sparse), or by a rule of `parts`.
   */
  readonly grow: "gradient" | "random" | "none" | PartName;
  /**
   * zeta_0, the initial share of a layer's connections that is dropped and grown; it decays by a cosine to 0 at the end
   * of training. Table 3: 0.5.
   */
  readonly fraction: number;
  /**
   * delta_m, training episodes between two evolutions. Table 3: 200. With COMIX and FACMAC, updates between them:
   * 1000.
   */
  readonly interval: number;
  /** T_end, the environment step at which zeta_t reaches 0. Default: `steps`, the end of training. */
  readonly end?: number;
}

/** The operator that turns the values of the next step's actions into one value. */
export interface OperatorConfig {
  /** The operator that turns Q_i(tau', .) into a value: one of the four that Figure 16 compares, or one of `parts`. */
  readonly kind: "max" | "softmax" | "mellowmax" | "soft-mellowmax" | PartName;
  /** alpha of the soft mellowmax, Eq. 3. Table 3: 1. */
  readonly alpha: number;
  /** omega of the mellowmax and the soft mellowmax, Eq. 3. Table 3: 10. */
  readonly omega: number;
  /** Inverse temperature of the softmax. Table 3: 5. */
  readonly beta: number;
  /** With "max": the online network chooses the action that the target network values (double Q). Table 3: true. */
  readonly doubleQ: boolean;
}

/** How far a target looks ahead, Eq. 6. */
export interface ReturnsConfig {
  /** The targets after the burn-in: "td-lambda" (MAST), "n-step" (RLx2), or "one-step" throughout. */
  readonly kind: "one-step" | "n-step" | "td-lambda";
  /** lambda of TD(lambda). Table 3: 0.8 for QMIX and RES, 0.6 for WQMIX. */
  readonly lambda: number;
  /** n of the n-step target, in environment steps. */
  readonly n: number;
  /**
   * T_0, the environment steps with one-step targets before the others. Default: 3/8 of `steps` (Table 2; 0.75M of 2M
   * in Table 3).
   */
  readonly burnIn: number;
}

/**
 * RLx2's dynamic-capacity buffer, adapted to episodes: every `interval` episodes the policy is compared with the oldest
 * stored batch, and when too many of the stored actions differ from the policy's, the oldest part of the buffer is
 * dropped.
 */
export interface DynamicBufferConfig {
  /**
   * Training episodes between two comparisons. RLx2: every 1 % of the buffer's capacity, which is 50 of 5000 episodes.
   */
  readonly interval: number;
  /**
   * Largest policy distance that is tolerated: the share of stored actions that are no longer the greedy ones. RLx2:
   * 0.2.
   */
  readonly threshold: number;
  /** Share of the stored episodes that is dropped at a time. RLx2: 0.1. */
  readonly drop: number;
  /** Share of the capacity below which nothing is dropped. RLx2: 0.1. */
  readonly minimum: number;
}

/**
 * Episodes that are kept, and how many of them make a batch. With COMIX and FACMAC all four numbers are of transitions,
 * and the online buffer is the newest part of the offline one.
 */
export interface ReplayConfig {
  /** C_1, capacity of the offline buffer in episodes. Table 3: 5000. COMIX and FACMAC: 1,000,000 transitions. */
  readonly offlineCapacity: number;
  /** C_2, capacity of the online buffer in episodes. Table 3: 128. MAST-COMIX: 25,600 transitions. */
  readonly onlineCapacity: number;
  /** S_1, episodes of a batch from the offline buffer. Table 3: 20. COMIX and FACMAC: 100 transitions, MAST 62. */
  readonly offlineBatch: number;
  /**
   * S_2, episodes of a batch from the online buffer; 0 is a single buffer. Table 3: 12. MAST-COMIX: 38 transitions.
   */
  readonly onlineBatch: number;
  /** RLx2's dynamic capacity of the offline buffer. Method "rlx2" sets it. */
  readonly dynamic?: DynamicBufferConfig;
}

/**
 * WQMIX's loss: OW-QMIX gives steps whose value is overestimated the weight `alpha`, CW-QMIX those whose joint action
 * seems not the best.
 */
export interface WqmixConfig {
  /** alpha of the weighting function. Table 3: 0.1. */
  readonly alpha: number;
}

/** RES's softmax over counterfactual joint actions and its regularised loss. */
export interface ResConfig {
  /** Inverse temperature of the softmax over joint actions. Table 3: 5. */
  readonly beta: number;
  /** lambda, weight of the squared distance from the Monte-Carlo return in the loss. Table 3: 0.05. */
  readonly lambda: number;
}

/** The cross-entropy method, by which COMIX looks for the actions of the largest value. */
export interface CrossEntropyConfig {
  /** Number of actions of an agent that are tried in an iteration. COMIX: 64. */
  readonly samples: number;
  /** Number of the best of them, to which the next iteration's normal distribution is fitted. COMIX: 6. */
  readonly elites: number;
  /** Number of iterations. COMIX: 2. */
  readonly iterations: number;
}

/** A given topology that stays fixed, section 4.2 and Figure 10. */
export interface TicketConfig {
  /**
   * "random": drawn at random. "winning": the final topology of a run, with weights drawn anew (with the source's own
   * seed they are those it began with). "cheating": the final topology and the final weights of a run.
   */
  readonly kind: "random" | "winning" | "cheating";
  /** The run that the topology (and the weights) come from, by its name in `mast runs`. */
  readonly source?: string;
}

/**
 * The settings of a run that continues where another ended; `extendRun` and `mast train --extend` make such
 * configurations.
 */
export interface ExtendConfig {
  /**
   * The complete run to continue, by its name in `mast runs`. The new run takes over its networks, masks, optimiser
   * state, replay buffers and random streams, and its steps and evaluations so far: `steps` counts from the beginning
   * of that run.
   */
  readonly run: string;
}

/**
 * The weights that a run begins with instead of random ones; `weightsFrom` and `mast train --from` make this setting.
 */
export interface FromConfig {
  /**
   * Name of a run, or a safetensors file with PyMARL's parameter names. Where the weights are stored is not part of a
   * run's identity.
   */
  readonly source: string;
  /** The first 16 hexadecimal digits of the SHA-256 of these weights and masks, which is part of the run's identity. */
  readonly sha256: string;
}

/** epsilon-greedy exploration, or the noise of continuous actions. */
export interface ExplorationConfig {
  /** Initial epsilon. Table 3: 1. */
  readonly start: number;
  /** Final epsilon. Table 3: 0.05. */
  readonly end: number;
  /** Environment steps of the linear decay. Table 3: 50 000; 100 000 for WQMIX. */
  readonly anneal: number;
  /**
   * Standard deviation of the normal noise that is added to continuous actions before they are cut to the environment's
   * box. COMIX and FACMAC: 0.1. Where it is set, epsilon has no meaning.
   */
  readonly noise?: number;
  /**
   * Number of environment steps at the beginning in which continuous actions are drawn uniformly from the box. COMIX
   * and FACMAC: 10,000.
   */
  readonly uniform?: number;
  /**
   * Weight of the policies' entropy in the actor's loss, with which "facmac-discrete" goes on trying actions that are
   * worth about as much as the best one. FACMAC: 0, the default.
   */
  readonly entropy?: number;
}

/** RMSprop, or Adam. */
export interface OptimiserConfig {
  /** "adam" with COMIX and FACMAC; without it the optimiser is RMSprop. */
  readonly kind?: "adam";
  /** Learning rate. Table 3: 5e-4. COMIX and FACMAC: 1e-3. */
  readonly learningRate: number;
  /** Learning rate of the agents' network where it is a policy: 2.5e-3. Algorithm "facmac-discrete" has it. */
  readonly actorLearningRate?: number;
  /** Decay of the mean of squared gradients. PyMARL: 0.99. It is Adam's beta_2: 0.999. */
  readonly alpha: number;
  /** Adam's beta_1, decay of the mean of gradients: 0.9. */
  readonly beta1?: number;
  /**
   * Added to the root of the mean of squared gradients, against a division by zero. PyMARL: 1e-5. COMIX and FACMAC:
   * 0.01.
   */
  readonly epsilon: number;
  /** Largest global gradient norm. PyMARL: 10. COMIX and FACMAC, of the networks that step together: 0.5. */
  readonly gradientClip: number;
}

/** Sizes of the networks. */
export interface NetworkConfig {
  /**
   * Units of the agent's first layer and GRU. Table 3: 64. With COMIX and FACMAC these are the units of both hidden
   * layers: 400.
   */
  readonly hidden: number;
  /** Embedding of the mixing network. Table 3: 32. */
  readonly embed: number;
  /** Hidden units of the two-layer hypernetworks. Table 3: 64. */
  readonly hypernetEmbed: number;
  /**
   * Hidden units of WQMIX's unrestricted mixing network, which only algorithms "ow-qmix" and "cw-qmix" have. Table 3:
   * 256.
   */
  readonly centralEmbed?: number;
}

/** The paper's evaluation protocol. */
export interface EvaluationConfig {
  /** Environment steps between evaluations; the end of training is evaluated as well. Section 4.1: 10 000. */
  readonly interval: number;
  /** Greedy episodes of one evaluation. PyMARL: 32. */
  readonly episodes: number;
  /**
   * A run's score is the mean win rate of this many last evaluations; the evaluation before training does not count.
   * Section 4.1: 20.
   */
  readonly window: number;
  /**
   * "return": the score is the mean return instead, which is the default where an environment says that no team can
   * win. A complete configuration without it has win rates.
   */
  readonly score?: ScoreMeasure;
}

/** How often statistics of training are recorded. */
export interface LogConfig {
  /** Environment steps between two records of training. */
  readonly interval: number;
}

/**
 * A complete, checked configuration, made by `resolveConfig`. Together with the code it determines a run, bit for bit.
 */
export interface Config {
  /**
   * An environment: a map such as "3m", a matrix game, or one of `parts`. `environmentNames` and `mast --help` list
   * those that are built in.
   */
  readonly environment: string;
  /** Rules of the battle simulator: the real game's ("starcraft"), or SMAClite's ("smaclite"). */
  readonly rules: "starcraft" | "smaclite";
  /**
   * The algorithm that is trained: "qmix", "ow-qmix", "cw-qmix", "res", "vdn", "iql"; "comix" and "facmac" where
   * actions are continuous; or one of `parts`.
   */
  readonly algorithm:
    "qmix" | "ow-qmix" | "cw-qmix" | "res" | "vdn" | "iql" | "comix" | "facmac" | "facmac-discrete" | PartName;
  /**
   * A row of the paper's comparison (Table 1); it sets the defaults of `sparsity`, `topology`, `operator`, `returns`
   * and `replay`. Or a method of `parts`.
   */
  readonly method: "dense" | "tiny" | "ss" | "set" | "rigl" | "rlx2" | "mast" | PartName;
  /** Seed of everything random in the run. A whole number from 0 to 2^31 - 1. */
  readonly seed: number;
  /** Environment steps of the run. The paper: 2 000 000. */
  readonly steps: number;
  /**
   * The engine that runs the networks: our own kernels over true sparse storage on a processor core ("sparse"), or
   * TensorFlow.js ("tensorflow"), which can use a GPU.
   */
  readonly engine: "sparse" | "tensorflow";
  /**
   * The backend of the tensorflow engine. Default: "auto", the fastest that works on the machine. The sparse engine has
   * no backends.
   */
  readonly backend?: Backend;
  /** gamma, the discount factor. Table 3: 0.99. */
  readonly discount: number;
  /**
   * The factor by which rewards are multiplied before values are learned from them, so that these are of the size that
   * learning rates and initial networks are made for: SMAC's returns end at 20. Returns and values are still reported
   * in the environment's own unit. A complete configuration without it learns from the rewards as they are.
   */
  readonly rewardScale?: number;
  /**
   * Training episodes between copies of the online to the target networks. Table 3: 200. With COMIX and FACMAC, updates
   * between them, where `targetTau` is not set.
   */
  readonly targetInterval: number;
  /**
   * tau of soft target updates, target += tau (online - target) after each update, in the place of copies. COMIX and
   * FACMAC: 0.001. Other algorithms have none.
   */
  readonly targetTau?: number;
  /**
   * Environment steps before the first update ("Warmup steps" of Table 3). Default: 1/40 of `steps`, 50 000 of 2M as in
   * Table 3; PyMARL: 0.
   */
  readonly warmup: number;
  /** Gradient updates after each training episode, with COMIX and FACMAC after each environment step. PyMARL: 1. */
  readonly updates: number;
  /** The share of each network's weights that is removed, and how it is spread over layers. */
  readonly sparsity: SparsityConfig;
  /** Topology evolution, Algorithm 1: how often connections are dropped, and how others grow. */
  readonly topology: TopologyConfig;
  /** The operator that values the next step, Eq. 3. */
  readonly operator: OperatorConfig;
  /** How far targets look ahead, Eq. 6. */
  readonly returns: ReturnsConfig;
  /** The dual replay buffers and what is sampled from them. */
  readonly replay: ReplayConfig;
  /** WQMIX's own settings, for algorithms "ow-qmix" and "cw-qmix" only. */
  readonly wqmix?: WqmixConfig;
  /** RES's own settings, for algorithm "res" only. */
  readonly res?: ResConfig;
  /** The search by which COMIX finds actions; no other algorithm has it. */
  readonly crossEntropy?: CrossEntropyConfig;
  /** Sets the initial masks and keeps them: the tickets of section 4.2. */
  readonly ticket?: TicketConfig;
  /** The run that this one continues after its end. */
  readonly extend?: ExtendConfig;
  /** The weights that training begins with. */
  readonly from?: FromConfig;
  /** Settings of epsilon-greedy exploration. */
  readonly exploration: ExplorationConfig;
  /** RMSprop's settings. */
  readonly optimiser: OptimiserConfig;
  /** Sizes of the networks. */
  readonly network: NetworkConfig;
  /** When and how the team is evaluated. */
  readonly evaluation: EvaluationConfig;
  /** How often statistics of training are recorded. */
  readonly log: LogConfig;
  /**
   * Files with parts of your own: environments, algorithms, growth rules, operators and methods. Their content is part
   * of the run's identity.
   */
  readonly parts?: readonly PartFile[];
  /** Settings of the parts that the run uses. */
  readonly options?: PartSettings;
}

/** Name of a part that a file defines. The type lets editors go on listing the built-in names beside it. */
export type PartName = string & {};

/**
 * Settings of the parts that a run uses. Each part declares its settings; those that are left out take its defaults.
 */
export interface PartSettings {
  /** Settings of the environment, for example { length: 5 }. */
  readonly environment?: PartOptions;
  /** Settings of the algorithm. */
  readonly algorithm?: PartOptions;
  /** Settings of the growth rule. */
  readonly growth?: PartOptions;
  /** Settings of the value operator, in addition to those in the section `operator`. */
  readonly operator?: PartOptions;
}

/** A configuration, or a section of one, of which any part may be left out. */
export type Partially<T> = {
  readonly [Field in keyof T]?: NonNullable<T[Field]> extends readonly unknown[]
    ? T[Field]
    : NonNullable<T[Field]> extends object
      ? Partially<NonNullable<T[Field]>>
      : T[Field];
};

/**
 * A configuration as a person writes it: any part may be left out and then comes from the algorithm, the method and the
 * paper's Table 3.
 *
 * @example const input: ConfigInput = { environment: "3m", method: "mast", steps: 200_000, returns: { lambda: 0.6 } };
 */
export interface ConfigInput extends Omit<Partially<Config>, "parts" | "options"> {
  /**
   * Files with parts of your own, for example ["./mine.ts"]: environments, algorithms, growth rules, operators and
   * methods (see examples/README.md). Their content is part of the run's identity. An entry of a complete configuration
   * also holds the hash of that content, which must not have changed since.
   */
  readonly parts?: readonly (string | PartFile)[];
  /** Settings of the parts that the run uses; those that are left out take the part's defaults. */
  readonly options?: PartSettings;
  /**
   * If true, fields that are not given take settings for runs of 100,000 to 500,000 steps instead of the paper's for
   * 2,000,000. It needs `steps`, on which the number of evaluations in a score depends. A complete configuration holds
   * the settings themselves and not this field.
   */
  readonly short?: boolean;
}
