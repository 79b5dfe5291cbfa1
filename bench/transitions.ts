import { createRandom } from "../src/random.js";
import { createTransitionBatch, createTransitionBuffer, transitionBytes } from "../src/replay/transitions.js";
import { type Benchmark, fastest, time } from "./measure.js";

/** Sizes of Humanoid 9|8, whose transitions are the largest of the paper's tasks. */
const TASKS = { "Humanoid 9|8": { agents: 2, actions: 9, observation: 18, state: 376 } } as const;

/** Transitions of an episode of the longest kind. */
const EPISODE = 1_000;

/** Memory of a full replay buffer of 1,000,000 transitions, and the time of a batch of 100 from it. */
export const transitionBenchmarks: readonly Benchmark[] = Object.entries(TASKS).map(([task, sizes]) => ({
  name: `replay of 1,000,000 transitions, ${task}`,
  async run(effort) {
    const capacity = effort.quick ? 10_000 : 1_000_000;
    const before = process.memoryUsage();
    const buffer = createTransitionBuffer(capacity, sizes);
    const transition = {
      observations: new Float32Array(sizes.agents * sizes.observation).fill(0.5),
      state: new Float32Array(sizes.state).fill(0.5),
      actions: new Float32Array(sizes.agents * sizes.actions).fill(0.5),
      nextObservations: new Float32Array(sizes.agents * sizes.observation).fill(0.5),
      nextState: new Float32Array(sizes.state).fill(0.5),
      reward: 1,
      terminal: false,
    };
    for (let i = 1; i <= capacity; i++) buffer.add({ ...transition, last: i % EPISODE === 0 });
    const after = process.memoryUsage();
    const batch = createTransitionBatch(100, sizes);
    const random = createRandom(1);
    const best = await fastest(
      [{ name: "sample", sample: () => time(() => buffer.sample(batch, random, { discount: 0.99 })) }],
      1,
      effort,
    );
    const gigabytes = (bytes: number) => bytes / 1e9;
    return [
      // A collection of garbage may hide what little memory a quick run takes.
      ...(effort.quick
        ? []
        : [
            { name: `${task}: its arrays`, value: gigabytes(after.arrayBuffers - before.arrayBuffers), unit: "GB" },
            { name: `${task}: growth of the process`, value: gigabytes(after.rss - before.rss), unit: "GB" },
          ]),
      {
        name: `${task}: as stated, ${transitionBytes(sizes)} bytes each`,
        value: gigabytes(capacity * transitionBytes(sizes)),
        unit: "GB",
      },
      { name: `${task}: a batch of 100`, value: best["sample"] ?? NaN, unit: "ms" },
    ];
  },
}));
