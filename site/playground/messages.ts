import type { ConfigInput, EnvironmentSnapshot, EvaluationRecord, TopologyRecord, TrainRecord } from "mast-lab/core";

/** Orders from the page to a worker that trains. */
export type Order =
  /** Trains from the beginning. A worker trains one run. */
  | { readonly kind: "train"; readonly config: ConfigInput; readonly paused: boolean }
  | { readonly kind: "pause" }
  | { readonly kind: "go" }
  /** Continues until the next record: an evaluation, an evolution, or a line of training statistics. */
  | { readonly kind: "step" }
  /** Plays another battle than the one before. */
  | { readonly kind: "battle"; readonly seed: number }
  /** Asks for the files of the run. */
  | { readonly kind: "files" };

/** A weight matrix that may be sparse. */
export interface Layer {
  /** PyMARL's name, such as "agent.fc1.weight". */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
}

/** A group of neighbouring inputs of the agent network. */
export interface InputGroup {
  readonly name: string;
  /** First of its inputs. */
  readonly start: number;
  /** Number of its inputs. */
  readonly length: number;
}

/** A greedy battle of the team, for drawing. */
export interface Battle {
  readonly seed: number;
  /** Environment steps of training before it. */
  readonly trained: number;
  readonly won: boolean;
  /** Undiscounted. */
  readonly episodeReturn: number;
  /** Before the first step and after each. [steps + 1] */
  readonly frames: readonly EnvironmentSnapshot[];
}

/** The masks after one evolution; evolution 0 is the initial topology. */
export type Topology = Pick<TopologyRecord, "step" | "evolution" | "masks">;

/** What a worker tells the page. */
export type News =
  | {
      readonly kind: "started";
      /** Name of the run's folder. */
      readonly name: string;
      readonly layers: readonly Layer[];
      readonly inputs: readonly InputGroup[];
      /** Weights and biases that are not pruned. */
      readonly parameters: number;
      /** Weights and biases that training holds, over those of the dense networks: column "Total Size" of Table 1. */
      readonly size: number;
      /** Floating point operations of an update, over those of the dense networks: column "FLOPs (Train)". */
      readonly flops: number;
    }
  | (TrainRecord & {
      /** Seconds of training so far, without pauses. */
      readonly seconds: number;
    })
  | EvaluationRecord
  | ({ readonly kind: "topology" } & Topology)
  | ({ readonly kind: "battle" } & Battle)
  | { readonly kind: "checkpoint"; readonly step: number }
  /** The worker has made the step that it was asked for, and waits. */
  | { readonly kind: "stepped" }
  | { readonly kind: "end"; readonly step: number; readonly score: number; readonly seconds: number }
  | { readonly kind: "files"; readonly name: string; readonly zip: Uint8Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly message: string };
