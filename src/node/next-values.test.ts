import { describe, expect, it } from "vitest";
import type { NextOperator } from "../networks/engine.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { maskedParameters } from "../networks/sparse/fixtures.js";
import { kernelsName } from "../networks/sparse/kernels.js";
import type { NetworkShape } from "../networks/parameters.js";
import { createRandom, type Random } from "../random.js";
import { groupEpisodes } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { nextValues } from "../targets/operators.js";
import { findNativeKernels } from "./kernels.js";

const built = new URL("../networks/kernels/built/", import.meta.url);
const natives = [{}, { bits: 256 }, { threads: 2 }, { threads: 4 }].flatMap((options) => {
  const found = findNativeKernels(built, options);
  return "kernels" in found ? [found.kernels] : [];
});
const all = new Map([null, ...natives].map((native) => [kernelsName(native), native] as const));

/** Values as they come, equal ones, far apart ones, and ones that a diverged network gives. */
function drawValue(kind: number, random: Random): number {
  if (kind === 0) return 6 * random.float() - 3;
  if (kind === 1) return random.below(3) - 1;
  if (kind === 2) return (2 * random.float() - 1) * 10 ** (random.below(9) - 4);
  if (kind === 3) return 20 + random.float() * 1e-6;
  return [1, -2, 0, -0, NaN, Infinity, -Infinity, 3e38][random.below(8)];
}

function drawOperator(random: Random): NextOperator {
  const kind = ["max", "softmax", "mellowmax", "soft-mellowmax"][random.below(4)];
  const omega = 10 ** (3 * random.float() - 1);
  const alpha = [0, 1, -1, 5 * random.float(), -3 * random.float(), -omega][random.below(6)];
  return { kind, alpha, omega, beta: [5, -2, 0, 20 * random.float()][random.below(4)] };
}

describe.each([...all])("values of next states by kernels: %s", (_, native) => {
  it("have the bits of the operators in TypeScript", () => {
    const random = createRandom(11);
    let compared = 0;
    for (let turn = 0; turn < 300; turn++) {
      const shape: NetworkShape = {
        agents: 1 + random.below(4),
        actions: 3 + random.below(10),
        ...{ observation: 2, state: 2, hidden: 2, embed: 1, hypernetEmbed: 1 },
      };
      const engine = createSparseEngine(shape, maskedParameters(shape, new Map(), random), new Map(), { native });
      const lengths = Array.from({ length: 1 + random.below(16) }, () => 1 + random.below(7));
      const [group] = groupEpisodes(randomEpisodes(shape, lengths, random), shape);
      engine.load(group);
      const { online, target } = engine.networks.agent.forwardBoth();
      for (let again = 0; again < 6; again++) {
        const kind = random.below(5);
        for (const values of [online, target])
          for (let i = 0; i < values.length; i++) values[i] = drawValue(kind, random);
        const operator = drawOperator(random);
        const choosing = random.below(2) ? online : null;
        const ours = engine.nextValues!(operator, target, choosing)!;
        const theirs = nextValues(operator as Parameters<typeof nextValues>[0], target, choosing, group);
        // Two NaN may differ in bits that mean nothing.
        const bits = (values: Float32Array) =>
          Array.from(new Int32Array(values.map((x) => (x !== x ? NaN : x)).buffer));
        expect(bits(ours), JSON.stringify({ operator, shape, kind, turn })).toEqual(bits(theirs));
        compared += theirs.length;
      }
      engine.dispose();
    }
    expect(compared).toBeGreaterThan(100_000);
  });

  it("are left to TypeScript where an agent can do nothing, and of values that are not the engine's own", () => {
    const shape: NetworkShape = {
      agents: 2,
      actions: 3,
      observation: 2,
      state: 2,
      hidden: 2,
      embed: 1,
      hypernetEmbed: 1,
    };
    const engine = createSparseEngine(shape, maskedParameters(shape, new Map(), createRandom(1)), new Map(), {
      native,
    });
    const episodes = randomEpisodes(shape, [4, 3], createRandom(2));
    // Of the shorter episode's second agent, after the last step.
    episodes[1].availableActions.fill(0, (3 * 2 + 1) * 3);
    const [group] = groupEpisodes(episodes, shape);
    engine.load(group);
    const { online, target } = engine.networks.agent.forwardBoth();
    expect(engine.nextValues!({ kind: "max" }, target, null)).toBeUndefined();
    expect(engine.nextValues!({ kind: "max" }, target, online)).toBeUndefined();
    expect(engine.nextValues!({ kind: "soft-mellowmax", alpha: 1, omega: 10 }, target, null)).toBeUndefined();
    const [whole] = groupEpisodes([episodes[0]], shape);
    engine.load(whole);
    const { target: values } = engine.networks.agent.forwardBoth();
    expect(engine.nextValues!({ kind: "max" }, values, null)).toBeDefined();
    expect(engine.nextValues!({ kind: "max" }, values.slice(), null)).toBeUndefined();
    expect(engine.nextValues!({ kind: "median" }, values, null)).toBeUndefined();
    engine.dispose();
  });
});
