import type { EvaluationRecord, TrainRecord } from "mast-lab/core";
import type { Chosen } from "./link.js";
import { inputOf } from "./link.js";
import { compress, type MaskMoment } from "./masks.js";
import type { Battle, News, Order } from "./messages.js";
import TrainingWorker from "./worker.ts?worker&inline";

/** What a run is doing. */
export type State = "waiting" | "running" | "paused" | "ended" | "failed";

/** One run as the page knows it. */
export class Run {
  state: State = "waiting";
  started: Extract<News, { kind: "started" }> | undefined;
  readonly evaluations: EvaluationRecord[] = [];
  readonly training: TrainRecord[] = [];
  readonly moments: MaskMoment[] = [];
  battle: Battle | undefined;
  /** Environment steps so far. */
  step = 0;
  /** Seconds of training at that step. */
  seconds = 0;
  /** Environment steps of the last checkpoint. */
  checkpoint: number | undefined;
  score: number | undefined;
  problem: string | undefined;
  private worker: Worker | undefined;
  private takeFiles: ((news: Extract<News, { kind: "files" }>) => void) | undefined;

  /**
   * @param number number of the run, from 0, which is added to the team's seed
   * @param onNews called when something has changed
   */
  constructor(
    readonly chosen: Chosen,
    readonly number: number,
    private readonly onNews: (run: Run, news: News) => void,
  ) {}

  begin(paused: boolean): void {
    this.worker = new TrainingWorker();
    this.worker.onmessage = ({ data }: MessageEvent<News>) => this.hear(data);
    this.worker.onerror = ({ message }) =>
      this.hear({ kind: "failed", message: message || "The worker does not start." });
    this.state = paused ? "paused" : "running";
    this.order({ kind: "train", config: inputOf(this.chosen, this.number), paused });
  }

  pause(): void {
    if (this.state !== "running") return;
    this.state = "paused";
    this.order({ kind: "pause" });
  }

  go(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    this.order({ kind: "go" });
  }

  step1(): void {
    if (this.state === "paused") this.order({ kind: "step" });
  }

  /** Plays another battle with the team of the last checkpoint. */
  fight(seed: number): void {
    this.order({ kind: "battle", seed });
  }

  /** Returns the files of the run up to its last checkpoint. */
  files(): Promise<Extract<News, { kind: "files" }>> {
    return new Promise((resolve) => {
      this.takeFiles = resolve;
      this.order({ kind: "files" });
    });
  }

  /** Ends the run's worker. */
  end(): void {
    this.worker?.terminate();
    this.worker = undefined;
  }

  private order(order: Order): void {
    this.worker?.postMessage(order);
  }

  private hear(news: News): void {
    // Whatever a step of the page ends at moves its count of environment steps.
    if ((news.kind === "evaluation" || news.kind === "topology") && news.step > this.step) this.step = news.step;
    switch (news.kind) {
      case "started":
        this.started = news;
        break;
      case "train":
        this.training.push(news);
        this.step = news.step;
        this.seconds = news.seconds;
        break;
      case "evaluation":
        this.evaluations.push(news);
        break;
      case "topology":
        this.moments.push(compress(news));
        break;
      case "battle":
        this.battle = news;
        break;
      case "checkpoint":
        this.checkpoint = news.step;
        break;
      case "end":
        this.state = "ended";
        this.step = news.step;
        this.seconds = news.seconds;
        this.score = news.score;
        break;
      case "files":
        this.takeFiles?.(news);
        this.takeFiles = undefined;
        return;
      case "failed":
        this.state = "failed";
        this.problem = news.message;
        break;
    }
    this.onNews(this, news);
  }
}
