import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { connectionSpread, randomConnections, randomSpread, type Side, sortedConnections } from "./connections.js";
import { randomMask } from "./mask.js";

// A mask of two outputs and three inputs, in which output 0 has inputs 0 and 2, and output 1 has input 0.
const mask = Uint8Array.from([1, 0, 1, 1, 0, 0]);

describe("a mask", () => {
  it("has its dimensions in descending order of connections", () => {
    expect(sortedConnections(mask, [2, 3], "inputs")).toEqual([2, 1, 0]);
    expect(sortedConnections(mask, [2, 3], "outputs")).toEqual([2, 1]);
  });

  it("counts dimensions without a connection, and those that hold half of all", () => {
    // Of 3 connections, input 0 holds 2: three quarters of it hold half.
    expect(connectionSpread(mask, [2, 3], "inputs")).toEqual({ empty: 1, half: 0.25 });
    expect(connectionSpread(new Uint8Array(12).fill(1), [4, 3], "outputs")).toEqual({ empty: 0, half: 0.5 });
    const single = new Uint8Array(12);
    single.fill(1, 3, 6);
    expect(connectionSpread(single, [4, 3], "outputs")).toEqual({ empty: 3, half: 1 / 8 });
  });
});

describe("chance", () => {
  const sides: readonly Side[] = ["outputs", "inputs"];

  it("leaves as many dimensions empty as counting all masks of a small layer does", () => {
    // There are 15 masks of [3, 2] with 2 connections.
    const empty = { outputs: 0, inputs: 0 };
    let masks = 0;
    for (let a = 0; a < 6; a++) {
      for (let b = a + 1; b < 6; b++, masks++) {
        const drawn = new Uint8Array(6);
        drawn[a] = drawn[b] = 1;
        for (const side of sides) empty[side] += connectionSpread(drawn, [3, 2], side).empty;
      }
    }
    for (const side of sides) expect(randomSpread([3, 2], 2, side).empty, side).toBeCloseTo(empty[side] / masks, 12);
  });

  it("is what random masks of a large layer have on average", () => {
    const shape = [64, 96],
      nonzeros = 300,
      draws = 200;
    const random = createRandom(5);
    const drawn = Array.from({ length: draws }, () => randomMask(shape, nonzeros, random));
    for (const side of sides) {
      const expected = randomSpread(shape, nonzeros, side);
      const sorted = randomConnections(shape, nonzeros, side);
      const spreads = drawn.map((one) => connectionSpread(one, shape, side));
      const counts = drawn.map((one) => sortedConnections(one, shape, side));
      const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / draws;
      expect(average(spreads.map(({ empty }) => empty))).toBeCloseTo(expected.empty, 0);
      expect(Math.abs(average(spreads.map(({ half }) => half)) - expected.half)).toBeLessThan(0.01);
      expect(sorted).toHaveLength(side === "outputs" ? 64 : 96);
      const far = sorted.map((count, rank) => Math.abs(average(counts.map((one) => one[rank])) - count));
      expect(Math.max(...far)).toBeLessThan(1);
      expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    }
  });

  it("gives every dimension of a dense layer all, and of an empty one none", () => {
    expect(randomConnections([2, 3], 6, "inputs")).toEqual([2, 2, 2]);
    expect(randomConnections([2, 3], 0, "outputs")).toEqual([0, 0]);
    expect(randomSpread([2, 3], 6, "outputs")).toEqual({ empty: 0, half: 0.5 });
  });
});
