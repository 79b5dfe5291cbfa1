import { describe, expect, it } from "vitest";
import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import { currentHost, type NativeKernels } from "../host.js";
import type { AgentNetwork, Engine, NetworkSide } from "../networks/engine.js";
import { networkParameters } from "../networks/parameters.js";
import { createTargetMemory } from "../networks/target-memory.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { maskedParameters, randomEpisodes, randomMasks } from "../networks/sparse/fixtures.js";
import { registerParts } from "../parts/registry.js";
import { createRandom } from "../random.js";
import type { Episode } from "../replay/episode.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { algorithmShape } from "../sparse/flops.js";
import { algorithmOf } from "../parts/algorithm.js";
import { updateNetworks } from "./update.js";

/** An operator whose answers depend on how often it was asked, which nothing forbids. */
let asked = 0;
registerParts({
  operators: { moody: { evaluate: (_values: Float64Array, _count: number, max: number) => max + 0.1 * (asked++ % 3) } },
});

const rules: ConfigInput[] = (["qmix", "ow-qmix", "cw-qmix", "res", "vdn", "iql"] as const).flatMap((algorithm) =>
  [
    { kind: "max", doubleQ: true },
    { kind: "max", doubleQ: false },
    { kind: "soft-mellowmax" },
    { kind: "softmax", doubleQ: true },
  ].map((operator) => ({ algorithm, operator, returns: { kind: "td-lambda", burnIn: 40, lambda: 0.7 } })),
);
// WQMIX's restricted networks always choose the action.
const possible = rules.filter(
  ({ algorithm, operator }) => !(algorithm!.endsWith("w-qmix") && operator!.doubleQ === false),
);
const nameOf = ({ algorithm, operator }: ConfigInput) =>
  `${algorithm}, ${operator!.kind}${operator!.doubleQ === undefined ? "" : operator!.doubleQ ? ", double Q" : ", target networks choose"}`;

const sizes = {
  agents: 3,
  actions: 4,
  observation: 5,
  state: 7,
  hidden: 9,
  embed: 4,
  hypernetEmbed: 5,
  centralEmbed: 6,
};

/** Returns the passes that an engine is asked for, by their kind. */
function counted(engine: Engine<true>) {
  const counts = { both: 0, target: 0, online: 0 };
  const count = (network: AgentNetwork<true>): AgentNetwork<true> => ({
    ...network,
    forwardBoth: () => (counts.both++, network.forwardBoth()),
    forward: (side: NetworkSide, keep?: boolean) => (counts[side]++, network.forward(side, keep)),
  });
  const name = "central_agent" in engine.networks ? "central_agent" : "agent";
  const { [name as "agent"]: own } = engine.networks;
  return { counts, engine: { ...engine, networks: { ...engine.networks, [name]: count(own) } } };
}

/**
 * Some 60 updates as training makes them: from two overlapping buffers, with target networks that follow and masks that
 * change.
 */
async function updates(config: Config, native: NativeKernels | null, remember: boolean, most?: number) {
  asked = 0;
  const random = createRandom(3);
  const shape = algorithmShape(algorithmOf(config), sizes);
  const masks = randomMasks(shape, 0.5, random);
  const opened = createSparseEngine(shape, maskedParameters(shape, masks, random), masks, { native, remember });
  const memory = most === undefined ? opened.targets : createTargetMemory(4, most);
  const { engine, counts } = counted({ ...opened, targets: memory });
  const lengths = (count: number) => Array.from({ length: count }, () => 1 + random.below(9));
  const episodes: Episode[] = randomEpisodes(shape, lengths(60), random);
  const maskable = networkParameters(shape).filter((spec) => spec.maskable);
  const heard: unknown[] = [];
  for (let update = 0; update < 60; update++) {
    episodes.push(...randomEpisodes(shape, lengths(1), random));
    const drawn = [
      ...Array.from({ length: 24 }, () => episodes[random.below(episodes.length)]),
      ...Array.from({ length: 12 }, () => episodes[episodes.length - 1 - random.below(14)]),
    ];
    const groups = groupEpisodes(drawn, shape, engine.lanes);
    heard.push(await updateNetworks(engine, groups, countSteps(groups), config, update));
    // Everything that changes the values of target networks between two updates, each alone and all together.
    if (update % 20 === 19) engine.copyToTarget();
    if (update % 15 === 14) {
      const { name } = maskable[random.below(maskable.length)];
      engine.setMask(
        name,
        engine.mask(name).map((bit) => (random.float() < 0.2 ? 1 - bit : bit)),
      );
    }
    if (update === 50) engine.write("target", maskedParameters(shape, masks, createRandom(4)));
    if (most !== undefined && (update % 20 === 19 || update % 15 === 14 || update === 50)) memory!.forget();
  }
  heard.push(engine.read("online"), engine.read("target"), engine.readOptimiser());
  opened.dispose();
  return { heard, counts };
}

const native = currentHost().nativeKernels?.() ?? null;
const kernels = native === null ? [null] : [native, null];

describe("remembered target values", () => {
  it.each(possible.map((rule) => [nameOf(rule), rule] as const))("change no bit of an update: %s", async (_, rule) => {
    const config = resolveConfig({ environment: "two-step", method: "mast", ...rule });
    const { operator } = config;
    for (const each of kernels) {
      const without = await updates(config, each, false);
      const { heard, counts } = await updates(config, each, true);
      expect(heard).toEqual(without.heard);
      expect(without.counts).toMatchObject({ both: 180, target: 0 });
      const { both, online, target } = counts;
      if (operator.kind === "max" && operator.doubleQ) {
        expect(counts).toEqual(without.counts);
        continue;
      }
      // The updates took every way: groups whose episodes are all known, groups of unknown ones alone, and both
      // networks at once.
      expect(both + online).toBe(180);
      expect(both).toBeGreaterThan(0);
      expect(online).toBeGreaterThan(60);
      expect(target).toBeGreaterThan(10);
      expect(both + target).toBeLessThan(0.6 * 180);
    }
  });

  it("are not those of an operator that is not built in, which may give others the next time", async () => {
    const config = resolveConfig({ environment: "two-step", method: "mast", operator: { kind: "moody" } });
    const { heard } = await updates(config, null, true);
    expect(heard).toEqual((await updates(config, null, false)).heard);
  });

  it("change no bit where there is no room for all of them", async () => {
    const config = resolveConfig({ environment: "two-step", method: "mast" });
    const without = await updates(config, null, false);
    const roomy = await updates(config, null, true);
    const narrow = await updates(config, null, true, 400);
    expect(narrow.heard).toEqual(without.heard);
    const passes = ({ counts }: typeof roomy) => counts.both + counts.target;
    expect(passes(narrow)).toBeGreaterThan(passes(roomy));
    expect(passes(narrow)).toBeLessThan(passes(without));
  });
});
