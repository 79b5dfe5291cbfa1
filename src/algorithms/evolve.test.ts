import { expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { SHAPES, randomCase } from "../networks/sparse/fixtures.js";
import { createRandom } from "../random.js";
import { countNonzeros } from "../sparse/mask.js";
import { countSteps } from "../replay/group.js";
import { evolveNetworks } from "./evolve.js";
import { updateNetworks } from "./update.js";

it.each(["gradient", "random"] as const)(
  "evolves both parameter sets of WQMIX (Algorithm 3, line 38), growing by %s",
  async (grow) => {
    const { shape, parameters, masks, groups } = randomCase(SHAPES.central, 0.4, [4, 3, 2], 8);
    const config = resolveConfig({
      algorithm: "ow-qmix",
      method: "mast",
      topology: { grow, fraction: 0.5 },
      steps: 1000,
    });
    const engine = createSparseEngine(shape, parameters, masks);
    engine.requestDenseGradients();
    await updateNetworks(engine, groups, countSteps(groups), config, 0);
    const { fraction, layers } = await evolveNetworks(engine, config, 500, createRandom(9));

    // Half of training is over: the cosine is at half of zeta_0.
    expect(fraction).toBeCloseTo(0.25, 12);
    expect(layers.map(({ name }) => name)).toEqual(
      networkParameters(shape)
        .filter(({ maskable }) => maskable)
        .map(({ name }) => name),
    );
    for (const network of ["agent", "mixer", "central_agent", "central_mixer"]) {
      const own = layers.filter(({ name }) => name.startsWith(`${network}.`));
      expect(
        own.reduce((sum, { grown }) => sum + grown, 0),
        network,
      ).toBeGreaterThan(3);
    }
    for (const { name, nonzeros, dropped, grown } of layers) {
      const before = masks.get(name)!;
      const after = engine.mask(name);
      expect(countNonzeros(after)).toBe(nonzeros);
      expect(countNonzeros(before)).toBe(nonzeros);
      expect(grown).toBe(dropped);
      expect(after.filter((bit, i) => bit === 1 && before[i] === 0)).toHaveLength(grown);
      // New connections start at 0 in the online and in the target networks.
      for (const side of ["online", "target"] as const) {
        expect(
          engine
            .read(side)
            .get(name)!
            .some((value, i) => value !== 0 && before[i] === 0),
          name,
        ).toBe(false);
      }
    }
  },
);
