import { describe, expect, it } from "vitest";
import {
  adam,
  constant,
  differentiate,
  feedForward,
  follow,
  mixer,
  type Moments,
  type Num,
  policy,
  policyLoss,
  randomBatch,
  type Sizes,
  utilities,
  valueLoss,
  type Weights,
  weightsOf,
} from "../../algorithms/continuous/fixtures.js";
import { facmacNetworks } from "../../algorithms/continuous/update.js";
import { nativeKernels } from "../../node/kernels.js";
import { createRandom } from "../../random.js";
import { initialParameters, networkParameters } from "../parameters.js";
import { createTransitionEngine } from "./transition-engine.js";

const sizes: Sizes = { agents: 3, numbers: 2, observation: 4, state: 7, hidden: 9, embed: 5, hypernetEmbed: 6 };
const shape = {
  agents: 3,
  actions: 2,
  observation: 4,
  state: 7,
  hidden: 9,
  embed: 5,
  hypernetEmbed: 6,
  networks: facmacNetworks,
};

const ADAM = { kind: "adam", learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 0.01, gradientClip: 10 } as const;

/** An engine with random parameters and masks, and the same parameters for the oracle. */
function open(density: number, native: "native" | "wasm", seed = 1) {
  const random = createRandom(seed);
  const specs = networkParameters(shape);
  const parameters = initialParameters(specs, random);
  const masks = new Map<string, Uint8Array>();
  for (const {
    name,
    shape: [out, columns],
    maskable,
  } of specs) {
    if (!maskable || density === 1) continue;
    const mask = new Uint8Array(out * columns).map(() => (random.float() < density ? 1 : 0));
    masks.set(name, mask);
    parameters.set(
      name,
      parameters.get(name)!.map((value, i) => (mask[i] === 1 ? value : 0)),
    );
  }
  const engine = createTransitionEngine<typeof facmacNetworks>(shape, parameters, masks, {
    native: native === "native" ? nativeKernels()! : null,
  });
  return { engine, parameters, masks, random };
}

const rows = (lists: readonly (readonly number[])[]) => Float32Array.from(lists.flat());
const near = (ours: ArrayLike<number>, theirs: readonly number[], tolerance = 2e-6) => {
  expect(ours.length).toBe(theirs.length);
  theirs.forEach((value, i) =>
    expect(Math.abs(ours[i] - value), `entry ${i}: ${ours[i]} and ${value}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(value)),
    ),
  );
};

/** dL / d of each parameter by the oracle, without that of pruned connections. */
function gradientOf(weights: Weights, loss: Num, masks: ReadonlyMap<string, Uint8Array>): Map<string, number[]> {
  differentiate(loss);
  return new Map(
    [...weights].map(([name, list]) => [name, list.map(({ gradient }, i) => gradient * (masks.get(name)?.[i] ?? 1))]),
  );
}

describe.each([
  [1, "wasm"],
  [0.75, "wasm"],
  [0.25, "wasm"],
  [1, "native"],
  [0.25, "native"],
] as const)("networks for transitions of density %d, %s", (density, native) => {
  // Three tiles of agents, two of transitions, none of them full.
  const batch = randomBatch(sizes, 13, createRandom(5));
  const observed = rows(batch.flatMap(({ observations }) => observations));
  const withActions = rows(
    batch.flatMap(({ observations, actions }) => observations.map((seen, i) => [...seen, ...actions[i]])),
  );
  const states = rows(batch.map(({ state }) => state));
  const y = batch.map((_, k) => Math.sin(k));

  it("give the oracle's values, policies and totals", () => {
    const { engine, parameters } = open(density, native);
    const weights = weightsOf(parameters);
    const q = engine.networks.critic.forward("online", withActions).slice();
    const values = batch.map(({ observations, actions }) =>
      utilities(
        weights,
        "critic",
        observations,
        actions.map((action) => action.map(constant)),
      ),
    );
    near(
      q,
      values.flat().map(({ value }) => value),
    );
    near(
      engine.networks.actor.forward("online", observed),
      batch
        .flatMap(({ observations }) => policy(weights, observations))
        .flat()
        .map(({ value }) => value),
    );
    const totals = engine.networks.mixer.forward("online", states, q);
    near(
      totals,
      batch.map(({ state }, k) => mixer(weights, [...state], values[k]).value),
    );
  });

  it("have the gradients of the value loss", () => {
    const { engine, parameters, masks } = open(density, native);
    const weights = weightsOf(parameters);
    const expected = gradientOf(weights, valueLoss(batch, weights, "critic", y), masks);
    engine.begin();
    const q = engine.networks.critic.forward("online", withActions, true).slice();
    const totals = engine.networks.mixer.forward("online", states, q, true);
    const dTotals = Float32Array.from(totals, (total, k) => (2 * (total - y[k])) / batch.length);
    engine.networks.critic.backward(engine.networks.mixer.backward(dTotals));
    for (const { name, network } of engine.parameters)
      if (network !== "actor") near(engine.gradient(name), expected.get(name)!);
  });

  it("have the gradients of the policy loss, through mixer and critic, which learn nothing from it", () => {
    const { engine, parameters, masks } = open(density, native);
    const weights = weightsOf(parameters);
    const expected = gradientOf(weights, policyLoss(batch, weights), masks);
    const { actor, critic } = engine.networks;
    engine.begin();
    const mu = actor.forward("online", observed, true).slice();
    const inputs = new Float32Array(withActions.length);
    const width = sizes.observation + sizes.numbers;
    for (let row = 0; row < mu.length / 2; row++) {
      inputs.set(observed.subarray(row * sizes.observation, (row + 1) * sizes.observation), row * width);
      inputs.set(mu.subarray(row * 2, row * 2 + 2), row * width + sizes.observation);
    }
    // A pass in between that keeps nothing changes nothing.
    critic.forward("target", withActions);
    const q = critic.forward("online", inputs, true).slice();
    engine.networks.mixer.forward("online", states, q, true);
    const dq = engine.networks.mixer.backward(new Float32Array(batch.length).fill(-1 / batch.length));
    const dInputs = critic.backward(dq, { adds: false, through: true })!;
    const dMu = mu.map((value, i) => {
      const [row, d] = [Math.floor(i / 2), i % 2];
      return dInputs[row * width + sizes.observation + d] + (2e-3 * value) / mu.length;
    });
    actor.backward(dMu);
    for (const { name, network } of engine.parameters) {
      if (network === "actor") near(engine.gradient(name), expected.get(name)!);
      if (network === "critic") expect(engine.gradient(name).every((value) => value === 0)).toBe(true);
    }
  });

  it("take Adam's steps, clipped, of the networks that are named alone, and follow with their targets", () => {
    const { engine, parameters, masks } = open(density, native);
    const [options, tau, clip] = [{ learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 0.01 }, 0.1, 0.05];
    const values = new Map([...parameters].map(([name, list]) => [name, Float64Array.from(list)]));
    const targets = new Map([...values].map(([name, list]) => [name, list.slice()]));
    const moments = new Map(
      [...values].map(([name, list]) => [name, Array.from(list, (): Moments => ({ m: 0, v: 0 }))]),
    );
    for (let step = 1; step <= 4; step++) {
      const weights = weightsOf(values);
      const gradients = gradientOf(weights, valueLoss(batch, weights, "critic", y), masks);
      const learning = engine.parameters.filter(({ network }) => network !== "actor").map(({ name }) => name);
      const norm = Math.hypot(...learning.flatMap((name) => gradients.get(name)!));
      for (const name of learning)
        gradients.get(name)!.forEach((gradient, i) => {
          if (masks.get(name)?.[i] === 0) return;
          const list = values.get(name)!;
          list[i] = adam(list[i], gradient * Math.min(1, clip / (norm + 1e-6)), moments.get(name)![i], step, {
            rate: options.learningRate,
            epsilon: options.epsilon,
          });
        });
      for (const [name, list] of targets)
        list.forEach((value, i) => (list[i] = follow(value, values.get(name)![i], tau)));

      engine.begin();
      const q = engine.networks.critic.forward("online", withActions, true).slice();
      const totals = engine.networks.mixer.forward("online", states, q, true);
      const dTotals = Float32Array.from(totals, (total, k) => (2 * (total - y[k])) / batch.length);
      engine.networks.critic.backward(engine.networks.mixer.backward(dTotals));
      near([engine.step({ kind: "adam", ...options, step, gradientClip: clip }, ["critic", "mixer"])], [norm], 1e-5);
      engine.follow(tau);
    }
    for (const [name, list] of engine.read("online")) near(list, [...values.get(name)!]);
    for (const [name, list] of engine.read("target")) near(list, [...targets.get(name)!]);
    const actor = "actor.fc2.weight";
    expect(engine.read("online").get(actor)).toEqual(parameters.get(actor));
  });
});

describe("kernels in native code and in WebAssembly", () => {
  it.each([1, 0.3])("leave the same bits at density %d", (density) => {
    const batch = randomBatch(sizes, 40, createRandom(9));
    const results = (["native", "wasm"] as const).map((native) => {
      const { engine } = open(density, native, 4);
      const inputs = rows(
        batch.flatMap(({ observations, actions }) => observations.map((seen, i) => [...seen, ...actions[i]])),
      );
      const states = rows(batch.map(({ state }) => state));
      for (let step = 1; step <= 3; step++) {
        engine.begin();
        const q = engine.networks.critic.forward("online", inputs, true).slice();
        const totals = engine.networks.mixer.forward("online", states, q, true);
        engine.networks.critic.backward(engine.networks.mixer.backward(totals.map((total) => total - 1)), {
          through: true,
        });
        engine.networks.actor.forward("online", rows(batch.flatMap(({ observations }) => observations)), true);
        engine.networks.actor.backward(new Float32Array(240).fill(0.01 * step));
        engine.step({ ...ADAM, step }, ["critic", "mixer"]);
        engine.step({ ...ADAM, step }, ["actor"]);
        engine.follow(0.05);
      }
      return [engine.read("online"), engine.read("target"), engine.readOptimiser()];
    });
    expect(results[0]).toEqual(results[1]);
  });
});

describe("the topology of networks for transitions", () => {
  it("changes with weights, moments and targets kept where connections stay, and 0 where they are new", () => {
    const { engine } = open(0.3, "wasm");
    const name = "critic.fc2.weight";
    const batch = randomBatch(sizes, 20, createRandom(3));
    const inputs = rows(
      batch.flatMap(({ observations, actions }) => observations.map((seen, i) => [...seen, ...actions[i]])),
    );
    engine.begin();
    engine.networks.critic.forward("online", inputs, true);
    engine.networks.critic.backward(new Float32Array(60).fill(0.1));
    engine.step({ ...ADAM, step: 1 }, ["critic"]);
    const kept = () => [
      engine.read("online").get(name)!,
      engine.read("target").get(name)!,
      engine.readOptimiser().get(`moments.${name}`)!,
      engine.readOptimiser().get(name)!,
    ];
    const before = kept();
    const mask = engine.mask(name);
    const changed = mask.map((bit, i) => (i % 5 === 0 ? 1 - bit : bit));
    engine.setMask(name, changed);
    const after = kept();
    before.forEach((values, k) =>
      expect([...after[k]]).toEqual([...values].map((value, i) => (mask[i] === 1 && changed[i] === 1 ? value : 0))),
    );
  });

  it("gives dense gradients where they are asked for, as the oracle has them", () => {
    const { engine, parameters } = open(0.3, "native");
    const batch = randomBatch(sizes, 5, createRandom(3));
    const inputs = batch.flatMap(({ observations, actions }) =>
      observations.map((seen, i) => [...seen, ...actions[i]]),
    );
    const weights = weightsOf(parameters);
    differentiate(
      inputs
        .map((row) => feedForward(weights, "critic", row.map(constant))[0])
        .reduce((a, b) => ({
          value: a.value + b.value,
          from: [
            [a, 1],
            [b, 1],
          ],
          gradient: 0,
        })),
    );
    engine.begin();
    engine.requestDenseGradients();
    engine.networks.critic.forward("online", rows(inputs), true);
    engine.networks.critic.backward(new Float32Array(15).fill(1));
    for (const name of ["critic.fc1.weight", "critic.fc2.weight", "critic.fc3.weight"])
      near(
        engine.gradient(name),
        weights.get(name)!.map(({ gradient }) => gradient),
        5e-6,
      );
  });
});
