import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { methodLabel } from "../figures/labels.js";
import type { PaperMethod } from "../methods.js";
import { shortRun } from "../short-run.js";
import { SMOKE } from "./ablation.js";
import { compareWithPaper, scoreFigure } from "./comparison.js";
import { declare, type Experiment, type Profile } from "./experiment.js";

/** The methods of Figures 9 and 18 without RLx2. */
const METHODS: readonly PaperMethod[] = ["dense", "tiny", "ss", "set", "rigl", "mast"];
/** Those of a smoke test. */
const ENDS: readonly PaperMethod[] = ["dense", "mast"];

const USUAL_SEEDS: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 3, paper: 8 };

/**
 * The settings that a short budget needs. The authors' 5,000 episodes are the newest seventh of their 2 million steps;
 * 400 keep as young a share of a short run, so that TD(lambda) follows what the present actors do. A slower actor waits
 * for a critic that has seen hundreds of updates and not tens of thousands.
 */
const CLASSROOM = {
  replay: { offlineCapacity: 400 },
  optimiser: { actorLearningRate: 5e-4 },
} as const satisfies ConfigInput;

/**
 * FACMAC and MAST-FACMAC at 90 % on one of SMAC's maps, one budget for all methods.
 *
 * @param taught the methods that a classroom trains
 * @param own settings of a method in a classroom
 */
function comparison(
  environment: string,
  classroom: ConfigInput & { readonly steps: number },
  taught: readonly PaperMethod[],
  own: (method: PaperMethod) => ConfigInput = () => ({}),
): Experiment {
  const methods: Readonly<Record<Profile, readonly PaperMethod[]>> = {
    smoke: ENDS,
    classroom: taught,
    paper: METHODS,
  };
  const budgets: Readonly<Record<Profile, ConfigInput>> = {
    smoke: { ...SMOKE, environment },
    classroom: shortRun(mergeConfig(CLASSROOM, classroom) as ConfigInput & { readonly steps: number }),
    paper: { steps: 2_000_000 },
  };
  return declare({
    id: `facmac-${environment}`,
    title: `FACMAC on ${environment}`,
    about: `Dense, sparse and MAST-FACMAC at 90 % on ${environment}, whose actors draw discrete actions, one budget for all`,
    reproduces: `Figures 9 and 18 (${environment})`,
    profile: "classroom",
    configs: (profile, seeds = USUAL_SEEDS[profile], changes = {}): Config[] =>
      Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
        methods[profile].map((method) =>
          resolveConfig(
            [
              { environment, algorithm: "facmac-discrete", ...(method !== "dense" && { sparsity: { level: 0.9 } }) },
              profile === "classroom" ? own(method) : {},
              changes,
              { method, seed, ...(method === "dense" && { sparsity: { level: 0 } }) },
            ].reduce<ConfigInput>(mergeConfig, budgets[profile]),
          ),
        ),
      ),
    label: methodLabel,
    reduce: (runs) => ({ ...compareWithPaper(runs), more: { scores: scoreFigure(runs) } }),
  });
}

/** All methods with FACMAC on 3m, which a classroom learns in half a minute a run. */
export const facmac3m: Experiment = comparison(
  "3m",
  {
    steps: 20_000,
    exploration: { anneal: 10_000 },
    returns: { burnIn: 10_000 },
    evaluation: { interval: 2_500, window: 2 },
  },
  METHODS,
);

/**
 * FACMAC and MAST-FACMAC on 2s3z. Policies that soon hardly vary stay at half the battles, which is what a team wins
 * that attacks the first target of its list: others are seldom tried, and the critic does not learn what they are
 * worth. The entropy keeps them in use. Batches are half as large, and the critic learns twice as fast.
 */
export const facmac2s3z: Experiment = comparison(
  "2s3z",
  {
    steps: 160_000,
    exploration: { entropy: 0.01 },
    optimiser: { learningRate: 1e-3, actorLearningRate: 1e-3 },
    replay: { offlineCapacity: 1_000 },
    targetInterval: 40,
    evaluation: { interval: 20_000, window: 3 },
  },
  METHODS,
  // As the authors' teams and the paper's do: TD(lambda) from the beginning, and from T_0 on.
  (method) =>
    method === "mast"
      ? { replay: { offlineBatch: 10, onlineBatch: 6 }, returns: { burnIn: 10_000 } }
      : { replay: { offlineBatch: 16, onlineBatch: 0 }, returns: { burnIn: 0 } },
);
