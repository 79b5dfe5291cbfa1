import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import type { Experiment } from "../experiments/experiment.js";
import { reduceResults, saveResults } from "../experiments/publish.js";
import { runLabels } from "../figures/labels.js";
import { tableText } from "../figures/table.js";
import { show } from "../messages.js";
import { resultsPlace } from "../results/place.js";
import { flatten, refuseDifference, requireSeeds } from "../results/seeds.js";
import { findRun, inspectRun, listRuns, readRun, runOf, type StoredRun } from "../runs/store.js";
import { type Group, reduceGroups } from "../studies/reduce.js";
import { keptStudies, runsOf } from "../studies/shelf.js";
import { sayWhatIsSaved } from "./experiment.js";
import { findStudy } from "./study.js";
import type { RunsFlags } from "./runs.js";

export interface CompareFlags extends RunsFlags {
  readonly name?: string;
  readonly results?: string;
}

/**
 * Runs `mast compare WHAT...`, where WHAT is a run, a common beginning of several runs' names, a study, or
 * NAME=RUN,RUN. Only runs that differ in nothing but the seed are averaged; rows are named after the fields in which
 * their runs differ.
 */
export async function compareCommand(what: readonly string[], flags: CompareFlags): Promise<void> {
  const id = flags.name ?? "compare";
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(id))
    throw new LabError(`--name is ${show(id)}; expected letters, digits, dots and dashes.`);
  const named = new Map<string, string>();
  const found = new Map<string, StoredRun>();
  for (const one of what) {
    const [, label, list] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    const runs =
      label === undefined ? runsNamed(one, flags) : list.split(",").flatMap((name) => runsNamed(name, flags));
    if (label !== undefined) requireSeeds(runs, `The runs of ${label}`);
    for (const run of runs) {
      found.set(run.name, run);
      if (label !== undefined) named.set(run.name, label);
    }
  }
  const runs = [...found.values()];
  const unfinished = runs.filter(({ state }) => state !== "complete");
  if (unfinished.length > 0)
    throw new LabError(
      `${unfinished.length === runs.length ? "None" : `${unfinished.length}`} of these ${runs.length} runs ${unfinished.length === runs.length ? "is" : "are not"} complete (${unfinished
        .slice(0, 3)
        .map(({ name }) => name)
        .join(", ")}${unfinished.length > 3 ? ", ..." : ""}): leave them out, or train them to their end.`,
    );
  // Scores that are measured differently cannot be compared.
  refuseDifference(runs, "These runs", (field) => field.startsWith("evaluation.") || field === "rules");
  const groups = groupRuns(runs, named);
  const byConfig = new Map(groups.flatMap(({ label, runs: seeds }) => seeds.map(({ config }) => [config, label])));
  const experiment: Experiment = {
    id,
    title: "Comparison",
    about: "",
    profile: "classroom",
    configs: () => runs.map(({ config }) => config),
    label: (config) => byConfig.get(config) ?? "other",
    columns: (config) => ({ setting: byConfig.get(config) ?? "other" }),
    reduce: () => reduceGroups(groups, { title: "Comparison", plots: ["win-rate", "return"] }),
  };
  const reduction = reduceResults(experiment, runs);
  console.log(`\n${tableText(reduction.table)}\n`);
  const differences = differing(groups.map((group) => group.runs[0].config));
  if (differences.length > 0)
    console.log(
      `They differ in ${differences.slice(0, 12).join("; ")}${differences.length > 12 ? `; and ${differences.length - 12} other fields` : ""}.\n`,
    );
  sayWhatIsSaved(
    await saveResults(experiment, "classroom", runs, reduction, {
      place: resultsPlace(flags.results),
      labels: { comparison: id },
    }),
  );
}

/** Groups runs that differ in the seed only, and names each group; groups in `named` keep their names. */
export function groupRuns(runs: readonly StoredRun[], named: ReadonlyMap<string, string> = new Map()): Group[] {
  const labels = runLabels(runs.map(({ config }) => config)).map((label, i) =>
    severalEnvironments(runs) ? `${runs[i].config.environment}, ${label}` : label,
  );
  const groups = new Map<string, Group>();
  runs.forEach((run, i) => {
    const label = named.get(run.name) ?? labels[i];
    groups.set(label, { label, values: {}, runs: [...(groups.get(label)?.runs ?? []), run] });
  });
  return [...groups.values()];
}

function severalEnvironments(runs: readonly StoredRun[]): boolean {
  return new Set(runs.map(({ config }) => config.environment)).size > 1;
}

/** Lists the fields in which configurations differ, with their values: "returns.lambda (0.6, 0.8)". */
function differing(configs: readonly Config[]): string[] {
  const fields = configs.map((config) => new Map(flatten(config).filter(([field]) => field !== "seed")));
  return [...new Set(fields.flatMap((one) => [...one.keys()]))].flatMap((field) => {
    const values = [...new Set(fields.map((one) => one.get(field) ?? "absent"))];
    return values.length > 1 ? [`${field} (${values.join(", ")})`] : [];
  });
}

/** Finds the complete runs of a study, a run, or all runs whose names begin with a text. */
export function runsNamed(name: string, flags: RunsFlags): StoredRun[] {
  const store = { runs: flags.runs };
  const isStudy = /\.(ya?ml|json)$/i.test(name) || keptStudies(flags.runs).some((kept) => kept.name === name);
  if (isStudy) {
    const kept = findStudy(name, flags);
    const runs = runsOf(kept)
      .map((config) => runOf(config, store))
      .filter((run): run is StoredRun => run?.state === "complete");
    if (runs.length === 0)
      throw new LabError(`No run of ${kept.study.id} is complete yet: \`mast study run ${name}\` trains them.`);
    return runs;
  }
  const beginning = existsSync(name)
    ? []
    : listRuns(store).filter((run) => run.name.startsWith(name) && inspectRun(run.directory).state !== "damaged");
  return beginning.length > 1
    ? beginning.map((run) => readRun(run.directory))
    : [readRun(basename(findRun(name, store)) === name ? name : findRun(name, store), store)];
}
