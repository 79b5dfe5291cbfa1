import type { Config } from "../config.js";
import { methodLabel } from "../figures/labels.js";
import { comparison2s3z } from "./comparative.js";
import { compareMethods } from "./comparison.js";
import type { Experiment, Profile } from "./experiment.js";

const USUAL_SEEDS: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 3, paper: 3 };

/** Where do connections go, and which agents use them? The runs of MAST of the comparison on 2s3z, a map with two types of unit. */
export const masks: Experiment = {
  id: "masks",
  title: "Where MAST's connections go",
  about: "Masks of MAST's layers over training, connections of each input and unit, and how many each type of agent uses",
  reproduces: "Figures 11, 12a and 19 to 25",
  profile: "classroom",
  configs: (profile, seeds = USUAL_SEEDS[profile], changes = {}): Config[] => comparison2s3z.configs(profile, seeds, changes).filter(({ method }) => method === "mast"),
  label: methodLabel,
  reduce: compareMethods,
};
