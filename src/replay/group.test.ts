import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { episodeReturn, type Episode } from "./episode.js";
import { countSteps, groupEpisodes, LANES } from "./group.js";

const sizes = { agents: 3, actions: 5, observation: 4, state: 6 };
const random = createRandom(21);

function randomEpisode(index: number, length: number): Episode {
  const { agents, actions, observation, state } = sizes;
  return {
    index,
    seed: index,
    length,
    observations: new Float32Array((length + 1) * agents * observation),
    states: new Float32Array((length + 1) * state),
    availableActions: Uint8Array.from({ length: (length + 1) * agents * actions }, () => random.below(2)),
    actions: Uint8Array.from({ length: length * agents }, () => random.below(actions)),
    rewards: Float32Array.from({ length }, () => random.float()),
    terminal: random.below(2) === 1,
  };
}

describe("groupEpisodes", () => {
  const episodes = Array.from({ length: 37 }, (_, i) => randomEpisode(i, 1 + random.below(12)));
  const groups = groupEpisodes(episodes, sizes);

  it("puts every episode into one lane, longest first, equal lengths in the order given", () => {
    expect(groups.map((group) => group.episodes.length)).toEqual([16, 16, 5]);
    const order = groups.flatMap((group) => group.episodes);
    expect([...order].map((episode) => episode.index).sort((a, b) => a - b)).toEqual(episodes.map((_, i) => i));
    for (let i = 1; i < order.length; i++) {
      const [a, b] = [order[i - 1], order[i]];
      expect(a.length > b.length || (a.length === b.length && a.index < b.index)).toBe(true);
    }
    expect(countSteps(groups)).toBe(episodes.reduce((sum, episode) => sum + episode.length, 0));
  });

  it("can be read back entry by entry", () => {
    const { agents, actions } = sizes;
    for (const group of groups) {
      group.episodes.forEach((episode, lane) => {
        expect(group.lengths[lane]).toBe(episode.length);
        expect(group.terminal[lane]).toBe(episode.terminal ? 1 : 0);
        for (let t = 0; t <= episode.length; t++) {
          for (let agent = 0; agent < agents; agent++) {
            for (let action = 0; action < actions; action++) {
              expect(group.availableActions[((t * agents + agent) * actions + action) * LANES + lane]).toBe(
                episode.availableActions[(t * agents + agent) * actions + action],
              );
            }
            if (t < episode.length)
              expect(group.actions[(t * agents + agent) * LANES + lane]).toBe(episode.actions[t * agents + agent]);
          }
          if (t < episode.length) expect(group.rewards[t * LANES + lane]).toBe(episode.rewards[t]);
        }
      });
    }
  });

  it("counts running lanes and pads with action 0, reward 0 and every action available", () => {
    for (const group of groups) {
      expect(group.steps).toBe(group.episodes[0].length);
      expect(group.running.length).toBe(group.steps + 1);
      expect(group.running[group.steps]).toBe(0);
      for (let t = 0; t <= group.steps; t++) {
        expect(group.running[t]).toBe(group.episodes.filter((episode) => episode.length > t).length);
        for (let lane = 0; lane < LANES; lane++) {
          const length = group.lengths[lane];
          if (t < group.steps && t >= length) {
            expect(group.rewards[t * LANES + lane]).toBe(0);
            for (let agent = 0; agent < sizes.agents; agent++)
              expect(group.actions[(t * sizes.agents + agent) * LANES + lane]).toBe(0);
          }
          if (lane >= group.episodes.length || t > length) {
            for (let i = 0; i < sizes.agents * sizes.actions; i++) {
              expect(group.availableActions[(t * sizes.agents * sizes.actions + i) * LANES + lane]).toBe(1);
            }
          }
        }
      }
      for (let lane = group.episodes.length; lane < LANES; lane++)
        expect([group.lengths[lane], group.terminal[lane]]).toEqual([0, 0]);
    }
  });

  it("gives no groups for no episodes and refuses episodes of other sizes, naming them", () => {
    expect(groupEpisodes([], sizes)).toEqual([]);
    expect(() => groupEpisodes([randomEpisode(7, 4)], { agents: 2, actions: 5 })).toThrow("Episode 7 has 12 actions");
    expect(() => groupEpisodes([{ ...randomEpisode(7, 4), length: 0 }], sizes)).toThrow("Episode 7 has length 0");
  });
});

it("episodeReturn sums the rewards", () => {
  expect(episodeReturn({ ...randomEpisode(0, 3), rewards: Float32Array.of(1, 2.5, -0.5) })).toBe(3);
});
