import { expect, it } from "vitest";
import { createRandom } from "../random.js";
import { groupEpisodes } from "./group.js";
import { randomEpisodes, uniformLengths } from "./random-episodes.js";

it("draws episodes as battles give them: actions that are available, and agents that die and stay dead", () => {
  const sizes = { agents: 4, actions: 6, observation: 5, state: 7 };
  const lengths = uniformLengths(40, 3, 12, createRandom(1));
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([3, 12]);
  const episodes = randomEpisodes(sizes, lengths, createRandom(2));
  expect(randomEpisodes(sizes, lengths, createRandom(2))).toEqual(episodes);
  expect(groupEpisodes(episodes, sizes).length).toBe(3);
  let dead = 0;
  for (const { length, observations, states, actions, availableActions } of episodes) {
    expect([observations.length, states.length]).toEqual([(length + 1) * 4 * 5, (length + 1) * 7]);
    const died = [false, false, false, false];
    for (let t = 0; t < length; t++) {
      for (let agent = 0; agent < 4; agent++) {
        const row = t * 4 + agent;
        expect(availableActions[row * 6 + actions[row]]).toBe(1);
        if (availableActions[row * 6] === 1) {
          died[agent] = true;
          expect(observations.subarray(row * 5, (row + 1) * 5).every((value) => value === 0)).toBe(true);
        } else expect(died[agent]).toBe(false);
      }
    }
    dead += died.filter(Boolean).length;
  }
  expect(dead).toBeGreaterThan(10);
});
