import { METHOD_TITLES } from "../methods.js";
import { ABLATION } from "./ablation.js";
import type { Experiment } from "./experiment.js";
import { grid } from "./grid.js";

/** Sparsities of a profile: Figure 8's for 3s5z; an easy map bears more. */
const LEVELS = { smoke: [0.8, 0.9], classroom: [0.9, 0.95, 0.98, 0.99], paper: [0.7, 0.8, 0.85, 0.9, 0.95] } as const;

/** How sparse may a team be, by method? */
export const sparsity: Experiment = grid({
  ...ABLATION,
  id: "sparsity",
  title: "How sparse a team may be",
  about: "SS, SET, RigL and MAST at rising sparsities: where each of them breaks down",
  reproduces: "Figure 8",
  rows: { title: "Method", settings: (["ss", "set", "rigl", "mast"] as const).map((method) => ({ label: METHOD_TITLES[method], input: { method } })) },
  columns: (profile) => ({ title: "Sparsity", settings: LEVELS[profile].map((level) => ({ label: `${Math.round(100 * level)} %`, input: { sparsity: { level } } })) }),
  seeds: { ...ABLATION.seeds, classroom: 3 },
});
