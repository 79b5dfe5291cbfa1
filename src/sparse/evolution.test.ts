import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../random.js";
import { evolveTopology, updateFraction } from "./evolution.js";
import { countNonzeros, randomMask } from "./mask.js";

const normal = (size: number, random: Random, values = 0) =>
  Float32Array.from({ length: size }, () =>
    values > 0 ? random.below(2 * values + 1) - values : random.float() * 2 - 1,
  );

/** Carries out Algorithm 1 by sorting everything. */
function bySorting(weights: Float32Array, mask: Uint8Array, gradient: Float32Array, k: number): Uint8Array {
  const all = [...weights.keys()];
  const evolved = mask.slice();
  const active = all.filter((i) => mask[i]).sort((a, b) => Math.abs(weights[a]) - Math.abs(weights[b]) || a - b);
  for (const i of active.slice(0, k)) evolved[i] = 0;
  const absent = all.filter((i) => !evolved[i]).sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]) || a - b);
  for (const i of absent.slice(0, k)) evolved[i] = 1;
  return evolved;
}

describe("evolveTopology", () => {
  it("drops the smallest weights and grows the largest gradients", () => {
    const weights = Float32Array.of(0.5, -0.1, 0, 0.2, 0, 0);
    const mask = Uint8Array.of(1, 1, 0, 1, 0, 0);
    const gradient = Float32Array.of(9, 0.1, -3, 0, 2, 0.5);
    const {
      mask: evolved,
      dropped,
      grown,
    } = evolveTopology(weights, mask, { count: 2, grow: { by: "gradient", gradient } });
    expect([...evolved]).toEqual([1, 0, 1, 0, 1, 0]);
    expect([...dropped]).toEqual([1, 3]);
    expect([...grown]).toEqual([2, 4]);
    expect([...mask]).toEqual([1, 1, 0, 1, 0, 0]);
  });

  it("lets a connection that was just dropped return, as if it had never left", () => {
    const weights = Float32Array.of(0.5, -0.1, 0, 0);
    const gradient = Float32Array.of(0, 7, 3, 2);
    const { mask, dropped, grown } = evolveTopology(weights, Uint8Array.of(1, 1, 0, 0), {
      count: 2,
      grow: { by: "gradient", gradient },
    });
    expect([...mask]).toEqual([0, 1, 1, 0]);
    expect([...dropped]).toEqual([0]);
    expect([...grown]).toEqual([2]);
  });

  it("agrees with sorting, ties included, on random layers", () => {
    const random = createRandom(5);
    for (let i = 0; i < 300; i++) {
      const shape = [1 + random.below(20), 1 + random.below(20)];
      const size = shape[0] * shape[1];
      // Every second layer has few different magnitudes, so that ties decide.
      const values = i % 2 === 0 ? 0 : 3;
      const weights = normal(size, random, values);
      const gradient = normal(size, random, values);
      const mask = randomMask(shape, random.below(size + 1), random);
      const k = random.below(countNonzeros(mask) + 1);
      const evolved = evolveTopology(weights, mask, { count: k, grow: { by: "gradient", gradient } });
      expect(evolved.mask).toEqual(bySorting(weights, mask, gradient, k));
      for (const index of evolved.dropped) expect([mask[index], evolved.mask[index]]).toEqual([1, 0]);
      for (const index of evolved.grown) expect([mask[index], evolved.mask[index]]).toEqual([0, 1]);
      expect(evolved.grown.length).toBe(evolved.dropped.length);
    }
  });

  it("keeps the number of connections through thousands of evolutions", () => {
    const random = createRandom(6);
    const shape = [24, 32];
    const nonzeros = 77;
    let mask = randomMask(shape, nonzeros, random);
    const weights = normal(768, random);
    let changed = 0;
    for (let t = 0; t < 4000; t++) {
      const grow =
        t % 2 === 0 ? { by: "gradient" as const, gradient: normal(768, random) } : { by: "random" as const, random };
      const evolution = evolveTopology(weights, mask, { fraction: updateFraction(0.5, t, 4000), grow });
      // This is Algorithm 1 up to its last line, with growth at 0, followed by some training.
      for (const index of [...evolution.dropped, ...evolution.grown]) weights[index] = 0;
      mask = evolution.mask;
      for (let i = 0; i < 768; i++) if (mask[i]) weights[i] += random.float() - 0.5;
      changed += evolution.grown.length;
      if (countNonzeros(mask) !== nonzeros) expect.fail(`step ${t}: ${countNonzeros(mask)} connections`);
    }
    expect(changed).toBeGreaterThan(10_000);
  });

  it("takes the fraction of the connections, rounded down", () => {
    const random = createRandom(7);
    const mask = randomMask([10, 10], 25, random);
    const gradient = Float32Array.from(mask, (bit) => 1 - bit);
    const grow = { by: "gradient" as const, gradient };
    // Active connections have gradient 0, so that none returns.
    expect(evolveTopology(normal(100, random), mask, { fraction: 0.5, grow }).dropped.length).toBe(12);
    expect(evolveTopology(normal(100, random), mask, { fraction: 0, grow }).mask).toEqual(mask);
    expect(evolveTopology(normal(100, random), mask, { count: 1000, grow }).dropped.length).toBe(25);
  });

  it("changes nothing in a dense layer", () => {
    const random = createRandom(8);
    const mask = new Uint8Array(30).fill(1);
    const evolution = evolveTopology(normal(30, random), mask, { count: 10, grow: { by: "random", random } });
    expect(evolution.mask).toEqual(mask);
    expect(evolution.grown.length).toBe(0);
  });

  it("grows every absent connection equally often at random", () => {
    const random = createRandom(9);
    const mask = Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0);
    const weights = Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0);
    const counts = new Float64Array(8);
    for (let i = 0; i < 8000; i++)
      evolveTopology(weights, mask, { count: 1, grow: { by: "random", random } }).mask.forEach(
        (bit, j) => (counts[j] += bit),
      );
    // Connection 0 is always dropped, and returns as often as 4..7 come: one time in five.
    for (const j of [0, 4, 5, 6, 7]) expect(Math.abs(counts[j] - 1600)).toBeLessThan(180);
    for (const j of [1, 2, 3]) expect(counts[j]).toBe(8000);
  });

  it("refuses numbers that are not finite, naming the connection, and does not read pruned weights", () => {
    const mask = Uint8Array.of(1, 1, 0, 0);
    const gradient = Float32Array.of(0, 0, 1, 2);
    const grow = { by: "gradient" as const, gradient };
    expect(() => evolveTopology(Float32Array.of(1, NaN, 0, 0), mask, { count: 1, grow })).toThrow(
      "weight of connection 1 is NaN",
    );
    expect(() =>
      evolveTopology(Float32Array.of(1, 2, 0, 0), mask, {
        count: 1,
        grow: { by: "gradient", gradient: Float32Array.of(0, 0, 1, -Infinity) },
      }),
    ).toThrow("gradient of connection 3 is -Infinity");
    expect([...evolveTopology(Float32Array.of(1, 2, NaN, 0), mask, { count: 1, grow }).mask]).toEqual([0, 1, 0, 1]);
  });

  it("refuses arrays of different size and impossible amounts", () => {
    const weights = new Float32Array(4);
    const grow = { by: "gradient" as const, gradient: new Float32Array(4) };
    expect(() => evolveTopology(weights, new Uint8Array(5), { count: 1, grow })).toThrow("mask has 5");
    expect(() =>
      evolveTopology(weights, new Uint8Array(4), { count: 1, grow: { by: "gradient", gradient: new Float32Array(3) } }),
    ).toThrow("gradient has 3");
    expect(() => evolveTopology(weights, new Uint8Array(4), { fraction: 1.5, grow })).toThrow("fraction = 1.5");
    expect(() => evolveTopology(weights, new Uint8Array(4), { count: -1, grow })).toThrow("count = -1");
  });
});

it("updateFraction decays by a cosine from zeta_0 to 0", () => {
  expect(updateFraction(0.5, 0, 100)).toBe(0.5);
  expect(updateFraction(0.5, 50, 100)).toBeCloseTo(0.25, 12);
  expect(updateFraction(0.5, 100 / 3, 100)).toBeCloseTo(0.375, 12);
  expect(updateFraction(0.5, 100, 100)).toBe(0);
  expect(updateFraction(0.5, 101, 100)).toBe(0);
  for (let t = 0; t < 1000; t++)
    expect(Math.abs(updateFraction(2, t, 1000) - (1 + Math.cos((Math.PI * t) / 1000)))).toBeLessThan(5e-16);
});
