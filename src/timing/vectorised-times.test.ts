import { expect, it } from "vitest";
import { openBackend } from "../node/tensorflow/backend.js";
import { vectorisedTable, timeVectorisedSeeds } from "./vectorised-times.js";

it("sets vectorised seeds beside as many one after the other", async () => {
  const opened = await openBackend("wasm");
  const { tf } = opened;
  const before = tf.memory().numTensors;
  const shape = { agents: 2, observation: 5, actions: 4, state: 7, hidden: 8, embed: 4, hypernetEmbed: 4 };
  const [two, four] = await timeVectorisedSeeds(opened, shape, {
    seeds: [2, 4],
    density: 0.5,
    lengths: [3, 2],
    turns: 1,
  });
  expect(tf.memory().numTensors).toBe(before);
  expect([two.seeds, four.seeds]).toEqual([2, 4]);
  expect(four.apart).toBeCloseTo(2 * two.apart, 9);
  expect(four.sparse).toBeCloseTo(2 * two.sparse, 9);
  expect(two.vectorised).toBeGreaterThan(0);
  expect(vectorisedTable([], opened).note).toMatch(/^One update of every seed, processor time, /);
  expect(vectorisedTable([], { backend: "webgpu", device: "a card" }).note).toMatch(
    /^One update of every seed, by the clock, .* a card\.$/,
  );
  expect(vectorisedTable([{ seeds: 4, vectorised: 50, apart: 200, sparse: 12.3456 }], opened).rows).toEqual([
    ["4", "50.0 ms", "200 ms", "4.0x", "12.3 ms"],
  ]);
});
