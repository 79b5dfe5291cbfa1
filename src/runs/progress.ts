/** Where one run is. */
export interface RunProgress {
  /** What progress bars call the run. */
  readonly name: string;
  /** What it is one seed of: scores of its seeds are averaged. */
  readonly seedOf?: string;
  /** Environment steps that are done. */
  readonly step: number;
  /** Environment steps of the whole run. */
  readonly steps: number;
  /** Win rate of the last evaluation, 0..1; NaN or undefined before the first. */
  readonly winRate?: number;
  /** Mean return of the last evaluation where scores are returns, instead of the win rate. */
  readonly episodeReturn?: number;
  /** Mean win rate, or return, of the last evaluations of a run that is done. */
  readonly score?: number;
  /** "waiting" for a free core, "running", "done", "stopped" with a checkpoint, or "failed". */
  readonly state: "waiting" | "running" | "done" | "stopped" | "failed";
  /** Seconds that training it took so far. */
  readonly seconds?: number;
  /** Seconds until the end; undefined while unknown. */
  readonly secondsLeft?: number;
  /** Why it failed. */
  readonly message?: string;
}
