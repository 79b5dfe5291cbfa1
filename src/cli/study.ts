import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { mergeConfig } from "../config.js";
import { LabError } from "../errors.js";
import { PROFILES } from "../experiments/experiment.js";
import { show } from "../messages.js";
import { resultsPlace } from "../results/place.js";
import { runsDirectory } from "../runs/store.js";
import {
  keepStudy,
  keptName,
  type KeptStudy,
  keptStudies,
  keptStudy,
  runsOf,
  studyProgress,
} from "../studies/shelf.js";
import { studyJsonSchema } from "../studies/schema.js";
import { readStudy, type Study } from "../studies/study.js";
import { type Command, type ExperimentFlags, flagsText, runDeclared, showDeclared } from "./experiment.js";
import { refuseSlurmOptions, slurmSettings, statusLines, trainOnSlurm } from "./slurm.js";
import { tableWithin, terminalColumns } from "./width.js";

/** Finds a study by its file, or by its name among the runs, and applies the flags to it. */
export function findStudy(file: string, flags: ExperimentFlags): KeptStudy {
  const kept = existsSync(file) || /[/\\]|\.(ya?ml|json)$/i.test(file) ? undefined : keptStudy(file, flags.runs);
  const study = kept?.study ?? readStudy(file, flags.runs);
  if (flags.profile !== undefined && !(study.profiles.length > 0 && study.profiles.includes(flags.profile))) {
    throw new LabError(
      `${study.id} has no profile ${show(flags.profile)}${study.profiles.length > 0 ? `; there are: ${study.profiles.join(", ")}` : `: its file gives no profiles (${PROFILES.join(", ")})`}.`,
    );
  }
  const seeds = flags.seeds ?? kept?.seeds;
  const { engine, backend } = flags;
  // A flag that is not given does not replace a change that is kept with the study.
  const changes = mergeConfig(kept?.changes ?? {}, { engine, backend });
  return {
    study,
    profile: flags.profile ?? kept?.profile ?? study.profile,
    seeds,
    changes,
  };
}

/** Wraps a study for the commands of experiments. */
function asExperiment({ study, profile, seeds, changes }: KeptStudy): Study {
  return {
    ...study,
    profile,
    configs: (asked, count, more = {}) => study.configs(asked, count ?? seeds, { ...changes, ...more }),
  };
}

/** Writes the command that repeats the present one. */
export function studyCommand(file: string, { study }: KeptStudy, flags: ExperimentFlags): Command {
  const profile = flags.profile === undefined ? "" : ` --profile ${flags.profile}`;
  const runs = flags.runs === undefined ? "" : ` --runs ${flags.runs}`;
  return {
    name: study.id,
    text: `mast study run ${file}${profile}${flagsText(flags)}${runs}`,
    labels: { study: study.id, ...(study.profiles.length === 0 ? {} : { profile: flags.profile ?? study.profile }) },
  };
}

/** Runs `mast study run FILE`: trains the missing runs, then shows the result. */
export async function runStudy(file: string, flags: ExperimentFlags): Promise<void> {
  const found = findStudy(file, flags);
  if (flags.on === "slurm") return submitStudy(found, flags);
  refuseSlurmOptions(flags);
  keepStudy(found, flags.runs);
  await runDeclared(asExperiment(found), flags, studyCommand(file, found, flags));
}

function submitStudy(found: KeptStudy, flags: ExperimentFlags): void {
  const { study } = found;
  // The cluster's settings are checked before anything is written.
  const settings = slurmSettings(study.slurm, flags);
  const kept = keptName(found);
  if (flags.dryRun !== true) keepStudy(found, flags.runs);
  const { tables } = resultsPlace(flags.results);
  const result = ["study", "show", kept, "--runs", runsDirectory(flags.runs), "--results", tables];
  trainOnSlurm(
    {
      name: kept,
      configs: runsOf(found),
      label: study.label,
      settings,
      result,
      runs: flags.runs,
    },
    flags,
  );
}

/** Runs `mast study status NAME`: shows the progress of each run, on a cluster or elsewhere. */
export function studyStatus(name: string, flags: ExperimentFlags): void {
  const found = findStudy(name, flags);
  console.log(statusLines(runsOf(found), found.study.label, keptName(found), flags.runs));
}

/** Runs `mast study show FILE`: shows the result of the complete runs. */
export async function showStudy(file: string, flags: ExperimentFlags): Promise<void> {
  const found = findStudy(file, flags);
  await showDeclared(asExperiment(found), flags, studyCommand(file, found, flags));
}

/** Runs `mast study add FILE`: adds the study to the folder of runs, for workers. */
export function addStudy(file: string, flags: ExperimentFlags): void {
  const found = findStudy(file, flags);
  const { all, complete } = studyProgress(runsOf(found), flags.runs);
  console.log(
    `${keepStudy(found, flags.runs)}: ${complete} of ${all} runs are complete; \`mast worker --runs ${runsDirectory(flags.runs)}\` trains the others, on any machine that has this folder.`,
  );
}

/**
 * Runs `mast study list`: lists the studies among the runs, and study files in the working directory that were not
 * added yet.
 */
export function listStudies(flags: Pick<ExperimentFlags, "runs">): void {
  const kept = keptStudies(flags.runs);
  if (kept.length === 0)
    console.log(`No studies in ${runsDirectory(flags.runs)} yet: \`mast study run FILE\` makes one.`);
  else {
    const right = (title: string) => ({ title, align: "right" as const });
    const rows = kept.map((one) => {
      if ("problem" in one) return [one.name, "", "", "", one.problem];
      const { all, complete, running } = studyProgress(runsOf(one), flags.runs);
      return [one.name, String(all), String(complete), String(running), one.study.title];
    });
    console.log(
      tableWithin(
        { columns: [{ title: "Study" }, right("Runs"), right("Complete"), right("Running"), { title: "" }], rows },
        terminalColumns(),
        0,
        [4, 3],
      ),
    );
  }
  const here = readdirSync(process.cwd()).filter((name) => /\.study\.(ya?ml|json)$/i.test(name));
  if (here.length > 0) console.log(`\nStudy files in this folder: ${here.map((name) => join(".", name)).join(", ")}`);
}

/** Runs `mast study schema`: prints the JSON schema of study files, for editors. */
export function printSchema(): void {
  console.log(JSON.stringify(studyJsonSchema(), null, 2));
}
