import type { Config } from "../config/config.js";
import type { NetworkEngine } from "../networks/engine.js";
import { type GrowthLayer, type GrowthRule, growthRules } from "../parts/growth.js";
import { describeValue, PartError } from "../parts/registry.js";
import type { Random } from "../random.js";
import { evolveTopology, updateFraction } from "../sparse/evolution.js";
import { countNonzeros } from "../sparse/mask.js";

/** The change that one evolution made to one layer. */
export interface LayerChange {
  /** Name of the weight matrix, for example "agent.fc1.weight". */
  readonly name: string;
  /** Connections of the layer. An evolution does not change their number. */
  readonly nonzeros: number;
  /** Connections that were removed: those with the smallest magnitudes. */
  readonly dropped: number;
  /** Connections that were added in their place; as many as were removed. */
  readonly grown: number;
}

/**
 * Evolves the topology of every sparse layer of the online networks (Algorithm 1; the target networks take over the
 * masks). Growing by gradient needs the dense gradients of the last update: call `engine.requestDenseGradients()`
 * before that update.
 *
 * @param step environment steps so far; zeta_t decays by a cosine to 0 at `topology.end`, by default the end of
 *   training
 * @param networks those that evolve. Default: all
 */
export async function evolveNetworks(
  engine: NetworkEngine,
  config: Config,
  step: number,
  random: Random,
  networks?: readonly string[],
): Promise<{
  /** zeta_t, the share of each layer's connections that was dropped and grown. */
  fraction: number;
  /** One entry for each weight matrix that can be masked, in the order of `engine.parameters`. */
  layers: LayerChange[];
}> {
  const { grow, fraction: initial } = config.topology;
  const rule = growthOf(config);
  const options = config.options?.growth ?? {};
  const fraction = updateFraction(initial, step, config.topology.end ?? config.steps);
  const weights = await engine.read("online");
  const layers: LayerChange[] = [];
  for (const { name, maskable, shape, network } of engine.parameters) {
    if (!maskable || networks?.includes(network) === false) continue;
    const mask = engine.mask(name);
    const nonzeros = countNonzeros(mask);
    if (nonzeros === mask.length || rule === undefined) {
      layers.push({ name, nonzeros, dropped: 0, grown: 0 });
      continue;
    }
    const own = weights.get(name)!;
    const gradient = rule.gradients ? await engine.gradient(name) : undefined;
    const change = evolveTopology(own, mask, {
      fraction,
      grow: {
        by: "scores",
        scores: (absent, count) =>
          checkedScores(grow, rule, {
            name,
            shape,
            weights: own,
            mask,
            absent,
            count,
            gradient,
            random,
            options,
          }),
      },
    });
    engine.setMask(name, change.mask);
    layers.push({ name, nonzeros, dropped: change.dropped.length, grown: change.grown.length });
  }
  return { fraction, layers };
}

/** Finds the growth rule that a configuration names; undefined where topology does not evolve. */
export function growthOf({ topology, parts }: Pick<Config, "topology" | "parts">): GrowthRule | undefined {
  return topology.grow === "none" ? undefined : growthRules.get(topology.grow, parts);
}

/** @throws {PartError} when a rule gives no score, or NaN, for some connection */
export function checkedScores(name: string, rule: GrowthRule, layer: GrowthLayer): ArrayLike<number> {
  let scores: ArrayLike<number>;
  try {
    scores = rule.scores(layer);
  } catch (error) {
    // The messages of built-in rules already name the connection.
    if (growthRules.builtIn(name)) throw error;
    throw new PartError(`growth rule "${name}" fails in scores: ${(error as Error)?.message ?? describeValue(error)}`, {
      cause: error,
    });
  }
  const wrong = (what: string): never => {
    throw new PartError(
      `growth rule "${name}" gives ${what} for ${layer.name}; expected a number for each of its ${layer.absent.length} absent connections`,
    );
  };
  if (typeof scores !== "object" || scores === null || scores.length !== layer.absent.length)
    return wrong(`scores that are ${scores?.length === undefined ? describeValue(scores) : `${scores.length} long`}`);
  for (let i = 0; i < scores.length; i++)
    if (typeof scores[i] !== "number" || Number.isNaN(scores[i])) return wrong(`the score ${describeValue(scores[i])}`);
  return scores;
}
