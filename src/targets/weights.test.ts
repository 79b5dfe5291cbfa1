import { expect, it } from "vitest";
import { LANES, groupEpisodes } from "../replay/group.js";
import { centralWeights, optimisticWeights } from "./weights.js";

// There are five episodes of one step, in which two agents with three actions each took [2, 1].
const [group] = groupEpisodes(
  [0, 1, 2, 3, 4].map((index) => ({
    index,
    seed: index,
    length: 1,
    observations: new Float32Array(0),
    states: new Float32Array(0),
    availableActions: new Uint8Array(12).fill(1),
    actions: Uint8Array.of(2, 1),
    rewards: new Float32Array(1),
    terminal: true,
  })),
  { agents: 2, actions: 3 },
);
const row = (...values: number[]) => Float32Array.from({ length: LANES }, (_, lane) => values[lane] ?? NaN);
const five = (weights: Float32Array) => [...weights.subarray(0, 5)];

it("OW-QMIX weights by alpha what is not underestimated", () => {
  const weights = optimisticWeights(group, row(1, 2, 3, -5, 2.5), row(2, 2, 2, -4, 2), 0.25);
  expect(five(weights)).toEqual([1, 0.25, 0.25, 1, 0.25]);
});

it("CW-QMIX weights by alpha what is neither the greedy joint action nor above its value", () => {
  // The greedy actions of each agent in each episode are both as taken, one of them, or none.
  const greedy = new Uint8Array(2 * LANES);
  greedy.set([2, 2, 0, 0, 2], 0);
  greedy.set([1, 0, 1, 0, 1], LANES);
  const weights = centralWeights(group, greedy, row(3, 3, 3, 3, 3), row(1, 3, 4, 2, 5), 0.25);
  expect(five(weights)).toEqual([1, 0.25, 1, 0.25, 1]);
});

it("refuse sizes that disagree, naming the array", () => {
  expect(() => optimisticWeights(group, row().subarray(1), row(), 0.1)).toThrow(
    "qTot has 15 entries; this group of episodes needs 16.",
  );
  expect(() => centralWeights(group, new Uint8Array(2), row(), row(), 0.1)).toThrow("greedy has 2");
  expect(() => centralWeights(group, new Uint8Array(32), row(), new Float32Array(0), 0.1)).toThrow("targets has 0");
});
