import { describe, expect, it } from "vitest";
import { networkParameters } from "../networks/parameters.js";
import { createRandom } from "../random.js";
import { chooseIndices, countNonzeros, initialMasks, inputConnections, outputConnections, randomMask } from "./mask.js";

const shape = { agents: 3, actions: 9, observation: 30, state: 48, hidden: 64, embed: 32, hypernetEmbed: 64 };

describe("randomMask", () => {
  it("has exactly the connections asked for and is determined by the stream", () => {
    for (const nonzeros of [0, 1, 17, 599, 600]) {
      const mask = randomMask([20, 30], nonzeros, createRandom(1));
      expect(mask.length).toBe(600);
      expect(countNonzeros(mask)).toBe(nonzeros);
      expect(randomMask([20, 30], nonzeros, createRandom(1))).toEqual(mask);
    }
    expect(randomMask([20, 30], 300, createRandom(2))).not.toEqual(randomMask([20, 30], 300, createRandom(1)));
  });

  it("chooses every connection equally often", () => {
    const random = createRandom(3);
    const counts = new Float64Array(12);
    const draws = 6000;
    for (let i = 0; i < draws; i++) randomMask([3, 4], 3, random).forEach((bit, j) => (counts[j] += bit));
    // The count is binomial with p = 1/4, so its standard deviation is 33.5; five of them are allowed.
    counts.forEach((count) => expect(Math.abs(count - draws / 4)).toBeLessThan(168));
  });

  it("refuses more connections than there are", () => {
    expect(() => randomMask([3, 4], 13, createRandom(1))).toThrow("[3,4] was given 13");
  });
});

it("chooseIndices gives different numbers", () => {
  const chosen = chooseIndices(50, 50, createRandom(1));
  expect([...chosen].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

describe("initialMasks", () => {
  const specs = networkParameters(shape);
  it.each(["erdos-renyi", "uniform"] as const)(
    "masks every weight matrix and no bias, each network at the level (%s)",
    (distribution) => {
      const masks = initialMasks(specs, { sparsity: 0.95, distribution }, createRandom(1));
      expect([...masks.keys()]).toEqual(specs.filter((spec) => spec.name.includes("weight")).map((spec) => spec.name));
      // 3m has 27,840 agent weights and 17,440 mixer weights.
      for (const [network, total] of [
        ["agent", 27840],
        ["mixer", 17440],
      ] as const) {
        let nonzeros = 0;
        for (const [name, mask] of masks) if (name.startsWith(network)) nonzeros += countNonzeros(mask);
        expect(nonzeros).toBe(total * 0.05);
      }
    },
  );
});

it("counts connections by output and by input", () => {
  const mask = Uint8Array.of(1, 0, 1, 0, 0, 1);
  expect([...outputConnections(mask, [2, 3])]).toEqual([2, 1]);
  expect([...inputConnections(mask, [2, 3])]).toEqual([1, 0, 2]);
});
