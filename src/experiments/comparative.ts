import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import { METHODS } from "../methods.js";
import { methodLabel } from "../figures/labels.js";
import { compareWithPaper } from "./comparison.js";
import type { Experiment, Profile } from "./experiment.js";
import { shortRun } from "./short-run.js";

const USUAL_SEEDS: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 5, paper: 8 };

/** What a profile spends on every method alike. */
const BUDGETS: Readonly<Record<Profile, ConfigInput>> = {
  smoke: shortRun({ steps: 1_000, network: { hidden: 32 }, topology: { interval: 10 }, evaluation: { interval: 500, episodes: 4, window: 1 } }),
  classroom: shortRun({ steps: 250_000, updates: 2 }),
  paper: { steps: 2_000_000 },
};

/** A row block of Table 1: all seven methods with QMIX on 2s3z, the sparse ones at 90 %. */
export const comparison2s3z: Experiment = {
  id: "comparison-2s3z",
  title: "Seven ways to train QMIX on 2s3z with a tenth of the weights",
  about: "Table 1's comparison: Dense, Tiny, SS, SET, RigL, RLx2 and MAST with QMIX on 2s3z at 90 % sparsity, one budget for all",
  profile: "classroom",
  // Seed by seed, so that an interrupted experiment has whole rows.
  configs: (profile, seeds = USUAL_SEEDS[profile]): Config[] =>
    Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
      METHODS.map((method) => resolveConfig({ environment: "2s3z", ...BUDGETS[profile], method, ...(method === "dense" ? {} : { sparsity: { level: 0.9 } }), seed })),
    ),
  label: methodLabel,
  reduce: compareWithPaper,
};
