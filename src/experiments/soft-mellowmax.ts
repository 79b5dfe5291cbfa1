import type { Config } from "../config.js";
import { type RunCurve, trainingCurves } from "../figures/curves.js";
import { shortSteps } from "../figures/figure.js";
import { methodTitle } from "../methods.js";
import type { StoredRun } from "../runs/store.js";
import { ABLATION, ablations } from "./ablation.js";
import type { Experiment } from "./experiment.js";
import { grid, type Setting } from "./grid.js";
import { estimatedValueCurve, overestimationCurve, winRateCurve } from "../analysis/curves.js";

/** The pairs of Table 8. */
const PAIRS = [
  [1, 10],
  [5, 5],
  [5, 10],
  [10, 5],
  [10, 10],
] as const;

export const [
  /** How sharp should the soft mellowmax be? MAST on QMIX with the pairs of alpha and omega of Table 8. */
  alphaOmega,
  /** The same question on OW-QMIX. */
  alphaOmegaOwQmix,
] = ablations({
  id: "alpha-omega",
  title: "α and ω of the soft mellowmax",
  about: "How close the soft mellowmax lies to the maximum: MAST with the five pairs of α and ω",
  columns: {
    title: "α, ω",
    symbol: "α, ω",
    settings: PAIRS.map(([alpha, omega]) => ({ label: `${alpha}, ${omega}`, input: { operator: { alpha, omega } } })),
  },
  table: "table-8",
  source: "Table 8 (3s5z, 2M steps)",
});

const operators: readonly Setting[] = [
  { label: "max", input: { operator: { kind: "max" } } },
  { label: "softmax", input: { operator: { kind: "softmax" } } },
  { label: "mellowmax", input: { operator: { kind: "mellowmax" } } },
  { label: "soft mellowmax", input: { operator: { kind: "soft-mellowmax" } } },
];

/** A panel for each method, in which the operators are compared as in Figures 5 and 16. */
const place = ({ method, operator }: Config) => ({
  panel: methodTitle(method),
  label: operators.find(({ input }) => input.operator?.kind === operator.kind)!.label,
});

/** Which operator values the next state best, alone (on RigL) and as a part of MAST? */
export const operatorComparison: Experiment = {
  ...grid({
    ...ABLATION,
    id: "operators",
    title: "Operators that value the next state",
    about:
      "Max, softmax, mellowmax and soft mellowmax, alone on RigL and as a part of MAST: win rates, and what they estimate",
    reproduces: "Figures 5, 12 and 16",
    rows: {
      title: "Method",
      settings: [
        { label: "RigL", input: { method: "rigl" } },
        { label: "MAST", input: { method: "mast" } },
      ],
    },
    columns: { title: "Operator", settings: operators },
    figures: (runs) => {
      const { environment, steps } = runs[0].config;
      const curves = (curve: (run: StoredRun, label: string) => RunCurve) =>
        runs.map((run) => ({ ...curve(run, place(run.config).label), panel: place(run.config).panel }));
      return {
        curves: trainingCurves(curves(winRateCurve), {
          title: `Operators that value the next state: ${environment}, ${shortSteps(steps)} steps`,
          steps,
        }),
        estimates: trainingCurves(curves(estimatedValueCurve), {
          title: "What the team expects",
          value: "Estimated value",
          share: false,
          steps,
        }),
        overestimation: trainingCurves(curves(overestimationCurve), {
          title: "Expected less real return",
          value: "Overestimation",
          share: false,
          steps,
        }),
      };
    },
  }),
  place,
};

/**
 * Does the soft mellowmax do more than double Q does? MAST with either, and with neither, where everything else is
 * equal. The paper compares operators without double Q.
 */
export const doubleQ: Experiment = grid({
  ...ABLATION,
  id: "double-q",
  title: "The soft mellowmax and double Q",
  about: "MAST with the soft mellowmax, with double Q and with a plain maximum, everything else alike",
  rows: { title: "Method", settings: [{ label: "MAST", input: { method: "mast" } }] },
  columns: {
    title: "Operator",
    settings: [
      { label: "soft mellowmax", input: { operator: { kind: "soft-mellowmax" } } },
      { label: "double Q", input: { operator: { kind: "max", doubleQ: true } } },
      { label: "max", input: { operator: { kind: "max", doubleQ: false } } },
    ],
  },
  seeds: { smoke: 1, classroom: 5, paper: 3 },
});
