import "../node/host.js";
import { updateNetworks } from "../algorithms/update.js";
import { resolveConfig, type Config, type ConfigInput } from "../config.js";
import type { Engine } from "../networks/engine.js";
import { initialParameters, networkParameters, type NetworkShape, type Parameters } from "../networks/parameters.js";
import { createSparseEngine, type EngineOptions } from "../networks/sparse/engine.js";
import { createRandom } from "../random.js";
import type { Episode } from "../replay/episode.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { initialMasks } from "../sparse/mask.js";

/** PyMARL's learning rule: QMIX with the double Q max operator and one-step targets. */
export const plainRule: ConfigInput = { operator: { kind: "max", doubleQ: true }, returns: { kind: "one-step" } };

/** MAST's rule: soft mellowmax and TD(lambda) from the first step. */
export const mastRule: ConfigInput = {
  operator: { kind: "soft-mellowmax" },
  returns: { kind: "td-lambda", burnIn: 0 },
};

/** The networks from which engines and other implementations start. */
export interface StartNetworks {
  /** Parameters of the online networks, by PyMARL's names. */
  readonly online: Parameters;
  /** Parameters of the target networks, by the same names. */
  readonly target: Parameters;
  /** Masks by weight name: [out, in], 1 where the connection is. Empty for dense networks. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/** The networks, with a sparse engine that has started from them. */
export interface Start extends StartNetworks {
  /** The engine, with these online and target networks. */
  readonly engine: Engine<true>;
}

/** Makes random online and target networks with Erdos-Renyi masks of the given density. */
export function startNetworks(shape: NetworkShape, density: number, seed = 1): StartNetworks {
  const specs = networkParameters(shape);
  const online = initialParameters(specs, createRandom(seed, 0));
  const target = initialParameters(specs, createRandom(seed, 1));
  const masks =
    density === 1
      ? new Map<string, Uint8Array>()
      : initialMasks(specs, { sparsity: 1 - density, distribution: "erdos-renyi" }, createRandom(seed, 2));
  return { online, target, masks };
}

/**
 * Makes a sparse engine with networks of `startNetworks`; `options` select its kernels. By default it remembers no
 * target values, because repeated timings with one batch would otherwise measure updates whose targets are already
 * known.
 */
export function startEngine(shape: NetworkShape, density: number, seed = 1, options: EngineOptions = {}): Start {
  const networks = startNetworks(shape, density, seed);
  const engine = createSparseEngine(shape, networks.online, networks.masks, { remember: false, ...options });
  engine.write("target", networks.target);
  return { engine, ...networks };
}

/** Completes a learning rule to a config with the fields that an update reads. */
export function ruleConfig(rule: ConfigInput): Config {
  return resolveConfig({ environment: "3m", method: "rigl", steps: 1_000_000, ...rule });
}

/** Makes one update from a sampled batch as training does, including its layout in groups. */
export function update(
  engine: Engine,
  batch: readonly Episode[],
  config: Config,
): Promise<{ loss: number; gradientNorm: number }> {
  const groups = groupEpisodes(batch, engine.shape, engine.lanes);
  return updateNetworks(engine, groups, countSteps(groups), config, 0);
}
