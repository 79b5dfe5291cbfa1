import "../algorithms/index.js";
import { describe, expect, it } from "vitest";
import { networkParameters, type NetworkShape } from "../networks/parameters.js";
import { type ComparisonRow, readPaperTable } from "../results/paper.js";
import { algorithmShape, type Cost, costOf, networkCost, type NetworkCost, relativeCost, sparseCost } from "./flops.js";
import { type Layer, networkLayers } from "../networks/kinds.js";
import { initialNonzeros } from "./mask.js";

const networks = { hidden: 64, embed: 32, hypernetEmbed: 64 };
const maps: Record<string, NetworkShape> = {
  "3m": { agents: 3, actions: 9, observation: 30, state: 48, ...networks },
  "2s3z": { agents: 5, actions: 11, observation: 80, state: 120, ...networks },
  "3s5z": { agents: 8, actions: 14, observation: 128, state: 216, ...networks },
  "2c_vs_64zg": { agents: 2, actions: 70, observation: 332, state: 342, ...networks },
};

describe("equations 8-11 by hand", () => {
  it("counts a linear layer and a GRU", () => {
    const weight = (name: string, ...shape: number[]) => ({ name, shape, maskable: true, bound: 1 });
    const bias = (name: string, size: number) => ({ name, shape: [size], maskable: false, bound: 1 });
    const linear: Layer = {
      name: "a",
      kind: "linear",
      input: 10,
      output: 4,
      parameters: [weight("a.weight", 4, 10), bias("a.bias", 4)],
      runs: 1,
    };
    const gru: Layer = {
      name: "g",
      kind: "gru",
      input: 3,
      output: 5,
      parameters: [weight("g.ih", 15, 3), weight("g.hh", 15, 5), bias("g.bias", 30)],
      runs: 1,
    };
    const dense = networkCost([linear, gru]);
    expect(dense.layers.map((layer) => layer.weights)).toEqual([40, 120]); // 10 * 4; 3 * 5 * (5 + 3)
    expect(dense.layers.map((layer) => layer.flops)).toEqual([76, 225]); // 19 * 4; 3 * 5 * (2 * 8 - 1)
    expect(dense.biases).toBe(34);
    // 10 of 40 weights, and 9 of 45 and 21 of 75, which are 30 of 120, are kept: a quarter of each.
    const quarter = networkCost(
      [linear, gru],
      new Map([
        ["a.weight", 10],
        ["g.ih", 9],
        ["g.hh", 21],
      ]),
    );
    expect([quarter.weights, quarter.flops]).toEqual([40, (76 + 225) / 4]);
    expect(quarter.layers.map((layer) => layer.sparsity)).toEqual([0.75, 0.75]);
    expect(() => networkCost([linear], new Map([["a.weight", 41]]))).toThrow(
      "a.weight was given 41 nonzeros; it has 40 weights",
    );
  });

  it("sees every parameter of QMIX", () => {
    for (const shape of Object.values(maps)) {
      const count = (network: string, maskable: boolean) =>
        networkParameters(shape)
          .filter((spec) => spec.network === network && spec.maskable === maskable)
          .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
      const { agent, mixer } = costOf("qmix", shape).networks;
      expect([agent.weights, agent.biases]).toEqual([count("agent", true), count("agent", false)]);
      expect([mixer.weights, mixer.biases]).toEqual([count("mixer", true), count("mixer", false)]);
    }
  });

  it("counts QMIX on 3m", () => {
    const cost = costOf("qmix", maps["3m"], { batch: 1 });
    expect(cost.modelSize).toBe(2 * 27840 + 2 * 17440);
    expect(cost.totalSize).toBe(2 * 28297 + 2 * 17761);
    // The agents need 83 * 64 + 192 * 255 + 127 * 9 for each of three.
    expect(cost.inferenceFlops).toBe(3 * 55415);
    // The hypernetworks need 95 * 64 + 127 * 96 + 95 * 64 + 127 * 32 + 95 * 32 + 95 * 32 + 63, and the products 5 * 32
    // + 63.
    expect(cost.trainFlops).toBe(4 * (3 * 55415 + 34559 + 223));
    expect(costOf("qmix", maps["3m"]).trainFlops).toBe(32 * cost.trainFlops);
  });
});

describe("costOf", () => {
  it("counts each algorithm by its row of Table 4", () => {
    const shape = maps["2s3z"];
    const { agent, mixer, central_agent, central_mixer } = costOf("ow-qmix", shape).networks;
    const size = ({ weights, biases }: NetworkCost) => weights + biases;
    expect(costOf("qmix", shape)).toMatchObject({
      modelSize: 2 * agent.weights + 2 * mixer.weights,
      totalSize: 2 * size(agent) + 2 * size(mixer),
      trainFlops: 4 * 32 * (agent.flops + mixer.flops),
      inferenceFlops: agent.flops,
    });
    expect(costOf("ow-qmix", shape)).toMatchObject({
      totalSize: size(agent) + size(mixer) + 2 * size(central_agent) + 2 * size(central_mixer),
      trainFlops: 3 * 32 * (agent.flops + mixer.flops) + 4 * 32 * (central_agent.flops + central_mixer.flops),
      inferenceFlops: agent.flops,
    });
    expect(costOf("cw-qmix", shape)).toEqual(costOf("ow-qmix", shape));
    // Five agents of eleven actions need two forward passes each, and three more as in QMIX.
    expect(costOf("res", shape, { batch: 8 }).trainFlops).toBe(8 * (4 * agent.flops + 113 * mixer.flops));
    expect(costOf("res", shape).totalSize).toBe(costOf("qmix", shape).totalSize);
  });

  it("sees every parameter of WQMIX's unrestricted networks, of the width that the shape gives", () => {
    for (const centralEmbed of [undefined, 40]) {
      const shape = algorithmShape("ow-qmix", { ...maps["3m"], centralEmbed });
      expect(shape.centralEmbed).toBe(centralEmbed ?? 256);
      const { networks } = costOf("ow-qmix", { ...maps["3m"], centralEmbed });
      for (const name of ["central_agent", "central_mixer"] as const) {
        const specs = networkParameters(shape).filter((spec) => spec.network === name);
        expect(networks[name].weights + networks[name].biases).toBe(
          specs.reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0),
        );
      }
    }
    expect(algorithmShape("qmix", { ...maps["3m"], centralEmbed: 256 })).toEqual(algorithmShape("qmix", maps["3m"]));
    expect(algorithmShape("qmix", maps["3m"]).networks).toEqual({ agent: "recurrent", mixer: "monotonic" });
  });
});

describe("Table 1", () => {
  const rows = readPaperTable("table-1").filter((row) => row.environment !== "average");

  /**
   * Counts the cells of a column group, of all twelve rows, that come out as printed when costs are read in some way.
   */
  function cells(
    read: (cost: Cost, shape: NetworkShape, algorithm: string) => readonly number[],
    columns: readonly (keyof ComparisonRow)[],
  ): string[] {
    return rows.flatMap((row) => {
      const { algorithm, environment, sparsity } = row as ComparisonRow & { algorithm: "qmix" };
      const shape = maps[environment];
      const sparse = read(sparseCost(algorithm, shape, { sparsity }), shape, algorithm);
      const dense = read(costOf(algorithm, shape), shape, algorithm);
      return columns.flatMap((column, i) => {
        const [ours, paper] = [sparse[i] / dense[i], row[column] as number];
        return ours.toFixed(3) === paper.toFixed(3)
          ? []
          : [`${algorithm} ${environment} ${column}: ${ours.toFixed(5)}, printed ${paper.toFixed(3)}`];
      });
    });
  }
  const flops = (cost: Cost, of: (network: NetworkCost) => number) =>
    Object.entries(cost.networks).reduce((sum, [name, network]) => sum + cost.passes[name] * of(network), 0);

  it("follows from the equations in 35 of 36 cells", () => {
    const columns = ["totalSize", "trainFlops", "inferenceFlops"] as const;
    expect(cells((cost) => columns.map((column) => cost[column]), columns)).toEqual([
      "ow-qmix 2s3z totalSize: 0.10657, printed 0.106",
    ]);
    for (const { algorithm, environment, sparsity } of rows as (ComparisonRow & { algorithm: "qmix" })[]) {
      // Equations 8 and 9 alone give the sparsity itself.
      const relative = relativeCost(
        sparseCost(algorithm, maps[environment], { sparsity }),
        costOf(algorithm, maps[environment]),
      );
      expect(relative.modelSize).toBeCloseTo(1 - sparsity, 4);
    }
  });

  it("would have its last cell if the unrestricted agent were counted once, against Table 4, or were rounded down", () => {
    const held = (cost: Cost, times: Readonly<Record<string, number>>) =>
      Object.entries(cost.networks).reduce(
        (sum, [name, { weights, biases }]) => sum + times[name] * (weights + biases),
        0,
      );
    expect(cells((cost) => [held(cost, cost.copies)], ["totalSize"])).toHaveLength(1);
    // All of QMIX's and RES's sizes are as before, and every one of OW-QMIX's is as printed.
    expect(
      cells(
        (cost, _, algorithm) => [
          held(cost, algorithm === "ow-qmix" ? { ...cost.copies, central_agent: 1 } : cost.copies),
        ],
        ["totalSize"],
      ),
    ).toEqual([]);
    for (const { environment, sparsity, totalSize } of rows.filter((row) => row.algorithm === "ow-qmix")) {
      const { totalSize: ours } = relativeCost(
        sparseCost("ow-qmix", maps[environment], { sparsity }),
        costOf("ow-qmix", maps[environment]),
      );
      expect(Math.floor(1000 * ours)).toBe(Math.round(1000 * totalSize));
    }
  });

  it("fits other readings of the text worse", () => {
    // Without biases every size is the density.
    expect(cells((cost) => [cost.modelSize], ["totalSize"])).toHaveLength(12);
    // This counts one agent instead of all n in training.
    const oneAgent = (cost: Cost, shape: NetworkShape) => [
      flops(cost, (network) =>
        network.layers.reduce(
          (sum, layer) => sum + (layer.name.includes("agent") ? layer.flops / shape.agents : layer.flops),
          0,
        ),
      ),
    ];
    expect(cells(oneAgent, ["trainFlops"])).toHaveLength(5);
    // This leaves out the products of values and generated weights, which no mask thins.
    const noProducts = (cost: Cost) => [
      flops(cost, (network) =>
        network.layers.reduce((sum, layer) => sum + (/mixer\.w_/.test(layer.name) ? 0 : layer.flops), 0),
      ),
    ];
    expect(cells(noProducts, ["trainFlops"])).toHaveLength(7);
    // This takes Table 4's 5 + n m mixers of RES instead of Equation 24's 3 + 2 n m.
    const table4 = (cost: Cost, shape: NetworkShape, algorithm: string) => [
      algorithm === "res"
        ? 4 * cost.networks.agent.flops + (5 + shape.agents * shape.actions) * cost.networks.mixer.flops
        : cost.trainFlops,
    ];
    expect(cells(table4, ["trainFlops"])).toEqual([
      "res 3m trainFlops: 0.05379, printed 0.055",
      "res 2s3z trainFlops: 0.10344, printed 0.104",
      "res 3s5z trainFlops: 0.15332, printed 0.154",
    ]);
  });
});

it("initialNonzeros and the layers name the same matrices", () => {
  const nonzeros = initialNonzeros(networkParameters(maps["3m"]), { sparsity: 0.95, distribution: "erdos-renyi" });
  expect([...nonzeros.keys()].sort()).toEqual(
    [...networkLayers(maps["3m"]).values()]
      .flat()
      .flatMap(({ parameters }) => parameters.flatMap(({ name, maskable }) => (maskable ? name : [])))
      .sort(),
  );
  const { agent, mixer } = costOf("qmix", maps["3m"], { nonzeros }).networks;
  expect([agent.weights, mixer.weights].map(Math.round)).toEqual([1392, 872]);
});
