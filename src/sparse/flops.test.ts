import { describe, expect, it } from "vitest";
import { qmixParameters, type NetworkShape } from "../networks/parameters.js";
import { erdosRenyi } from "./density.js";
import { networkCost, qmixCost, relativeCost, resCost, wqmixCost } from "./flops.js";
import { agentLayers, mixerLayers, unrestrictedMixerLayers, type Layer } from "./layers.js";
import { initialNonzeros } from "./mask.js";

const networks = { hidden: 64, embed: 32, hypernetEmbed: 64 };
const maps: Record<string, NetworkShape> = {
  "3m": { agents: 3, actions: 9, observation: 30, state: 48, ...networks },
  "2s3z": { agents: 5, actions: 11, observation: 80, state: 120, ...networks },
  "3s5z": { agents: 8, actions: 14, observation: 128, state: 216, ...networks },
  "2c_vs_64zg": { agents: 2, actions: 70, observation: 332, state: 342, ...networks },
};

/** Erdos-Renyi nonzeros at one level in every network, GRU matrices apart. */
function sparse(lists: readonly (readonly Layer[])[], sparsity: number): Map<string, number> {
  const nonzeros = new Map<string, number>();
  for (const layers of lists) {
    const weights = layers.flatMap((layer) =>
      layer.weights.map((name) => ({ name, shape: [layer.kind === "gru" ? 3 * layer.output : layer.output, layer.input] })),
    );
    erdosRenyi(weights.map(({ shape }) => shape), sparsity).forEach((count, i) => nonzeros.set(weights[i].name, count));
  }
  return nonzeros;
}

describe("equations 8-11 by hand", () => {
  it("counts a linear layer and a GRU", () => {
    const linear: Layer = { name: "a", kind: "linear", input: 10, output: 4, weights: ["a.weight"], biases: 4, runs: 1 };
    const gru: Layer = { name: "g", kind: "gru", input: 3, output: 5, weights: ["g.ih", "g.hh"], biases: 30, runs: 1 };
    const dense = networkCost([linear, gru]);
    expect(dense.layers.map((layer) => layer.weights)).toEqual([40, 120]); // 10 * 4; 3 * 5 * (5 + 3)
    expect(dense.layers.map((layer) => layer.flops)).toEqual([76, 225]); // 19 * 4; 3 * 5 * (2 * 8 - 1)
    expect(dense.biases).toBe(34);
    // 10 of 40; 9 of 45 and 21 of 75: 30 of 120. A quarter of each.
    const quarter = networkCost([linear, gru], new Map([["a.weight", 10], ["g.ih", 9], ["g.hh", 21]]));
    expect([quarter.weights, quarter.flops]).toEqual([40, (76 + 225) / 4]);
    expect(quarter.layers.map((layer) => layer.sparsity)).toEqual([0.75, 0.75]);
    expect(() => networkCost([linear], new Map([["a.weight", 41]]))).toThrow("a.weight was given 41 nonzeros; it has 40 weights");
  });

  it("sees every parameter of QMIX", () => {
    for (const shape of Object.values(maps)) {
      const count = (network: string, maskable: boolean) =>
        qmixParameters(shape)
          .filter((spec) => spec.network === network && spec.maskable === maskable)
          .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
      const { agent, mixer } = qmixCost(shape).networks;
      expect([agent.weights, agent.biases]).toEqual([count("agent", true), count("agent", false)]);
      expect([mixer.weights, mixer.biases]).toEqual([count("mixer", true), count("mixer", false)]);
    }
  });

  it("counts QMIX on 3m", () => {
    const cost = qmixCost(maps["3m"], { batch: 1 });
    expect(cost.modelSize).toBe(2 * 27840 + 2 * 17440);
    expect(cost.totalSize).toBe(2 * 28297 + 2 * 17761);
    // 83 * 64 + 192 * 255 + 127 * 9 for each of three agents.
    expect(cost.inferenceFlops).toBe(3 * 55415);
    // Hypernetworks 95 * 64 + 127 * 96 + 95 * 64 + 127 * 32 + 95 * 32 + 95 * 32 + 63; products 5 * 32 + 63.
    expect(cost.trainFlops).toBe(4 * (3 * 55415 + 34559 + 223));
    expect(qmixCost(maps["3m"]).trainFlops).toBe(32 * cost.trainFlops);
  });
});

describe("Table 1", () => {
  // map, sparsity, Total Size, FLOPs (Train), FLOPs (Test)
  const qmix = [
    ["3m", 0.95, 0.066, 0.051, 0.05],
    ["2s3z", 0.95, 0.062, 0.051, 0.05],
    ["3s5z", 0.9, 0.109, 0.101, 0.1],
    ["2c_vs_64zg", 0.9, 0.106, 0.1, 0.1],
  ] as const;
  const res = [
    ["3m", 0.95, 0.066, 0.055, 0.05],
    ["2s3z", 0.9, 0.111, 0.104, 0.1],
    ["3s5z", 0.85, 0.158, 0.154, 0.15],
    ["2c_vs_64zg", 0.85, 0.155, 0.151, 0.15],
  ] as const;
  // The paper prints 0.106 as Total Size of 2s3z; the formula gives 0.1066, which rounds to 0.107.
  const wqmix = [
    ["3m", 0.9, 0.108, 0.1, 0.1],
    ["2s3z", 0.9, 0.107, 0.1, 0.1],
    ["3s5z", 0.9, 0.105, 0.1, 0.1],
    ["2c_vs_64zg", 0.9, 0.104, 0.1, 0.1],
  ] as const;

  it.each([
    ...qmix.map((row) => ["QMIX", qmixCost, ...row] as const),
    ...wqmix.map((row) => ["WQMIX", wqmixCost, ...row] as const),
    ...res.map((row) => ["RES", resCost, ...row] as const),
  ])("%s, %s: %s at sparsity %d has size %d, training %d, test %d", (_, algorithm, map, sparsity, size, train, test) => {
    const shape = maps[map];
    const nonzeros = sparse(
      [agentLayers(shape), mixerLayers(shape), agentLayers(shape, "central_agent"), unrestrictedMixerLayers(shape, 256)],
      sparsity,
    );
    const { totalSize, modelSize, trainFlops, inferenceFlops } = relativeCost(algorithm(shape, { nonzeros }), algorithm(shape));
    expect([totalSize, trainFlops, inferenceFlops].map((x) => x.toFixed(3))).toEqual([size, train, test].map((x) => x.toFixed(3)));
    // Eq. 8 and 9 alone give the sparsity itself.
    expect(modelSize).toBeCloseTo(1 - sparsity, 4);
  });
});

it("initialNonzeros and the layers name the same matrices", () => {
  const nonzeros = initialNonzeros(qmixParameters(maps["3m"]), { sparsity: 0.95, distribution: "erdos-renyi" });
  expect([...nonzeros.keys()].sort()).toEqual([...agentLayers(maps["3m"]), ...mixerLayers(maps["3m"])].flatMap((layer) => layer.weights).sort());
  const { agent, mixer } = qmixCost(maps["3m"], { nonzeros }).networks;
  expect([agent.weights, mixer.weights].map(Math.round)).toEqual([1392, 872]);
});
