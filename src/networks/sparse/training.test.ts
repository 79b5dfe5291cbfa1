import { describe, expect, it } from "vitest";
import type { WqmixNetworks } from "../../algorithms/wqmix.js";
import { createRandom } from "../../random.js";
import { type EpisodeGroup, LANES } from "../../replay/group.js";
import type { Engine, NetworkEngine, NetworkSide } from "../engine.js";
import { createSparseEngine } from "./engine.js";
import { type Case, SHAPES, randomCase, randomMasks, pairsOf } from "./fixtures.js";

const OPTIMISER = { learningRate: 5e-4, alpha: 0.99, epsilon: 1e-5, gradientClip: 10 };

const example = (density: number, seed = 11): Case => randomCase(SHAPES.central, density, [5, 4, 4, 2, 1], seed);
const open = ({ shape, parameters, masks }: Case) => createSparseEngine<WqmixNetworks>(shape, parameters, masks);

/** Adds up gradients of `scale` times the sums of Q_tot and Q*, through agents and mixers. */
function backward(engine: Engine<true, WqmixNetworks>, groups: readonly EpisodeGroup[], scale = 1): void {
  for (const group of groups) {
    engine.load(group);
    const values = new Float32Array(group.steps * group.agents * LANES).map((_, i) => Math.sin(i));
    for (const { agent, mixer } of pairsOf(engine)) {
      agent.forward("online", true);
      mixer.forward("online", values, 0, true);
      agent.backward(mixer.backward(new Float32Array(group.steps * LANES).fill(scale)));
    }
  }
}

const gradientsOf = (engine: NetworkEngine<true>) =>
  new Map(engine.parameters.map(({ name }) => [name, engine.gradient(name)]));

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number, name: string): void {
  for (let i = 0; i < actual.length; i++) {
    if (Math.abs(actual[i] - expected[i]) > tolerance * Math.max(1e-3, Math.abs(expected[i]))) {
      expect.fail(`${name}[${i}] is ${actual[i]}, expected ${expected[i]}`);
    }
  }
}

describe("a step", () => {
  for (const density of [1, 0.75, 0.2]) {
    // The gradients' norm is far above 10 with this scale, and below it without.
    for (const [scale, clipped] of [
      [1e-3, false],
      [100, true],
    ] as const) {
      it(`is PyTorch's RMSprop on what remains, ${clipped ? "clipped" : "unclipped"}: density ${density}`, () => {
        const network = example(density);
        const engine = open(network);
        const squares = new Map([...network.parameters].map(([name, { length }]) => [name, new Float64Array(length)]));
        const weights = new Map([...network.parameters].map(([name, values]) => [name, Float64Array.from(values)]));
        for (let update = 0; update < 3; update++) {
          backward(engine, network.groups, scale);
          const gradients = gradientsOf(engine);
          let squared = 0;
          for (const gradient of gradients.values()) for (const g of gradient) squared += g * g;
          const norm = Math.sqrt(squared);
          const factor = Math.min(1, 10 / (norm + 1e-6));
          expect(factor < 1).toBe(clipped);
          expect(engine.step(OPTIMISER)).toBeCloseTo(norm, -Math.log10(norm) + 4);

          const after = engine.read("online");
          const state = engine.readOptimiser();
          for (const [name, gradient] of gradients) {
            const w = weights.get(name)!;
            const v = squares.get(name)!;
            gradient.forEach((raw, i) => {
              const g = raw * factor;
              v[i] = 0.99 * v[i] + 0.01 * g * g;
              w[i] -= (5e-4 * g) / (Math.sqrt(v[i]) + 1e-5);
            });
            expectClose(after.get(name)!, w, 1e-5, name);
            expectClose(state.get(name)!, v, 1e-5, name);
            // The gradients of this update stay readable, unclipped.
            expect(engine.gradient(name)).toEqual(gradient);
            const mask = network.masks.get(name);
            if (mask) expect(after.get(name)!.every((value, i) => mask[i] || value === 0)).toBe(true);
          }
        }
      });
    }
  }

  it("starts the next update's gradients from zero", () => {
    const network = example(0.3);
    const engine = open(network);
    backward(engine, network.groups);
    const first = gradientsOf(engine);
    engine.step({ ...OPTIMISER, learningRate: 0 });
    backward(engine, network.groups);
    expect(gradientsOf(engine)).toEqual(first);
  });

  it("returns a norm that is not finite and changes nothing", () => {
    const network = example(0.3);
    const engine = open(network);
    backward(engine, network.groups);
    engine.step(OPTIMISER);
    const before = engine.read("online");
    const squares = engine.readOptimiser();
    backward(engine, network.groups, NaN);
    expect(engine.step(OPTIMISER)).toBeNaN();
    expect(engine.read("online")).toEqual(before);
    expect(engine.readOptimiser()).toEqual(squares);
    backward(engine, network.groups);
    expect(engine.step(OPTIMISER)).toBeGreaterThan(0);
  });

  it("takes pruned connections out of the norm when their gradients were asked for", () => {
    const network = example(0.3);
    const engine = open(network);
    backward(engine, network.groups);
    const norm = engine.step({ ...OPTIMISER, learningRate: 0 });
    engine.requestDenseGradients();
    backward(engine, network.groups);
    const [name, mask] = [...network.masks][1];
    expect(engine.step(OPTIMISER)).toBeCloseTo(norm, 3);
    expect(engine.gradient(name).some((g, i) => !mask[i] && g !== 0)).toBe(true);
    expect(
      engine
        .read("online")
        .get(name)!
        .every((value, i) => mask[i] || value === 0),
    ).toBe(true);
    // The request ends with the step, and the next one comes too late now.
    backward(engine, network.groups);
    expect(engine.gradient(name).every((g, i) => mask[i] || g === 0)).toBe(true);
    expect(() => engine.requestDenseGradients()).toThrow(/before the first backward pass/);
  });
});

describe("setMask", () => {
  // To and from matrices that are stored densely, too.
  for (const [from, to] of [
    [0.3, 0.3],
    [0.05, 0.4],
    [1, 0.2],
    [0.2, 0.8],
    [0.8, 0.7],
  ]) {
    it(`keeps weight and optimiser state of kept connections and starts new ones at 0: density ${from} to ${to}`, () => {
      const network = example(from);
      const engine = open(network);
      backward(engine, network.groups);
      engine.step(OPTIMISER);
      engine.copyToTarget();
      backward(engine, network.groups);
      engine.step(OPTIMISER);
      const before = { online: engine.read("online"), target: engine.read("target"), squares: engine.readOptimiser() };
      const masks = randomMasks(network.shape, to, createRandom(12));
      for (const [name, mask] of masks) engine.setMask(name, mask);

      const after = { online: engine.read("online"), target: engine.read("target"), squares: engine.readOptimiser() };
      for (const { name, maskable } of engine.parameters) {
        const mask = masks.get(name);
        if (maskable) expect(engine.mask(name)).toEqual(mask);
        const kept = (values: Float32Array) => (mask ? values.map((value, i) => (mask[i] ? value : 0)) : values);
        for (const part of ["online", "target", "squares"] as const) {
          expect(after[part].get(name), `${part} of ${name}`).toEqual(kept(before[part].get(name)!));
        }
      }

      // It goes on as an engine that was made so.
      const same = createSparseEngine<WqmixNetworks>(network.shape, after.online, masks);
      same.write("target", after.target);
      same.writeOptimiser(after.squares);
      for (const each of [engine, same]) {
        backward(each, network.groups);
        each.step(OPTIMISER);
      }
      expect(same.read("online")).toEqual(engine.read("online"));
      expect([...same.networks.agent.forward("target")]).toEqual([...engine.networks.agent.forward("target")]);
    });
  }

  it("leaves the dense gradients of the other weights readable, as evolution layer by layer needs them", () => {
    const network = example(0.3);
    const engine = open(network);
    engine.requestDenseGradients();
    backward(engine, network.groups);
    engine.step(OPTIMISER);
    const gradients = gradientsOf(engine);
    for (const [name, mask] of randomMasks(network.shape, 0.3, createRandom(13))) {
      expect(engine.gradient(name), name).toEqual(gradients.get(name));
      engine.setMask(name, mask);
    }
  });

  it("refuses a bias, an unknown name and a wrong size", () => {
    const engine = open(example(0.3));
    expect(() => engine.setMask("agent.fc1.bias", new Uint8Array(7))).toThrow(/"agent.fc1.bias" has no mask/);
    expect(() => engine.setMask("agent.fc3.weight", new Uint8Array(7))).toThrow(/"agent.fc3.weight" has no mask/);
    expect(() => engine.setMask("agent.fc2.weight", new Uint8Array(7))).toThrow(/has 36 values, got 7/);
  });
});

describe("parameters", () => {
  it("come back as they were written, pruned ones as 0", () => {
    const network = example(0.3);
    const engine = open(network);
    expect(engine.read("online")).toEqual(network.parameters);
    expect(engine.read("target")).toEqual(network.parameters);
    const ones = new Map(
      engine.parameters.map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1)]),
    );
    engine.write("target", ones);
    engine.writeOptimiser(ones);
    for (const state of [engine.read("target"), engine.readOptimiser()]) {
      for (const [name, values] of state) {
        const mask = network.masks.get(name);
        expect(values).toEqual(mask ? Float32Array.from(mask) : ones.get(name));
      }
    }
    expect(engine.read("online")).toEqual(network.parameters);
    expect(() => engine.write("online", new Map([["agent.fc3.weight", new Float32Array(1)]]))).toThrow(
      /Unknown parameter "agent.fc3.weight"/,
    );
  });

  it("reach the target network only when they are copied", () => {
    const network = example(0.3);
    const engine = open(network);
    const [group] = network.groups;
    engine.load(group);
    const values = new Float32Array(group.steps * group.agents * LANES).map((_, i) => Math.cos(i));
    const outputs = (side: NetworkSide) =>
      pairsOf(engine).flatMap(({ agent, mixer }) => [
        agent.forward(side).slice(),
        mixer.forward(side, values, 0).slice(),
      ]);
    const before = outputs("target");
    backward(engine, network.groups);
    engine.step(OPTIMISER);
    engine.load(group);
    expect(outputs("target")).toEqual(before);
    engine.copyToTarget();
    expect(engine.read("target")).toEqual(engine.read("online"));
    const after = outputs("target");
    expect(after).toEqual(outputs("online"));
    after.forEach((output, i) => expect(output).not.toEqual(before[i]));
  });

  it("make the same updates to the bit, again and again", () => {
    const run = () => {
      const network = example(0.2);
      const engine = open(network);
      for (let update = 0; update < 5; update++) {
        backward(engine, network.groups);
        engine.step(OPTIMISER);
        if (update === 2) engine.copyToTarget();
      }
      return [engine.read("online"), engine.read("target"), engine.readOptimiser()];
    };
    expect(run()).toEqual(run());
  });
});

describe("an engine", () => {
  it("names what is missing or does not fit", () => {
    const { shape, parameters, masks, groups } = example(0.3);
    const fewer = new Map(parameters);
    fewer.delete("agent.fc2.bias");
    expect(() => createSparseEngine(shape, fewer, masks)).toThrow(/agent.fc2.bias/);
    const engine = createSparseEngine(
      { ...shape, observation: 8 },
      randomCase({ ...shape, observation: 8 }, 1, [1], 1).parameters,
      new Map(),
    );
    expect(() => engine.load(groups[0])).toThrow(/observed values/);
  });

  it("cannot be used once it is disposed of", () => {
    const engine = open(example(1));
    const { agent, central_mixer } = engine.networks;
    engine.dispose();
    expect(() => engine.read("online")).toThrow(/disposed/);
    expect(() => engine.networks.mixer.backward(new Float32Array(LANES))).toThrow(/disposed/);
    expect(() => agent.forward("online")).toThrow(/disposed/);
    expect(() => central_mixer.forward("online", new Float32Array(LANES), 0)).toThrow(/disposed/);
    expect(() => engine.dispose()).not.toThrow();
  });
});
