import { METHODS } from "../algorithms/methods.js";
import { type ConfigInput, resolveConfig } from "../config.js";
import { trainingCurves } from "../figures/curves.js";
import { type MethodResult, resultsTable } from "../figures/table.js";
import { methodLabel, winRateCurve } from "../figures/watch.js";
import { mean, standardDeviation } from "../results/statistics.js";
import type { StoredRun } from "../results/store.js";
import type { Experiment, Profile, Reduction } from "./experiment.js";

/** The teams that are trained, the sparse ones at 95 %. */
const TEAMS = [
  { method: "mast", sparsity: { level: 0.95 } },
  { method: "rigl", sparsity: { level: 0.95 } },
  { method: "dense" },
] as const satisfies readonly ConfigInput[];

/** What a profile spends on each team. */
export const QUICKSTART_PROFILES: Readonly<Record<Profile, { readonly seeds: number; readonly settings: ConfigInput }>> = {
  smoke: {
    seeds: 1,
    settings: { steps: 1_500, warmup: 200, topology: { interval: 10 }, targetInterval: 20, evaluation: { interval: 500, episodes: 8, window: 2 }, log: { interval: 100 } },
  },
  classroom: {
    seeds: 1,
    settings: { steps: 100_000, evaluation: { interval: 5_000, episodes: 32, window: 5 }, log: { interval: 1_000 } },
  },
  paper: { seeds: 8, settings: { steps: 2_000_000 } },
};

/** The main job: can a team with a twentieth of the weights keep up with a dense one on 3m? */
export const quickstart: Experiment = {
  id: "quickstart",
  title: "95 % sparse teams against a dense one on 3m",
  about: "Three marines against three: MAST-QMIX and RigL-QMIX at 95 % sparsity beside dense QMIX, a small Table 1",
  profile: "classroom",
  configs: (profile, seeds) =>
    TEAMS.flatMap((team) => {
      const { seeds: usual, settings } = QUICKSTART_PROFILES[profile];
      return Array.from({ length: seeds ?? usual }, (_, i) => resolveConfig({ environment: "3m", ...settings, ...team, seed: i + 1 } as ConfigInput));
    }),
  label: methodLabel,
  reduce: quickstartResult,
  next: (runs) => [
    ["npm run lab", "the same in a notebook, with the masks and the battles to look at"],
    [`npx mast replay ${runs.find(({ config }) => config.method === "mast")!.name}`, "watch the sparse team that was just trained play"],
    ["npx mast train --environment 2s3z --sparsity 0.9 --steps 200000", "train a team of your own; npx mast --help lists every command"],
  ],
};

/** The runs as rows of Table 1, and as training curves. */
export function quickstartResult(runs: readonly StoredRun[]): Reduction {
  const groups = METHODS.map((method) => runs.filter(({ config }) => config.method === method)).filter((group) => group.length > 0);
  const results = groups.map(methodResult);
  const { steps, evaluation } = runs[0]!.config;
  const spread = results.every(({ seeds }) => seeds > 1) ? "standard deviation over seeds" : `standard deviation over the last ${evaluation.window} evaluations`;
  return {
    table: resultsTable(results, {
      title: `${environmentOf(runs)} after ${steps.toLocaleString("en")} steps`,
      note: `Win rate: mean of the last ${evaluation.window} evaluations of ${evaluation.episodes} episodes, ± ${spread}. Size and FLOPs relative to dense, by the paper's equations.`,
    }),
    figure: trainingCurves(runs.map((run) => winRateCurve(run)), { title: `QMIX on ${environmentOf(runs)}, sparse teams at 95 %`, steps }),
  };
}

/** A row: the runs of one method, one a seed. */
function methodResult(runs: readonly StoredRun[]): MethodResult {
  const summaries = runs.map(({ summary }) => summary!);
  const scores = summaries.map(({ score }) => score);
  // With one seed, how far the last evaluations lie apart.
  const deviation = standardDeviation(runs.length > 1 ? scores : summaries[0]!.winRates.slice(-runs[0]!.config.evaluation.window));
  const { totalSize, trainFlops, inferenceFlops } = summaries[0]!.cost.relative;
  return { method: methodLabel(runs[0]!.config), seeds: runs.length, winRate: mean(scores), deviation, totalSize, trainingFlops: trainFlops, inferenceFlops, seconds: mean(summaries.map(({ seconds }) => seconds)) };
}

function environmentOf(runs: readonly StoredRun[]): string {
  return runs[0]!.config.environment;
}
