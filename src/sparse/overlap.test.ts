import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { randomMask } from "./mask.js";
import { maskOverlap, masksOf } from "./overlap.js";

const layers = (...entries: [string, number[]][]) =>
  new Map(entries.map(([name, mask]) => [name, Uint8Array.from(mask)]));

describe("maskOverlap", () => {
  it("counts what both have, over all layers", () => {
    const first = layers(["agent.a", [1, 1, 0, 0]], ["mixer.b", [1, 0, 0, 0, 0]]);
    const second = layers(["agent.a", [0, 1, 1, 0]], ["mixer.b", [1, 0, 0, 1, 0]]);
    // Worked out by hand, chance gives 2 * 2 / 4 and 1 * 2 / 5.
    expect(maskOverlap(first, second)).toMatchObject({ connections: 3, shared: 2, chance: 1.4 });
    expect(maskOverlap(second, first)).toMatchObject({ connections: 4, shared: 2, chance: 1.4 });
    expect(maskOverlap(masksOf("agent", first), masksOf("agent", second))).toMatchObject({
      connections: 2,
      shared: 1,
      chance: 1,
    });
  });

  it("leaves nothing to chance in a layer that is dense, or empty", () => {
    const full = layers(["a", [1, 1, 1]], ["b", [0, 0]]);
    const other = layers(["a", [1, 0, 0]], ["b", [1, 0]]);
    expect(maskOverlap(full, full)).toEqual({ connections: 3, shared: 3, chance: 3, deviation: 0 });
    expect(maskOverlap(other, full)).toEqual({ connections: 2, shared: 1, chance: 1, deviation: 0 });
  });

  it("knows what random topologies share", () => {
    const random = createRandom(1);
    const draw = () =>
      new Map([
        ["a", randomMask([10, 12], 30, random)],
        ["b", randomMask([5, 8], 20, random)],
      ]);
    const overlaps = Array.from({ length: 2000 }, () => maskOverlap(draw(), draw()));
    const shared = overlaps.map((overlap) => overlap.shared);
    const { chance, deviation } = overlaps[0];
    // Of 2,000 draws, five standard errors of the mean and of the deviation are allowed.
    expect(Math.abs(mean(shared) - chance)).toBeLessThan((5 * deviation) / Math.sqrt(2000));
    expect(Math.abs(standardDeviation(shared) - deviation)).toBeLessThan((5 * deviation) / Math.sqrt(4000));
  });

  it("refuses topologies of other layers, and none", () => {
    const one = layers(["a", [1, 0]]);
    expect(() => maskOverlap(one, layers(["a", [1, 0, 0]]))).toThrow("The masks of a have 2 and 3 entries");
    expect(() => maskOverlap(one, layers(["b", [1, 0]]))).toThrow("The masks of a have 2 and no entries");
    expect(() => maskOverlap(new Map(), new Map())).toThrow("dense networks have none");
  });
});
