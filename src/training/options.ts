import type { OpenEngine } from "../networks/engine.js";
import type { OpenTransitionEngine } from "../networks/transition-engine.js";
import type { StartWeights, Ticket } from "./networks.js";
import type { TrainState } from "./records.js";

/** The options by which a caller follows a run; none of them changes what the run computes. */
export interface TrainOptions {
  /**
   * Stops the run at the end of the present episode, after a last checkpoint record; while it fills its buffers on
   * resume, at once. A run that learns from transitions stops within the episode where its environment can be saved.
   */
  readonly signal?: AbortSignal;
  /** A state that a checkpoint record of the same config carried. */
  readonly resume?: TrainState;
  /**
   * The topology and weights from which a winning or cheating ticket starts; see `readTicket`. A resumed one needs
   * none.
   */
  readonly ticket?: Ticket;
  /** The weights that `config.from` names; see `readStart`. A resumed run needs none. */
  readonly start?: StartWeights;
  /** The function that makes the engine, instead of the one that the config names; see `runVectorised`. */
  readonly open?: OpenEngine;
  /**
   * The function that makes the engine of an algorithm that learns from transitions, instead of the one that the config
   * names.
   */
  readonly openTransitions?: OpenTransitionEngine;
  /** Seconds of work between checkpoint records. Default 30. */
  readonly checkpointEvery?: number;
}
