import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import { methodLabel } from "../figures/labels.js";
import { compareMethods, SHORT_RUN, shortEvaluation } from "./comparison.js";
import type { Experiment, Profile } from "./experiment.js";

/** Does MAST learn with a small part of the weights, as well as a dense team? Five seeds, on a budget of minutes. */
function learning(environment: string, level: number, steps: number, updates: number): Experiment {
  const profiles: Readonly<Record<Profile, { readonly seeds: number; readonly settings: ConfigInput }>> = {
    smoke: { seeds: 1, settings: { ...SHORT_RUN, steps: 2_000, evaluation: { interval: 1_000, episodes: 4, window: 1 } } },
    classroom: { seeds: 5, settings: { ...SHORT_RUN, steps, updates, evaluation: shortEvaluation(steps) } },
    paper: { seeds: 8, settings: { steps: 2_000_000 } },
  };
  const methods = [{ method: "mast", sparsity: { level } }, { method: "dense" }] as const;
  return {
    id: `learning-${environment}`,
    title: `MAST with ${Math.round(100 * (1 - level))} % of the weights beside dense QMIX on ${environment}`,
    about: `Both teams learn ${environment}: ${profiles.classroom.seeds} seeds of ${steps.toLocaleString("en")} steps each`,
    profile: "classroom",
    configs: (profile, seeds): Config[] => {
      const { seeds: usual, settings } = profiles[profile];
      return methods.flatMap((method) => Array.from({ length: seeds ?? usual }, (_, i) => resolveConfig({ environment, ...settings, ...method, seed: i + 1 })));
    },
    label: methodLabel,
    reduce: compareMethods,
  };
}

export const learning3m: Experiment = learning("3m", 0.95, 150_000, 1);
// With one update an episode MAST takes about 400,000 steps on this map.
export const learning2s3z: Experiment = learning("2s3z", 0.9, 200_000, 2);
