import { expect, it } from "vitest";
import { createRandom } from "../random.js";
import { tdLoss } from "./loss.js";

it("is the mean squared error over the steps there are, with its gradient", () => {
  // There are two lanes of 2 and 1 steps; the fourth entry is padding.
  const gradient = new Float32Array(4).fill(NaN);
  const loss = tdLoss(
    { lengths: [2, 1], qTot: Float32Array.of(1, 5, 2, NaN), targets: Float32Array.of(0, 3, 4, NaN), normaliser: 3 },
    gradient,
  );
  expect(loss).toBeCloseTo((1 + 4 + 4) / 3, 12);
  expect([...gradient]).toEqual([2 / 3, 4 / 3, -4 / 3, 0].map(Math.fround));
});

it("has the gradient of central differences, weights included, and sums over groups", () => {
  const random = createRandom(51);
  const [lanes, steps] = [4, 5];
  const lengths = [5, 3, 1, 0];
  const draw = () => Float32Array.from({ length: lanes * steps }, () => random.float() * 4);
  const [qTot, targets, weights] = [draw(), draw(), draw()];
  // PyMARL computes sum(mask * w * (Q - y)^2) / sum(mask); this does so in float64.
  const masked = (q: ArrayLike<number>) => {
    let sum = 0;
    for (let t = 0; t < steps; t++)
      for (let l = 0; l < lanes; l++)
        if (t < lengths[l]) sum += weights[t * lanes + l] * (q[t * lanes + l] - targets[t * lanes + l]) ** 2;
    return sum / 20;
  };
  const gradient = new Float32Array(lanes * steps);
  expect(tdLoss({ lengths, qTot, targets, weights, normaliser: 20 }, gradient)).toBeCloseTo(masked(qTot), 9);
  for (let i = 0; i < qTot.length; i++) {
    const shifted = (by: number) => masked(Float64Array.from(qTot, (q, j) => (j === i ? q + by : q)));
    expect(gradient[i]).toBeCloseTo((shifted(1e-4) - shifted(-1e-4)) / 2e-4, 5);
  }
});

it("passes NaN on and refuses sizes that disagree and an empty batch", () => {
  const one = () => new Float32Array(1);
  expect(tdLoss({ lengths: [1], qTot: Float32Array.of(NaN), targets: one(), normaliser: 1 }, one())).toBeNaN();
  expect(() => tdLoss({ lengths: [1], qTot: one(), targets: new Float32Array(2), normaliser: 1 }, one())).toThrow(
    "targets has 2",
  );
  expect(() => tdLoss({ lengths: [1], qTot: one(), targets: one(), normaliser: 0 }, one())).toThrow("normaliser = 0");
});
