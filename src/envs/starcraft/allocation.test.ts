import { expect, it } from "vitest";
import { createEnvironment } from "../index.js";

it.each(["3m", "3s5z"])("a step on %s allocates nothing to speak of", (name) => {
  const env = createEnvironment(name);
  const { agents, actions } = env.sizes;
  const joint = new Uint8Array(agents);
  const word = Int32Array.of(7);
  const play = (steps: number): void => {
    for (let t = 0; t < steps; t++) {
      if (env.ended || t === 0) env.reset(t);
      for (let i = 0; i < agents; i++) {
        word[0] = (Math.imul(word[0], 1664525) + 1013904223) | 0;
        let action = (word[0] >>> 8) % actions;
        while (env.availableActions[i * actions + action] === 0) action = (action + 1) % actions;
        joint[i] = action;
      }
      env.step(joint);
    }
  };
  play(30_000); // until the optimising compiler is done with it
  // Parts are short enough that most see no collection; the middle one does not mind the few that do.
  const perStep = Array.from({ length: 41 }, () => {
    const before = process.memoryUsage().heapUsed;
    play(500);
    return (process.memoryUsage().heapUsed - before) / 500;
  }).sort((a, b) => a - b);
  // Boxing the numbers of one tick alone was 800 bytes a step on 3m.
  expect(perStep[20]).toBeLessThan(200);
});
