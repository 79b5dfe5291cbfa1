import { describe, expect, it } from "vitest";
import { agentInput } from "../networks/kinds.js";
import { networkParameters, type NetworkShape } from "../networks/parameters.js";
import { createRandom } from "../random.js";
import { erdosRenyi, uniform, type LayerShape } from "./density.js";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sizes = (shapes: readonly LayerShape[]) => shapes.map(([out, input]) => out * input);

const random = createRandom(11);
const randomLayers = Array.from({ length: 400 }, () => ({
  shapes: Array.from({ length: 1 + random.below(8) }, () => [1 + random.below(200), 1 + random.below(200)]),
  sparsity: random.float() * 0.999,
}));

/** A slow reference finds the scale by bisection on what the layers would hold, each at most dense. */
function bisectScale(shapes: readonly LayerShape[], budget: number): number[] {
  const held = (scale: number) => shapes.map(([out, input]) => Math.min(out * input, scale * (out + input)));
  let low = 0;
  let high = 1000;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (sum(held(middle)) < budget) low = middle;
    else high = middle;
  }
  return held(high);
}

describe.each([
  ["erdosRenyi", erdosRenyi],
  ["uniform", uniform],
] as const)("%s", (_, distribute) => {
  it("holds exactly round((1 - S) * weights) connections for any layers and sparsity", () => {
    for (const { shapes, sparsity } of randomLayers) {
      const nonzeros = distribute(shapes, sparsity);
      expect(sum(nonzeros)).toBe(Math.round((1 - sparsity) * sum(sizes(shapes))));
      nonzeros.forEach((count, l) => {
        expect(Number.isInteger(count)).toBe(true);
        expect(count).toBeGreaterThanOrEqual(0);
        expect(count).toBeLessThanOrEqual(sizes(shapes)[l]);
      });
    }
  });

  it("is dense at sparsity 0", () => {
    expect(
      distribute(
        [
          [3, 4],
          [5, 1],
        ],
        0,
      ),
    ).toEqual([12, 5]);
  });

  it("refuses a sparsity outside [0, 1) and a shape that is no matrix, naming them", () => {
    for (const sparsity of [1, 1.2, -0.1, NaN]) expect(() => distribute([[3, 4]], sparsity)).toThrow(`${sparsity}`);
    expect(() => distribute([[3, 0]], 0.5)).toThrow("[3,0]");
    expect(() => distribute([[3, 4, 5]], 0.5)).toThrow("[3,4,5]");
  });
});

describe("erdosRenyi", () => {
  it("gives each layer what the bisected scale gives it, to the nearest connection", () => {
    for (const { shapes, sparsity } of randomLayers) {
      const expected = bisectScale(shapes, Math.round((1 - sparsity) * sum(sizes(shapes))));
      erdosRenyi(shapes, sparsity).forEach((count, l) => expect(Math.abs(count - expected[l])).toBeLessThan(1 + 1e-6));
    }
  });

  it("shares out a case done by hand", () => {
    // The layers have 20 and 101 nodes, and 30 % of 200 weights is 60. The scale is 60 / 121, which gives 9.9 and
    // 50.08, so 10 and 50.
    expect(
      erdosRenyi(
        [
          [10, 10],
          [1, 100],
        ],
        0.7,
      ),
    ).toEqual([10, 50]);
    // 60 % is 120. The scale 120 / 121 would give the second layer 100.2 > 100 connections, so it becomes dense, and
    // the first has the other 20.
    expect(
      erdosRenyi(
        [
          [10, 10],
          [1, 100],
        ],
        0.4,
      ),
    ).toEqual([20, 100]);
  });

  // Sparsities of RLx2's scheduler at 90 % over all QMIX weights of a map together, from facts recorded by running that
  // code: fc1, W_ih, W_hh, fc2 | w_1 a/b, w_final a/b, b_1, V a/b.
  it.each([
    [
      { agents: 8, actions: 14, observation: 128, state: 216 },
      [0.907, 0.913, 0.913, 0.638, 0.916, 0.919, 0.916, 0.805, 0.851, 0.851, 0],
    ],
    [
      { agents: 3, actions: 9, observation: 30, state: 48 },
      [0.867, 0.93, 0.93, 0.572, 0.877, 0.912, 0.877, 0.842, 0.824, 0.824, 0],
    ],
  ])("agrees with RLx2's sparsities on %j", (map, recorded) => {
    const shape: NetworkShape = { ...map, hidden: 64, embed: 32, hypernetEmbed: 64 };
    expect(agentInput(shape)).toBe(map.observation + map.actions + map.agents);
    const layers = networkParameters(shape).filter((spec) => spec.maskable);
    const nonzeros = erdosRenyi(
      layers.map((layer) => layer.shape),
      0.9,
    );
    const names = [
      "fc1",
      "weight_ih",
      "weight_hh",
      "fc2",
      "hyper_w_1.0",
      "hyper_w_1.2",
      "hyper_w_final.0",
      "hyper_w_final.2",
      "hyper_b_1",
      "V.0",
      "V.2",
    ];
    names.forEach((name, i) => {
      const l = layers.findIndex((layer) => layer.name.includes(name));
      const size = layers[l].shape[0] * layers[l].shape[1];
      // The record has three digits, and a layer has whole connections.
      expect(Math.abs(1 - nonzeros[l] / size - recorded[i]), name).toBeLessThan(0.0005 + 1 / size);
    });
  });
});

describe("uniform", () => {
  it("gives fractions to the largest remainders", () => {
    // 25 % of 10, 10 and 3 are 2.5, 2.5 and 0.75; round(5.75) = 6 leaves two to give, which go to 0.75 and the first
    // 0.5.
    expect(
      uniform(
        [
          [2, 5],
          [5, 2],
          [1, 3],
        ],
        0.75,
      ),
    ).toEqual([3, 2, 1]);
  });
});
