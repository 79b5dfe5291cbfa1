import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../src/random.js";
import { largestDifference, tensorflowLearner } from "./comparison.js";
import { randomEpisodes, uniformLengths } from "../src/replay/random-episodes.js";
import { plainRule, ruleConfig, startEngine, update } from "../src/experiments/random-learner.js";
import { startTensorflow } from "./tensorflow.js";

const shape = { agents: 3, observation: 11, actions: 7, state: 13, hidden: 16, embed: 8, hypernetEmbed: 12 };

function someEpisodes(seed: number) {
  const random = createRandom(seed);
  return randomEpisodes(shape, uniformLengths(20, 1, 12, random), random);
}

beforeAll(startTensorflow);

describe.each(["autograd", "transposing"] as const)("the update in TensorFlow.js with %s gradients of products", (productGradient) => {
  it.each([1, 0.3])("has the wasm engine's loss and gradients at density %f", async (density) => {
    const start = startEngine(shape, density);
    const learner = tensorflowLearner(start, productGradient);
    expect(await largestDifference(learner, start, someEpisodes(11))).toBeLessThan(1e-4);
    learner.dispose();
    start.engine.dispose();
  });

  it("arrives at the wasm engine's parameters after several updates, and leaves pruned weights at 0", async () => {
    const start = startEngine(shape, 0.3);
    const learner = tensorflowLearner(start, productGradient);
    for (let seed = 20; seed < 25; seed++) {
      const batch = someEpisodes(seed);
      const theirs = learner.update(batch);
      const ours = await update(start.engine, batch, ruleConfig(plainRule));
      expect(theirs.loss / ours.loss).toBeCloseTo(1, 3);
      expect(theirs.norm / ours.gradientNorm).toBeCloseTo(1, 3);
    }
    const ours = start.engine.read("online");
    for (const [name, values] of learner.read()) {
      const mask = start.masks.get(name);
      values.forEach((value, i) => {
        const expected = mask?.[i] === 0 ? start.online.get(name)![i] : ours.get(name)![i];
        expect(Math.abs(value - expected), `${name}[${i}]`).toBeLessThan(1e-4);
      });
    }
    learner.dispose();
    start.engine.dispose();
  });

  it("is told apart from the wasm engine when one weight differs", async () => {
    const start = startEngine(shape, 0.3);
    const learner = tensorflowLearner(start, productGradient);
    const bias = start.engine.read("online").get("agent.fc2.bias")!.map((value) => value + 0.05);
    start.engine.write("online", new Map([["agent.fc2.bias", bias]]));
    expect(await largestDifference(learner, start, someEpisodes(11))).toBeGreaterThan(1e-3);
    learner.dispose();
    start.engine.dispose();
  });
});
