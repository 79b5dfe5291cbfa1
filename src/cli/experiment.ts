import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { DataFrame } from "danfojs-node";
import { EXPERIMENTS, findExperiment } from "../experiments/all.js";
import type { Experiment, Profile, Reduction } from "../experiments/experiment.js";
import { closeBrowser } from "../figures/browser.js";
import { packageRoot } from "../figures/package.js";
import { saveFigure } from "../figures/save.js";
import { tableText } from "../figures/table.js";
import { frameCsv, methodsFrame, runsFrame } from "../results/frame.js";
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

async function showResult(experiment: Experiment, profile: Profile, runs: readonly StoredRun[], figurePath = defaultFigure(experiment, profile)): Promise<void> {
  const { table, figure, methods } = experiment.reduce(runs);
  console.log(`\n${tableText(table)}\n`);
  const saved = await saveFigure(figure, figurePath);
  await closeBrowser();
  for (const [what, path] of await saveResults(experiment, profile, runs, methods)) console.log(`${what}: ${relative(process.cwd(), path)}`);
  console.log(`Figure: ${[saved.html, saved.png].filter((path) => path !== undefined).map((path) => relative(process.cwd(), path)).join(", ")}`);
  const next = experiment.next?.(runs) ?? [];
  if (next.length > 0) console.log(`\nWhat to try next:\n${next.map(([command, purpose]) => `  ${command}\n      ${purpose}`).join("\n")}`);
}

/** Writes the runs, a row each, to data/results/ID.csv, and where methods are compared those to data/results/ID-methods.csv. */
async function saveResults({ id, profile: usual }: Experiment, profile: Profile, runs: readonly StoredRun[], methods: Reduction["methods"]): Promise<[what: string, path: string][]> {
  const labels = { experiment: id, profile };
  const save = (what: string, name: string, frame: DataFrame): [what: string, path: string] => {
    const path = join(packageRoot(), "data", "results", `${name}${profile === usual ? "" : `-${profile}`}.csv`);
    mkdirSync(dirname(path), { recursive: true });
    // danfojs writes to files as well, but swallows what goes wrong there.
    writeFileSync(path, `${frameCsv(frame)}\n`);
    return [what, path];
  };
  return [save("Runs", id, await runsFrame(runs, labels)), ...(methods === undefined ? [] : [save("Methods", `${id}-methods`, await methodsFrame(methods, labels))])];
}

/** The figure that is committed is the usual profile's; others stand beside it. */
function defaultFigure({ id, profile: usual }: Experiment, profile: Profile): string {
  return join(packageRoot(), "figures", profile === usual ? id : `${id}-${profile}`);
}
