import { expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { mixOperator, randomMonotoneMixer } from "./monotone-mixer.js";

it("rises with every agent's value", () => {
  const random = createRandom(1);
  for (let k = 0; k < 50; k++) {
    const mix = randomMonotoneMixer(3, random);
    const values = [0, 1, 2].map(() => 4 * random.float() - 2);
    const before = mix(values);
    values[random.below(3)] += 0.1;
    expect(mix(values)).toBeGreaterThan(before);
  }
});

it("carries the maximum over from agents to joint actions (Eq. 1), and keeps soft mellowmax below it (Theorem 3.2)", () => {
  const random = createRandom(2);
  for (const [agents, actions] of [
    [2, 3],
    [3, 5],
    [4, 4],
  ]) {
    for (let k = 0; k < 30; k++) {
      const values = Array.from({ length: agents }, () =>
        Array.from({ length: actions }, () => 2 * random.float() - 1),
      );
      const mixed = mixOperator(values, randomMonotoneMixer(agents, random), {
        kind: "soft-mellowmax",
        alpha: 1,
        omega: 10,
      });
      expect(mixed.mixedMaxima).toBeCloseTo(mixed.jointMaximum, 12);
      expect(mixed.mixedOperator).toBeLessThan(mixed.mixedMaxima);
      expect(mixed.jointOperator).toBeLessThan(mixed.jointMaximum);
      expect([mixed.agentTerms, mixed.jointTerms]).toEqual([agents * actions, actions ** agents]);
    }
  }
});

it("refuses too many joint actions", () => {
  expect(() =>
    mixOperator(
      Array.from({ length: 8 }, () => new Array<number>(9).fill(0)),
      () => 0,
      { kind: "max" },
    ),
  ).toThrow("8 agents of 9 actions have 43046721 joint actions");
});
