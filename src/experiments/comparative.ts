import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { algorithmTitle, type PaperAlgorithm, METHODS } from "../methods.js";
import { methodLabel } from "../figures/labels.js";
import { readPaperTable } from "../results/paper.js";
import { CLASSROOM_3M, SMOKE } from "./ablation.js";
import { compareWithPaper, paperPercent, scoreFigure } from "./comparison.js";
import { declare, type Experiment, type Profile } from "./experiment.js";
import { shortRun } from "../short-run.js";

const USUAL_SEEDS: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 10, paper: 8 };

/**
 * The budget of a profile, the same for every method. The row of 3m is short enough for a lesson; the others take hours
 * on two cores.
 */
function budget(profile: Profile, environment: string): ConfigInput {
  if (profile === "smoke") return SMOKE;
  if (profile === "paper") return { steps: 2_000_000 };
  return environment === "3m" ? CLASSROOM_3M : shortRun({ steps: 250_000, updates: 2 });
}

/**
 * Declares a row of Table 1: all seven methods with one algorithm on one map, the sparse ones at the row's sparsity.
 *
 * @param level another sparsity for the classroom profile
 */
function comparison(environment: string, algorithm: PaperAlgorithm, printed: number, level = printed): Experiment {
  const title = algorithmTitle(algorithm);
  return declare({
    id: `comparison-${environment}${algorithm === "qmix" ? "" : `-${algorithm}`}`,
    title: `Seven ways to train ${title} on ${environment}`,
    about: `Dense, Tiny, SS, SET, RigL, RLx2 and MAST with ${title} on ${environment}, the sparse ones at ${Math.round(100 * level)} %, one budget for all`,
    reproduces: `Tables 1 and 5 (${title}, ${environment}), Figure${environment === "3s5z" && algorithm === "qmix" ? "s 1 and" : ""} ${{ qmix: 13, "ow-qmix": 14, "cw-qmix": 14, res: 15 }[algorithm]}`,
    profile: "classroom",
    // Seed by seed, so that an interrupted experiment has whole rows.
    configs: (profile, seeds = USUAL_SEEDS[profile], changes = {}): Config[] =>
      Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
        METHODS.map((method) =>
          resolveConfig(
            [
              {
                environment,
                algorithm,
                ...(method === "dense" ? {} : { sparsity: { level: profile === "paper" ? printed : level } }),
              },
              changes,
              { method, seed, ...(method === "dense" ? { sparsity: { level: 0 } } : {}) },
            ].reduce<ConfigInput>(mergeConfig, budget(profile, environment)),
          ),
        ),
      ),
    label: methodLabel,
    paper: paperPercent,
    reduce: (runs) => ({ ...compareWithPaper(runs), more: { scores: scoreFigure(runs) } }),
  });
}

/** The rows of Table 1, in its order. */
export const COMPARISONS: readonly Experiment[] = readPaperTable("table-1").flatMap(
  ({ algorithm, environment, sparsity }) => {
    if (algorithm === "all" || environment === "average") return [];
    // At 95 %, the paper's sparsity for QMIX on 2s3z, two hundred thousand steps teach a sparse team little.
    return [comparison(environment, algorithm, sparsity, environment === "2s3z" ? 0.9 : sparsity)];
  },
);

const named = (id: string): Experiment => COMPARISONS.find((experiment) => experiment.id === id)!;

/** Table 1's first row, the lesson of notebook 18. */
export const comparison3m: Experiment = named("comparison-3m");

/** All seven methods with QMIX on 2s3z, at 90 %. */
export const comparison2s3z: Experiment = named("comparison-2s3z");
