import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { type EpisodeGroup, LANES } from "../../replay/group.js";
import type { Engine } from "../engine.js";
import type { NetworkShape } from "../parameters.js";
import { referenceAgent, referenceMixer } from "../reference.js";
import { createWasmEngine } from "./engine.js";
import { type Case, SHAPES, randomCase } from "./fixtures.js";

/** The value that step t of an episode is to have: any number that differs from step to step. */
const wanted = (index: number, t: number) => Math.sin(1 + 3 * index + 7 * t);

/** L = sum over steps of (Q_tot - wanted)^2 / 2, in float64. */
function referenceLoss(shape: NetworkShape, values: Map<string, ArrayLike<number>>, groups: readonly EpisodeGroup[]): number {
  let loss = 0;
  for (const { episodes } of groups) {
    for (const episode of episodes) {
      const q = referenceAgent(shape, values, episode);
      for (let t = 0; t < episode.length; t++) {
        const chosen = q[t].map((row, agent) => row[episode.actions[t * shape.agents + agent]]);
        const state = episode.states.subarray(t * shape.state, (t + 1) * shape.state);
        loss += (referenceMixer(shape, values, state, chosen) - wanted(episode.index, t)) ** 2 / 2;
      }
    }
  }
  return loss;
}

/** Adds L's gradients up in the engine; `padding` is written wherever a lane has ended. */
function backward(engine: Engine, groups: readonly EpisodeGroup[], padding = 0): void {
  const { agents, actions } = engine.shape;
  for (const group of groups) {
    engine.load(group);
    const q = engine.agentForward("online", true);
    const chosen = new Float32Array(group.steps * agents * LANES).fill(padding);
    forRunning(group, (t, lane) => {
      for (let agent = 0; agent < agents; agent++) {
        const at = (t * agents + agent) * LANES + lane;
        chosen[at] = q[((t * agents + agent) * actions + group.actions[at]) * LANES + lane];
      }
    });
    const total = engine.mixerForward("online", chosen, 0, true);
    const gradient = new Float32Array(group.steps * LANES).fill(padding);
    forRunning(group, (t, lane) => {
      gradient[t * LANES + lane] = total[t * LANES + lane] - wanted(group.episodes[lane].index, t);
    });
    const dChosen = engine.mixerBackward(gradient).slice();
    for (let t = 0; t < group.steps; t++) {
      for (let agent = 0; agent < agents; agent++) dChosen.fill(padding, (t * agents + agent) * LANES + group.running[t], (t * agents + agent + 1) * LANES);
    }
    engine.agentBackward(dChosen);
  }
}

function forRunning(group: EpisodeGroup, work: (t: number, lane: number) => void): void {
  for (let t = 0; t < group.steps; t++) for (let lane = 0; lane < group.running[t]; lane++) work(t, lane);
}

/** Central differences at up to `most` places of every parameter. */
function checkGradients({ shape, parameters, groups, masks }: Case, gradients: Map<string, Float32Array>, most: number, dense: boolean): void {
  const random = createRandom(99);
  const values = new Map([...parameters].map(([name, value]) => [name, Float64Array.from(value)]));
  for (const [name, value] of values) {
    const mask = masks.get(name);
    const gradient = gradients.get(name)!;
    const all = [...value.keys()].filter((i) => dense || !mask || mask[i]);
    const places = all.length <= most ? all : Array.from({ length: most }, () => all[random.below(all.length)]);
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
    expect(Math.sqrt(error), `${name}: |error| relative to |gradient| ${Math.sqrt(size)}`).toBeLessThanOrEqual(1e-4 * Math.sqrt(size) + 1e-7);
    if (!dense && mask) expect(gradient.every((g, i) => mask[i] || g === 0), `${name}: pruned`).toBe(true);
  }
}

const allGradients = (engine: Engine) => new Map(engine.parameters.map(({ name }) => [name, engine.gradient(name)]));

describe("gradients of agents and mixer", () => {
  for (const [name, lengths, most] of [
    ["odd", [6, 6, 5, 3, 2, 1], 25],
    ["narrow", [4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 5, 2], 15],
    // Four, three, two and one vectors of running lanes.
    ["five", [6, 6, 6, 5, 4, 4, 4, 3, 3, 2, 2, 2, 1], 12],
    ["3m", [3, 1, 2], 5],
  ] as const) {
    for (const density of [1, 0.75, 0.3, 0.05]) {
      it(`agree with central differences in float64: ${name}, density ${density}`, () => {
        const example = randomCase(SHAPES[name], density, lengths, 5);
        const engine = createWasmEngine(example.shape, example.parameters, example.masks);
        backward(engine, example.groups);
        checkGradients(example, allGradients(engine), most, false);
      });
    }
  }

  for (const density of [0.75, 0.3, 0.05]) {
    it(`include pruned connections when they are asked for: density ${density}`, () => {
      const example = randomCase(SHAPES.odd, density, [5, 4, 2, 2, 1], 6);
      const engine = createWasmEngine(example.shape, example.parameters, example.masks);
      engine.requestDenseGradients();
      backward(engine, example.groups);
      checkGradients(example, allGradients(engine), 60, true);
    });
  }
});

describe("padding", () => {
  for (const density of [1, 0.3]) {
    it(`never reaches results, whatever it holds: density ${density}`, () => {
      const { shape, parameters, masks, groups } = randomCase(SHAPES.odd, density, [6, 5, 3, 3, 2, 1, 1], 7);
      const clean = createWasmEngine(shape, parameters, masks);
      backward(clean, groups, 0);
      const dirty = createWasmEngine(shape, parameters, masks);
      for (const padding of [NaN, 1e30]) {
        backward(dirty, groups, padding);
        for (const { name } of clean.parameters) expect(dirty.gradient(name), name).toEqual(clean.gradient(name));
        dirty.step({ learningRate: 0, alpha: 0.99, epsilon: 1e-5, gradientClip: 10 });
      }
    });
  }
});
