import { type Config, ConfigError, type ConfigInput } from "../config.js";
import type { Figure } from "../figures/figure.js";
import type { Table } from "../figures/table.js";
import type { CellStatistics } from "../results/cells.js";
import type { MethodStatistics } from "../results/methods.js";
import { didYouMean, show } from "../messages.js";
import type { StoredRun } from "../runs/store.js";

/** Budget and seeds: seconds for tests, minutes on a laptop, or what the paper spent. */
export const PROFILES = ["smoke", "classroom", "paper"] as const satisfies readonly Profile[];

/** The name of a budget: "smoke" takes seconds, "classroom" minutes on a laptop, "paper" is what the paper spent. */
export type Profile = "smoke" | "classroom" | "paper";

/**
 * The profile of a name, as an environment variable or a person gives it.
 *
 * @throws {ConfigError} listing the profiles when there is none of that name
 * @example
 * const profile = profileNamed(process.env.MAST_PROFILE ?? "classroom");
 */
export function profileNamed(name: string): Profile {
  const profile = PROFILES.find((known) => known === name);
  if (profile !== undefined) return profile;
  throw new ConfigError(
    `There is no profile ${show(name)}; ${typeof name === "string" ? didYouMean(name, PROFILES) : ""}allowed: ${PROFILES.map(show).join(", ")}`,
  );
}

/** Seeds of one experiment: more would take years. */
export const MOST_SEEDS = 1_000;

/**
 * An experiment whose profile and number of seeds are checked before its runs are made.
 * @returns the same, with `configs` refusing what it cannot use by a ConfigError
 */
export function declare(experiment: Experiment): Experiment {
  return {
    ...experiment,
    configs(profile, seeds, changes) {
      if (seeds !== undefined && !(Number.isInteger(seeds) && seeds >= 1 && seeds <= MOST_SEEDS)) {
        throw new ConfigError(
          `${experiment.id} was asked for ${show(seeds)} seeds; allowed: a whole number from 1 to ${MOST_SEEDS.toLocaleString("en")}`,
        );
      }
      return experiment.configs(profileNamed(profile), seeds, changes);
    },
  };
}

/** A table or figure of the paper, or a lesson: declared once as runs and what they reduce to. */
export interface Experiment {
  /** What `mast experiment run` calls it; its figures are figures/ID*.*, its numbers data/results/ID*.csv. */
  readonly id: string;
  /** One line that lists, tables and figures show. */
  readonly title: string;
  /** What it shows. */
  readonly about: string;
  /** The tables and figures of the paper: "Table 6"; none for a lesson of our own. */
  readonly reproduces?: string;
  /** Its profile when none is given. */
  readonly profile: Profile;
  /**
   * The runs of a profile.
   *
   * @param seeds how many of each; default: as many as the profile says
   * @param changes laid over what the profile spends on every run, below what the experiment varies: another map, other
   *   steps
   */
  configs(profile: Profile, seeds?: number, changes?: ConfigInput): Config[];
  /** How progress and figures call a run. */
  label(config: Config): string;
  /**
   * The picture, of several small ones, in which a live curve shows a run, and its name there; default: one picture for
   * all.
   */
  place?(config: Config): {
    /** Title of the small picture in which the curve is drawn. */
    readonly panel: string;
    /** Name of the curve in that picture; runs with the same label are averaged. */
    readonly label: string;
  };
  /** What is varied, as further columns of tables with a row for each run or evaluation. */
  columns?(config: Config): Readonly<Record<string, string>>;
  /** The result of runs that are complete. */
  reduce(runs: readonly StoredRun[]): Reduction;
  /** What to do next for a person who has just seen the result: commands, and what each is for. */
  next?(runs: readonly StoredRun[]): (readonly [command: string, purpose: string])[];
}

/** What the runs of an experiment come to. */
export interface Reduction {
  /** The result in numbers, laid out as in the paper where it has such a table. */
  readonly table: Table;
  /** The main figure of the result. */
  readonly figure: Figure;
  /** Further figures; each is saved under the experiment's id and its name. */
  readonly more?: Readonly<Record<string, Figure>>;
  /** Statistics of each method, where methods are compared over seeds. */
  readonly methods?: readonly MethodStatistics[];
  /** Statistics of each cell of a grid. */
  readonly settings?: readonly CellStatistics[];
}

/** An experiment that measures something itself: times on this machine, or what training does on its way. */
export interface Measurement extends Pick<Experiment, "id" | "title" | "about" | "reproduces" | "profile"> {
  /**
   * Takes the measurement with what the profile spends.
   *
   * @param options.signal stops it; it then rejects with the signal's reason
   * @param options.onProgress hears which share is done, 0..1, and what is being done
   */
  measure(
    profile: Profile,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (share: number, what: string) => void },
  ): Promise<Measured>;
}

/** What a measurement came to. */
export interface Measured extends Pick<Reduction, "table" | "figure" | "more"> {
  /** The numbers, for data/results/ID.csv: a row each with the same columns. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}
