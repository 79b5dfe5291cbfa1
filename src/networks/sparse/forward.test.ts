import { describe, expect, it } from "vitest";
import { type WqmixNetworks, wqmixNetworks } from "../../algorithms/wqmix.js";
import { createRandom } from "../../random.js";
import { LANES } from "../../replay/group.js";
import { referenceAgent, referenceCentralMixer, referenceMixer } from "../reference.js";
import { createSparseEngine } from "./engine.js";
import { SHAPES, randomCase } from "./fixtures.js";

const LENGTHS = [7, 7, 6, 4, 4, 4, 3, 3, 3, 3, 2, 2, 1, 1, 1, 1, 5, 1];

describe("forward", () => {
  for (const name of Object.keys(SHAPES)) {
    for (const density of [1, 0.3, 0.05]) {
      it(`gives the reference's Q-values and Q_tot: ${name}, density ${density}`, () => {
        const { shape, parameters, masks, groups } = randomCase(SHAPES[name], density, LENGTHS, 3);
        const engine = createSparseEngine(shape, parameters, masks);
        const { agents, actions, state } = shape;
        for (const group of groups) {
          engine.load(group);
          const q = engine.networks.agent.forward("online", true).slice();
          const passing = engine.networks.agent.forward("target");
          const values = new Float32Array(group.steps * agents * LANES).map((_, i) => Math.cos(i));
          const totals = engine.networks.mixer.forward("online", values, 0, true).slice();
          const next = engine.networks.mixer.forward("target", values, 1);
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
    const engine = createSparseEngine(shape, parameters, masks);
    const [first] = groups;
    engine.load(first);
    const together = engine.networks.agent.forward("online").slice();
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
    const single = engine.networks.agent.forward("online");
    for (let i = 0; i < (episode.length + 1) * shape.agents * shape.actions; i++) {
      expect(single[i * LANES]).toBe(together[i * LANES + lane]);
    }
  });
});

describe("central networks", () => {
  for (const [name, shape, density] of [
    ["central", SHAPES.central, 1],
    ["central", SHAPES.central, 0.3],
    ["central", SHAPES.central, 0.05],
    ["3m, WQMIX's width", { ...SHAPES["3m"], centralEmbed: 256, networks: wqmixNetworks }, 0.1],
  ] as const) {
    it(`give the reference's Q-values and Q*: ${name}, density ${density}`, () => {
      const { parameters, masks, groups } = randomCase(shape, density, LENGTHS, 3);
      const engine = createSparseEngine<WqmixNetworks>(shape, parameters, masks);
      const { agents, actions, state } = shape;
      for (const group of groups) {
        engine.load(group);
        const { online, target } = engine.networks.central_agent.forwardBoth();
        const values = new Float32Array(group.steps * agents * LANES).map((_, i) => 3 * Math.cos(i));
        const totals = engine.networks.central_mixer.forward("online", values, 0, true).slice();
        const next = engine.networks.central_mixer.forward("target", values, 1);
        group.episodes.forEach((episode, lane) => {
          const expected = referenceAgent(shape, parameters, episode, "central_agent");
          expected.flat().forEach((row, i) => {
            row.forEach((value, action) => {
              const at = (i * actions + action) * LANES + lane;
              expect(online[at]).toBeCloseTo(value, 5);
              expect(target[at]).toBe(online[at]);
            });
          });
          for (let t = 0; t < episode.length; t++) {
            const chosen = Array.from({ length: agents }, (_, agent) => values[(t * agents + agent) * LANES + lane]);
            const at = (t: number) => episode.states.subarray(t * state, (t + 1) * state);
            expect(totals[t * LANES + lane]).toBeCloseTo(referenceCentralMixer(parameters, at(t), chosen), 5);
            expect(next[t * LANES + lane]).toBeCloseTo(referenceCentralMixer(parameters, at(t + 1), chosen), 5);
          }
        });
      }
    });
  }

  it("are there only where they are named, and change nothing of QMIX's", () => {
    const { shape, parameters, masks, groups } = randomCase(SHAPES.central, 0.3, LENGTHS, 3);
    const { centralEmbed: _, networks: __, ...without } = shape;
    const ofQmix = <Value>(map: Map<string, Value>) =>
      new Map([...map].filter(([name]) => !name.startsWith("central_")));
    const weighted = createSparseEngine<WqmixNetworks>(shape, parameters, masks);
    const engines = [weighted, createSparseEngine(without, ofQmix(parameters), ofQmix(masks))];
    expect(engines.map(({ networks }) => Object.keys(networks))).toEqual([
      ["agent", "mixer", "central_agent", "central_mixer"],
      ["agent", "mixer"],
    ]);
    for (const group of groups) {
      const values = new Float32Array(group.steps * shape.agents * LANES).map((_, i) => Math.cos(i));
      const [both, plain] = engines.map((engine) => {
        engine.load(group);
        if (engine === weighted) {
          weighted.networks.central_agent.forward("online", true);
          weighted.networks.central_mixer.forward("online", values, 0, true);
        }
        return [
          engine.networks.agent.forward("online", true).slice(),
          engine.networks.mixer.forward("online", values, 1).slice(),
        ];
      });
      expect(both).toEqual(plain);
    }
    expect(() => createSparseEngine(shape, ofQmix(parameters), masks)).toThrow(/central_agent.fc1.weight/);
  });
});

describe("counterfactuals", () => {
  for (const [name, density, scale] of [
    ["odd", 1, 1],
    ["five", 0.3, 1],
    ["narrow", 0.05, 1],
    // An agent's own large value must leave no rounding error where it is replaced.
    ["odd", 1, 1e6],
    ["3m", 0.3, 1],
  ] as const) {
    it(`are the reference's Q_tot with one agent's value replaced: ${name}, density ${density}, values up to ${scale}`, () => {
      const { shape, parameters, masks, groups } = randomCase(SHAPES[name], density, LENGTHS, 9);
      const engine = createSparseEngine(shape, parameters, masks);
      const { agents, actions, state } = shape;
      for (const group of groups) {
        // Also in all lanes of some vectors, and differently from step to step and group to group.
        group.episodes.forEach(({ availableActions }, lane) =>
          availableActions.forEach((_, i) => {
            const at = i * LANES + lane;
            availableActions[i] = (at + group.steps) % 5 === 0 || Math.floor(at / 4) % 7 === 0 ? 0 : 1;
          }),
        );
        const { availableActions } = group;
        engine.load(group);
        // Large values of agent 0 only.
        const values = new Float32Array(group.steps * agents * LANES).map(
          (_, i) => (Math.floor(i / LANES) % agents === 0 ? scale : 1) * Math.cos(i),
        );
        const size = agents * actions * LANES;
        // What stands where an action is unavailable must not matter, not even to its neighbours; an available one may
        // be worth anything.
        const [alternatives, nextAlternatives] = [0, size].map((offset) =>
          new Float32Array(group.steps * size).map((_, i) =>
            availableActions[i + offset] ? ([-9999999, 1e8][i % 17] ?? Math.sin(i)) : NaN,
          ),
        );
        const online = engine.networks.mixer.counterfactuals("online", values, alternatives, 0);
        const target = engine.networks.mixer.counterfactuals("target", values, nextAlternatives, 1);
        group.episodes.forEach((episode, lane) => {
          for (let t = 0; t < episode.length; t++) {
            const chosen = Array.from({ length: agents }, (_, agent) => values[(t * agents + agent) * LANES + lane]);
            for (let agent = 0; agent < agents; agent++) {
              for (let action = 0; action < actions; action++) {
                const at = ((t * agents + agent) * actions + action) * LANES + lane;
                for (const [side, given, offset] of [
                  [online, alternatives, 0],
                  [target, nextAlternatives, 1],
                ] as const) {
                  if (!availableActions[at + offset * size]) {
                    expect(side[at]).toBe(-Infinity);
                    continue;
                  }
                  const s = episode.states.subarray((t + offset) * state, (t + offset + 1) * state);
                  const expected = referenceMixer(shape, parameters, s, chosen.with(agent, given[at]));
                  expect(Math.abs(side[at] - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
                }
              }
            }
          }
        });
      }
    });
  }

  it("keep what a backward pass needs, and padding to its own lanes", () => {
    const { shape, parameters, masks, groups } = randomCase(SHAPES.odd, 0.3, [5, 4, 2], 9);
    const gradients = [0, NaN].map((padding) => {
      const engine = createSparseEngine(shape, parameters, masks);
      const [group] = groups;
      engine.load(group);
      const values = new Float32Array(group.steps * shape.agents * LANES).map((_, i) =>
        i % LANES < 3 ? Math.cos(i) : padding,
      );
      engine.networks.mixer.forward("online", values, 0, true);
      const alternatives = new Float32Array(values.length * shape.actions).map((_, i) =>
        i % LANES < 3 ? Math.sin(i) : padding,
      );
      const other = values.map((value) => 2 * value);
      const totals = engine.networks.mixer
        .counterfactuals("online", padding ? other : values, alternatives, 1)
        .filter((_, i) => i % LANES < 2);
      if (padding) engine.networks.mixer.forward("online", other, 0);
      const dValues = engine.networks.mixer.backward(new Float32Array(group.steps * LANES).fill(1));
      expect(totals.every(Number.isFinite)).toBe(true);
      return [dValues.filter((_, i) => i % LANES < 2), ...engine.parameters.map(({ name }) => engine.gradient(name))];
    });
    expect(gradients[1]).toEqual(gradients[0]);
  });
});

describe("an actor", () => {
  for (const density of [1, 0.3]) {
    it(`acts as the reference does, with the same bits in any environment: density ${density}`, () => {
      const { shape, parameters, masks, groups } = randomCase(SHAPES["3m"], density, [5], 8);
      const { agents, actions, observation } = shape;
      const [episode] = groups[0].episodes;
      const engine = createSparseEngine(shape, parameters, masks);
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
