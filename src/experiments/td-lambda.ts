import { trainingCurves } from "../figures/curves.js";
import { ablations } from "./ablation.js";
import { estimatedValueCurve } from "../analysis/curves.js";

/** The burn-in times of Table 6, as shares of the training: 0, 0.45M, 0.75M, 1M, 1.5M and 2M of 2M steps. */
const BURN_INS = [0, 0.225, 0.375, 0.5, 0.75, 1];

export const [
  /** When should TD(lambda) follow the one-step targets? MAST on QMIX with the burn-in times T_0 of Table 6. */
  burnIn,
  /** The same question on OW-QMIX. */
  burnInOwQmix,
] = ablations({
  id: "burn-in",
  title: "Burn-in time of the hybrid TD(λ) targets",
  about: "When TD(λ) follows the one-step targets: MAST with six burn-in times T₀",
  columns: (_, steps) => ({
    title: "T₀, share of the training",
    symbol: "T₀",
    settings: BURN_INS.map((share) => ({
      label: `${100 * share} %`,
      input: { returns: { burnIn: Math.round(share * steps) } },
    })),
  }),
  table: "table-6",
  source: "Table 6 (3s5z, 2M steps: T₀ of 0, 0.45M, 0.75M, 1M, 1.5M and 2M)",
});

export const [
  /** How far should targets look? MAST on QMIX with the values of lambda of Table 7. */
  lambda,
  /** The same question on OW-QMIX. */
  lambdaOwQmix,
] = ablations({
  id: "lambda",
  title: "λ of the hybrid TD(λ) targets",
  about: "How far targets look ahead: MAST with six values of λ, from one step to the whole episode",
  columns: {
    title: "λ",
    symbol: "λ",
    settings: [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => ({
      label: String(value),
      input: { returns: { lambda: value } },
    })),
  },
  table: "table-7",
  source: "Table 7 (3s5z, 2M steps)",
  // A longer target carries rewards back sooner. This shows in the values that the team estimates long before it shows
  // in its win rate.
  figures: (runs) => ({
    estimates: trainingCurves(
      runs.map((run) => estimatedValueCurve(run, `λ = ${run.config.returns.lambda}`)),
      {
        title: "What the team expects of its battles",
        value: "Estimated value",
        share: false,
        steps: runs[0].config.steps,
      },
    ),
  }),
});
