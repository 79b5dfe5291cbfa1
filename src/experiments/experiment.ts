import type { Config } from "../config.js";
import type { Figure } from "../figures/figure.js";
import type { Table } from "../figures/table.js";
import type { MethodStatistics } from "../results/methods.js";
import type { StoredRun } from "../results/store.js";

/** Budget and seeds: seconds for tests, minutes on a laptop, or what the paper spent. */
export const PROFILES = ["smoke", "classroom", "paper"] as const;

export type Profile = (typeof PROFILES)[number];

/** A table or figure of the paper, or a lesson: declared once as runs and what they reduce to. */
export interface Experiment {
  /** What `mast experiment run` calls it; its figures are figures/ID.*. */
  readonly id: string;
  readonly title: string;
  /** What it shows, and of what in the paper. */
  readonly about: string;
  /** Its profile when none is given. */
  readonly profile: Profile;
  /** The runs of a profile. */
  configs(profile: Profile, seeds?: number): Config[];
  /** How progress and figures call a run. */
  label(config: Config): string;
  /** The result of runs that are complete. */
  reduce(runs: readonly StoredRun[]): Reduction;
  /** What to do next for a person who has just seen the result: commands, and what each is for. */
  next?(runs: readonly StoredRun[]): (readonly [command: string, purpose: string])[];
}

/** What the runs of an experiment come to. */
export interface Reduction {
  readonly table: Table;
  readonly figure: Figure;
  /** Statistics of each method, where methods are compared over seeds. */
  readonly methods?: readonly MethodStatistics[];
}
