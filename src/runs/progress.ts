/** Progress of one run. */
export interface RunProgress {
  /** Name of the run in progress bars. */
  readonly name: string;
  /** Name of the setting that the run is one seed of; progress bars average the scores of its seeds. */
  readonly seedOf?: string;
  /** Environment steps so far. */
  readonly step: number;
  /** Environment steps of the whole run. */
  readonly steps: number;
  /** Win rate of the last evaluation, 0..1; NaN or undefined before the first. */
  readonly winRate?: number;
  /** Mean return of the last evaluation, instead of the win rate where scores are returns. */
  readonly episodeReturn?: number;
  /** Score of a run that is done: the mean win rate, or return, of its last evaluations. */
  readonly score?: number;
  /** "waiting" for a free core, "running", "done", "stopped" with a checkpoint, or "failed". */
  readonly state: "waiting" | "running" | "done" | "stopped" | "failed";
  /** Seconds of training so far. */
  readonly seconds?: number;
  /** Estimated seconds until the end; undefined while unknown. */
  readonly secondsLeft?: number;
  /** Message of the error, if the run failed. */
  readonly message?: string;
}
