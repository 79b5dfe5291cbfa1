import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { networkPlan } from "../training/plan.js";
import { methodTitle } from "../methods.js";
import { ABLATION } from "./ablation.js";
import type { Experiment, Profile } from "./experiment.js";
import { grid, type Setting } from "./grid.js";

/** Settings of each profile, computed on first use. */
const known = new Map<Profile, Setting[]>();

/** Factors by which the networks are wider. */
const WIDTHS = [1, 2, 4] as const;

const widthLabel = (times: number): string => `${times}x as wide`;

/**
 * Widens the networks of a configuration without changing the number of connections: every layer has `times` as many
 * units, and the sparsity is raised so that the same number of weights is left, to one in 100,000.
 */
function widened(base: ConfigInput, times: number): ConfigInput {
  if (times === 1) return {};
  const narrow = resolveConfig({ ...base, method: "ss" });
  const { hidden, embed, hypernetEmbed } = narrow.network;
  const network = { hidden: times * hidden, embed: times * embed, hypernetEmbed: times * hypernetEmbed };
  const connections = weightsLeft(narrow);
  const weights = weightsLeft(
    resolveConfig([base, { method: "dense", sparsity: { level: 0 }, network }].reduce<ConfigInput>(mergeConfig, {})),
  );
  return { network, sparsity: { level: Number((1 - connections / weights).toFixed(5)) } };
}

/** Counts the weights that are not removed, over all networks. */
function weightsLeft(config: Config): number {
  return [...networkPlan(config).nonzeros.values()].reduce((sum, count) => sum + count, 0);
}

/**
 * Tests whether topology search or width makes a sparse team good: SS and RigL in networks 2 and 4 times as wide, with
 * as many connections as MAST has in networks of the usual width. The paper does not ask this.
 */
export const widerNetworks: Experiment = grid({
  ...ABLATION,
  id: "wider-networks",
  title: "Wider networks with as many connections",
  about: "SS and RigL in networks 1, 2 and 4 times as wide, with as many connections as MAST beside them",
  rows: {
    title: "Method",
    settings: (["ss", "rigl", "mast"] as const).map((method) => ({ label: methodTitle(method), input: { method } })),
  },
  columns: (profile) => ({
    title: "Networks",
    get settings() {
      return settingsOf(profile);
    },
  }),
  // The others are compared with MAST.
  without: ({ row, column }) => row === methodTitle("mast") && column !== widthLabel(1),
  seeds: { smoke: 1, classroom: 5, paper: 3 },
});

/** Computes the settings on first use, because the size of networks depends on the environment. */
function settingsOf(profile: Profile): Setting[] {
  if (!known.has(profile))
    known.set(
      profile,
      WIDTHS.map((times) => ({ label: widthLabel(times), input: widened(ABLATION.budgets[profile], times) })),
    );
  return known.get(profile)!;
}
