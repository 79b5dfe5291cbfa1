import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { shortSteps } from "../figures/figure.js";
import { methodLabel } from "../figures/labels.js";
import { compareMethods } from "./comparison.js";
import { declare, type Experiment, type Profile } from "./experiment.js";
import { shortRun } from "../short-run.js";

/** Budget of a team. */
interface Budget {
  /** Share of weights removed from MAST's team. */
  readonly level: number;
  /** Environment steps of each team. */
  readonly mast: number;
  readonly dense: number;
  /** Other settings that differ from those of short runs. */
  readonly settings?: ConfigInput;
}

/**
 * Declares an experiment that tests whether MAST with a small share of the weights and a dense team learn within
 * minutes, with five seeds each.
 */
function learning(environment: string, { level, mast, dense, settings }: Budget): Experiment {
  const usual: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 5, paper: 8 };
  const budget = (profile: Profile, steps: number): ConfigInput =>
    ({
      smoke: shortRun({ steps: 2_000, evaluation: { interval: 1_000, episodes: 4, window: 1 } }),
      classroom: shortRun({ ...settings, steps }),
      paper: { steps: 2_000_000 },
    })[profile];
  return declare({
    id: `learning-${environment}`,
    title: `MAST with ${Math.round(100 * (1 - level))} % of the weights beside dense QMIX on ${environment}`,
    about: `Both teams learn ${environment}: ${usual.classroom} seeds of ${shortSteps(mast)} steps (MAST) and ${shortSteps(dense)} (dense)`,
    profile: "classroom",
    configs: (profile, seeds = usual[profile], changes = {}): Config[] =>
      [
        { method: "mast", sparsity: { level }, steps: mast } as const,
        { method: "dense", steps: dense } as const,
      ].flatMap(({ steps, ...team }) =>
        Array.from({ length: seeds }, (_, i) =>
          resolveConfig(
            [{ environment }, changes, team, { seed: i + 1 }].reduce<ConfigInput>(mergeConfig, budget(profile, steps)),
          ),
        ),
      ),
    label: methodLabel,
    reduce: compareMethods,
  });
}

/** Two teams on 3m: the runs of the quickstart, and two more seeds. */
export const learning3m: Experiment = learning("3m", {
  level: 0.95,
  mast: 100_000,
  dense: 100_000,
  settings: { log: { interval: 1_000 } },
});

/** Two teams on 2s3z. With one update for each episode 400,000 steps were not enough for MAST on this map. */
export const learning2s3z: Experiment = learning("2s3z", {
  level: 0.9,
  mast: 300_000,
  dense: 200_000,
  settings: { updates: 2 },
});
