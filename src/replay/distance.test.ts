import { expect, it } from "vitest";
import type { Episode } from "./episode.js";
import { policyChange } from "./distance.js";
import { groupEpisodes, LANES } from "./group.js";

const [AGENTS, ACTIONS] = [2, 3];

/** An episode whose arrays are given by step, agent and action. */
function episode(
  index: number,
  length: number,
  taken: (t: number, agent: number) => number,
  available: (t: number, agent: number, action: number) => boolean,
): Episode {
  const availableActions = new Uint8Array((length + 1) * AGENTS * ACTIONS).map((_, i) =>
    available(Math.floor(i / (AGENTS * ACTIONS)), Math.floor(i / ACTIONS) % AGENTS, i % ACTIONS) ? 1 : 0,
  );
  const actions = new Uint8Array(length * AGENTS).map((_, i) => taken(Math.floor(i / AGENTS), i % AGENTS));
  return {
    index,
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

it("counts the actions that are greedy no more, of agents that had a choice", () => {
  const long = episode(
    0,
    3,
    (t, agent) => (t === 1 && agent === 1 ? 2 : 0),
    () => true,
  );
  // Agent 1 of the short episode is dead, so it can do nothing but action 0.
  const short = episode(
    1,
    1,
    () => 0,
    (_, agent, action) => agent === 0 || action === 0,
  );
  const [group] = groupEpisodes([short, long], { agents: AGENTS, actions: ACTIONS });
  // Lane 0 is the longer episode. There agent 0 would take 0 at every step and agent 1 would take 2; in the short one
  // agent 0 would take 1.
  const greedy = new Uint8Array(3 * AGENTS * LANES);
  for (let t = 0; t < 3; t++) greedy[(t * AGENTS + 1) * LANES] = 2;
  greedy[1] = 1;
  // In the long episode agent 1 took 0 instead of 2 twice, of six decisions. In the short one agent 0 took 0 instead of
  // 1, its only decision; padding is not read.
  greedy.fill(9, 2, LANES);
  expect(policyChange(greedy, group)).toEqual({ decisions: 7, changed: 3 });
});
