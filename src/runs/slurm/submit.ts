import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Config, type ConfigInput, givenOf, resolveConfig, restoreConfig } from "../../config.js";
import { LabError } from "../../errors.js";
import { writeNamed } from "../../node/files.js";
import { packageRoot } from "../../node/project.js";
import { writeAtomically } from "../disk.js";
import { memoryOf } from "../memory.js";
import { directoryOf, inspectRun, runName, runsDirectory } from "../store.js";
import { refuseUntrainable } from "../run-all.js";
import { checkCluster, type Queued, queued, slurm } from "./queue.js";
import { arrayScript, resultScript } from "./script.js";
import { checkTime, type SlurmSettings } from "./settings.js";

/**
 * Jobs that were submitted together. Their folder, slurm/NAME-TIME among the runs, holds runs.json, the scripts, logs
 * and failures.
 */
export interface Submission {
  readonly name: string;
  readonly folder: string;
  /** The runs by their number. */
  readonly runs: readonly SubmittedRun[];
  /** The job arrays, each with `count` runs from number `first` on. */
  readonly jobs: readonly { readonly job: string; readonly first: number; readonly count: number }[];
}

export interface SubmittedRun {
  readonly name: string;
  readonly label: string;
  readonly config: Config;
  readonly given: ConfigInput;
}

/** The input of a submission. */
export interface SubmitPlan {
  /** Name of the submission, for example "my-lambda". */
  readonly name: string;
  readonly configs: readonly Config[];
  readonly label: (config: Config) => string;
  readonly settings: SlurmSettings;
  readonly runs?: string;
  /** Arguments of the command that shows the results when all runs have ended. */
  readonly result?: readonly string[];
  /** The folder to which that command writes the results. */
  readonly results?: string;
}

/** Outcome of a submission. */
export interface Submitted {
  /** Number of runs that were not submitted because they are complete or already queued. */
  readonly complete: number;
  readonly waiting: number;
  /** The submission; absent where no run was missing. */
  readonly submission?: Submission;
  /** Id of the job that shows the results. */
  readonly result?: string;
}

/** The compiled command. A job starts it directly, without the set-up steps of npm, on the machine of a cluster. */
const command = (): string[] => [process.execPath, join(packageRoot(), "dist", "cli.js")];

/** Megabytes of memory that a process needs beside its run. */
const PROCESS_MEGABYTES = 200;
/** File system type of tmpfs, which is in memory and invisible to other machines. */
const TMPFS = 0x01021994;

/** Returns the scripts as they would be submitted, without contacting a cluster. */
export function dryRun(plan: SubmitPlan): string {
  checkTime(plan.settings);
  const { levels } = missing(plan, []);
  const folder = join(runsDirectory(plan.runs), "slurm", `${plan.name}-TIME`);
  const count = levels.flat().length;
  const arrays = levels.map(
    (level, i) =>
      `# sbatch --array=0-${level.length - 1}${parallel(plan.settings)} array.sh ${levels.slice(0, i).flat().length}`,
  );
  return [
    ...arrays,
    arrayScript({
      name: jobName(plan.name),
      folder,
      settings: plan.settings,
      memory: megabytes(plan.configs),
      command: [...command(), "slurm-element"],
    }),
    ...(plan.result === undefined || count === 0
      ? []
      : [
          `# sbatch --dependency=afterany:JOBS result.sh`,
          resultScript({
            name: jobName(plan.name),
            folder,
            settings: plan.settings,
            command: [...command(), ...plan.result],
          }),
        ]),
  ].join("\n");
}

/**
 * Submits the runs that are missing and not queued as job arrays with one run in each element, and a job that shows the
 * results. Mistakes are reported before anything is submitted. Tickets wait for their sources.
 *
 * @throws {LabError} in one line, also when Slurm refuses a job
 */
export function submit(plan: SubmitPlan): Submitted {
  const { name, settings } = plan;
  checkTime(settings);
  refuseUntrainable(new Map(plan.configs.map((config) => [runName(config), config])), plan.runs);
  const cluster = checkCluster(settings);
  const runs = runsDirectory(plan.runs);
  const { levels, complete, waiting } = missing(plan, queued());
  const all = levels.flat();
  if (all.length === 0) return { complete, waiting };
  const folder = join(runs, "slurm", `${name}-${new Date().toISOString().replace(/[-:]|\.\d+Z/g, "")}-${process.pid}`);
  writeNamed(folder, "choose another folder with --runs", () => {
    for (const part of ["logs", "failures"]) mkdirSync(join(folder, part), { recursive: true });
  });
  if (cluster.elsewhere && statfsSync(folder).type === TMPFS)
    throw new LabError(
      `${runs} is in the memory of this machine and not visible to others: choose a folder that all machines of the cluster share, with --runs.`,
    );
  const jobs: { job: string; first: number; count: number }[] = [];
  const submission: Submission = {
    name,
    folder,
    runs: all.map((config) => ({ name: runName(config), label: plan.label(config), config, given: givenOf(config) })),
    jobs,
  };
  const keep = () =>
    writeAtomically(
      join(folder, "runs.json"),
      `${JSON.stringify({ ...submission, folder: undefined, directory: runs })}\n`,
    );
  keep();
  const script = join(folder, "array.sh");
  writeAtomically(
    script,
    arrayScript({
      name: jobName(name),
      folder,
      settings,
      memory: megabytes(all),
      command: [...command(), "slurm-element"],
    }),
  );
  const refusal = () =>
    `Slurm refused the job${jobs.length > 0 ? ` after ${jobs.reduce((sum, { count }) => sum + count, 0)} runs; the same command submits the others` : ""}`;
  let first = 0;
  let before: string[] = [];
  for (const level of levels) {
    const own: string[] = [];
    for (let at = 0; at < level.length; at += cluster.arraySize - 1) {
      const count = Math.min(cluster.arraySize - 1, level.length - at);
      const job = slurm(
        "sbatch",
        [
          "--parsable",
          `--array=0-${count - 1}${parallel(settings)}`,
          ...(before.length > 0 ? [`--dependency=afterany:${before.join(":")}`] : []),
          script,
          String(first),
        ],
        refusal(),
      )
        .trim()
        .split(";")[0];
      jobs.push({ job, first, count });
      keep();
      own.push(job);
      first += count;
    }
    before = own;
  }
  if (plan.result === undefined) return { complete, waiting, submission };
  writeAtomically(
    join(folder, "result.sh"),
    resultScript({ name: jobName(name), folder, settings, command: [...command(), ...plan.result] }),
  );
  const result = slurm(
    "sbatch",
    ["--parsable", `--dependency=afterany:${jobs.map(({ job }) => job).join(":")}`, join(folder, "result.sh")],
    "Slurm refused the job that shows the results; the runs are queued",
  ).trim();
  return { complete, waiting, submission, result };
}

function jobName(name: string): string {
  return `mast-${name}`;
}

function parallel({ parallel: most }: SlurmSettings): string {
  return most === undefined ? "" : `%${most}`;
}

/** Computes the megabytes that each run with its process may need. */
function megabytes(configs: readonly Config[]): number {
  const needs = new Map<string, number>();
  for (const config of configs) {
    const like = JSON.stringify([config.environment, config.rules, config.replay, config.steps]);
    if (!needs.has(like)) needs.set(like, memoryOf(config));
  }
  return Math.ceil((1.25 * Math.max(0, ...needs.values())) / 2 ** 20) + PROCESS_MEGABYTES;
}

/**
 * Finds the runs that are neither complete nor being trained or queued, in levels: tickets come after the level of
 * their sources.
 */
function missing(
  { name, configs, runs }: SubmitPlan,
  queue: readonly Queued[],
): { readonly levels: Config[][]; readonly complete: number; readonly waiting: number } {
  const store = { runs };
  const distinct = new Map(configs.map((config) => [runName(config), config]));
  const open = queuedRuns(queue, runs);
  let [complete, waiting] = [0, 0];
  for (const [run, config] of distinct) {
    const { state } = inspectRun(directoryOf(config, store));
    if (state === "complete") complete++;
    else if (open.has(run) || state === "running") waiting++;
    else continue;
    distinct.delete(run);
  }
  void name;
  const depth = (config: Config): number => {
    const source = distinct.get(config.ticket?.source ?? "");
    return source === undefined ? 0 : 1 + depth(source);
  };
  const levels: Config[][] = [];
  for (const config of distinct.values()) (levels[depth(config)] ??= []).push(config);
  return { levels: levels.filter((level) => level.length > 0), complete, waiting };
}

/** Finds the runs of a folder that are in the queue, each with its element. */
export function queuedRuns(queue: readonly Queued[], runs?: string): Map<string, Queued> {
  const elements = new Map(queue.map((one) => [`${one.name} ${one.job} ${one.element}`, one]));
  const found = new Map<string, Queued>();
  for (const { name, runs: own, jobs } of submissions(runs)) {
    for (const { job, first, count } of jobs) {
      for (let i = 0; i < count; i++) {
        const element = elements.get(`${jobName(name)} ${job} ${i}`);
        if (element !== undefined) found.set(own[first + i].name, element);
      }
    }
  }
  return found;
}

/** Lists the submissions of a folder of runs, oldest first, with the given name or all. */
export function submissions(runs?: string, name?: string): Submission[] {
  const folder = join(runsDirectory(runs), "slurm");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((one) => (existsSync(join(folder, one, "runs.json")) ? readSubmission(join(folder, one)) : []))
    .filter((one) => name === undefined || one.name === name);
}

/**
 * Reads a submission.
 * @throws {LabError} when the folder is not a submission
 */
export function readSubmission(folder: string): Submission {
  try {
    const { name, runs, jobs } = JSON.parse(readFileSync(join(folder, "runs.json"), "utf8")) as Submission;
    return { name, folder: resolve(folder), runs, jobs };
  } catch (error) {
    throw new LabError(`${folder} is not a submission to Slurm: ${(error as Error).message}`);
  }
}

/** Restores the configuration of a submitted run. */
export function submittedConfig({ config, given }: SubmittedRun): Config {
  // Parts are loaded again. If they have changed since, this is another run.
  return config.parts === undefined ? restoreConfig(given, config) : resolveConfig(given);
}

/** Finds why runs of submissions failed in their last job, by run. */
export function failuresOf(all: readonly Submission[]): Map<string, string> {
  const failures = new Map<string, string>();
  for (const { folder } of all) {
    const place = join(folder, "failures");
    if (!existsSync(place)) continue;
    for (const file of readdirSync(place))
      if (file.endsWith(".txt"))
        failures.set(file.slice(0, -".txt".length), readFileSync(join(place, file), "utf8").trim());
  }
  return failures;
}
