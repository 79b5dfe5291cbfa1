import type { Config } from "../config.js";
import { type Figure, shortSteps } from "../figures/figure.js";
import { settingScores } from "../figures/settings.js";
import { methodTitle } from "../methods.js";
import { mean } from "../results/statistics.js";
import type { StoredRun } from "../runs/store.js";
import { ABLATION } from "./ablation.js";
import type { Experiment } from "./experiment.js";
import { grid } from "./grid.js";
import { scoreSince } from "../analysis/seeds.js";

/** Sparsities of a profile: for 3s5z those of Figure 8; an easier map allows more. */
const LEVELS = { smoke: [0.8, 0.9], classroom: [0.9, 0.95, 0.98, 0.99], paper: [0.8, 0.85, 0.9, 0.95, 0.98] } as const;

const levelLabel = (level: number): string => `${Math.round(100 * level)} %`;

/** How sparse may a team be, by method? */
export const sparsity: Experiment = grid({
  ...ABLATION,
  id: "sparsity",
  title: "How sparse a team may be",
  about: "SS, SET, RigL and MAST at rising sparsities: where each of them breaks down",
  reproduces: "Figure 8",
  rows: {
    title: "Method",
    settings: (["ss", "set", "rigl", "mast"] as const).map((method) => ({
      label: methodTitle(method),
      input: { method },
    })),
  },
  columns: (profile) => ({
    title: "Sparsity",
    symbol: "sparsity",
    settings: LEVELS[profile].map((level) => ({ label: levelLabel(level), input: { sparsity: { level } } })),
  }),
  figures: (runs, label) => ({ "second-half": secondHalf(runs, label) }),
});

/**
 * Draws the win rates of the whole second half of training, because the last evaluations alone give a random score for
 * a team that alternates between winning and losing.
 */
function secondHalf(runs: readonly StoredRun[], label: (config: Config) => string): Figure {
  const { environment, steps } = runs[0].config;
  const cells = [...new Set(runs.map(({ config }) => label(config)))].map((name) => {
    const seeds = runs.filter(({ config }) => label(config) === name);
    const {
      method,
      sparsity: { level },
    } = seeds[0].config;
    const scores = seeds.map((run) => scoreSince(run, steps / 2));
    return { row: methodTitle(method), column: levelLabel(level), scores, mean: mean(scores) };
  });
  return settingScores(cells, {
    title: `Win rate from step ${shortSteps(steps / 2)} on: ${environment}`,
    axis: "Sparsity",
  });
}
