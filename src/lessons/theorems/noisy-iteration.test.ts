import { describe, expect, it } from "vitest";
import { mean } from "../../results/statistics.js";
import { randomDecPomdp } from "./dec-pomdp.js";
import { noisyIteration } from "./noisy-iteration.js";
import { optimalValues } from "./values.js";

const settings = {
  operator: { kind: "max" },
  lambda: 0,
  gamma: 0.8,
  sigma: 0,
  exploration: 0,
  iterations: 150,
  seed: 1,
} as const;

describe("noisyIteration", () => {
  it.each([0, 0.8])(
    "is value iteration for one agent that sees all, without errors: it ends at V*, lambda %f",
    (lambda) => {
      const game = randomDecPomdp({ seed: 3, agents: 1, observations: 6 });
      const best = mean(optimalValues(game, 0.8).v);
      const { estimated, real } = noisyIteration(game, { ...settings, lambda }).at(-1)!;
      expect(estimated).toBeCloseTo(best, 9);
      expect(real).toBeCloseTo(best, 9);
    },
  );

  const game = randomDecPomdp({ seed: 3 });
  const overestimation = (input: Partial<Parameters<typeof noisyIteration>[1]>) =>
    mean(
      noisyIteration(game, { ...settings, iterations: 300, exploration: 0.1, ...input })
        .slice(-150)
        .map(({ estimated, real }) => estimated - real),
    );

  it("overestimates the more the larger the errors are, less with a soft mellowmax, and less with TD(lambda)", () => {
    const soft = { kind: "soft-mellowmax", alpha: 1, omega: 10 } as const;
    const [small, large] = [overestimation({ sigma: 0.1 }), overestimation({ sigma: 0.3 })];
    expect(large).toBeGreaterThan(small + 1);
    expect(overestimation({ sigma: 0.3, operator: soft })).toBeLessThan(large - 0.5);
    expect(overestimation({ sigma: 0.3, lambda: 0.8 })).toBeLessThan(large / 2);
    expect(overestimation({ sigma: 0, operator: soft })).toBeLessThan(overestimation({ sigma: 0 }));
  });

  it("is determined by its seed", () => {
    const input = { ...settings, sigma: 0.2, iterations: 20 };
    expect(noisyIteration(game, input)).toEqual(noisyIteration(game, input));
    expect(noisyIteration(game, { ...input, seed: 2 })).not.toEqual(noisyIteration(game, input));
  });
});
