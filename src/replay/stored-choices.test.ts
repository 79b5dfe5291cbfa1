import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import type { Episode } from "./episode.js";
import { groupEpisodes, LANES } from "./group.js";
import {
  addChoices,
  mixChoices,
  policyDrift,
  shareChanged,
  shareExplored,
  storedChoices,
  type StoredChoices,
} from "./stored-choices.js";

const [AGENTS, ACTIONS] = [2, 5];

/** An episode in which agent 0 may do `legal` actions and agent 1 is dead. */
function episode(length: number, legal: number, taken: (t: number) => number): Episode {
  const availableActions = new Uint8Array((length + 1) * AGENTS * ACTIONS).map((_, i) =>
    i % (AGENTS * ACTIONS) < ACTIONS ? (i % ACTIONS < legal ? 1 : 0) : i % ACTIONS === 0 ? 1 : 0,
  );
  const actions = new Uint8Array(length * AGENTS).map((_, i) => (i % AGENTS === 0 ? taken(i / AGENTS) : 0));
  return {
    index: 0,
    seed: 0,
    length,
    observations: new Float32Array(0),
    states: new Float32Array(0),
    availableActions,
    actions,
    rewards: new Float32Array(length),
    terminal: true,
  };
}

describe("storedChoices", () => {
  it("counts what is greedy no more, and what exploration alone would make of it, by each choice's rate and available actions", () => {
    // The first episode has three steps with 4 actions, the second two with 2; in the first greedy is 1 at its last
    // step only.
    const [group] = groupEpisodes([episode(3, 4, () => 0), episode(2, 2, () => 1)], {
      agents: AGENTS,
      actions: ACTIONS,
    });
    const greedy = new Uint8Array(3 * AGENTS * LANES);
    greedy[2 * AGENTS * LANES] = 1;
    const epsilon = (lane: number, t: number) => (lane === 0 ? 0.1 * (t + 1) : 0.5);
    const choices = storedChoices(greedy, group, epsilon);
    // The choices that have changed are step 2 of the first episode and both of the second, which took 1 where greedy
    // is 0.
    expect(choices).toMatchObject({ episodes: 2, decisions: 5, changed: 3 });
    expect(choices.explored).toBeCloseTo((0.1 + 0.2 + 0.3) * (3 / 4) + 2 * 0.5 * (1 / 2), 12);
    expect(choices.exploited).toBeCloseTo(0.9 + 0.8 + 0.7 + 2 * 0.5, 12);
  });

  it("finds the share of greedy actions that changed again under exploration", () => {
    // There are 30,000 choices among 5 actions: the policy took 0 then, and now it would take 1 at three tenths of
    // them; epsilon was 0.4.
    const random = createRandom(3);
    const length = 3_000;
    const episodes = Array.from({ length: 10 }, () =>
      episode(length, ACTIONS, () => (random.float() < 0.4 ? random.below(ACTIONS) : 0)),
    );
    const [group] = groupEpisodes(episodes, { agents: AGENTS, actions: ACTIONS });
    const greedy = new Uint8Array(length * AGENTS * LANES).map((_, i) =>
      Math.floor(i / (AGENTS * LANES)) % 10 < 3 ? 1 : 0,
    );
    const choices = storedChoices(greedy, group, () => 0.4);
    expect(shareExplored(choices)).toBeCloseTo(0.4 * 0.8, 12);
    expect(shareChanged(choices)).toBeCloseTo(0.6 * 0.3 + 0.4 * 0.8, 1.7);
    expect(Math.abs(policyDrift(choices) - 0.3)).toBeLessThan(0.02);
  });
});

describe("samples", () => {
  const sample = (episodes: number, decisions: number, changed: number): StoredChoices => ({
    episodes,
    decisions,
    changed,
    explored: 0,
    exploited: decisions,
  });
  const [old, recent] = [sample(100, 1_000, 500), sample(50, 1_500, 150)];

  it("add up", () => {
    expect(addChoices([old, recent])).toEqual(sample(150, 2_500, 650));
  });

  it("mix by episodes, and count by choices, so that longer episodes weigh more", () => {
    // The buffers have 20 episodes of 10 choices, of which 5 changed, and 12 of 30 choices, of which 3 changed.
    expect(
      shareChanged(
        mixChoices([
          [old, 20],
          [recent, 12],
        ]),
      ),
    ).toBeCloseTo((20 * 5 + 12 * 3) / (20 * 10 + 12 * 30), 12);
    expect(
      shareChanged(
        mixChoices([
          [old, 32],
          [recent, 0],
        ]),
      ),
    ).toBeCloseTo(0.5, 12);
  });

  it("of nothing have no shares", () => {
    expect(shareChanged(addChoices([]))).toBeNaN();
    expect(policyDrift({ episodes: 1, decisions: 4, changed: 2, explored: 2, exploited: 0 })).toBeNaN();
  });
});
