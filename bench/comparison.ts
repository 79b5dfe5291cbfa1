import { largestDifference, observeUpdate, updateDifferences } from "../src/timing/engine-agreement.js";
import { plainRule, ruleConfig, startEngine, update } from "../src/timing/random-learner.js";
import { openBackend } from "../src/node/tensorflow/backend.js";
import { createTensorflowEngine } from "../src/networks/tensorflow/engine.js";
import { createRandom } from "../src/random.js";
import { randomEpisodes, uniformLengths } from "../src/replay/random-episodes.js";
import { fastest, time, type Benchmark, type Effort, type Row } from "./measure.js";
import { BATCH, shapes, type ShapeName } from "./shapes.js";

/** Seconds of interleaved samples. */
const SECONDS = 20;

/** Largest relative difference in L2 norm that still counts as the same update. */
const TOLERANCE = 1e-4;

const TENSORFLOW = "TensorFlow.js wasm";

/**
 * Times the same update in the tensorflow engine, on TensorFlow.js's wasm backend with SIMD and one thread, like the
 * sparse engine.
 */
export const comparisonBenchmarks: readonly Benchmark[] = [
  { name: "tensorflow 3m, T=25", run: (effort) => compare("3m", 25, effort) },
  { name: "tensorflow 3s5z, T=60", run: (effort) => compare("3s5z", 60, effort) },
];

async function compare(map: ShapeName, steps: number, effort: Effort): Promise<Row[]> {
  const { tf } = await openBackend("wasm");
  const shape = shapes[map];
  const random = createRandom(5);
  const checked = randomEpisodes(shape, uniformLengths(8, 3, 9, random), random);
  const batch = randomEpisodes(shape, Array<number>(effort.quick ? 8 : BATCH).fill(effort.quick ? 4 : steps), random);
  const config = ruleConfig(plainRule);
  const name = `update ${map}, T=${steps}`;

  const starts = [1, 0.1, 0.05].map((density) => ({ density: `density ${density}`, ...startEngine(shape, density) }));
  const { engine, online, target, masks } = starts[1];
  const tensorflow = createTensorflowEngine(tf, shape, online, masks);
  tensorflow.write("target", target);
  const { relative, of } = largestDifference(
    updateDifferences(await observeUpdate(tensorflow, checked, config), await observeUpdate(engine, checked, config)),
  );
  if (!(relative <= TOLERANCE))
    throw new Error(
      `bench: the two engines disagree by ${relative.toExponential(1)} on the same update at ${map} shapes (${of}); the comparison would mean nothing`,
    );

  const best = await fastest(
    [
      { name: TENSORFLOW, sample: () => time(() => update(tensorflow, batch, config)) },
      // A sparse update is so much shorter than TensorFlow.js's that one sample in each turn would be too few.
      ...starts.map(({ density, engine }) => ({
        name: density,
        sample: async () => {
          let least = Infinity;
          for (let i = 0; i < (effort.quick ? 1 : 4); i++)
            least = Math.min(least, await time(() => update(engine, batch, config)));
          return least;
        },
      })),
    ],
    SECONDS,
    effort,
  );
  for (const { dispose } of [tensorflow, ...starts.map(({ engine }) => engine)]) dispose();
  return [
    {
      name: `${name}: largest relative difference of loss and gradients, TensorFlow.js and sparse engine`,
      value: relative,
      unit: "",
    },
    { name: `${name}, ${TENSORFLOW}`, value: best[TENSORFLOW], unit: "ms" },
    ...starts.map(({ density }) => ({
      name: `${name}: ${TENSORFLOW} / ${density}`,
      value: best[TENSORFLOW] / best[density],
      unit: "x",
    })),
  ];
}
