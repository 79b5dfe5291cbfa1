import { expect, it } from "vitest";
import { openBackend } from "../node/tensorflow/backend.js";
import { largestDifference, observeUpdate, updateDifferences } from "./engine-agreement.js";
import { mastRule, ruleConfig } from "./random-learner.js";
import { startVectorisedSeeds } from "./vectorised-seeds.js";

const shape = { agents: 2, observation: 5, actions: 4, state: 7, hidden: 8, embed: 4, hypernetEmbed: 4 };

it("updates each seed as the sparse engine updates it alone, from what it says that seed began from", async () => {
  const { tf } = await openBackend("wasm");
  const before = tf.memory().numTensors;
  const config = ruleConfig(mastRule);
  const vectorised = startVectorisedSeeds(tf, shape, { seeds: 6, density: 0.5, lengths: [4, 1, 3] });
  const observed = await Promise.all(
    vectorised.engines.map((engine, index) => observeUpdate(engine, vectorised.batch(index), config)),
  );
  for (const [index, ours] of observed.entries()) {
    const { engine } = vectorised.start(index);
    expect(
      largestDifference(updateDifferences(ours, await observeUpdate(engine, vectorised.batch(index), config))).relative,
      `seed ${index + 1}`,
    ).toBeLessThan(1e-5);
    engine.dispose();
  }
  expect(new Set(observed.map(({ loss }) => loss)).size).toBe(6);
  await vectorised.update(config);
  vectorised.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
