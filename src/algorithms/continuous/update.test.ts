import { describe, expect, it } from "vitest";
import { initialParameters, networkParameters } from "../../networks/parameters.js";
import { createTransitionEngine } from "../../networks/sparse/transition-engine.js";
import type { TransitionNetworks } from "../../networks/transition-engine.js";
import { createRandom } from "../../random.js";
import { createTransitionBatch, type TransitionBatch } from "../../replay/transitions.js";
import { createNormal } from "./normal.js";
import {
  adam,
  constant,
  crossEntropy,
  differentiate,
  feedForward,
  follow,
  type Moments,
  type Num,
  policy,
  policyLoss,
  randomBatch,
  type Sizes,
  targets,
  type Transition,
  valueLoss,
  type Weights,
  weightsOf,
} from "./fixtures.js";
import { comixNetworks, comixUpdate, CONTINUOUS_DEFAULTS, facmacNetworks, facmacUpdate } from "./update.js";

const sizes: Sizes = { agents: 2, numbers: 2, observation: 3, state: 5, hidden: 8, embed: 4, hypernetEmbed: 5 };
const shape = (networks: TransitionNetworks) => ({ ...sizes, actions: sizes.numbers, networks });
const options = { ...CONTINUOUS_DEFAULTS, crossEntropy: { samples: 16, elites: 4, iterations: 2 }, follow: 0.1 };

function layOut(transitions: readonly Transition[]): TransitionBatch {
  const batch = createTransitionBatch(transitions.length, { ...sizes, actions: sizes.numbers });
  batch.observations.set(transitions.flatMap((t) => [...t.observations, ...t.nextObservations].flat()));
  batch.states.set(transitions.flatMap((t) => [...t.state, ...t.nextState]));
  batch.actions.set(transitions.flatMap(({ actions }) => actions.flat()));
  batch.rewards.set(transitions.map(({ reward }) => reward));
  batch.terminal.set(transitions.map(({ terminal }) => Number(terminal)));
  return batch;
}

function open<Own extends TransitionNetworks>(networks: Own, density: number) {
  const random = createRandom(7);
  const specs = networkParameters(shape(networks));
  const parameters = initialParameters(specs, random);
  const masks = new Map<string, Uint8Array>();
  for (const { name, maskable } of specs) {
    if (!maskable || density === 1) continue;
    const mask = parameters.get(name)!.map(() => (random.float() < density ? 1 : 0));
    masks.set(name, Uint8Array.from(mask));
    parameters.set(
      name,
      parameters.get(name)!.map((value, i) => (mask[i] === 1 ? value : 0)),
    );
  }
  return { engine: createTransitionEngine<Own>(shape(networks), parameters, masks), parameters, masks };
}

/** Networks of the oracle, with Adam's moments and targets. */
function oracle(parameters: ReadonlyMap<string, Float32Array>, masks: ReadonlyMap<string, Uint8Array>) {
  const online = new Map([...parameters].map(([name, list]) => [name, Float64Array.from(list)]));
  const target = new Map([...online].map(([name, list]) => [name, list.slice()]));
  const moments = new Map([...online].map(([name, list]) => [name, Array.from(list, (): Moments => ({ m: 0, v: 0 }))]));
  return {
    online,
    target,
    learn(loss: (weights: Weights) => Num, networks: readonly string[], step: number) {
      const weights = weightsOf(online);
      const value = loss(weights);
      differentiate(value);
      const own = [...weights].filter(([name]) => networks.some((network) => name.startsWith(`${network}.`)));
      const present = (name: string, i: number) => masks.get(name)?.[i] !== 0;
      const norm = Math.hypot(
        ...own.flatMap(([name, list]) => list.map(({ gradient }, i) => (present(name, i) ? gradient : 0))),
      );
      const scale = Math.min(1, options.gradientClip / (norm + 1e-6));
      for (const [name, list] of own)
        list.forEach(({ gradient }, i) => {
          if (!present(name, i)) return;
          const values = online.get(name)!;
          values[i] = adam(values[i], scale * gradient, moments.get(name)![i], step, {
            rate: options.learningRate,
            epsilon: options.epsilon,
          });
        });
      return { loss: value.value, norm };
    },
    follow() {
      for (const [name, list] of target)
        list.forEach((value, i) => (list[i] = follow(value, online.get(name)![i], options.follow)));
    },
  };
}

function expectNear(ours: ReadonlyMap<string, Float32Array>, theirs: ReadonlyMap<string, Float64Array>) {
  for (const [name, list] of ours)
    list.forEach((value, i) => expect(Math.abs(value - theirs.get(name)![i]), `${name}[${i}]`).toBeLessThan(3e-6));
}

/** Bounds so narrow that most actions are cut, another one of each number. */
const BOX = {
  low: Array.from({ length: sizes.agents * sizes.numbers }, (_, i) => -0.05 - 0.01 * i),
  high: Array.from({ length: sizes.agents * sizes.numbers }, (_, i) => 0.02 + 0.01 * i),
};

describe.each([
  [1, undefined],
  [0.4, undefined],
  [0.4, BOX],
])("at density %d, with actions within %j", (density, box) => {
  const cut = (value: number, agent: number, d: number) => {
    const i = agent * sizes.numbers + d;
    return box === undefined ? value : Math.min(box.high[i]!, Math.max(box.low[i]!, value));
  };
  const batches = [1, 2, 3].map((seed) => randomBatch(sizes, 6, createRandom(seed)));

  it("FACMAC's updates are the oracle's", async () => {
    const { engine, parameters, masks } = open(facmacNetworks, density);
    const theirs = oracle(parameters, masks);
    for (const [k, transitions] of batches.entries()) {
      const ours = await facmacUpdate(engine, layOut(transitions), { ...options, box }, k + 1);
      const old = weightsOf(theirs.target);
      const y = targets(
        transitions,
        old,
        "critic",
        ({ nextObservations }) =>
          policy(old, nextObservations).map((action, agent) => action.map(({ value }, d) => cut(value, agent, d))),
        options.discount,
      );
      const { loss, norm } = theirs.learn(
        (weights) => valueLoss(transitions, weights, "critic", y),
        ["critic", "mixer"],
        k + 1,
      );
      theirs.learn((weights) => policyLoss(transitions, weights), ["actor"], k + 1);
      theirs.follow();
      expect(ours.loss).toBeCloseTo(loss, 5);
      expect(ours.gradientNorm).toBeCloseTo(norm, 4);
    }
    expectNear(engine.read("online"), theirs.online);
    expectNear(engine.read("target"), theirs.target);
  });

  it("COMIX's updates are the oracle's, with the same draws", async () => {
    const { engine, parameters, masks } = open(comixNetworks, density);
    const theirs = oracle(parameters, masks);
    const { samples, iterations } = options.crossEntropy;
    for (const [k, transitions] of batches.entries()) {
      const rows = transitions.length * sizes.agents;
      const normal = createNormal(createRandom(100 + k));
      // [iterations, rows, numbers, samples]
      const draws = Float32Array.from({ length: iterations * rows * sizes.numbers * samples }, normal);
      const ours = await comixUpdate(engine, layOut(transitions), { ...options, box }, k + 1, draws);
      const old = weightsOf(theirs.target);
      const y = targets(
        transitions,
        old,
        "agent",
        (transition) =>
          transition.nextObservations.map((seen, agent) => {
            const row = transitions.indexOf(transition) * sizes.agents + agent;
            let drawn = 0;
            // The oracle asks for them sample by sample.
            const next = () => {
              const each = samples * sizes.numbers;
              const [iteration, k] = [Math.floor(drawn / each), drawn % each];
              drawn++;
              const [sample, d] = [Math.floor(k / sizes.numbers), k % sizes.numbers];
              return draws[((iteration * rows + row) * sizes.numbers + d) * samples + sample];
            };
            const value = (action: readonly number[]) =>
              feedForward(old, "agent", [...seen, ...action].map(constant))[0].value;
            return crossEntropy(value, sizes.numbers, options.crossEntropy, next).map((best, d) => cut(best, agent, d));
          }),
        options.discount,
      );
      const { loss } = theirs.learn(
        (weights) => valueLoss(transitions, weights, "agent", y),
        ["agent", "mixer"],
        k + 1,
      );
      theirs.follow();
      expect(ours.loss).toBeCloseTo(loss, 5);
    }
    expectNear(engine.read("online"), theirs.online);
    expectNear(engine.read("target"), theirs.target);
  });
});
