import { expect, it } from "vitest";
import { checkErrorBound, meanStepErrors } from "./error-bound.js";
import { randomDecPomdp } from "./dec-pomdp.js";
import { bestReactivePolicy, reactivePolicy } from "./values.js";

it("finds Theorem 3.1 broken only where T_n ends with the maximum and pi is not greedy for the network", () => {
  const checks = checkErrorBound({
    seeds: 2,
    gammas: [0.5, 0.95],
    sigmas: [0, 0.5, 2],
    epsilons: [0, 0.2, 1],
    steps: 6,
  });
  expect(checks.map(({ cases }) => cases)).toEqual(Array(4).fill(2 * 2 * 3 * 3 * 6 * 81));
  expect(checks.map(({ broken }) => broken > 0)).toEqual([false, true, false, false]);
  expect(checks.map(({ worst }) => worst > 1e-9)).toEqual([false, true, false, false]);
});

it.each([1, 2, 3])(
  "the step length of the smallest error grows with the fitting error, that of the smallest bound does not, seed %i",
  (seed) => {
    const game = randomDecPomdp({ seed });
    const { choices, policy } = bestReactivePolicy(game, 0.9);
    const best = [0, 0.5, 1, 2, 4].map((sigma) => {
      const options = {
        target: policy,
        behaviour: reactivePolicy(game, choices, 0.3),
        gamma: 0.9,
        steps: 10,
        bootstrap: "target-policy",
        sigma,
        networks: 20,
        seed: 1,
        lambda: 0.8,
      } as const;
      const { steps, tdLambda } = meanStepErrors(game, options);
      expect(steps.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(tdLambda).toBeGreaterThan(0);
      const smallest = (of: "error" | "bound") => steps.reduce((a, b) => (b[of] < a[of] ? b : a)).n;
      return [smallest("error"), smallest("bound")];
    });
    const lengths = best.map(([error]) => error);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(lengths[0]).toBe(1);
    expect(lengths[4]).toBeGreaterThan(3);
    expect(best.map(([, bound]) => bound)).toEqual([10, 10, 10, 10, 10]);
  },
);
