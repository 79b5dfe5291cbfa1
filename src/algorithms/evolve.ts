import type { Config } from "../config.js";
import type { Engine } from "../networks/engine.js";
import type { Random } from "../random.js";
import { evolveTopology, updateFraction } from "../sparse/evolution.js";
import { countNonzeros } from "../sparse/mask.js";

/** What one evolution did to one layer. */
export interface LayerChange {
  readonly name: string;
  readonly nonzeros: number;
  readonly dropped: number;
  readonly grown: number;
}

/**
 * Evolves the topology of every sparse layer of the online networks (Algorithm 1; the target networks take over the
 * masks). Growing by gradient needs the dense gradients of the update just made: `engine.requestDenseGradients()` before it.
 *
 * @param step environment steps so far, of `config.steps`: zeta_t decays by a cosine to 0 at the end of training
 */
export async function evolveNetworks(engine: Engine, config: Config, step: number, random: Random): Promise<{ fraction: number; layers: LayerChange[] }> {
  const { grow, fraction: initial } = config.topology;
  const fraction = updateFraction(initial, step, config.steps);
  const weights = await engine.read("online");
  const layers: LayerChange[] = [];
  for (const { name, maskable } of engine.parameters) {
    if (!maskable) continue;
    const mask = engine.mask(name);
    const nonzeros = countNonzeros(mask);
    if (nonzeros === mask.length || grow === "none") {
      layers.push({ name, nonzeros, dropped: 0, grown: 0 });
      continue;
    }
    const change = evolveTopology(weights.get(name)!, mask, {
      fraction,
      grow: grow === "gradient" ? { by: "gradient", gradient: await engine.gradient(name) } : { by: "random", random },
    });
    engine.setMask(name, change.mask);
    layers.push({ name, nonzeros, dropped: change.dropped.length, grown: change.grown.length });
  }
  return { fraction, layers };
}
