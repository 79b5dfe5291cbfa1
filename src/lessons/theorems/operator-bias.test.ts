import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import type { ValueOperator } from "../../targets/operators.js";
import { balancedErrors, leastOverestimation, operatorBiases } from "./operator-bias.js";

const soft = (alpha: number, omega: number): ValueOperator => ({ kind: "soft-mellowmax", alpha, omega });
const max: ValueOperator = { kind: "max" };
const others: ValueOperator[] = [
  soft(1, 10),
  soft(5, 5),
  soft(5, 10),
  soft(10, 5),
  soft(10, 10),
  soft(0.1, 0.1),
  { kind: "mellowmax", omega: 10 },
  { kind: "softmax", beta: 5 },
];

it("balancedErrors has the sum and the mean square of the theorem", () => {
  const random = createRandom(4);
  for (const actions of [2, 5, 81]) {
    const errors = balancedErrors(actions, 0.3, random);
    expect(errors).toHaveLength(actions);
    expect(errors.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
    expect(errors.reduce((sum, x) => sum + x * x, 0) / actions).toBeCloseTo(0.3, 12);
  }
});

describe("operatorBiases", () => {
  it.each([0.01, 0.2, 1.5])("has the closed form of two actions, whose errors are + and - %f", (e) => {
    const operators = [
      max,
      { kind: "softmax", beta: 5 },
      { kind: "mellowmax", omega: 10 },
      soft(1, 10),
      soft(10, 5),
    ] as const;
    const biases = operatorBiases(operators, { values: [7, 7], c: e * e, draws: 5, seed: 1 });
    const expected = [
      e,
      e * Math.tanh(5 * e),
      Math.log(Math.cosh(10 * e)) / 10,
      Math.log(Math.cosh(11 * e) / Math.cosh(e)) / 10,
      Math.log(Math.cosh(15 * e) / Math.cosh(10 * e)) / 5,
    ];
    biases.forEach(({ bias, least, most }, k) => {
      for (const x of [bias, least, most]) expect(x).toBeCloseTo(expected[k], 8);
    });
  });

  it.each([2, 3, 9, 81])("keeps to Theorem 3.2 in every draw, %i actions", (actions) => {
    for (const e of [0.01, 0.1, 1, 5]) {
      const values = new Array<number>(actions).fill(-3);
      const [maximum, ...rest] = operatorBiases([max, ...others], { values, c: e * e, draws: 300, seed: 2 });
      // van Hasselt, Guez and Silver (2016), Theorem 1: the maximum is at least this much too high.
      expect(maximum.least).toBeGreaterThanOrEqual(leastOverestimation(actions, e * e) - 1e-9);
      for (const { bias, most, least } of rest) {
        // Large errors drive every operator to the maximum, up to the last digit.
        expect(bias).toBeLessThanOrEqual(maximum.bias);
        if (e < 1) expect(bias).toBeLessThan(maximum.bias);
        expect(most).toBeLessThanOrEqual(maximum.most + 1e-9);
        // With alpha >= 0 a soft mellowmax is at least the mean, which is right here: it still overestimates.
        expect(least).toBeGreaterThan(-1e-9);
      }
    }
  });

  it("reaches the least overestimation where one action's error is opposed to all others'", () => {
    // The errors are one at -sqrt(C (m - 1)) and all others at sqrt(C / (m - 1)).
    const [m, c] = [5, 0.09];
    const errors = [-Math.sqrt(c * (m - 1)), ...new Array<number>(m - 1).fill(Math.sqrt(c / (m - 1)))];
    expect(errors.reduce((a, b) => a + b)).toBeCloseTo(0, 12);
    expect(errors.reduce((sum, x) => sum + x * x, 0) / m).toBeCloseTo(c, 12);
    expect(Math.max(...errors)).toBeCloseTo(leastOverestimation(m, c), 12);
  });

  it("grows with C for small errors where the maximum grows with its root: (alpha + omega / 2) C", () => {
    for (const [alpha, omega] of [
      [1, 10],
      [5, 5],
      [10, 10],
    ]) {
      const [{ bias }] = operatorBiases([soft(alpha, omega)], {
        values: new Array<number>(9).fill(0),
        c: 1e-6,
        draws: 50,
        seed: 3,
      });
      expect(bias / 1e-6 / (alpha + omega / 2)).toBeCloseTo(1, 1);
    }
  });

  it("lies below the maximum without any errors, by a gap's closed form", () => {
    const [d, m] = [0.3, 9];
    const values = [2, ...new Array<number>(m - 1).fill(2 - d)];
    const [{ bias: none }, { bias }] = operatorBiases([max, soft(5, 10)], { values, c: 0, draws: 1, seed: 1 });
    expect(none).toBe(0);
    expect(bias).toBeCloseTo(Math.log((1 + 8 * Math.exp(-15 * d)) / (1 + 8 * Math.exp(-5 * d))) / 10, 8);
  });

  it("refuses what is impossible, naming it", () => {
    expect(() => balancedErrors(1, 0.1, createRandom(1))).toThrow("errors that sum to 0 need two or more");
    expect(() => balancedErrors(3, -1, createRandom(1))).toThrow("C = -1");
    expect(() => operatorBiases([max], { values: [0, 0], c: 1, draws: 0, seed: 1 })).toThrow("0 draws");
    expect(() => operatorBiases([soft(1, 0)], { values: [0, 0], c: 1, draws: 1, seed: 1 })).toThrow("omega = 0");
  });
});
