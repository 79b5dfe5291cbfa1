/** Where one run is. */
export interface RunProgress {
  readonly name: string;
  /** What it is one seed of: win rates of its seeds are averaged. */
  readonly seedOf?: string;
  /** Environment steps done and to do. */
  readonly step: number;
  readonly steps: number;
  /** Win rate of the last evaluation, 0..1; NaN or undefined before the first. */
  readonly winRate?: number;
  /** Mean win rate of the last evaluations of a run that is done. */
  readonly score?: number;
  readonly state: "waiting" | "running" | "done" | "stopped" | "failed";
  /** Seconds that training it took so far. */
  readonly seconds?: number;
  /** Seconds until the end; undefined while unknown. */
  readonly secondsLeft?: number;
  /** Why it failed. */
  readonly message?: string;
}
