import { expect, it } from "vitest";
import { partOf, randomDecPomdp } from "./dec-pomdp.js";

it("makes distributions over as many successors as asked for, the same for the same seed", () => {
  for (const successors of [1, 2, 9]) {
    const game = randomDecPomdp({ seed: 3, successors });
    expect([game.states, game.jointActions]).toEqual([9, 9]);
    for (let row = 0; row < 81; row++) {
      const next = [...game.transitions.subarray(row * 9, (row + 1) * 9)];
      expect(next.filter((p) => p > 0)).toHaveLength(successors);
      expect(next.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    }
    expect(game.rewards.every((r) => r >= 0 && r < 1)).toBe(true);
    expect(randomDecPomdp({ seed: 3, successors })).toEqual(game);
  }
  expect(randomDecPomdp({ seed: 4 }).rewards).not.toEqual(randomDecPomdp({ seed: 3 }).rewards);
});

it("numbers states and joint actions with agent 0 as the slowest digit", () => {
  const game = { agents: 3 };
  const index = 2 * 16 + 0 * 4 + 3;
  expect([0, 1, 2].map((agent) => partOf(index, agent, game, 4))).toEqual([2, 0, 3]);
});

it("refuses what is impossible, naming it", () => {
  expect(() => randomDecPomdp({ seed: 1, actions: 0 })).toThrow("actions = 0; it must be a whole number");
  expect(() => randomDecPomdp({ seed: 1, observations: 2, successors: 5 })).toThrow(
    "successors = 5; it has only 4 states",
  );
  expect(() => randomDecPomdp({ seed: 1, agents: 6 })).toThrow("too large for tables");
});
