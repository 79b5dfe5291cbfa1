import { expect, it } from "vitest";
import { type EpisodeGroup, LANES, groupEpisodes } from "../replay/group.js";
import { chosenValues, greedyActions } from "./actions.js";

/**
 * Two episodes, of 2 steps and of 1, with 2 agents and 3 actions; `available` says what may be done in the first one,
 * step by step.
 */
function twoEpisodes(available: readonly number[]): EpisodeGroup {
  const episode = (index: number, length: number, actions: readonly number[], availableActions: readonly number[]) => ({
    index,
    seed: index,
    length,
    observations: new Float32Array(0),
    states: new Float32Array(0),
    availableActions: Uint8Array.from(availableActions),
    actions: Uint8Array.from(actions),
    rewards: new Float32Array(length),
    terminal: true,
  });
  const all = [1, 1, 1, 1, 1, 1];
  return groupEpisodes([episode(4, 2, [2, 0, 1, 1], available), episode(7, 1, [0, 2], [...all, ...all])], {
    agents: 2,
    actions: 3,
  })[0];
}

/** Brings Q [steps + 1, agents, actions] of each lane into a group's layout; padding is NaN. */
function layOut(...lanes: readonly (readonly number[])[]): Float32Array {
  const q = new Float32Array(3 * 2 * 3 * LANES).fill(NaN);
  lanes.forEach((values, lane) => values.forEach((value, i) => (q[i * LANES + lane] = value)));
  return q;
}
const laneOf = (array: Float32Array | Uint8Array, lane: number) => [...array].filter((_, i) => i % LANES === lane);

const group = twoEpisodes([1, 1, 1, 1, 1, 0, /* step 1 */ 0, 1, 1, 1, 0, 0, /* step 2 */ 0, 0, 1, 0, 0, 1]);
const q = layOut(
  [1, 2, 3, 4, 5, 6, /* step 1 */ 9, 8, 8, 10, 11, 12, /* step 2 */ 0, 0, 0, 0, 0, 0],
  [-1, -2, -3, -6, -5, -4, 0, 0, 0, 0, 0, 0],
);

it("chosenValues gathers Q of the actions taken, or of others", () => {
  expect(laneOf(chosenValues(q, group), 0)).toEqual([3, 4, 8, 11]);
  expect(laneOf(chosenValues(q, group), 1)).toEqual([-1, -4, 0, 0]);
  expect(laneOf(chosenValues(q, group), 2)).toEqual([0, 0, 0, 0]);
  const others = new Uint8Array(4 * LANES).fill(1);
  const out = new Float32Array(4 * LANES).fill(NaN);
  expect(chosenValues(q, group, others, out)).toBe(out);
  expect(laneOf(out, 0)).toEqual([2, 5, 8, 11]);
  expect(laneOf(out, 1)).toEqual([-2, -5, 0, 0]);
});

it("greedyActions gives the best available action at each step, the lowest one of equals", () => {
  const greedy = greedyActions(q, group);
  expect(laneOf(greedy, 0)).toEqual([2, 1, 1, 0]);
  expect(laneOf(greedy, 1)).toEqual([0, 2, 0, 0]);
  expect(laneOf(greedy, 15)).toEqual([0, 0, 0, 0]);
  expect(laneOf(chosenValues(q, group, greedy), 0)).toEqual([3, 5, 8, 10]);
});

it("greedyActions always gives an available action, also where a network has diverged", () => {
  for (const value of [NaN, -Infinity])
    expect(laneOf(greedyActions(new Float32Array(q.length).fill(value), group), 0)).toEqual([0, 0, 1, 0]);
});

it("refuse arrays of another size and an agent without actions, naming them", () => {
  expect(() => chosenValues(q.subarray(1), group)).toThrow("q has 287 entries; this group of episodes needs 288.");
  expect(() => chosenValues(q, group, new Uint8Array(3))).toThrow("actions has 3");
  expect(() => greedyActions(q, group, new Uint8Array(3))).toThrow("out has 3");
  const stuck = twoEpisodes([1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  expect(() => greedyActions(q, stuck)).toThrow("Episode 4: agent 1 has no available action at step 1");
});
