import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { createTargetMemory } from "./target-memory.js";
import { networkParameters } from "./parameters.js";
import { createSparseEngine } from "./sparse/engine.js";
import { maskedParameters, randomEpisodes, SHAPES } from "./sparse/fixtures.js";

const [first, second, third] = randomEpisodes(SHAPES.odd, [3, 4, 5], createRandom(1));
const values = (...numbers: number[]) => Float32Array.from(numbers);

describe("a memory of target values", () => {
  it("recalls what was kept of an episode under a name until it is told to forget", () => {
    const memory = createTargetMemory(4);
    memory.keep("next", first, values(1, 2));
    expect(memory.recall("next", first)).toEqual(values(1, 2));
    expect(memory.recall("q", first)).toBeUndefined();
    expect(memory.recall("next", second)).toBeUndefined();
    memory.forget();
    expect(memory.recall("next", first)).toBeUndefined();
  });

  it("keeps no more bytes than it may", () => {
    const memory = createTargetMemory(4, 20);
    memory.keep("next", first, values(1, 2));
    memory.keep("next", second, values(3, 4, 5, 6));
    memory.keep("next", third, values(7, 8));
    expect([first, second, third].map((episode) => memory.recall("next", episode)?.length)).toEqual([2, undefined, 2]);
    memory.forget();
    memory.keep("next", second, values(3, 4, 5, 6));
    expect(memory.recall("next", second)).toEqual(values(3, 4, 5, 6));
  });

  it("of an engine is empty after whatever can change a target value, and after nothing else", () => {
    const shape = SHAPES.odd;
    const parameters = maskedParameters(shape, new Map(), createRandom(2));
    const engine = createSparseEngine(shape, parameters, new Map());
    const knows = (change: () => void): boolean => {
      engine.targets!.keep("next", first, values(1));
      change();
      return engine.targets!.recall("next", first) !== undefined;
    };
    const [{ name }] = networkParameters(shape);
    expect(knows(() => engine.copyToTarget())).toBe(false);
    expect(knows(() => engine.write("target", new Map([[name, parameters.get(name)!]])))).toBe(false);
    expect(knows(() => engine.setMask(name, engine.mask(name).fill(0, 3, 9)))).toBe(false);
    expect(knows(() => engine.write("online", parameters))).toBe(true);
    expect(knows(() => engine.writeOptimiser(new Map()))).toBe(true);
    expect(knows(() => engine.requestDenseGradients())).toBe(true);
    expect(knows(() => engine.step({ learningRate: 0.1, alpha: 0.99, epsilon: 1e-5, gradientClip: 10 }))).toBe(true);
    engine.dispose();
  });

  it("is not there where it was not asked for", () => {
    const engine = createSparseEngine(SHAPES.odd, maskedParameters(SHAPES.odd, new Map(), createRandom(2)), new Map(), {
      remember: false,
    });
    expect(engine.targets).toBeNull();
    engine.dispose();
  });
});
