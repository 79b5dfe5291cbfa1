import { describe, expect, it } from "vitest";
import { crossEntropy, randomValues, type Sizes } from "../../algorithms/continuous/fixtures.js";
import { comixNetworks } from "../../algorithms/continuous/update.js";
import { nativeKernels } from "../../node/kernels.js";
import { createRandom } from "../../random.js";
import { createMemory } from "./memory.js";
import type { TransitionEngine } from "../transition-engine.js";
import { createTransitionEngine } from "./transition-engine.js";

const sizes: Sizes = { agents: 2, numbers: 3, observation: 5, state: 4, hidden: 13, embed: 4, hypernetEmbed: 4 };
/** Where the kernels compute. */
const KERNELS = ["native", "wasm"] as const;

/** An engine whose target side differs from its online side, with `density` of its weights. */
function open(density: number, kernels: (typeof KERNELS)[number] | "two threads") {
  const random = createRandom(3);
  const [online, target] = [1, 2].map(
    (seed) =>
      new Map([...randomValues(sizes, ["agent"], createRandom(seed))].map(([name, v]) => [name, Float32Array.from(v)])),
  );
  const masks = new Map<string, Uint8Array>();
  for (const [name, values] of online) {
    if (!name.endsWith("weight") || density === 1) continue;
    const mask = values.map(() => (random.float() < density ? 1 : 0));
    masks.set(name, Uint8Array.from(mask));
    for (const side of [online, target]) side.get(name)!.forEach((_, i, all) => (all[i] *= mask[i]));
  }
  const native = kernels === "wasm" ? null : nativeKernels(kernels === "native" ? 1 : 2)!;
  const shape = { ...sizes, actions: sizes.numbers, networks: comixNetworks };
  const engine = createTransitionEngine<typeof comixNetworks>(shape, online, masks, { native });
  engine.write("target", target);
  return { engine, online, target };
}

/** Observations: a group of 16 and a rest. */
const rows = 21;
const random = createRandom(9);
const seen = Float32Array.from({ length: rows * sizes.observation }, () => 2 * random.float() - 1);

function normals(count: number, seed: number): Float32Array {
  const memory = createMemory(null);
  const at = memory.allocate(count * 4);
  memory.kernels.normals(at, count / 16, seed, 1);
  return memory.floats(at, count).slice();
}

/** Q(o, a) in float64. */
function valueOf(parameters: ReadonlyMap<string, Float32Array>, inputs: readonly number[]): number {
  const layer = (name: string, x: readonly number[]) =>
    Array.from(parameters.get(`agent.${name}.bias`)!, (bias, row) => {
      const w = parameters.get(`agent.${name}.weight`)!.subarray(row * x.length, (row + 1) * x.length);
      return x.reduce((sum, value, i) => sum + value * w[i], bias);
    });
  const relu = (x: readonly number[]) => x.map((value) => Math.max(0, value));
  return layer("fc3", relu(layer("fc2", relu(layer("fc1", inputs)))))[0];
}

/** What the oracle finds for each row with the same draws, and the value of it. */
function expected(
  parameters: ReadonlyMap<string, Float32Array>,
  options: Parameters<TransitionEngine["search"] & object>[2],
  draws: Float32Array,
) {
  return Array.from({ length: rows }, (_, row) => {
    const own = [...seen.subarray(row * sizes.observation, (row + 1) * sizes.observation)];
    const value = (action: readonly number[]) => valueOf(parameters, [...own, ...action]);
    let drawn = 0;
    const next = () => {
      const each = options.samples * sizes.numbers;
      const [iteration, k] = [Math.floor(drawn / each), drawn % each];
      drawn++;
      const [sample, d] = [Math.floor(k / sizes.numbers), k % sizes.numbers];
      return draws[((iteration * rows + row) * sizes.numbers + d) * options.samples + sample];
    };
    const action = crossEntropy(value, sizes.numbers, options, next);
    return { action, value: value(action) };
  });
}

describe.each([1, 0.5, 0.2])("the cross-entropy method at density %d", (density) => {
  it.each([
    [64, 6, 2],
    [10, 3, 3],
    [48, 2, 1],
    [144, 9, 2],
  ])("finds what the oracle finds among %d samples with %d elites in %d iterations", (samples, elites, iterations) => {
    const options = { samples, elites, iterations };
    const draws = normals(16 * Math.ceil((iterations * rows * sizes.numbers * samples) / 16), samples).subarray(
      0,
      iterations * rows * sizes.numbers * samples,
    );
    const engines = KERNELS.map((kernels) => open(density, kernels));
    for (const side of ["online", "target"] as const) {
      const best = expected(engines[0][side], options, draws);
      for (const { engine } of engines) {
        const found = engine.search!(side, seen, options, draws);
        best.forEach(({ action, value }, row) => {
          action.forEach((number, d) =>
            expect(Math.abs(found.actions[row * sizes.numbers + d] - number)).toBeLessThan(3e-6),
          );
          const own = found.values.subarray(row * samples, (row + 1) * samples);
          expect(Math.abs(Math.max(...own) - value)).toBeLessThan(3e-6);
        });
      }
    }
  });

  it("gives the same bits in native code, on threads and in WebAssembly, and those of the network's own pass", () => {
    const options = { samples: 64, elites: 6, iterations: 2 };
    const [native, wasm, threads] = (["native", "wasm", "two threads"] as const).map((kernels) => {
      const { engine } = open(density, kernels);
      return { engine, ...engine.search!("target", seen, options, createRandom(5)) };
    });
    expect(wasm.actions).toEqual(native.actions);
    expect(wasm.values).toEqual(native.values);
    expect(threads.actions).toEqual(native.actions);
    expect(threads.values).toEqual(native.values);
    const width = sizes.observation + sizes.numbers;
    const inputs = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      inputs.set(seen.subarray(row * sizes.observation, (row + 1) * sizes.observation), row * width);
      inputs.set(
        native.actions.subarray(row * sizes.numbers, (row + 1) * sizes.numbers),
        row * width + sizes.observation,
      );
    }
    const values = native.engine.networks.agent.forward("target", inputs);
    values.forEach((value, row) => expect(Math.max(...native.values.subarray(row * 64, (row + 1) * 64))).toBe(value));
  });
});

it("takes two numbers of a stream, which decide its draws", () => {
  const { engine } = open(0.5, "wasm");
  const options = { samples: 64, elites: 6, iterations: 2 };
  const [first, again] = [createRandom(5), createRandom(5)];
  const found = engine.search!("online", seen, options, first);
  expect(engine.search!("online", seen, options, again)).toEqual(found);
  expect(engine.search!("online", seen, options, again)).not.toEqual(found);
  for (let k = 0; k < 2; k++) first.float();
  expect(first.state()).toEqual(again.state());
});

it("draws from N(0, 1) independently in all lanes", () => {
  const draws = normals(400_000, 7);
  const moment = (power: number) => draws.reduce((sum, x) => sum + x ** power, 0) / draws.length;
  // Four standard errors of each moment.
  const error = (variance: number) => 4 * Math.sqrt(variance / draws.length);
  expect(Math.abs(moment(1))).toBeLessThan(error(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(error(2));
  expect(Math.abs(moment(3))).toBeLessThan(error(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(error(96));
  // The distribution function at some points, from a table of the normal distribution.
  for (const [x, share] of [
    [-2, 0.02275],
    [-1, 0.158655],
    [0, 0.5],
    [0.5, 0.691462],
    [3, 0.99865],
  ])
    expect(Math.abs(draws.filter((draw) => draw < x).length / draws.length - share)).toBeLessThan(error(0.25));
  // Neighbours in a lane, in a row, and of a pair that Box and Muller make are not correlated.
  for (const apart of [1, 8, 16, 32]) {
    let sum = 0;
    for (let i = apart; i < draws.length; i++) sum += draws[i] * draws[i - apart];
    expect(Math.abs(sum / draws.length), `${apart} apart`).toBeLessThan(error(1));
  }
});
