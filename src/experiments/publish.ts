import { LabError } from "../errors.js";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Figure } from "../figures/figure.js";
import { writeNamed } from "../node/files.js";
import { saveFigure } from "../display/save.js";
import { replaceFile } from "../runs/disk.js";
import type { CsvRow } from "../results/csv.js";
import { committedResults, RESULTS_ADVICE, type ResultsPlace, resultsPlace } from "../results/place.js";
import { rowsCsv } from "../results/csv.js";
import { evaluationRows, runRows, tidyRows } from "../results/frame.js";
import { summaryOf } from "../results/scores.js";
import { runName, type StoredRun } from "../runs/store.js";
import {
  type Experiment,
  type Measured,
  type Measurement,
  type Profile,
  profileNamed,
  type Reduction,
} from "./experiment.js";
import { currentCommit } from "../runs/summary.js";

/** Places and labels of published files. */
export interface PublishOptions {
  /** The folders of tables and figures. Default: `resultsPlace()`, a person's own. */
  readonly place?: ResultsPlace;
  /**
   * Path of the figure without its ending; further figures get "-NAME" appended. Default: ID in the folder of figures.
   */
  readonly figure?: string;
  /** The first columns of every table. Default: the experiment and its profile. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A file that was written. */
export interface PublishedFile {
  /** "Runs", "Evaluations", "Methods", "Settings", "Rows" or "Figure". */
  readonly what: string;
  /** Path of the file. */
  readonly path: string;
}

/**
 * Reduces the complete runs of an experiment and writes the results: a row for each run in ID.csv, every evaluation in
 * ID-evaluations.csv, statistics of methods and of a grid's cells in ID-methods.csv and ID-settings.csv, and figures in
 * ID.{json,html,png} and ID-NAME.*. They are written to the folders of a person's own results, see `resultsPlace`.
 *
 * Files of another profile than the experiment's default end in -PROFILE. Files of runs that differ from the
 * experiment's declaration (other settings, fewer seeds, missing runs) end in -own. Among the committed results git
 * ignores -smoke and -own.
 *
 * @throws {Error} when there are no runs, when a run is not complete, naming it, or when a file cannot be written
 * @example
 * const { table, figure } = await publishResults(lambda, "classroom", await watchRuns(lambda.configs("classroom")));
 */
export async function publishResults(
  experiment: Experiment,
  profile: Profile,
  runs: readonly StoredRun[],
  options: PublishOptions = {},
): Promise<
  Reduction & {
    /** Every file that was written. */
    readonly saved: readonly PublishedFile[];
  }
> {
  const reduction = reduceResults(experiment, runs);
  return { ...reduction, saved: await saveResults(experiment, profile, runs, reduction, options) };
}

/**
 * Reduces the complete runs of an experiment.
 * @throws {Error} when there are no runs, or one is not complete, naming it
 */
export function reduceResults(experiment: Experiment, runs: readonly StoredRun[]): Reduction {
  if (runs.length === 0) throw new LabError(`No run of ${experiment.id} is complete: there is nothing to show yet.`);
  runs.forEach(summaryOf);
  return experiment.reduce(runs);
}

/**
 * Writes the results of an experiment's runs, as `publishResults` documents.
 * @throws {Error} when a file cannot be written
 */
export async function saveResults(
  experiment: Experiment,
  profile: Profile,
  runs: readonly StoredRun[],
  reduction: Reduction,
  options: PublishOptions = {},
): Promise<PublishedFile[]> {
  const { id } = experiment;
  const { labels = { experiment: id, profile: profileNamed(profile) } } = options;
  const ending = `${profile === experiment.profile ? "" : `-${profile}`}${asDeclared(experiment, profile, runs) ? "" : "-own"}`;
  const evaluations = runs.flatMap((run) =>
    evaluationRows(run, {
      ...labels,
      ...(experiment.columns?.(run.config) ?? { setting: experiment.label(run.config) }),
    }),
  );
  return [
    saveRows(
      "Runs",
      `${id}${ending}`,
      runs.flatMap((run) => runRows([run], { ...labels, ...experiment.columns?.(run.config) }, runs)),
      options,
    ),
    ...(evaluations.length === 0 ? [] : [saveRows("Evaluations", `${id}-evaluations${ending}`, evaluations, options)]),
    ...(await saveReduction(id, ending, labels, reduction, options)),
  ];
}

/**
 * Writes the statistics and figures of an experiment's runs that are complete so far, without the runs themselves, for
 * runs that are kept in tables of their own, see `trainCampaign`. The files have the same names as those of
 * `publishResults`.
 *
 * @throws {Error} when a file cannot be written
 */
export async function saveStatistics(
  { id, profile: usual }: Experiment,
  profile: Profile,
  reduction: Reduction,
  options: PublishOptions = {},
): Promise<PublishedFile[]> {
  const { labels = { experiment: id, profile } } = options;
  return saveReduction(id, profile === usual ? "" : `-${profile}`, labels, reduction, options);
}

async function saveReduction(
  id: string,
  ending: string,
  labels: Readonly<Record<string, string>>,
  reduction: Reduction,
  options: PublishOptions,
): Promise<PublishedFile[]> {
  const { methods, settings } = reduction;
  return [
    ...(methods === undefined
      ? []
      : [saveRows("Methods", `${id}-methods${ending}`, tidyRows(methods, labels), options)]),
    ...(settings === undefined
      ? []
      : [saveRows("Settings", `${id}-settings${ending}`, tidyRows(settings, labels), options)]),
    ...(await saveFigures(id, ending, reduction, options)),
  ];
}

/**
 * Writes the result of a measurement: its rows in ID.csv, its figures in ID.{json,html,png} and ID-NAME.*, in the
 * folders of a person's own results. Files of another profile than its default end in -PROFILE.
 *
 * @throws {Error} when there are no rows, or a file cannot be written
 * @example const { table } = await publishMeasurement(wallClock, "classroom", await wallClock.measure("classroom"));
 */
export async function publishMeasurement(
  measurement: Measurement,
  profile: Profile,
  measured: Measured,
  options: PublishOptions = {},
): Promise<
  Measured & {
    /** Every file that was written. */
    readonly saved: readonly PublishedFile[];
  }
> {
  const { id } = measurement;
  if (measured.rows.length === 0) throw new LabError(`${id} has measured nothing, so there is nothing to show.`);
  const ending = profileNamed(profile) === measurement.profile ? "" : `-${profile}`;
  const commit = currentCommit() ?? "";
  const rows = measured.rows.map((row) => ({ ...row, commit: row["commit"] ?? commit }));
  const saved = [
    saveRows("Rows", `${id}${ending}`, tidyRows(rows, { experiment: id, profile }), options),
    ...(await saveFigures(id, ending, measured, options)),
  ];
  return { ...measured, saved };
}

/**
 * Reads what `publishMeasurement` has written for a profile: the rows, and the figure if it was drawn; undefined if it
 * was not measured. A person's own result has precedence over the committed one.
 */
export function publishedMeasurement(
  { id, profile: usual }: Measurement,
  profile: Profile,
  { place = resultsPlace() }: PublishOptions = {},
): PublishedFile[] {
  const name = `${id}${profile === usual ? "" : `-${profile}`}`;
  const { tables, figures } = existsSync(join(place.tables, `${name}.csv`)) ? place : committedResults();
  const files = [
    ["Rows", tables, `${name}.csv`],
    ["Figure", figures, `${name}.html`],
    ["Figure", figures, `${name}.png`],
  ] as const;
  return files
    .map(([what, folder, file]) => ({ what, path: join(folder, file) }))
    .filter(({ path }) => existsSync(path));
}

/** Tells whether these are all runs that the experiment declares, with at least as many seeds. */
function asDeclared(experiment: Experiment, profile: Profile, runs: readonly StoredRun[]): boolean {
  const given = new Set(runs.map(({ name }) => name));
  const names = (seeds?: number) => experiment.configs(profile, seeds).map(runName);
  const least = names();
  if (!least.every((name) => given.has(name))) return false;
  if (given.size === least.length) return true;
  const declared = new Set(names(Math.max(...runs.map(({ config }) => config.seed))));
  return [...given].every((name) => declared.has(name));
}

function saveRows(
  what: string,
  name: string,
  rows: readonly CsvRow[],
  { place = resultsPlace() }: PublishOptions,
): PublishedFile {
  const path = join(place.tables, `${name}.csv`);
  // Each process writes a temporary file of its own, since two may publish at the same time.
  writeNamed(path, RESULTS_ADVICE, () => {
    mkdirSync(dirname(path), { recursive: true });
    replaceFile(path, `${rowsCsv(rows)}\n`);
  });
  return { what, path };
}

async function saveFigures(
  id: string,
  ending: string,
  { figure, more = {} }: { readonly figure: Figure; readonly more?: Readonly<Record<string, Figure>> },
  options: PublishOptions,
): Promise<PublishedFile[]> {
  const { place = resultsPlace() } = options;
  const base = (name: string): string =>
    options.figure === undefined ? join(place.figures, `${id}${name}${ending}`) : `${options.figure}${name}`;
  const files: PublishedFile[] = [];
  for (const [name, one] of Object.entries({ "": figure, ...more })) {
    const { json, html, png } = await saveFigure(one, base(name === "" ? "" : `-${name}`));
    files.push(...[json, html, png].flatMap((path) => (path === undefined ? [] : [{ what: "Figure", path }])));
  }
  return files;
}
