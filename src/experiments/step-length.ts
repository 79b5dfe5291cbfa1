import type { ConfigInput } from "../config.js";
import { ABLATION } from "./ablation.js";
import type { Experiment } from "./experiment.js";
import { grid, type Setting } from "./grid.js";

const lengths = [1, 2, 3, 5, 10].map((n): Setting => ({
  label: `n = ${n}`,
  input: { returns: { kind: "n-step", n } },
}));

/** A model of `size` percent of the dense one. */
const model = (size: number): Setting => ({
  label: `${size} % of the weights`,
  input: { sparsity: { level: Number((1 - size / 100).toFixed(2)) } } satisfies ConfigInput,
});

/** Does a smaller model want a longer step? */
export const stepLength: Experiment = grid({
  ...ABLATION,
  id: "step-length",
  title: "Step length of the targets and size of the model",
  about: "MAST with n-step targets of five lengths, and with TD(λ), for models of several sizes",
  reproduces: "Figure 4",
  rows: (profile) => ({ title: "Model", settings: (profile === "paper" ? [10, 5] : [10, 5, 2]).map(model) }),
  columns: { title: "Targets", settings: [...lengths, { label: "TD(λ)", input: { returns: { kind: "td-lambda" } } }] },
});
