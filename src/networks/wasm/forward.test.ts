import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { LANES } from "../../replay/group.js";
import { referenceAgent, referenceMixer } from "../reference.js";
import { createWasmEngine } from "./engine.js";
import { SHAPES, randomCase } from "./fixtures.js";

const LENGTHS = [7, 7, 6, 4, 4, 4, 3, 3, 3, 3, 2, 2, 1, 1, 1, 1, 5, 1];

describe("forward", () => {
  for (const name of Object.keys(SHAPES)) {
    for (const density of [1, 0.3, 0.05]) {
      it(`gives the reference's Q-values and Q_tot: ${name}, density ${density}`, () => {
        const { shape, parameters, masks, groups } = randomCase(SHAPES[name], density, LENGTHS, 3);
        const engine = createWasmEngine(shape, parameters, masks);
        const { agents, actions, state } = shape;
        for (const group of groups) {
          engine.load(group);
          const q = engine.agentForward("online", true).slice();
          const passing = engine.agentForward("target");
          const values = new Float32Array(group.steps * agents * LANES).map((_, i) => Math.cos(i));
          const totals = engine.mixerForward("online", values, 0, true).slice();
          const next = engine.mixerForward("target", values, 1);
          group.episodes.forEach((episode, lane) => {
            const expected = referenceAgent(shape, parameters, episode);
            for (let t = 0; t <= episode.length; t++) {
              for (let agent = 0; agent < agents; agent++) {
                for (let action = 0; action < actions; action++) {
                  const at = ((t * agents + agent) * actions + action) * LANES + lane;
                  expect(q[at]).toBeCloseTo(expected[t][agent][action], 5);
                  expect(passing[at]).toBe(q[at]);
                }
              }
              if (t === episode.length) continue;
              const chosen = Array.from({ length: agents }, (_, agent) => values[(t * agents + agent) * LANES + lane]);
              const at = (t: number) => episode.states.subarray(t * state, (t + 1) * state);
              expect(totals[t * LANES + lane]).toBeCloseTo(referenceMixer(shape, parameters, at(t), chosen), 4);
              expect(next[t * LANES + lane]).toBeCloseTo(referenceMixer(shape, parameters, at(t + 1), chosen), 4);
            }
          });
        }
      });
    }
  }

  it("gives an episode the same bits whatever else is in its group", () => {
    const { shape, parameters, masks, groups } = randomCase(SHAPES.odd, 0.3, LENGTHS, 4);
    const engine = createWasmEngine(shape, parameters, masks);
    const [first] = groups;
    engine.load(first);
    const together = engine.agentForward("online").slice();
    const lane = 5;
    const episode = first.episodes[lane];
    const alone = randomCase(SHAPES.odd, 0.3, [1], 4).groups[0];
    const lengths = new Int32Array(LANES);
    lengths[0] = episode.length;
    const running = new Int32Array(episode.length + 1).fill(1);
    running[episode.length] = 0;
    const actions = new Uint8Array(episode.length * shape.agents * LANES);
    episode.actions.forEach((action, i) => (actions[i * LANES] = action));
    engine.load({ ...alone, episodes: [episode], steps: episode.length, lengths, running, actions });
    const single = engine.agentForward("online");
    for (let i = 0; i < (episode.length + 1) * shape.agents * shape.actions; i++) {
      expect(single[i * LANES]).toBe(together[i * LANES + lane]);
    }
  });
});

describe("an actor", () => {
  for (const density of [1, 0.3]) {
    it(`acts as the reference does, with the same bits in any environment: density ${density}`, () => {
      const { shape, parameters, masks, groups } = randomCase(SHAPES["3m"], density, [5], 8);
      const { agents, actions, observation } = shape;
      const [episode] = groups[0].episodes;
      const engine = createWasmEngine(shape, parameters, masks);
      const single = engine.createActor(1);
      const many = engine.createActor(9);
      const random = createRandom(1);
      const expected = referenceAgent(shape, parameters, episode);
      // Environments 3 and 8 see the episode, the others anything; a warm-up and a reset must leave no trace.
      many.observations.forEach((_, i) => (many.observations[i] = random.float()));
      many.forward();
      many.reset(3);
      many.reset(8);
      for (let t = 0; t <= episode.length; t++) {
        const seen = episode.observations.subarray(t * agents * observation, (t + 1) * agents * observation);
        const last = Array.from({ length: agents }, (_, agent) => (t ? episode.actions[(t - 1) * agents + agent] : -1));
        single.observations.set(seen);
        single.lastActions.set(last);
        for (const environment of [3, 8]) {
          many.observations.set(seen, environment * agents * observation);
          many.lastActions.set(last, environment * agents);
        }
        const q = single.forward().slice();
        const all = many.forward();
        expected[t].flatMap((row) => [...row]).forEach((value, i) => expect(q[i]).toBeCloseTo(value, 5));
        for (const environment of [3, 8]) {
          expect(all.slice(environment * agents * actions, (environment + 1) * agents * actions)).toEqual(q);
        }
      }
    });
  }
});
