import "../algorithms/index.js";
import { wqmixNetworks } from "../algorithms/wqmix.js";
import { describe, expect, it } from "vitest";
import { type NetworkShape, networkParameters } from "../networks/parameters.js";
import { initialNonzeros } from "./mask.js";
import { algorithmShape } from "./flops.js";
import { tinyShape } from "./tiny.js";

const networks = { hidden: 64, embed: 32, hypernetEmbed: 64 };
const maps: Readonly<Record<string, NetworkShape>> = {
  "3m": { agents: 3, actions: 9, observation: 30, state: 48, ...networks },
  "2s3z": { agents: 5, actions: 11, observation: 80, state: 120, ...networks },
  "3s5z": { agents: 8, actions: 14, observation: 128, state: 216, ...networks },
  "2c_vs_64zg": { agents: 2, actions: 70, observation: 332, state: 342, ...networks },
};
/** How often training holds each network, by Table 4. */
const copies = {
  qmix: { agent: 2, mixer: 2, central_agent: 0, central_mixer: 0 },
  res: { agent: 2, mixer: 2, central_agent: 0, central_mixer: 0 },
  "ow-qmix": { agent: 1, mixer: 1, central_agent: 2, central_mixer: 2 },
};
type Algorithm = keyof typeof copies;

/** Counts the parameters of everything that training holds, tensor by tensor. */
function parametersHeld(algorithm: Algorithm, shape: NetworkShape, sparsity: number): number {
  const specs = networkParameters(shape);
  const nonzeros = initialNonzeros(specs, { sparsity, distribution: "erdos-renyi" });
  return specs.reduce(
    (sum, { name, network, shape }) =>
      sum +
      copies[algorithm][network as keyof (typeof copies)[Algorithm]] *
        (nonzeros.get(name) ?? shape.reduce((a, b) => a * b, 1)),
    0,
  );
}

const cases = Object.keys(maps).flatMap((map) =>
  (["qmix", "ow-qmix", "res"] as const).flatMap((algorithm) =>
    [0.8, 0.85, 0.9, 0.95].map((sparsity) => [map, algorithm, sparsity] as const),
  ),
);

describe("tinyShape", () => {
  it.each(cases)(
    "on %s, %s: has the parameters of the network that is %d sparse, within 1 %%",
    (map, algorithm, sparsity) => {
      const full = algorithm === "ow-qmix" ? { ...maps[map], centralEmbed: 256, networks: wqmixNetworks } : maps[map];
      const tiny = tinyShape(algorithm, full, { sparsity });
      const wanted = parametersHeld(algorithm, full, sparsity);
      expect(Math.abs(parametersHeld(algorithm, tiny, 0) / wanted - 1)).toBeLessThanOrEqual(0.01);
      // Only widths differ: there are unrestricted networks where there were some, and proportions stay, as far as few
      // units allow.
      const { hidden, embed, hypernetEmbed, centralEmbed, networks, ...game } = tiny;
      expect(full).toMatchObject(game);
      expect(networks).toEqual(algorithmShape(algorithm, full).networks);
      expect(centralEmbed === undefined).toBe(algorithm !== "ow-qmix");
      expect(hidden).toBeLessThan(64);
      expect([2 / 1.6 <= hypernetEmbed / embed, hypernetEmbed / embed <= 2 * 1.6]).toEqual([true, true]);
      if (centralEmbed !== undefined)
        expect([8 / 1.5 <= centralEmbed / embed, centralEmbed / embed <= 8 * 1.5]).toEqual([true, true]);
    },
  );

  it("gives the agent as many parameters as the sparse agent has, where it can", () => {
    // On 3s5z, worked out by hand, h hidden units have 150 h + 6 h^2 + 14 h weights and 7 h + 14 biases.
    const dense = (h: number) => 150 * h + 6 * h * h + 14 * h + 7 * h + 14;
    const sparse = 0.1 * (dense(64) - 7 * 64 - 14) + 7 * 64 + 14;
    const { hidden } = tinyShape("qmix", maps["3s5z"], { sparsity: 0.9 });
    expect(hidden).toBe(15);
    for (let h = 1; h < 64; h++)
      expect(Math.abs(dense(h) - sparse)).toBeGreaterThanOrEqual(Math.abs(dense(hidden) - sparse));
  });

  it("is the dense model itself at sparsity 0, and the same every time", () => {
    expect(tinyShape("qmix", maps["3m"], { sparsity: 0 })).toEqual(algorithmShape("qmix", maps["3m"]));
    expect(tinyShape("cw-qmix", maps["3m"], { sparsity: 0 })).toEqual({
      ...maps["3m"],
      centralEmbed: 256,
      networks: wqmixNetworks,
    });
    expect(tinyShape("res", maps["2s3z"], { sparsity: 0.9 })).toEqual(
      tinyShape("res", maps["2s3z"], { sparsity: 0.9 }),
    );
    expect(tinyShape("cw-qmix", maps["2s3z"], { sparsity: 0.9 })).toEqual(
      tinyShape("ow-qmix", maps["2s3z"], { sparsity: 0.9 }),
    );
  });

  it("refuses in one line what no widths match, with the sizes and what to do", () => {
    // One unit everywhere already has 480 + 77 parameters in the agent and 4 * 342 + 4 + 8 in the mixer, all of them
    // twice.
    const wanted = parametersHeld("qmix", maps["2c_vs_64zg"], 0.999);
    const message = `no dense qmix network has the size of the sparse one at sparsity 0.999: wanted ${wanted.toLocaleString("en")} parameters within 1 %, and the nearest has 3,874 (the dense model 255,118). Lower sparsity.level.`;
    expect(() => tinyShape("qmix", maps["2c_vs_64zg"], { sparsity: 0.999 })).toThrow(message);
    // There can be a gap between two neighbouring widths, too.
    expect(() => tinyShape("res", maps["2c_vs_64zg"], { sparsity: 0.97 })).toThrow(
      /wanted 9,218 .* nearest has 9,104 /,
    );
  });
});
