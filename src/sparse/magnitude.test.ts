import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { magnitudeMask } from "./magnitude.js";

const weights = Float32Array.of(0.1, -0.9, 0, 0.5, -0.5, 0, 0.2, 0);
const mask = (connections: number, own?: Uint8Array, seed = 1) => [
  ...magnitudeMask(weights, connections, createRandom(seed), own),
];

describe("the mask of a layer's largest magnitudes", () => {
  it("keeps the largest, and of equal ones the first", () => {
    expect(mask(1)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(mask(2)).toEqual([0, 1, 0, 1, 0, 0, 0, 0]);
    expect(mask(3)).toEqual([0, 1, 0, 1, 1, 0, 0, 0]);
  });

  it("is a sparse layer's own where it has as many connections, those of weight 0 as well", () => {
    const own = Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 1);
    expect(mask(4, own)).toEqual([...own]);
    expect(mask(5)).toEqual([1, 1, 0, 1, 1, 0, 1, 0]);
  });

  it("adds others at random where a layer has fewer, and never one twice", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const found = mask(6, undefined, seed);
      expect(found.reduce((a, b) => a + b)).toBe(6);
      for (const i of [0, 1, 3, 4, 6]) expect(found[i]).toBe(1);
      seen.add(found.join(""));
    }
    // Any of the three absent ones may grow.
    expect(seen.size).toBe(3);
    expect(mask(6, undefined, 7)).toEqual(mask(6, undefined, 7));
    expect(mask(8)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });
});
