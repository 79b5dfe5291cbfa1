#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { addConfigOptions, type ConfigFlags, gridFrom } from "./cli/config-options.js";
import { BACKENDS, ENGINES } from "./config.js";
import { doctorCommand } from "./cli/doctor.js";
import { evaluateCommand, type EvaluateFlags } from "./cli/evaluate.js";
import {
  type ExperimentFlags,
  listExperiments,
  publishExperiment,
  runExperiment,
  showExperiment,
} from "./cli/experiment.js";
import { replayCommand, showCommand } from "./cli/figures.js";
import { workerCommand, type WorkerFlags } from "./cli/worker.js";
import { addSlurmOptions, cancelSubmissions, type SlurmFlags } from "./cli/slurm.js";
import { trainElement } from "./runs/slurm/element.js";
import { addStudy, listStudies, printSchema, runStudy, showStudy, studyStatus } from "./cli/study.js";
import { compareCommand, type CompareFlags } from "./cli/compare.js";
import {
  exportCommand,
  type ListFlags,
  removeCommand,
  runsCommand,
  type RunsFlags,
  SORT_KEYS,
  tagCommand,
} from "./cli/runs.js";
import { extendCommand } from "./cli/extend.js";
import { trainCommand, type TrainingFlags } from "./cli/train.js";
import { namesFor } from "./config/names.js";
import { MOST_SEEDS, PROFILES } from "./experiments/experiment.js";
import { oneLine } from "./messages.js";
import { collectSeldom } from "./node/heap.js";
import { THREADS } from "./node/kernels.js";
import { packageRoot } from "./node/project.js";

const count = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("expected a whole number of at least 1.");
  return number;
};
const seeds = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > MOST_SEEDS)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${MOST_SEEDS.toLocaleString("en")}.`);
  return number;
};
const seconds = (value: string): number => {
  const number = Number(value);
  if (!(number >= 0) || value.trim() === "") throw new InvalidArgumentError("expected seconds, 0 or more.");
  return number;
};
const threads = (value: string): number => {
  if (!THREADS.includes(Number(value)) || value.trim() === "") throw new InvalidArgumentError("expected 1, 2 or 4.");
  return Number(value);
};
const natural = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || value.trim() === "")
    throw new InvalidArgumentError("expected a whole number of at least 0.");
  return number;
};

const runsOption = () => new Option("--runs <FOLDER>", "the folder of runs (default: MAST_RUNS, or data/runs)");
const workersOption = () =>
  new Option(
    "--workers <N>",
    "number of runs at once (default: one on each core; with the tensorflow engine all seeds of a configuration)",
  ).argParser(count);
const checkpointOption = () =>
  new Option("--checkpoint-every <SECONDS>", "seconds between checkpoints (default: 30)").argParser(seconds);

const version = (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
const program = new Command("mast")
  .description("Train sparse teams of agents, and reproduce the experiments of MAST (NeurIPS 2024).")
  .version(version)
  .addHelpText(
    "after",
    `\nEnvironments: ${namesFor("environment").join(", ")}\nAlgorithms: ${namesFor("algorithm").join(", ")}\nMethods: ${namesFor("method").join(", ")}\nMAST_DEBUG=1 shows where an error came from.`,
  );

addSlurmOptions(
  addConfigOptions(program.command("train").description("train a team; the same command resumes an interrupted run")),
)
  .addOption(new Option("--seeds <N>", "train N seeds, counting up from --seed").argParser(seeds))
  .option(
    "--extend <RUN,...>",
    "continue complete runs to --steps N, counted from their beginning; takes names, beginnings of names, and studies",
  )
  .addOption(workersOption())
  .addOption(
    new Option(
      "--threads <N>",
      "threads that share each run, 1, 2 or 4: it ends sooner, with the same bits (default: 1)",
    ).argParser(threads),
  )
  .addOption(checkpointOption())
  .addOption(runsOption())
  .addHelpText(
    "after",
    "\nSeveral values of a field, separated by commas, train every combination.\n\nExamples:\n  mast train --short --environment 2s3z --method mast,rigl --steps 200000 --set returns.lambda=0.6,0.8 --seeds 5\n  mast train --short --environment 3m --method mast --sparsity 0.95 --steps 100000\n  mast train --config run.json --set returns.lambda=0.6 --set replay.onlineBatch=8\n  mast train --environment 3m --ticket winning --source 3m-qmix-mast-95-2M-seed1\n  mast train --extend 3m-qmix-mast-95-100k-seed1 --steps 300000\n  mast train --short --environment 3m --method mast --steps 100000 --from agent.safetensors",
  )
  .action((flags: ConfigFlags & TrainingFlags & SlurmFlags & { seeds?: number; extend?: string }) =>
    flags.extend === undefined
      ? trainCommand(gridFrom(flags), flags)
      : extendCommand(flags.extend, gridFrom(flags), flags),
  );

/** Adds the options of commands that train and show the runs of an experiment or a study. */
const addRunOptions = (command: Command, publish = false): Command =>
  command
    .addOption(new Option("--profile <NAME>", "smoke (seconds), classroom (minutes) or paper").choices(PROFILES))
    .addOption(new Option("--seeds <N>", "seeds of each method").argParser(seeds))
    .addOption(new Option("--engine <NAME>", "the engine that runs the networks (default: sparse)").choices(ENGINES))
    .addOption(new Option("--backend <NAME>", "the backend of the tensorflow engine (default: auto)").choices(BACKENDS))
    .addOption(workersOption())
    .addOption(checkpointOption())
    .addOption(runsOption())
    .option("--figure <PATH>", "path of the figure without an ending (default: ID in the folder of results)")
    .addOption(
      new Option(
        "--results <FOLDER>",
        "the folder of tables and figures (default: MAST_RESULTS, or data/own)",
      ).hideHelp(publish),
    );

const experiment = program.command("experiment").description("list, run and show the experiments of the paper");
experiment.command("list").description("what there is").action(listExperiments);
for (const [name, about, action] of [
  ["run", "train the missing runs, then show the result", runExperiment],
  ["show", "show the result of the complete runs", showExperiment],
  [
    "publish",
    "do the same as run, but write the project's committed results (data/results, figures)",
    publishExperiment,
  ],
] as const) {
  const command = addRunOptions(experiment.command(`${name} <ID>`).description(about), name === "publish");
  (name === "run" ? addSlurmOptions(command) : command).action((id: string, flags: ExperimentFlags) =>
    action(id, flags),
  );
}

const study = program
  .command("study")
  .description("list, run and show studies of your own: files that declare which settings vary");
study
  .command("list")
  .description("list the studies that are kept among the runs, with their progress")
  .addOption(runsOption())
  .action((flags: RunsFlags) => listStudies(flags));
addSlurmOptions(
  addRunOptions(study.command("run <FILE>").description("train the missing runs, then show the result")),
).action((file: string, flags: ExperimentFlags) => runStudy(file, flags));
addRunOptions(
  study
    .command("show <FILE>")
    .description("show the result of the complete runs of a study, given by its file or by its name among the runs"),
).action((file: string, flags: ExperimentFlags) => showStudy(file, flags));
addRunOptions(study.command("add <FILE>").description("add a study to the folder of runs, for workers")).action(
  (file: string, flags: ExperimentFlags) => addStudy(file, flags),
);
addRunOptions(
  study.command("status <NAME>").description("show the progress of its runs, on disk and in a cluster's queue"),
).action((name: string, flags: ExperimentFlags) => studyStatus(name, flags));
study
  .command("cancel <NAME>")
  .description("remove its jobs from a cluster's queue")
  .addOption(runsOption())
  .action((name: string, flags: RunsFlags) => cancelSubmissions(name, flags.runs));
study.command("schema").description("print the JSON schema of study files, for editors").action(printSchema);

program
  .command("worker")
  .description(
    "train the runs of a folder that no other worker trains, also with workers on other machines that share the folder",
  )
  .option(
    "--study <FILE...>",
    "studies whose runs are trained (default: all studies in the folder, and runs that were begun)",
  )
  .option("--stay", "wait for more when all runs are complete")
  .addOption(workersOption())
  .addOption(checkpointOption())
  .addOption(runsOption())
  .action((flags: WorkerFlags) => workerCommand(flags));

const runs = program
  .command("runs")
  .description("list the runs, with their progress")
  .option(
    "--environment <NAME>",
    "only runs in these environments; --algorithm and --method also take NAME or NAME,NAME",
  )
  .option("--algorithm <NAME>")
  .option("--method <NAME>")
  .addOption(
    new Option("--state <STATE>", "only runs in this state").choices(["complete", "running", "interrupted", "damaged"]),
  )
  .option("--tag <TAG>", "only runs with this tag")
  .option("--where <FIELD=VALUE...>", "only runs with these values in their configuration, such as returns.lambda=0.6")
  .addOption(new Option("--sort <KEY>", "the column by which runs are sorted").choices(SORT_KEYS))
  .option("--reverse", "the highest first")
  .option("--json", "for other programs")
  .option("--html [FILE]", "write a page with a filter and curves that works offline (default: runs.html)")
  .addOption(runsOption())
  .action((flags: ListFlags) => runsCommand(flags));
runs
  .command("rm <RUN...>")
  .description("remove runs for good")
  .option("--yes", "do not ask")
  .addOption(runsOption())
  .action((names: string[], _: object, command: Command) => removeCommand(names, command.optsWithGlobals()));
runs
  .command("tag <RUN...>")
  .description("add tags to runs, by which they can be found")
  .option("--add <TAG...>", "the tags to add")
  .option("--remove <TAG...>", "the tags to remove")
  .addOption(runsOption())
  .action((names: string[], _: object, command: Command) => tagCommand(names, command.optsWithGlobals()));
program
  .command("compare <WHAT...>")
  .description(
    "compare runs and studies of your own in one table and figure; NAME=RUN,RUN names the seeds of a setting",
  )
  .option("--name <NAME>", "name of the results (default: compare)")
  .option("--results <FOLDER>", "the folder of tables and figures (default: MAST_RESULTS, or data/own)")
  .addOption(runsOption())
  .action((what: string[], flags: CompareFlags) => compareCommand(what, flags));
program
  .command("export <RUN>")
  .description("save the parameters of a run as safetensors with PyMARL's names, for PyTorch")
  .option("--out <FILE>", "default: RUN.safetensors in this folder")
  .option("--tensorboard <FOLDER>", "write its curves as a TensorBoard event file instead")
  .addOption(runsOption())
  .action((run: string, flags: RunsFlags & { out?: string; tensorboard?: string }) => exportCommand(run, flags));
program
  .command("evaluate <TEAM>")
  .description("let a trained team play: a RUN, or an agent network FILE.safetensors with PyMARL's names")
  .option("--environment <MAP>", "environment (default: that of the run's training; a file needs it)")
  .addOption(new Option("--rules <NAME>", "rules of the battle simulator").choices(["starcraft", "smaclite"]))
  .addOption(new Option("--episodes <N>", "how many battles").argParser(count).default(200))
  .addOption(new Option("--seed <N>", "the first battle").argParser(natural).default(1))
  .option("--csv <FILE>", "also write a row for each episode: seed, won, return, steps")
  .addOption(runsOption())
  .action((team: string, flags: EvaluateFlags) => evaluateCommand(team, flags));
program
  .command("replay [RUN]")
  .description("save a battle of a trained team as a page to watch")
  .option("--random [ENVIRONMENT]", "let agents act at random instead (default: 3m)")
  .addOption(new Option("--seed <N>", "the battle").argParser(natural).default(1))
  .option("--out <FILE>", "default: replay-ENVIRONMENT-SEED.html in this folder")
  .addOption(runsOption())
  .action((run: string | undefined, flags: RunsFlags & { random?: string | true; seed: number; out?: string }) =>
    replayCommand(run, flags),
  );
program
  .command("show <FILE>")
  .description(
    "write a saved figure (NAME.json) as a page that works offline, and open it in the browser if there is a screen",
  )
  .option("--out <PAGE>", "default: shown/NAME.html in the folder of results")
  .option("--no-open", "only write the page")
  .action((file: string, flags: { out?: string; open?: boolean }) => showCommand(file, flags));
program
  .command("slurm-element <FOLDER> <NUMBER>", { hidden: true })
  .action(async (folder: string, number: string) => process.exit(await trainElement(folder, natural(number))));
program
  .command("doctor")
  .description("check what is installed, and say how to install what is missing")
  .action(() => doctorCommand());

function configure(command: Command): void {
  command.exitOverride().configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  command.commands.forEach(configure);
}

configure(program);
collectSeldom();
// A pipe that is closed early, as by `mast runs | head`, is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`${oneLine((error as Error).message)}\n`);
    if (process.env["MAST_DEBUG"]) process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
