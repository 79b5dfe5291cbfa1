import type { Parameters } from "../networks/parameters.js";

/** Statistics of training since the previous train record, every `log.interval` environment steps. */
export interface TrainRecord {
  readonly kind: "train";
  /** Environment steps so far. */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** Gradient updates so far. */
  readonly update: number;
  /** Exploration rate at this step. */
  readonly epsilon: number;
  /** Means over the updates since the last record; NaN before the first update. */
  readonly loss: number;
  readonly gradientNorm: number;
  /** Mean Q_tot of the sampled steps, and mean of their targets. */
  readonly qTotal: number;
  readonly target: number;
  /** Means over the training episodes since the last record (with exploration). */
  readonly episodeReturn: number;
  readonly episodeLength: number;
  readonly winRate: number;
}

/** The paper's protocol: greedy episodes every `evaluation.interval` steps, before training and at its end. */
export interface EvaluationRecord {
  readonly kind: "evaluation";
  readonly step: number;
  readonly episode: number;
  /** Number of greedy episodes played. */
  readonly episodes: number;
  /** Share of them won, 0..1. */
  readonly winRate: number;
  readonly episodeReturn: number;
  readonly episodeLength: number;
  /** Mean Q_tot of the joint actions taken, by the online networks, and the mean of the discounted returns that followed. */
  readonly estimatedValue: number;
  readonly trueValue: number;
}

/** One topology evolution (Algorithm 1). */
export interface TopologyRecord {
  readonly kind: "topology";
  readonly step: number;
  readonly episode: number;
  /** Number of this evolution, from 1; 0 is the initial topology. */
  readonly evolution: number;
  /** zeta_t, the share of each layer's connections dropped and grown. */
  readonly fraction: number;
  readonly layers: readonly { readonly name: string; readonly nonzeros: number; readonly dropped: number; readonly grown: number }[];
  /** The masks after it, by weight name: [out, in], 1 where the connection is. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/** A state from which training continues bit for bit; comes at the end of an episode. */
export interface CheckpointRecord {
  readonly kind: "checkpoint";
  readonly step: number;
  readonly episode: number;
  readonly state: TrainState;
}

/** The last record of a run that was not stopped. */
export interface EndRecord {
  readonly kind: "end";
  readonly step: number;
  readonly episode: number;
  readonly update: number;
  /** Mean win rate of the last `evaluation.window` evaluations, that of step 0 left out: the paper's score. */
  readonly score: number;
  /** How many evaluations the score is the mean of: fewer than `evaluation.window` in a short run. */
  readonly evaluations: number;
  readonly state: TrainState;
}

export type TrainingRecord = TrainRecord | EvaluationRecord | TopologyRecord | CheckpointRecord | EndRecord;

/**
 * Everything that determines the rest of a run, but for its config. `tensors` are stored as safetensors under
 * "online.NAME", "target.NAME" and "optimiser.NAME"; `masks` as bytes; `progress` is plain JSON (counters, positions of the
 * random streams, sums of the open train record).
 */
export interface TrainState {
  readonly tensors: Parameters;
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly progress: TrainProgress;
  readonly replay: ReplayState;
  /** What `save` of the environments gave, the one that is trained in first, then those of evaluations; where the environment is not deterministic and can save. */
  readonly environments?: readonly Uint8Array[];
}

/** The counters of a run and the open sums of its next train record. */
export interface TrainProgress {
  readonly step: number;
  readonly episode: number;
  readonly update: number;
  readonly evolution: number;
  readonly lastTargetUpdate: number;
  readonly lastEvolution: number;
  readonly nextEvaluation: number;
  readonly nextTrainRecord: number;
  /** Win rates of all evaluations so far, oldest first. */
  readonly evaluations: readonly number[];
  readonly random: Readonly<Record<string, readonly number[]>>;
  readonly sums: readonly number[];
}

/**
 * The offline buffer, oldest episode first (the online buffer holds its newest episodes). Episodes of a deterministic
 * environment are their seeds and joint actions and are played again on resume; those of any other keep their data.
 */
export interface ReplayState {
  /** [episodes] */
  readonly indices: Int32Array;
  /** [episodes] */
  readonly seeds: Int32Array;
  /** [episodes] */
  readonly lengths: Int32Array;
  /** Joint actions of all episodes one after the other, each [length, agents]. */
  readonly actions: Uint8Array;
  /** The rest of the episodes, where the environment is not deterministic. */
  readonly data?: EpisodeData;
}

/** What the episodes of an environment hold that cannot play them again, one after the other. */
export interface EpisodeData {
  /** Each [length + 1, agents, observation]. */
  readonly observations: Float32Array;
  /** Each [length + 1, state]. */
  readonly states: Float32Array;
  /** Each [length + 1, agents, actions]. */
  readonly availableActions: Uint8Array;
  /** Each [length]. */
  readonly rewards: Float32Array;
  /** [episodes], 1 where the last step must not be bootstrapped from. */
  readonly terminal: Uint8Array;
}
