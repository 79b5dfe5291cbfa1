import { type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { methodLabel } from "../figures/labels.js";
import { CLASSROOM_3M } from "./ablation.js";
import { compareMethods } from "./comparison.js";
import { declare, type Experiment, type Profile } from "./experiment.js";

/** The teams of the quickstart, the sparse ones at 95 %. */
const TEAMS = [
  { method: "mast", sparsity: { level: 0.95 } },
  { method: "rigl", sparsity: { level: 0.95 } },
  { method: "dense" },
] as const satisfies readonly ConfigInput[];

/** Budget of each team, by profile. */
export const QUICKSTART_PROFILES: Readonly<
  Record<
    Profile,
    {
      /** Runs of each team, with seeds 1, 2 and so on. */
      readonly seeds: number;
      /** Settings that all of these runs share. */
      readonly settings: ConfigInput;
    }
  >
> = {
  smoke: {
    seeds: 1,
    settings: {
      steps: 1_500,
      warmup: 200,
      topology: { interval: 10 },
      targetInterval: 20,
      evaluation: { interval: 500, episodes: 8, window: 2 },
      log: { interval: 100 },
    },
  },
  classroom: {
    seeds: 3,
    settings: CLASSROOM_3M,
  },
  paper: { seeds: 8, settings: { steps: 2_000_000 } },
};

/** Tests whether a team with a twentieth of the weights can keep up with a dense one on 3m. */
export const quickstart: Experiment = declare({
  id: "quickstart",
  title: "95 % sparse teams against a dense one on 3m",
  about: "Three marines against three: MAST-QMIX and RigL-QMIX at 95 % sparsity beside dense QMIX, a small Table 1",
  profile: "classroom",
  configs: (profile, seeds, changes = {}) =>
    TEAMS.flatMap((team) => {
      const { seeds: usual, settings } = QUICKSTART_PROFILES[profile];
      return Array.from({ length: seeds ?? usual }, (_, i) =>
        resolveConfig(
          [{ environment: "3m" }, changes, team, { seed: i + 1 }].reduce<ConfigInput>(mergeConfig, settings),
        ),
      );
    }),
  label: methodLabel,
  reduce: compareMethods,
  next: (runs) => [
    ["npm run lab", "the same in a notebook, with the masks and the battles to look at"],
    [
      `npx mast replay ${runs.find(({ config }) => config.method === "mast")!.name}`,
      "watch the sparse team that was just trained play",
    ],
    [
      "npx mast train --short --environment 2s3z --sparsity 0.9 --steps 300000 --set updates=2",
      "train a team of your own; npx mast --help lists every command",
    ],
  ],
});
