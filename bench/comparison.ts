import type { Episode } from "../src/replay/episode.js";
import { createRandom } from "../src/random.js";
import { randomEpisodes, uniformLengths } from "../src/replay/random-episodes.js";
import { plainRule, ruleConfig, startEngine, update, type Start } from "../src/experiments/random-learner.js";
import { fastest, time, type Benchmark, type Effort, type Row } from "./measure.js";
import { BATCH, shapes, type ShapeName } from "./shapes.js";
import { createTensorflowLearner, startTensorflow, type ProductGradient, type TensorflowLearner } from "./tensorflow.js";

/** Seconds of interleaved samples. */
const SECONDS = 20;

/** Largest relative difference in L2 norm that still counts as the same update. */
const TOLERANCE = 1e-3;

/** The same update through TensorFlow.js. */
export const comparisonBenchmarks: readonly Benchmark[] = [
  { name: "tensorflow 3m, T=25", run: (effort) => compare("3m", 25, effort) },
  { name: "tensorflow 3s5z, T=60", run: (effort) => compare("3s5z", 60, effort) },
];

async function compare(map: ShapeName, steps: number, effort: Effort): Promise<Row[]> {
  await startTensorflow();
  const shape = shapes[map];
  const random = createRandom(5);
  const checked = randomEpisodes(shape, uniformLengths(8, 3, 9, random), random);
  const batch = randomEpisodes(shape, Array<number>(effort.quick ? 8 : BATCH).fill(effort.quick ? 4 : steps), random);
  const config = ruleConfig(plainRule);
  const name = `update ${map}, T=${steps}`;

  const starts = ([1, 0.1, 0.05] as const).map((density) => ({ density, start: startEngine(shape, density) }));
  const sparse = starts[1].start;
  const learners = (["autograd", "transposing"] as const).map((productGradient) => ({
    productGradient,
    learner: tensorflowLearner(sparse, productGradient),
  }));
  let difference = 0;
  for (const { learner } of learners) {
    const found = await largestDifference(learner, sparse, checked);
    if (!(found <= TOLERANCE)) {
      throw new Error(`bench: TensorFlow.js and the wasm engine disagree by ${found.toExponential(1)} on the same update at ${map} shapes; the comparison would mean nothing`);
    }
    difference = Math.max(difference, found);
  }

  const best = await fastest(
    [
      ...learners.map(({ productGradient, learner }) => ({ name: label(productGradient), sample: () => time(() => learner.update(batch)) })),
      // A sparse update is so short beside TensorFlow.js's that one sample a turn would leave too few of them.
      ...starts.map(({ density, start }) => ({
        name: `density ${density}`,
        sample: async () => {
          let least = Infinity;
          for (let i = 0; i < (effort.quick ? 1 : 4); i++) least = Math.min(least, await time(() => update(start.engine, batch, config)));
          return least;
        },
      })),
    ],
    SECONDS,
    effort,
  );
  learners.forEach(({ learner }) => learner.dispose());
  starts.forEach(({ start }) => start.engine.dispose());
  return [
    { name: `${name}: largest relative difference of loss and gradients, TensorFlow.js and wasm engine`, value: difference, unit: "" },
    ...learners.map(({ productGradient }) => ({ name: `${name}, ${label(productGradient)}`, value: best[label(productGradient)], unit: "ms" })),
    ...learners.flatMap(({ productGradient }) =>
      starts.map(({ density }) => ({
        name: `${name}: ${label(productGradient)} / density ${density}`,
        value: best[label(productGradient)] / best[`density ${density}`],
        unit: "x",
      })),
    ),
  ];
}

function label(productGradient: ProductGradient): string {
  return productGradient === "autograd" ? "TensorFlow.js wasm" : "TensorFlow.js wasm with own product gradients";
}

/** A TensorFlow.js learner that starts from the same networks as a wasm engine. */
export function tensorflowLearner({ engine, online, target, masks }: Start, productGradient: ProductGradient): TensorflowLearner {
  const { optimiser, discount } = ruleConfig(plainRule);
  return createTensorflowLearner({ shape: engine.shape, online, target, masks, optimiser, discount, productGradient });
}

/**
 * How far apart the two are on one batch: the largest of the relative differences of the loss and of each parameter's
 * gradient (L2 norm of the difference over that of the gradient). The engine's parameters are put back afterwards.
 */
export async function largestDifference(learner: TensorflowLearner, { engine }: Start, batch: readonly Episode[]): Promise<number> {
  const before = engine.read("online");
  const optimiser = engine.readOptimiser();
  const { loss, gradients } = learner.lossAndGradients(batch);
  const own = await update(engine, batch, ruleConfig(plainRule));
  let largest = Math.abs(own.loss - loss) / Math.abs(loss);
  for (const [name, theirs] of gradients) {
    const ours = engine.gradient(name);
    if (ours.length !== theirs.length) throw new Error(`bench: gradient of ${name} has ${ours.length} entries in the wasm engine, ${theirs.length} in TensorFlow.js`);
    let apart = 0;
    let norm = 0;
    theirs.forEach((value, i) => {
      apart += (ours[i] - value) ** 2;
      norm += value ** 2;
    });
    // Not Math.max alone: NaN must come out as a disagreement.
    const relative = Math.sqrt(apart / norm);
    if (!(relative <= largest)) largest = relative;
  }
  engine.write("online", before);
  engine.writeOptimiser(optimiser);
  return largest;
}
