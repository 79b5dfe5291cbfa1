import type { Parameters } from "../networks/parameters.js";
import type { StoredTransitions } from "../replay/transitions.js";

/** Statistics of training since the previous train record, every `log.interval` environment steps. */
export interface TrainRecord {
  /** Tells this record from the others. */
  readonly kind: "train";
  /** Environment steps so far. */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** Gradient updates so far. */
  readonly update: number;
  /** Exploration rate at this step; of continuous actions 1 while they are drawn uniformly, then 0. */
  readonly epsilon: number;
  /** Mean loss over the updates since the last record; NaN before the first update. */
  readonly loss: number;
  /** Mean global norm of the gradients of these updates, before clipping. */
  readonly gradientNorm: number;
  /** Mean Q_tot of the steps that these updates sampled. */
  readonly qTotal: number;
  /** Mean learning target of the same steps. */
  readonly target: number;
  /** Mean undiscounted return of the training episodes since the last record, with exploration. */
  readonly episodeReturn: number;
  /** Mean length of these episodes in environment steps. */
  readonly episodeLength: number;
  /** Share of these episodes that the team won, 0..1. */
  readonly winRate: number;
}

/** The paper's protocol: greedy episodes every `evaluation.interval` steps, before training and at its end. */
export interface EvaluationRecord {
  /** Tells this record from the others. */
  readonly kind: "evaluation";
  /**
   * Nominal step, a multiple of `evaluation.interval` or the last step of the run. The preceding training episode may
   * have ended a little later.
   */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** Number of greedy episodes played. */
  readonly episodes: number;
  /** Share of them won, 0..1. */
  readonly winRate: number;
  /** Mean undiscounted return of the greedy episodes. */
  readonly episodeReturn: number;
  /** Mean length of the greedy episodes in environment steps. */
  readonly episodeLength: number;
  /** Mean Q_tot of the joint actions taken, by the online networks. */
  readonly estimatedValue: number;
  /** Mean discounted return that followed these joint actions. */
  readonly trueValue: number;
}

/** One topology evolution (Algorithm 1). */
export interface TopologyRecord {
  /** Tells this record from the others. */
  readonly kind: "topology";
  /** Environment steps so far. */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** Number of this evolution, from 1; 0 is the initial topology. */
  readonly evolution: number;
  /** zeta_t, the share of each layer's connections dropped and grown. */
  readonly fraction: number;
  /** One entry for each weight matrix that can be masked. */
  readonly layers: readonly {
    /** Name of the weight matrix, for example "agent.fc1.weight". */
    readonly name: string;
    /** Connections of the layer, before the evolution and after it. */
    readonly nonzeros: number;
    /** Connections that were removed; 0 in the initial topology. */
    readonly dropped: number;
    /** Connections that were added in their place. */
    readonly grown: number;
  }[];
  /** The masks after it, by weight name: [out, in], 1 where the connection is. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/** A state from which training continues bit for bit. It is recorded at the end of an episode. */
export interface CheckpointRecord {
  /** Tells this record from the others. */
  readonly kind: "checkpoint";
  /** Environment steps so far. */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** The state, to be given to `train` as `resume`. */
  readonly state: TrainState;
}

/** The last record of a run that was not stopped. */
export interface EndRecord {
  /** Tells this record from the others. */
  readonly kind: "end";
  /** Environment steps of the run; its last episode may have gone beyond `config.steps`. */
  readonly step: number;
  /** Training episodes of the run. */
  readonly episode: number;
  /** Gradient updates of the run. */
  readonly update: number;
  /**
   * The paper's score: the mean win rate (or return, see `evaluation.score`) of the last `evaluation.window`
   * evaluations, without that of step 0.
   */
  readonly score: number;
  /** Number of evaluations in the score: fewer than `evaluation.window` if the run has fewer. */
  readonly evaluations: number;
  /** The networks and buffers as training left them. */
  readonly state: TrainState;
}

/** A record of `train`; `kind` tells which. */
export type TrainingRecord = TrainRecord | EvaluationRecord | TopologyRecord | CheckpointRecord | EndRecord;

/**
 * Everything that determines the rest of a run, apart from its config. `tensors` are stored as safetensors under
 * "online.NAME", "target.NAME" and "optimiser.NAME"; `masks` as bytes; `progress` is plain JSON (counters, positions of
 * the random streams, sums of the open train record).
 */
export interface TrainState {
  /** Parameters of online and target networks and the optimiser's state, by the names above. */
  readonly tensors: Parameters;
  /** Masks by weight name: [out, in], 1 where the connection is. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  /** Counters, random streams and sums of the open train record. */
  readonly progress: TrainProgress;
  /** Episodes of the replay buffers. */
  readonly replay: ReplayState;
  /**
   * Saved states of the environments, first that of training, then those of evaluations. Present where the environment
   * is not deterministic and has `save`.
   */
  readonly environments?: readonly Uint8Array[];
}

/** The counters of a run and the open sums of its next train record. */
export interface TrainProgress {
  /** Environment steps so far. */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** Gradient updates so far. */
  readonly update: number;
  /** Topology evolutions so far. */
  readonly evolution: number;
  /** Number of training episodes (or updates, with transitions) at the last copy to the target networks. */
  readonly lastTargetUpdate: number;
  /** Number of training episodes (or updates, with transitions) at the last topology evolution. */
  readonly lastEvolution: number;
  /** Environment steps at which the next evaluation is due. */
  readonly nextEvaluation: number;
  /** Environment steps at which the next train record is due. */
  readonly nextTrainRecord: number;
  /** Win rates of all evaluations so far, oldest first; mean returns where `evaluation.score` says so. */
  readonly evaluations: readonly number[];
  /** State of each random stream by its use: environment, exploration, replay, topology, evaluation. */
  readonly random: Readonly<Record<string, readonly number[]>>;
  /** Sums of the open train record, in the order in which `train` keeps them. */
  readonly sums: readonly number[];
  /** The open episode of a run that learns from transitions; absent between two episodes. */
  readonly playing?: {
    /** Undiscounted sum of its rewards so far. */
    readonly episodeReturn: number;
    /** Its steps so far. */
    readonly episodeLength: number;
  };
  /**
   * Episodes, of training and evaluations, that were thrown away because the environment failed in them, and how it
   * failed last.
   */
  readonly lost?: {
    /** Number of these episodes. */
    readonly episodes: number;
    /** Message of the last failure. */
    readonly last: string;
  };
}

/**
 * The offline buffer, oldest episode first (the online buffer holds its newest episodes). Episodes of a deterministic
 * environment are stored as seeds and joint actions and are played again on resume; those of any other environment are
 * stored with their data.
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
  /** Data of the episodes, present where the environment is not deterministic. */
  readonly data?: EpisodeData;
  /** What is stored where a run learns from transitions; there are no episodes then. */
  readonly transitions?: StoredTransitions;
}

/** Data of episodes that their environment cannot play again, one after the other. */
export interface EpisodeData {
  /** Observations, for each episode [length + 1, agents, observation]. */
  readonly observations: Float32Array;
  /** States, for each episode [length + 1, state]. */
  readonly states: Float32Array;
  /** Available actions, for each episode [length + 1, agents, actions]. */
  readonly availableActions: Uint8Array;
  /** Team rewards, for each episode [length]. */
  readonly rewards: Float32Array;
  /** 1 where targets must not bootstrap from the last step. [episodes] */
  readonly terminal: Uint8Array;
}
