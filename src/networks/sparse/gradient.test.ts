import { describe, expect, it } from "vitest";
import type { WqmixNetworks } from "../../algorithms/wqmix.js";
import { createRandom } from "../../random.js";
import { type EpisodeGroup, LANES } from "../../replay/group.js";
import type { AgentNetwork, Engine, MixingNetwork } from "../engine.js";
import type { NetworkShape } from "../parameters.js";
import { referenceAgent, referenceCentralMixer, referenceMixer } from "../reference.js";
import { createSparseEngine } from "./engine.js";
import { type Case, SHAPES, randomCase } from "./fixtures.js";

/** The value that step t of an episode is to have: any number that differs from step to step. */
const wanted = (index: number, t: number) => Math.sin(1 + 3 * index + 7 * t);

/**
 * L = sum over steps of (Q_tot - wanted)^2 / 2, plus the same of Q* - 1 where there are central networks, in float64.
 */
function referenceLoss(
  shape: NetworkShape,
  values: Map<string, ArrayLike<number>>,
  groups: readonly EpisodeGroup[],
): number {
  let loss = 0;
  for (const { episodes } of groups) {
    for (const episode of episodes) {
      const q = referenceAgent(shape, values, episode);
      const central =
        shape.centralEmbed === undefined ? undefined : referenceAgent(shape, values, episode, "central_agent");
      for (let t = 0; t < episode.length; t++) {
        const chosen = (q: Float64Array[][]) =>
          q[t].map((row, agent) => row[episode.actions[t * shape.agents + agent]]);
        const state = episode.states.subarray(t * shape.state, (t + 1) * shape.state);
        loss += (referenceMixer(shape, values, state, chosen(q)) - wanted(episode.index, t)) ** 2 / 2;
        if (central)
          loss += (referenceCentralMixer(values, state, chosen(central)) - 1 - wanted(episode.index, t)) ** 2 / 2;
      }
    }
  }
  return loss;
}

/** Adds L's gradients up in the engine; `padding` is written wherever a lane has ended. */
function backward(engine: Engine<true>, groups: readonly EpisodeGroup[], padding = 0): void {
  const { mixer, agent, central_agent, central_mixer } = engine.networks as Partial<
    Engine<true, WqmixNetworks>["networks"]
  > &
    Engine<true>["networks"];
  for (const group of groups) {
    engine.load(group);
    addGradients(engine, group, { agent, mixer }, 0, padding);
    if (central_agent && central_mixer)
      addGradients(engine, group, { agent: central_agent, mixer: central_mixer }, 1, padding);
  }
}

function addGradients(
  { shape: { agents, actions } }: Engine<true>,
  group: EpisodeGroup,
  { agent, mixer }: { readonly agent: AgentNetwork<true>; readonly mixer: MixingNetwork<true> },
  more: number,
  padding: number,
): void {
  const q = agent.forward("online", true);
  const chosen = new Float32Array(group.steps * agents * LANES).fill(padding);
  forRunning(group, (t, lane) => {
    for (let agent = 0; agent < agents; agent++) {
      const at = (t * agents + agent) * LANES + lane;
      chosen[at] = q[((t * agents + agent) * actions + group.actions[at]) * LANES + lane];
    }
  });
  const total = mixer.forward("online", chosen, 0, true);
  const gradient = new Float32Array(group.steps * LANES).fill(padding);
  forRunning(group, (t, lane) => {
    gradient[t * LANES + lane] = total[t * LANES + lane] - more - wanted(group.episodes[lane].index, t);
  });
  // Another pass in between leaves what was kept as it is.
  mixer.forward(
    "target",
    chosen.map((value) => value + 1),
    1,
  );
  const dChosen = mixer.backward(gradient).slice();
  for (let t = 0; t < group.steps; t++) {
    for (let agent = 0; agent < agents; agent++)
      dChosen.fill(padding, (t * agents + agent) * LANES + group.running[t], (t * agents + agent + 1) * LANES);
  }
  agent.backward(dChosen);
}

function forRunning(group: EpisodeGroup, work: (t: number, lane: number) => void): void {
  for (let t = 0; t < group.steps; t++) for (let lane = 0; lane < group.running[t]; lane++) work(t, lane);
}

/**
 * Central differences at up to `most` places of every parameter: half of them where the gradient is largest, as many
 * are 0.
 */
function checkGradients(
  { shape, parameters, groups, masks }: Case,
  gradients: Map<string, Float32Array>,
  most: number,
  dense: boolean,
): void {
  const random = createRandom(99);
  const values = new Map([...parameters].map(([name, value]) => [name, Float64Array.from(value)]));
  for (const [name, value] of values) {
    const mask = masks.get(name);
    const gradient = gradients.get(name)!;
    const all = [...value.keys()].filter((i) => dense || !mask || mask[i]);
    const drawn = Array.from({ length: Math.floor(most / 2) }, () => all[random.below(all.length)]);
    const largest = [...all]
      .sort((i, j) => Math.abs(gradient[j]) - Math.abs(gradient[i]))
      .slice(0, Math.ceil(most / 2));
    const places = all.length <= most ? all : [...largest, ...drawn];
    let error = 0;
    let size = 0;
    for (const i of places) {
      const kept = value[i];
      const difference = (h: number) => {
        value[i] = kept + h;
        const above = referenceLoss(shape, values, groups);
        value[i] = kept - h;
        const below = referenceLoss(shape, values, groups);
        value[i] = kept;
        return (above - below) / (2 * h);
      };
      const expected = difference(1e-6);
      error += (gradient[i] - expected) ** 2;
      size += expected ** 2;
    }
    expect(Math.sqrt(error), `${name}: |error| relative to |gradient| ${Math.sqrt(size)}`).toBeLessThanOrEqual(
      1e-4 * Math.sqrt(size) + 1e-7,
    );
    if (!dense && mask)
      expect(
        gradient.every((g, i) => mask[i] || g === 0),
        `${name}: pruned`,
      ).toBe(true);
  }
}

const allGradients = (engine: Engine<true>) =>
  new Map(engine.parameters.map(({ name }) => [name, engine.gradient(name)]));

describe("gradients of agents and mixers", () => {
  for (const [name, lengths, most] of [
    ["odd", [6, 6, 5, 3, 2, 1], 16],
    ["narrow", [4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 5, 2], 10],
    // Four, three, two and one vectors of running lanes.
    ["five", [6, 6, 6, 5, 4, 4, 4, 3, 3, 2, 2, 2, 1], 8],
    ["central", [3, 3, 3, 2, 2, 2, 1, 1, 1], 5],
    ["3m", [3, 1, 2], 5],
  ] as const) {
    for (const density of [1, 0.75, 0.3, 0.05]) {
      it(`agree with central differences in float64: ${name}, density ${density}`, () => {
        const example = randomCase(SHAPES[name], density, lengths, 5);
        const engine = createSparseEngine(example.shape, example.parameters, example.masks);
        backward(engine, example.groups);
        checkGradients(example, allGradients(engine), most, false);
      });
    }
  }

  for (const [name, density, most] of [
    ["odd", 0.75, 30],
    ["odd", 0.3, 30],
    ["odd", 0.05, 30],
    ["central", 0.3, 10],
    ["central", 0.05, 10],
  ] as const) {
    it(`include pruned connections when they are asked for: ${name}, density ${density}`, () => {
      const example = randomCase(SHAPES[name], density, [5, 4, 2, 2, 1], 6);
      const engine = createSparseEngine(example.shape, example.parameters, example.masks);
      engine.requestDenseGradients();
      backward(engine, example.groups);
      checkGradients(example, allGradients(engine), most, true);
    });
  }
});

describe("padding", () => {
  for (const density of [1, 0.3]) {
    it(`never reaches results, whatever it holds: density ${density}`, () => {
      const { shape, parameters, masks, groups } = randomCase(SHAPES.central, density, [6, 5, 3, 3, 2, 1, 1], 7);
      const clean = createSparseEngine(shape, parameters, masks);
      backward(clean, groups, 0);
      const dirty = createSparseEngine(shape, parameters, masks);
      for (const padding of [NaN, 1e30]) {
        backward(dirty, groups, padding);
        for (const { name } of clean.parameters) expect(dirty.gradient(name), name).toEqual(clean.gradient(name));
        dirty.step({ learningRate: 0, alpha: 0.99, epsilon: 1e-5, gradientClip: 10 });
      }
    });
  }
});
