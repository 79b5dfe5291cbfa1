import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Figure } from "../figures/figure.js";
import { packageRoot } from "../node/project.js";
import { replaceFile, saveFigure } from "../display/save.js";
import type { CsvRow } from "../results/csv.js";
import { onDisk } from "../runs/disk.js";
import { rowsCsv, runRows, tidyRows } from "../results/frame.js";
import { summaryOf } from "../results/scores.js";
import { runName, type StoredRun } from "../runs/store.js";
import { type Experiment, type Measured, type Measurement, type Profile, profileNamed, type Reduction } from "./experiment.js";
import { currentCommit } from "../runs/summary.js";

export interface PublishOptions {
  /** Where data/results/ and figures/ are. Default: this project. */
  readonly folder?: string;
  /** Where the figure goes, without its ending; further ones get "-NAME" behind it. Default: figures/ID. */
  readonly figure?: string;
}

/** A file that was written. */
export interface PublishedFile {
  /** "Runs", "Methods", "Settings", "Rows" or "Figure". */
  readonly what: string;
  readonly path: string;
}

/**
 * Reduces the complete runs of an experiment and keeps what they come to: the runs, a row each, in data/results/ID.csv, statistics of methods and of a grid's
 * cells in ID-methods.csv and ID-settings.csv, the figures in figures/ID.{json,html,png} and ID-NAME.*.
 *
 * Files of another profile than the experiment's usual one end in -PROFILE. Files of runs that are not what the experiment declares (other settings, fewer
 * seeds, some missing) end in -own: the committed results stay as they are. Git passes over -smoke and -own.
 *
 * @throws {Error} when there are no runs, or one is not complete, naming it; or when a file cannot be written
 * @example
 * const { table, figure } = await publishResults(lambda, "classroom", await watchRuns(lambda.configs("classroom")));
 */
export async function publishResults(experiment: Experiment, profile: Profile, runs: readonly StoredRun[], options: PublishOptions = {}): Promise<Reduction & { readonly saved: readonly PublishedFile[] }> {
  const { id } = experiment;
  if (runs.length === 0) throw new Error(`No run of ${id} is complete: there is nothing to show yet.`);
  runs.forEach(summaryOf);
  const reduction = experiment.reduce(runs);
  const { methods, settings } = reduction;
  const labels = { experiment: id, profile: profileNamed(profile) };
  const ending = `${profile === experiment.profile ? "" : `-${profile}`}${asDeclared(experiment, profile, runs) ? "" : "-own"}`;
  const saved = [
    saveRows("Runs", `${id}${ending}`, runRows(runs, labels), options),
    ...(methods === undefined ? [] : [saveRows("Methods", `${id}-methods${ending}`, tidyRows(methods, labels), options)]),
    ...(settings === undefined ? [] : [saveRows("Settings", `${id}-settings${ending}`, tidyRows(settings, labels), options)]),
    ...(await saveFigures(id, ending, reduction, options)),
  ];
  return { ...reduction, saved };
}

/**
 * Keeps what a measurement came to: its rows in data/results/ID.csv, its figures in figures/ID.{json,html,png} and ID-NAME.*. Files of another profile than its
 * usual one end in -PROFILE.
 *
 * @throws {Error} when there are no rows, or a file cannot be written
 * @example
 * const { table } = await publishMeasurement(wallClock, "classroom", await wallClock.measure("classroom"));
 */
export async function publishMeasurement(measurement: Measurement, profile: Profile, measured: Measured, options: PublishOptions = {}): Promise<Measured & { readonly saved: readonly PublishedFile[] }> {
  const { id } = measurement;
  if (measured.rows.length === 0) throw new Error(`${id} measured nothing: there is nothing to show.`);
  const ending = profileNamed(profile) === measurement.profile ? "" : `-${profile}`;
  const commit = currentCommit() ?? "";
  const rows = measured.rows.map((row) => ({ ...row, commit: row["commit"] ?? commit }));
  const saved = [saveRows("Rows", `${id}${ending}`, tidyRows(rows, { experiment: id, profile }), options), ...(await saveFigures(id, ending, measured, options))];
  return { ...measured, saved };
}

/** What `publishMeasurement` has left of a profile: the rows, and the figure where it is drawn; nothing when it was not measured. */
export function publishedMeasurement({ id, profile: usual }: Measurement, profile: Profile, { folder = packageRoot() }: PublishOptions = {}): PublishedFile[] {
  const name = `${id}${profile === usual ? "" : `-${profile}`}`;
  const files = [["Rows", "data", "results", `${name}.csv`], ["Figure", "figures", `${name}.html`], ["Figure", "figures", `${name}.png`]] as const;
  return files.map(([what, ...path]) => ({ what, path: join(folder, ...path) })).filter(({ path }) => existsSync(path));
}

/** Whether these are all runs that the experiment declares, with as many seeds or more. */
function asDeclared(experiment: Experiment, profile: Profile, runs: readonly StoredRun[]): boolean {
  const given = new Set(runs.map(({ name }) => name));
  const names = (seeds?: number) => experiment.configs(profile, seeds).map(runName);
  if (!names().every((name) => given.has(name))) return false;
  const declared = new Set(names(Math.max(...runs.map(({ config }) => config.seed))));
  return [...given].every((name) => declared.has(name));
}

function saveRows(what: string, name: string, rows: readonly CsvRow[], { folder = packageRoot() }: PublishOptions): PublishedFile {
  const path = join(folder, "data", "results", `${name}.csv`);
  // Two processes may publish at the same time: each writes a temporary file of its own.
  onDisk(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    replaceFile(path, `${rowsCsv(rows)}\n`);
  }, "");
  return { what, path };
}

async function saveFigures(id: string, ending: string, { figure, more = {} }: { readonly figure: Figure; readonly more?: Readonly<Record<string, Figure>> }, options: PublishOptions): Promise<PublishedFile[]> {
  const { folder = packageRoot() } = options;
  const place = (name: string): string => (options.figure === undefined ? join(folder, "figures", `${id}${name}${ending}`) : `${options.figure}${name}`);
  const files: PublishedFile[] = [];
  for (const [name, one] of Object.entries({ "": figure, ...more })) {
    const { json, html, png } = await saveFigure(one, place(name === "" ? "" : `-${name}`));
    files.push(...[json, html, png].flatMap((path) => (path === undefined ? [] : [{ what: "Figure", path }])));
  }
  return files;
}
