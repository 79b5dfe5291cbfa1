import { describe, expect, it } from "vitest";
import { predictedFlops } from "./cases.js";

/** The FLOPs of a QMIX agent on 3m by Equations 8 to 11, with 42 inputs, h units, 9 actions and 3 agents. */
const agentFlops = (h: number): number => 3 * ((2 * 42 - 1) * h + 3 * h * (2 * (h + h) - 1) + (2 * h - 1) * 9);

/**
 * The FLOPs of its mixer: 32 x 3 and 32 weights are generated from 48 entries of the state through 64 units each, and
 * the products follow.
 */
const linear = (input: number, output: number): number => (2 * input - 1) * output;
const mixerFlops =
  2 * linear(48, 64) +
  linear(64, 96) +
  linear(64, 32) +
  linear(48, 32) +
  linear(48, 32) +
  linear(32, 1) +
  linear(3, 32) +
  linear(32, 1);

describe("predictedFlops", () => {
  it.each([32, 64, 256])("is Table 4's for dense networks of %d hidden units", (hidden) => {
    const one = { map: "3m", hidden, density: 1 };
    expect(predictedFlops({ ...one, work: "acting", batch: 1 }, 25)).toBe(agentFlops(hidden));
    // An update takes as much as four forward passes of both networks, a backward pass being two, for each step of each
    // episode.
    expect(predictedFlops({ ...one, work: "update", batch: 8 }, 25)).toBe(
      25 * 8 * 4 * (agentFlops(hidden) + mixerFlops),
    );
  });

  it("thins with density all but the mixer's products", () => {
    const one = { work: "update", map: "3m", hidden: 64, batch: 1 } as const;
    const products = linear(3, 32) + linear(32, 1);
    const expected = 4 * (0.05 * (agentFlops(64) + mixerFlops - products) + products);
    // Erdos and Renyi give small layers more, whose connections cost a little less or more than the average.
    expect(Math.abs(predictedFlops({ ...one, density: 0.05 }, 1) / expected - 1)).toBeLessThan(0.02);
  });
});
