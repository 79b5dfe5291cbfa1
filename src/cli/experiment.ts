import { LabError } from "../errors.js";
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Backend, Config } from "../config.js";
import { EXPERIMENTS, findExperiment, isMeasurement, MEASUREMENTS } from "../experiments/all.js";
import { type Experiment, type Measurement, type Profile, PROFILES } from "../experiments/experiment.js";
import {
  publishedMeasurement,
  type PublishedFile,
  type PublishOptions,
  publishMeasurement,
  reduceResults,
  saveResults,
} from "../experiments/publish.js";
import { coreHoursText, seedsText, withKept } from "../experiments/campaign.js";
import { publishedRows } from "../experiments/published.js";
import { clock, tableText } from "../figures/table.js";
import { type CsvRow, parseCsv } from "../results/csv.js";
import { type DamagedRun, directoryOf, inspectRun, runsDirectory, type StoredRun } from "../runs/store.js";
import { readNamedFile } from "../node/files.js";
import { committedResults, resultsPlace } from "../results/place.js";
import { refuseSlurmOptions, type SlurmFlags, slurmSettings, trainOnSlurm } from "./slurm.js";
import { tableWithin, terminalColumns, wrapText } from "./width.js";
import { shareDisplay } from "./progress.js";
import { interruptible } from "./interrupt.js";
import { trainAll, type TrainingFlags } from "./train.js";

export interface ExperimentFlags extends TrainingFlags, SlurmFlags {
  readonly profile?: Profile;
  readonly seeds?: number;
  /** The engine of every run. Default: the sparse engine. */
  readonly engine?: Config["engine"];
  readonly backend?: Backend;
  /** Path of the figure without its ending. */
  readonly figure?: string;
  /** The folder of tables and figures. */
  readonly results?: string;
  /** Whether to write the project's committed results. */
  readonly publish?: boolean;
}

/** Returns the places of results that the flags select. */
function placeOf({ figure, results, publish }: ExperimentFlags): PublishOptions {
  return {
    place: publish === true ? committedResults() : resultsPlace(results),
    figure: figure && resolve(figure),
  };
}

/** Lists the configurations of an experiment that the flags select. */
export function configsOf(
  experiment: Experiment,
  profile: Profile,
  { seeds, engine = "sparse", backend }: ExperimentFlags,
): Config[] {
  if (engine === "sparse" && backend === undefined) return experiment.configs(profile, seeds);
  return experiment.configs(profile, seeds, { engine, backend });
}

/** Repeats the flags that select runs. */
export function flagsText({ seeds, engine, backend }: ExperimentFlags): string {
  return Object.entries({ seeds, engine, backend })
    .map(([flag, value]) => (value === undefined ? "" : ` --${flag} ${value}`))
    .join("");
}

/**
 * Runs `mast experiment list`: prints the experiments, what they reproduce, their numbers of runs, and the time of the
 * classroom profile.
 */
export function listExperiments(): void {
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [{ title: "Experiment" }, { title: "Of the paper" }, ...PROFILES.map(right), right("two cores")];
  const times = classroomSeconds();
  const time = (id: string): string =>
    times.has(id) ? clock(60 * Math.ceil(times.get(id)! / 120)).replace(" 00 s", "") : "";
  const experiments = EXPERIMENTS.map((experiment) => ({
    ...experiment,
    numbers: [...PROFILES.map((profile) => String(experiment.configs(profile).length)), time(experiment.id)],
  }));
  const measurements = MEASUREMENTS.map((measurement) => ({
    ...measurement,
    numbers: [...PROFILES.map(() => "-"), ""],
  }));
  const all = [...experiments, ...measurements];
  const width = terminalColumns();
  const table = tableWithin(
    { columns, rows: all.map(({ id, reproduces = "", numbers }) => [id, reproduces, ...numbers]) },
    width,
    1,
    [2, 4, 3, 5],
  );
  const [head, rule, ...rows] = table.split("\n");
  const wrapped = (text: string, indent = ""): string[] =>
    width === undefined ? [`${indent}${text}`] : wrapText(text, width - 1, indent);
  console.log([head, rule, ...rows.flatMap((row, i) => [row, ...wrapped(all[i].about, "    ")])].join("\n"));
  for (const text of [
    "smoke, classroom, paper: runs of the profile; - measures something itself. `mast experiment run ID --profile P` trains what is missing and shows the result.",
    "Two cores: the time of the classroom runs on two cores of the machine on which data/results was made. Where only wall-clock time was kept, this is an upper limit, because the machine did other work as well. It is unknown for experiments without results in that folder.",
  ]) {
    console.log(`\n${wrapped(text).join("\n")}`);
  }
}

/**
 * Estimates the time that each experiment's published runs take on one core, by id. Where only wall-clock time was
 * kept, many runs shared their core with other work, so the lower quartile of each kind of run (map, algorithm, method,
 * engine and length) is taken for all. The vectorised seeds of tensorflow runs take their time together, whatever the
 * other core does.
 */
function classroomSeconds(): Map<string, number> {
  const published = EXPERIMENTS.map(({ id }) => ({ id, rows: publishedRows(id) })).filter(
    ({ rows }) => rows.length > 0,
  );
  const kind = (row: CsvRow): string =>
    [row["environment"], row["algorithm"], row["method"], row["engine"] ?? "sparse", row["steps"]].join();
  const seconds = new Map<string, number[]>();
  for (const row of published.flatMap(({ rows }) => rows))
    seconds.set(kind(row), [
      ...(seconds.get(kind(row)) ?? []),
      Number(row["processorSeconds"]) || Number(row["seconds"]),
    ]);
  const usual = new Map(
    [...seconds].map(([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(all.length / 4)]]),
  );
  const share = (row: CsvRow, rows: readonly CsvRow[]): number =>
    row["engine"] === "tensorflow" ? 2 / rows.filter((other) => kind(other) === kind(row)).length : 1;
  return new Map(
    published.map(({ id, rows }) => [id, rows.reduce((sum, row) => sum + share(row, rows) * usual.get(kind(row))!, 0)]),
  );
}

/** Runs `mast experiment run ID`: trains the missing runs, or measures, then shows the result. */
export async function runExperiment(id: string, flags: ExperimentFlags): Promise<void> {
  const found = findExperiment(id);
  if (isMeasurement(found)) return measure(found, flags);
  if (flags.on === "slurm") return submitExperiment(found, flags);
  refuseSlurmOptions(flags);
  await runDeclared(found, flags, commandOf(found, flags));
}

function submitExperiment(found: Experiment, flags: ExperimentFlags): void {
  const profile = flags.profile ?? found.profile;
  const { seeds, engine, backend, runs } = flags;
  const repeated = Object.entries({ seeds, engine, backend }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, String(value)],
  );
  const result = [
    "experiment",
    "show",
    found.id,
    "--profile",
    profile,
    ...repeated,
    "--runs",
    runsDirectory(runs),
    "--results",
    resultsPlace(flags.results).tables,
  ];
  trainOnSlurm(
    {
      name: `${found.id}-${profile}`,
      configs: configsOf(found, profile, flags),
      label: found.label,
      settings: slurmSettings({}, flags),
      result,
      runs,
    },
    flags,
  );
}

/** The command that shows the result of an experiment or a study. */
export interface Command {
  /** Name of the result, "lambda (classroom)". */
  readonly name: string;
  /** The command that trains the missing runs, for people to repeat. */
  readonly text: string;
  /** The first columns of its tables, if they are not those of an experiment. */
  readonly labels?: Readonly<Record<string, string>>;
}

function commandOf(experiment: Experiment, flags: ExperimentFlags): Command {
  const profile = flags.profile ?? experiment.profile;
  return {
    name: `${experiment.id} (${profile})`,
    text: `mast experiment run ${experiment.id} --profile ${profile}${flagsText(flags)}`,
  };
}

/** Trains the missing runs of an experiment or a study, then shows the result. */
export async function runDeclared(found: Experiment, flags: ExperimentFlags, command: Command): Promise<void> {
  const profile = flags.profile ?? found.profile;
  const configs = configsOf(found, profile, flags);
  const severalSeeds = new Set(configs.map(({ seed }) => seed)).size > 1;
  console.error(
    `${found.title}: ${configs.length} run${configs.length === 1 ? "" : "s"} of ${[...new Set(configs.map(({ steps }) => steps.toLocaleString("en")))].join(" or ")} steps`,
  );
  const outcomes = await trainAll(configs, flags, {
    label: (config) => (severalSeeds ? `${found.label(config)} seed ${config.seed}` : found.label(config)),
    seedOf: (config) => found.label(config),
  });
  const complete = outcomes.flatMap(({ state, run }) => (state === "complete" ? run! : []));
  if (complete.length === configs.length) await publish(found, profile, complete, flags, command);
  else if (!outcomes.some(({ state }) => state === "stopped")) showPart(found, complete, configs.length, command);
}

/** Runs `mast experiment publish ID`, which does the same as `run` but writes the project's committed results. */
export async function publishExperiment(id: string, flags: ExperimentFlags): Promise<void> {
  if (flags.results !== undefined)
    throw new LabError("publish writes to data/results and figures: leave out --results, or use run.");
  await runExperiment(id, { ...flags, publish: true });
}

/** Runs `mast experiment show ID`: shows the result of the existing runs. */
export async function showExperiment(id: string, flags: ExperimentFlags): Promise<void> {
  const found = findExperiment(id);
  if (isMeasurement(found)) return showMeasured(found, flags.profile ?? found.profile, flags);
  await showDeclared(found, flags, commandOf(found, flags));
}

/** Shows the result of the existing runs of an experiment or a study. */
export async function showDeclared(found: Experiment, flags: ExperimentFlags, command: Command): Promise<void> {
  const profile = flags.profile ?? found.profile;
  const configs = configsOf(found, profile, flags);
  const runs = configs.map((config) => completeRun(config, flags)).filter((run) => run !== undefined);
  for (const run of runs)
    if (run.state === "damaged") process.stderr.write(`${run.name} is damaged and left out: ${run.problem}\n`);
  const stored = new Map(runs.flatMap((run) => (run.state === "complete" ? [[run.name, run] as const] : [])));
  // A campaign on other machines adds complete runs to committed tables.
  const { runs: complete, kept, fingerprints } = withKept(configs, stored, profile, committedResults().tables);
  if (complete.length === configs.length) await publish(found, profile, complete, flags, command);
  else if (complete.length > 0) console.log(`\n${tableText(found.reduce(complete).table)}\n`);
  if (kept > 0)
    console.log(
      `${kept} of these runs are those of data/results/runs-${profile}.csv, by ${fingerprints.length === 1 ? "an engine" : "engines"} with the fingerprint${fingerprints.length === 1 ? "" : "s"} ${fingerprints.join(" and ")}.`,
    );
  if (complete.length === configs.length) return;
  if (complete.length > 0) console.log(`Complete: ${seedsText(found, configs, complete)}; ${coreHoursText(complete)}.`);
  refusePart(complete.length, configs.length, command);
}

/** Reads a complete run and checks its metrics; returns a damaged run, or undefined while the run is not complete. */
function completeRun(config: Config, { runs }: ExperimentFlags): StoredRun | DamagedRun | undefined {
  const directory = directoryOf(config, { runs });
  if (!existsSync(directory)) return undefined;
  const run = inspectRun(directory, { whole: true });
  return run.state === "complete" || run.state === "damaged" ? run : undefined;
}

async function publish(
  experiment: Experiment,
  profile: Profile,
  runs: readonly StoredRun[],
  flags: ExperimentFlags,
  { labels }: Command,
): Promise<void> {
  const reduction = reduceResults(experiment, runs);
  // The result is printed first, so that it is seen even if saving fails.
  console.log(`\n${tableText(reduction.table)}\n`);
  sayWhatIsSaved(await saveResults(experiment, profile, runs, reduction, { ...placeOf(flags), labels }));
  const next = experiment.next?.(runs) ?? [];
  if (next.length > 0)
    console.log(
      `\nWhat to try next:\n${next.map(([command, purpose]) => `  ${command}\n      ${purpose}`).join("\n")}`,
    );
}

/**
 * Prints the table of some of the runs without saving it.
 * @throws {Error} naming the command that trains the rest, as does the line below the table
 */
function showPart(experiment: Experiment, runs: readonly StoredRun[], all: number, command: Command): void {
  if (runs.length > 0) console.log(`\n${tableText(experiment.reduce(runs).table)}\n`);
  refusePart(runs.length, all, command);
}

function refusePart(complete: number, all: number, { name, text }: Command): never {
  throw new LabError(
    `${complete} of the ${all} runs of ${name} are complete${complete > 0 ? ", and only they are in the table" : ""}: \`${text}\` trains the others.`,
  );
}

/** Measures with progress on the terminal; Ctrl-C stops it, and a second one ends it at once. */
async function measure(measurement: Measurement, flags: ExperimentFlags): Promise<void> {
  refuseTrainingFlags(measurement, flags);
  const profile = flags.profile ?? measurement.profile;
  const interrupted = interruptible();
  const display = shareDisplay(measurement.title);
  try {
    const measured = await measurement.measure(profile, {
      signal: interrupted.signal,
      onProgress: (share, what) => display.update({ share, what }),
    });
    display.update({ share: 1, what: "done" });
    display.stop();
    const { table, saved } = await publishMeasurement(measurement, profile, measured, {
      figure: flags.figure && resolve(flags.figure),
    });
    console.log(`\n${tableText(table)}\n`);
    sayWhatIsSaved(saved);
  } catch (error) {
    display.stop();
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write(
      "Stopped before the measurement was complete. The same command measures again from the beginning.\n",
    );
    process.exitCode = interrupted.code();
  } finally {
    interrupted.end();
  }
}

/** Shows the published rows of a measurement, since its table exists only while it measures. */
function showMeasured(measurement: Measurement, profile: Profile, flags: ExperimentFlags): void {
  refuseTrainingFlags(measurement, flags);
  const files = publishedMeasurement(measurement, profile, placeOf(flags));
  const path = files.find(({ what }) => what === "Rows")?.path;
  if (path === undefined)
    throw new LabError(
      `${measurement.id} (${profile}) was not measured here yet: \`mast experiment run ${measurement.id} --profile ${profile}\` does it.`,
    );
  const rows = parseCsv(readNamedFile(path, "the results"), path);
  const titles = Object.keys(rows[0] ?? {});
  const columns = titles.map((title) => ({
    title,
    ...(typeof rows[0][title] === "number" ? { align: "right" as const } : {}),
  }));
  console.log(
    `${tableText({ title: measurement.title, columns, rows: rows.map((row) => titles.map((title) => String(row[title]))) })}\n`,
  );
  sayWhatIsSaved(files);
}

function refuseTrainingFlags(
  { id }: Measurement,
  { seeds, engine, backend, workers, runs, checkpointEvery }: ExperimentFlags,
): void {
  const given = Object.entries({
    "--seeds": seeds,
    "--engine": engine,
    "--backend": backend,
    "--workers": workers,
    "--runs": runs,
    "--checkpoint-every": checkpointEvery,
  })
    .filter(([, value]) => value !== undefined)
    .map(([flag]) => flag);
  if (given.length > 0)
    throw new LabError(`${id} measures something itself and keeps no runs: leave out ${given.join(" and ")}.`);
}

/** Prints a line for each kind of file; for a figure, the file that a person opens. */
export function sayWhatIsSaved(saved: readonly PublishedFile[]): void {
  for (const what of new Set(saved.map((file) => file.what))) {
    const paths = saved
      .filter((file) => file.what === what && !file.path.endsWith(".json"))
      .map(({ path }) => relative(process.cwd(), path));
    console.log(`${what}: ${paths.join(", ")}`);
  }
}
