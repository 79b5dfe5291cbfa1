import { ABLATION, ablationCell } from "./ablation.js";
import type { Experiment } from "./experiment.js";
import { grid } from "./grid.js";

/** How often should connections move? */
export const maskInterval: Experiment = grid({
  ...ABLATION,
  id: "mask-interval",
  title: "Interval of the mask updates",
  about: "How often connections move: MAST with five intervals δₘ, from 20 to 2,000 episodes",
  reproduces: "Table 10",
  columns: { title: "δₘ, episodes", settings: [20, 100, 200, 1000, 2000].map((interval) => ({ label: String(interval), input: { topology: { interval } } })) },
  paper: ablationCell("table-10"),
  source: "Table 10 (two million steps)",
});
