import { relative } from "node:path";
import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import { InvalidArgumentError, type Command as Commander, Option } from "commander";
import { shortSteps } from "../figures/figure.js";
import { show } from "../messages.js";
import { type Queued, queued, slurm } from "../runs/slurm/queue.js";
import { type SlurmSettings, slurmSchema } from "../runs/slurm/settings.js";
import { dryRun, failuresOf, queuedRuns, submissions, submit } from "../runs/slurm/submit.js";
import { directoryOf, inspectRun, runName, runsDirectory } from "../runs/store.js";
import { tableWithin, terminalColumns } from "./width.js";
import { MEASURES, measuresText } from "../results/measure.js";
import { scoreMeasure } from "../training/score.js";

/** Options for training on a cluster. */
export interface SlurmFlags {
  readonly on?: "local" | "slurm";
  readonly dryRun?: boolean;
  readonly partition?: string;
  readonly time?: string;
  readonly memory?: string;
  readonly cpus?: string;
  readonly account?: string;
  readonly parallel?: string;
  readonly warning?: string;
  readonly setup?: readonly string[];
  readonly sbatch?: readonly string[];
}

/** Adds the options of a cluster to a command that trains. */
export function addSlurmOptions(command: Commander): Commander {
  const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return command
    .addOption(
      new Option("--on <PLACE>", "where to train: local, or slurm for job arrays of a Slurm cluster").choices([
        "local",
        "slurm",
      ]),
    )
    .option("--dry-run", "with --on slurm: print the job script and submit nothing")
    .option("--partition <NAME>", "the cluster's partition")
    .option("--time <TIME>", 'time limit of a job, "04:00:00"; a longer run continues in the next job')
    .option("--memory <SIZE>", 'memory of a run, "2G" (default: an estimate)')
    .option("--cpus <N>", "cores of a run (default: 1)")
    .option("--account <NAME>", "the account to charge")
    .option("--parallel <N>", "number of runs at once (default: as many as the cluster allows)")
    .option("--warning <SECONDS>", "seconds before the limit at which a run makes a checkpoint (default: 120)")
    .option(
      "--setup <LINE>",
      'a line of the job script that precedes the run, "module load nodejs"; may be repeated',
      several,
    )
    .option("--sbatch <OPTION>", 'a further option of sbatch, "--sbatch=--constraint=avx2"; may be repeated', several);
}

/**
 * Merges the settings of a study file with those of the command line, which have precedence.
 * @throws {LabError} naming the option that cannot be used
 */
export function slurmSettings(below: SlurmSettings, flags: SlurmFlags): SlurmSettings {
  const number = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value));
  const { partition, time, memory, account, setup, sbatch: options } = flags;
  const given = {
    partition,
    time,
    memory,
    account,
    setup,
    options,
    cpus: number(flags.cpus),
    parallel: number(flags.parallel),
    warning: number(flags.warning),
  };
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = slurmSchema.safeParse(own);
  if (!parsed.success) {
    const field = String(parsed.error.issues[0].path[0]);
    const option = field === "options" ? "sbatch" : field;
    throw new InvalidArgumentError(
      `--${option} is ${show((flags as Record<string, unknown>)[option])}: ${WANTED[field] ?? "expected a whole number of at least 1"}.`,
    );
  }
  return { ...below, ...parsed.data };
}

const WANTED: Readonly<Record<string, string>> = {
  time: 'expected a time as Slurm writes it, "04:00:00" or "1-00:00:00"',
  memory: 'expected memory, "2G"',
  partition: "expected the name of a partition",
  account: "expected the name of an account",
  options: 'expected an option of sbatch, "--constraint=avx2"',
  setup: "expected a line of a script",
};

/** Submits the missing runs as job arrays, or prints the script; then tells what is queued and how to follow it. */
export function trainOnSlurm(plan: Parameters<typeof submit>[0], flags: SlurmFlags): void {
  if (flags.dryRun === true) return console.log(dryRun(plan));
  const { complete, waiting, submission, result } = submit(plan);
  const rest = [
    ...(complete > 0 ? [`${complete} complete`] : []),
    ...(waiting > 0 ? [`${waiting} queued or running already`] : []),
  ].join(", ");
  if (submission === undefined) return console.log(`Nothing to submit: ${rest}.`);
  const { jobs, runs, folder } = submission;
  console.log(
    `Submitted ${runs.length} run${runs.length === 1 ? "" : "s"} as ${jobs.map(({ job, count }) => `job ${job} (${count} element${count === 1 ? "" : "s"})`).join(", ")}${rest === "" ? "" : `; ${rest}`}.`,
  );
  if (result !== undefined)
    console.log(
      `Job ${result} shows the results when all runs have ended: ${relative(process.cwd(), `${folder}/result.txt`)}`,
    );
  const where = plan.runs === undefined ? "" : ` --runs ${plan.runs}`;
  console.log(
    `\`mast study status ${plan.name}${where}\` shows their progress, \`mast study cancel ${plan.name}${where}\` stops them.`,
  );
}

/** Refuses options of a cluster where nothing is submitted. */
export function refuseSlurmOptions(flags: SlurmFlags): void {
  const given = (
    ["dryRun", "partition", "time", "memory", "cpus", "account", "parallel", "warning", "setup", "sbatch"] as const
  ).filter((name) => flags[name] !== undefined);
  if (given.length > 0)
    throw new LabError(
      `${given.map((name) => (name === "dryRun" ? "--dry-run" : `--${name}`)).join(", ")} can be used on a cluster only: add --on slurm.`,
    );
}

/** Makes the lines of `mast study status NAME`: for each run its progress on disk and its place in the queue. */
export function statusLines(
  configs: readonly Config[],
  label: (config: Config) => string,
  name: string,
  runs: string | undefined,
): string {
  const all = submissions(runs, name);
  const failures = failuresOf(all);
  const queue = all.length === 0 ? new Map<string, Queued>() : queuedOrNone(runs);
  const store = { runs };
  const counts = new Map<string, number>();
  const rows = configs.map((config) => {
    const run = inspectRun(directoryOf(config, store));
    const element = queue.get(runName(config));
    const failure = failures.get(runName(config));
    const state =
      run.state === "complete"
        ? "complete"
        : element !== undefined
          ? element.state === "RUNNING"
            ? "running"
            : "queued"
          : run.state === "running"
            ? "running"
            : failure !== undefined
              ? "failed"
              : run.state === "interrupted"
                ? "interrupted"
                : "not begun";
    counts.set(state, (counts.get(state) ?? 0) + 1);
    const step = "step" in run ? `${shortSteps(run.step)} of ${shortSteps(config.steps)}` : "";
    const last = "step" in run ? (run.winRate ?? run.episodeReturn) : undefined;
    const reached = last === undefined ? "" : MEASURES[scoreMeasure(config)].text(last);
    return [
      `${label(config)}, seed ${config.seed}`,
      state,
      step,
      reached,
      element === undefined
        ? ""
        : `${element.job}_${element.element}${element.state === "RUNNING" ? "" : ` (${element.reason})`}`,
    ];
  });
  const right = (title: string) => ({ title, align: "right" as const });
  const table = tableWithin(
    {
      columns: [
        { title: "Run" },
        { title: "State" },
        right("Step"),
        right(measuresText(configs).title),
        { title: "Job" },
      ],
      rows,
    },
    terminalColumns(),
    0,
    [3, 4],
  );
  const failed = configs.flatMap((config) => {
    const why = failures.get(runName(config));
    return why === undefined || inspectRun(directoryOf(config, store)).state === "complete"
      ? []
      : [`${label(config)}, seed ${config.seed} failed: ${why}`];
  });
  return [table, "", [...counts].map(([state, count]) => `${count} ${state}`).join(", "), ...failed].join("\n");
}

/** Reads the queue; nothing if it does not answer, since the files tell the progress of runs. */
function queuedOrNone(runs: string | undefined): Map<string, Queued> {
  try {
    return queuedRuns(queued(), runs);
  } catch (error) {
    process.stderr.write(`${(error as Error).message} Only what is on disk is shown.\n`);
    return new Map();
  }
}

/** Runs `mast study cancel NAME`: removes its jobs from the queue, and running ones stop with a checkpoint. */
export function cancelSubmissions(name: string, runs: string | undefined): void {
  const found = submissions(runs, name);
  if (found.length === 0) throw new LabError(`Nothing of ${show(name)} was submitted from ${runsDirectory(runs)}.`);
  const open = new Set(
    queued()
      .filter((one) => one.name === `mast-${name}`)
      .map(({ job }) => job),
  );
  if (open.size === 0) return console.log(`Nothing of ${name} is queued.`);
  slurm("scancel", [...open], "The jobs cannot be cancelled");
  console.log(
    `Cancelled ${open.size === 1 ? "job" : "jobs"} ${[...open].join(", ")}; running ones stop with a checkpoint, and the same command submits the missing runs again.`,
  );
}
