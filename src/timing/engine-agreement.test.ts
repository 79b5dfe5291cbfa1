import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { largestDifference, observeUpdate, type ObservedUpdate, updateDifferences } from "./engine-agreement.js";
import { mastRule, ruleConfig, startEngine } from "./random-learner.js";

const observed = (loss: number, gradientNorm: number, gradients: Record<string, number[]>): ObservedUpdate => ({
  loss,
  gradientNorm,
  gradients: new Map(Object.entries(gradients).map(([name, values]) => [name, Float32Array.from(values)])),
});

describe("updateDifferences", () => {
  it("gives the difference of each value relative to the second update's", () => {
    const [loss, norm, a, b] = updateDifferences(
      observed(1.5, 5, { a: [3, 4.5], b: [0, 0] }),
      observed(1, 5, { a: [3, 4], b: [0, 0] }),
    );
    expect(loss).toEqual({ of: "loss", ours: 1.5, theirs: 1, relative: 0.5 });
    expect(norm).toMatchObject({ ours: 5, theirs: 5, relative: 0 });
    expect(a).toMatchObject({ of: "a", theirs: 5, relative: 0.1 });
    expect(b).toMatchObject({ of: "b", relative: 0 });
  });

  it("takes NaN, and a gradient where there should be none, for the largest difference", () => {
    const differ = (a: number[], expected: number[]) =>
      largestDifference(updateDifferences(observed(1, 1, { a, b: [2] }), observed(2, 1, { a: expected, b: [2] })));
    expect(differ([NaN], [1])).toMatchObject({ of: "a" });
    expect(differ([0.1], [0])).toMatchObject({ of: "a", relative: Infinity });
    expect(differ([1], [1])).toMatchObject({ of: "loss" });
  });

  it("names a gradient that only one of them has, or that has another size", () => {
    expect(() => updateDifferences(observed(1, 1, { a: [1] }), observed(1, 1, {}))).toThrow(
      "The gradients of a cannot be compared: one has 1 entries, the other none.",
    );
    expect(() => updateDifferences(observed(1, 1, { a: [1] }), observed(1, 1, { a: [1, 2] }))).toThrow(
      "one has 1 entries, the other 2",
    );
  });
});

describe("observeUpdate", () => {
  it("reads the gradients of that update, whose norm is the one it tells", async () => {
    const shape = { agents: 2, observation: 5, actions: 4, state: 7, hidden: 8, embed: 4, hypernetEmbed: 4 };
    const { engine } = startEngine(shape, 0.5);
    const { gradientNorm, gradients } = await observeUpdate(
      engine,
      randomEpisodes(shape, [3, 2], createRandom(1)),
      ruleConfig(mastRule),
    );
    const squares = [...gradients.values()].flatMap((values) => [...values].map((value) => value ** 2));
    expect(Math.sqrt(squares.reduce((sum, square) => sum + square, 0)) / gradientNorm).toBeCloseTo(1, 5);
    engine.dispose();
  });
});
