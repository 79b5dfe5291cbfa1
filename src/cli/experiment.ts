import { relative, resolve } from "node:path";
import { EXPERIMENTS, findExperiment } from "../experiments/all.js";
import type { Experiment, Profile } from "../experiments/experiment.js";
import { type PublishedFile, publishResults } from "../experiments/publish.js";
import { closeBrowser } from "../figures/browser.js";
import { tableText } from "../figures/table.js";
import { runOf, type StoredRun } from "../results/store.js";
import { trainAll, type TrainingFlags } from "./train.js";

export interface ExperimentFlags extends TrainingFlags {
  readonly profile?: Profile;
  readonly seeds?: number;
  /** Where the figure goes, without its ending. */
  readonly figure?: string;
}

/** `mast experiment list` */
export function listExperiments(): void {
  console.log(tableText({ columns: [{ title: "Experiment" }, { title: "What it shows" }], rows: EXPERIMENTS.map(({ id, about }) => [id, about]) }));
}

/** `mast experiment run ID`: trains what is missing, then shows the result. */
export async function runExperiment(id: string, flags: ExperimentFlags): Promise<void> {
  const experiment = findExperiment(id);
  const profile = flags.profile ?? experiment.profile;
  const configs = experiment.configs(profile, flags.seeds);
  const severalSeeds = new Set(configs.map(({ seed }) => seed)).size > 1;
  console.error(`${experiment.title}: ${configs.length} runs of ${configs[0]!.steps.toLocaleString("en")} steps`);
  const outcomes = await trainAll(configs, flags, (config) => (severalSeeds ? `${experiment.label(config)} seed ${config.seed}` : experiment.label(config)));
  if (outcomes.every(({ state }) => state === "complete")) await showResult(experiment, profile, outcomes.map(({ run }) => run!), flags.figure);
}

/** `mast experiment show ID`: the result of runs that are there. */
export async function showExperiment(id: string, flags: ExperimentFlags): Promise<void> {
  const experiment = findExperiment(id);
  const profile = flags.profile ?? experiment.profile;
  const configs = experiment.configs(profile, flags.seeds);
  const runs = configs.map((config) => runOf(config, flags.runs === undefined ? {} : { runs: flags.runs }));
  const complete = runs.filter((run) => run?.state === "complete");
  if (complete.length < configs.length) throw new Error(`${complete.length} of the ${configs.length} runs of ${id} (${profile}) are complete: \`mast experiment run ${id} --profile ${profile}\` does the rest.`);
  await showResult(experiment, profile, complete as StoredRun[], flags.figure);
}

async function showResult(experiment: Experiment, profile: Profile, runs: readonly StoredRun[], figure?: string): Promise<void> {
  const { table, saved } = await publishResults(experiment, profile, runs, figure === undefined ? {} : { figure: resolve(figure) });
  await closeBrowser();
  console.log(`\n${tableText(table)}\n`);
  sayWhatIsSaved(saved);
  const next = experiment.next?.(runs) ?? [];
  if (next.length > 0) console.log(`\nWhat to try next:\n${next.map(([command, purpose]) => `  ${command}\n      ${purpose}`).join("\n")}`);
}

/** A line for each kind of file; of a figure, what a person opens. */
function sayWhatIsSaved(saved: readonly PublishedFile[]): void {
  for (const what of new Set(saved.map((file) => file.what))) {
    const paths = saved.filter((file) => file.what === what && !file.path.endsWith(".json")).map(({ path }) => relative(process.cwd(), path));
    console.log(`${what}: ${paths.join(", ")}`);
  }
}
