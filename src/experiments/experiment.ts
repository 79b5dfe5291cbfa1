import { type Config, ConfigError, type ConfigInput } from "../config.js";
import type { Figure } from "../figures/figure.js";
import type { Table } from "../figures/table.js";
import type { CellStatistics } from "../results/cells.js";
import type { MethodStatistics } from "../results/methods.js";
import { didYouMean, show } from "../messages.js";
import type { StoredRun } from "../runs/store.js";

/** The profiles, which set budget and seeds: seconds for tests, minutes on a laptop, or the paper's own. */
export const PROFILES = ["smoke", "classroom", "paper"] as const satisfies readonly Profile[];

/**
 * Name of a profile, which sets budget and seeds: "smoke" takes seconds, "classroom" minutes on a laptop, "paper" is
 * the paper's own budget.
 */
export type Profile = "smoke" | "classroom" | "paper";

/**
 * Checks the name of a profile, as given by a person or an environment variable.
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

/** The most seeds of one experiment: more would take years. */
export const MOST_SEEDS = 1_000;

/**
 * Adds checks of profile and number of seeds to an experiment.
 * @returns the experiment, whose `configs` throws a ConfigError for an unknown profile or an impossible number of seeds
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

/** A table or figure of the paper, or a lesson: the declaration of its runs and of how they are reduced to a result. */
export interface Experiment {
  /** Id for `mast experiment run`. Its figures are figures/ID*.*, its numbers data/results/ID*.csv. */
  readonly id: string;
  /** Title, shown in lists, tables and figures. */
  readonly title: string;
  /** Description of what it shows. */
  readonly about: string;
  /** The tables and figures of the paper that it reproduces, such as "Table 6"; absent for a lesson of our own. */
  readonly reproduces?: string;
  /** Default profile. */
  readonly profile: Profile;
  /**
   * Lists the configurations of a profile's runs.
   *
   * @param seeds number of seeds of each setting. Default: that of the profile
   * @param changes settings that replace the profile's, such as another map or other steps; the settings that the
   *   experiment varies have precedence
   */
  configs(profile: Profile, seeds?: number, changes?: ConfigInput): Config[];
  /** Returns the name of a run in progress displays and figures. */
  label(config: Config): string;
  /**
   * Returns the panel in which the live curve of a run is drawn, and its name in that panel. Default: one panel for
   * all.
   */
  place?(config: Config): {
    /** Title of the panel in which the curve is drawn. */
    readonly panel: string;
    /** Name of the curve in that panel; runs with the same label are averaged. */
    readonly label: string;
  };
  /**
   * Returns the paper's number for a run's method or setting, in percent of its dense team; undefined if it has none.
   */
  paper?(config: Config): number | undefined;
  /** Returns the varied settings as further columns of tables with a row for each run or evaluation. */
  columns?(config: Config): Readonly<Record<string, string>>;
  /** Reduces complete runs to the result. */
  reduce(runs: readonly StoredRun[]): Reduction;
  /** Returns commands to try next after the result, each with its purpose. */
  next?(runs: readonly StoredRun[]): (readonly [command: string, purpose: string])[];
}

/** Result of the runs of an experiment. */
export interface Reduction {
  /** The result in numbers, with the layout of the paper's table if there is one. */
  readonly table: Table;
  /** The main figure of the result. */
  readonly figure: Figure;
  /** Further figures, each saved under the experiment's id and its own name. */
  readonly more?: Readonly<Record<string, Figure>>;
  /** Statistics of each method, if methods are compared over seeds. */
  readonly methods?: readonly MethodStatistics[];
  /** Statistics of each cell of a grid. */
  readonly settings?: readonly CellStatistics[];
}

/**
 * An experiment that measures something itself, such as times on this machine or the content of replay buffers during
 * training.
 */
export interface Measurement extends Pick<Experiment, "id" | "title" | "about" | "reproduces" | "profile"> {
  /**
   * Takes the measurement with the budget of a profile.
   *
   * @param options.signal stops the measurement, which then rejects with the signal's reason
   * @param options.onProgress called with the share that is done, 0..1, and a description of the present work
   */
  measure(
    profile: Profile,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (share: number, what: string) => void },
  ): Promise<Measured>;
}

/** Result of a measurement. */
export interface Measured extends Pick<Reduction, "table" | "figure" | "more"> {
  /** Rows of numbers for data/results/ID.csv, all with the same columns. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}
