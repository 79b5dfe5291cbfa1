import { LabError } from "../errors.js";
import type { Config } from "../config.js";
import type { Table } from "../figures/table.js";
import { MEASURES, measureOf } from "../results/measure.js";
import { requireSeeds } from "../results/seeds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { summaryOf } from "../results/scores.js";
import type { StoredRun } from "../runs/store.js";
import { measuredBy, scoreMeasure } from "../training/score.js";

/** Settings of `seedTable`. */
export interface SeedTableOptions {
  /** Line above the table. Default: none. */
  readonly title?: string;
  /**
   * Environment steps before which evaluations do not count, such as the steps in which all runs of a seed are equal.
   * Default: 0.
   */
  readonly from?: number;
  /** The setting with which the others are compared, seed by seed. */
  readonly reference?: string;
}

/**
 * Makes a table of the mean test win rate of each run (or its mean return, where no team can win), with a row for each
 * seed and a column for each setting. Runs of one seed begin with the same weights and play the same battles, so that
 * two columns can be compared row by row. The last rows show mean and standard deviation, and in how many seeds a
 * setting is above `reference`.
 *
 * @throws {Error} when a run is not complete, two runs of a seed have one name, runs of one name differ in more than
 *   the seed (naming the field), or no run is called `reference`
 * @example showTable(seedTable(runs, lambda.label, { from: 40_000, reference: "QMIX, 0" }));
 */
export function seedTable(
  runs: readonly StoredRun[],
  label: (config: Config) => string,
  options: SeedTableOptions = {},
): Table {
  const { title, from = 0, reference } = options;
  const settings = [...new Set(runs.map(({ config }) => label(config)))];
  if (reference !== undefined && !settings.includes(reference))
    throw new LabError(`No run is called "${reference}"; there are ${settings.map((name) => `"${name}"`).join(", ")}.`);
  const seeds = [...new Set(runs.map(({ config }) => config.seed))].sort((a, b) => a - b);
  const rates = new Map<string, number>();
  for (const run of runs) {
    const key = `${run.config.seed} ${label(run.config)}`;
    if (rates.has(key))
      throw new LabError(
        `Two runs of seed ${run.config.seed} are called "${label(run.config)}": name what sets them apart, or give runs of one kind only.`,
      );
    rates.set(key, scoreSince(run, from));
  }
  for (const setting of settings)
    requireSeeds(
      runs.filter(({ config }) => label(config) === setting),
      `These runs of "${setting}"`,
    );
  const rate = (seed: number, setting: string): number | undefined => rates.get(`${seed} ${setting}`);
  const { name, share, number } = MEASURES[measureOf(runs)];
  const own = (setting: string): number[] => seeds.flatMap((seed) => rate(seed, setting) ?? []);
  const against = (setting: string): string => {
    const pairs = seeds.flatMap((seed) => {
      const [a, b] = [rate(seed, setting), rate(seed, reference!)];
      return a === undefined || b === undefined ? [] : [[a, b] as const];
    });
    if (setting === reference) return "";
    const unknown = pairs.filter(([a, b]) => Number.isNaN(a - b)).length;
    return `${pairs.filter(([a, b]) => a > b).length} of ${pairs.length}${unknown > 0 ? `, ${unknown} not a number` : ""}`;
  };
  const average = (setting: string): string => {
    const found = own(setting);
    const missing = found.length < seeds.length ? ` (${found.length} of ${seeds.length} seeds)` : "";
    return `${number(mean(found))}${found.length > 1 ? ` ± ${number(standardDeviation(found))}` : ""}${missing}`;
  };
  return {
    title,
    columns: [{ title: "Seed" }, ...settings.map((setting) => ({ title: setting, align: "right" as const }))],
    rows: [
      ...seeds.map((seed) => [
        String(seed),
        ...settings.map((setting) => (rate(seed, setting) === undefined ? "" : number(rate(seed, setting)!))),
      ]),
      ["mean", ...settings.map(average)],
      ...(reference === undefined || seeds.length < 2 ? [] : [[`more than ${reference}`, ...settings.map(against)]]),
    ],
    note: `Mean ${name}${share ? ", %," : ""} of all evaluations${from > 0 ? ` from step ${from.toLocaleString("en")} on` : ""}.`,
  };
}

/**
 * Returns the environment steps up to which runs have the same records, number for number: runs of one seed whose
 * settings take effect at a later step are equal until then.
 *
 * @returns the step of the last record that all have in common; 0 if the first record differs
 * @example sharedSteps(runs.filter(({ config }) => config.seed === 1)); // of the experiment `lambda`: just under T_0
 */
export function sharedSteps(runs: readonly Pick<StoredRun, "metrics">[]): number {
  const [first, ...others] = runs.map(({ metrics }) => metrics);
  let shared = 0;
  for (const [i, row] of (first ?? []).entries()) {
    const same = others.every(
      (rows) =>
        rows[i] !== undefined &&
        (Object.keys(row) as (keyof typeof row)[]).every((key) => Object.is(row[key], rows[i][key])),
    );
    if (!same) break;
    shared = row.step;
  }
  return shared;
}

/**
 * Computes the mean of a complete run's evaluations from a step on, which varies less than a score of the last few: the
 * test win rate, 0..1, or the return where no team can win.
 * @throws {Error} when the run is not complete, or has no evaluation from that step on
 */
export function scoreSince(run: StoredRun, from: number): number {
  summaryOf(run);
  const measure = scoreMeasure(run.config);
  const values = run.metrics
    .filter(({ kind, step }) => kind === "evaluation" && step >= from)
    .map((row) => measuredBy(measure, row));
  if (values.length === 0)
    throw new LabError(`Run ${run.name} has no evaluation from step ${from} on; it has ${run.config.steps} steps.`);
  return mean(values);
}
