import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { networkPlan } from "../training/plan.js";
import { methodTitle } from "../methods.js";
import { ABLATION } from "./ablation.js";
import type { Experiment, Profile } from "./experiment.js";
import { grid, type Setting } from "./grid.js";

/** Settings of a profile, once they were asked for. */
const known = new Map<Profile, Setting[]>();

/** How many times as wide the networks are. */
const WIDTHS = [1, 2, 4] as const;

const widthLabel = (times: number): string => `${times}x as wide`;

/**
 * What makes the networks of a configuration wider, with as many connections: every layer has `times` as many units,
 * and so many more weights are removed that as many are left in all, to one of 100,000 weights.
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

/** Weights that are not removed, over all networks. */
function weightsLeft(config: Config): number {
  return [...networkPlan(config).nonzeros.values()].reduce((sum, count) => sum + count, 0);
}

/**
 * Is it the search that makes a sparse team good, or does width do it? SS and RigL in networks 2 and 4 times as wide,
 * with as many connections as MAST has in networks of the usual width. The paper does not ask this.
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
  // MAST is what the others are compared with.
  without: ({ row, column }) => row === methodTitle("mast") && column !== widthLabel(1),
  seeds: { smoke: 1, classroom: 5, paper: 3 },
});

/** Worked out when they are asked for: how large networks are depends on their environment. */
function settingsOf(profile: Profile): Setting[] {
  if (!known.has(profile))
    known.set(
      profile,
      WIDTHS.map((times) => ({ label: widthLabel(times), input: widened(ABLATION.budgets[profile], times) })),
    );
  return known.get(profile)!;
}
