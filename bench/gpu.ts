import type { Backend } from "../src/config.js";
import {
  largestDifference,
  observeUpdate,
  type ObservedUpdate,
  updateDifferences,
} from "../src/timing/engine-agreement.js";
import { mastRule, ruleConfig } from "../src/timing/random-learner.js";
import { type VectorisedSeeds, startVectorisedSeeds } from "../src/timing/vectorised-seeds.js";
import { openBackend, type OpenBackend, type Tensorflow } from "../src/node/tensorflow/backend.js";
import { createRandom } from "../src/random.js";
import { uniformLengths } from "../src/replay/random-episodes.js";
import { accountFor, transferTimes } from "./gpu/account.js";
import { openCores } from "./gpu/all-cores.js";
import { type Rate, updateRate } from "./gpu/rate.js";
import type { Benchmark, Effort, Row } from "./measure.js";
import { BATCH, shapes, type ShapeName } from "./shapes.js";

/** Numbers of vectorised seeds. */
const SEEDS = [1, 8, 32, 64];

/** The dense case, and the masked case that is measured in detail. */
const CASES = [
  { density: 1, title: "dense" },
  { density: 0.1, title: "density 0.1" },
] as const;

/**
 * Seconds of an update above which no larger numbers of seeds are tried, because they would take hours on a slow
 * backend.
 */
const LONGEST = 1;

/** Seconds of one sample, and the number of samples of which the best counts. */
const SAMPLE = { seconds: 1, samples: 3 } as const;

/** Largest relative difference in L2 norm that still counts as the same update. */
const TOLERANCE = 1e-4;

/**
 * Times vectorised updates of several seeds in the tensorflow engine on a backend, beside the sparse engine on all
 * cores of the same machine. Times are wall-clock times, because processor time does not include a GPU's or another
 * thread's work.
 */
export function gpuBenchmarks(backend: Backend): readonly Benchmark[] {
  return [throughput("3m", 25, backend), throughput("3s5z", 60, backend)];
}

function throughput(map: ShapeName, steps: number, backend: Backend): Benchmark {
  const name = `gpu ${map}, T=${steps}`;
  return {
    name,
    run: async (effort) => {
      const opened = await openBackend(backend);
      for (const line of opened.passedOver) process.stderr.write(`${line}\n`);
      try {
        return await measure(map, effort.quick ? 4 : steps, name, opened, effort);
      } finally {
        opened.close();
      }
    },
  };
}

async function measure(
  map: ShapeName,
  steps: number,
  name: string,
  { tf, backend, device }: OpenBackend,
  effort: Effort,
): Promise<Row[]> {
  const shape = shapes[map];
  const lengths = Array<number>(effort.quick ? 8 : BATCH).fill(steps);
  const config = ruleConfig(mastRule);
  const { seconds, samples } = effort.quick ? { seconds: 0, samples: 1 } : SAMPLE;
  const open = (seeds: number, density: number, of: readonly number[]) =>
    startVectorisedSeeds(tf, shape, { seeds, density, lengths: of });

  let largest = 0;
  for (const { density } of CASES) {
    const uneven = open(1, density, uniformLengths(lengths.length, 2, steps, createRandom(5)));
    largest = Math.max(largest, await checkAgreement(uneven, `${name}, density ${density}`));
    uneven.dispose();
  }
  const rows: Row[] = [
    {
      name: `${name}: largest relative difference of loss and gradients, tensorflow engine on ${backend} (${device}) and sparse engine`,
      value: largest,
      unit: "",
    },
  ];

  for (const { density, title } of CASES) {
    const label = `${name}, ${title}`;
    const processor = await openCores({ shape, density, lengths });
    let [best, bestOnCores]: [number, Rate] = [0, { rate: 0, busy: 0 }];
    let last = { seeds: 0, seconds: 0 };
    try {
      for (const seeds of effort.quick ? [1, 2] : SEEDS) {
        const what = `${label}, ${backend}, S = ${seeds}`;
        if (last.seconds > LONGEST) {
          rows.push({
            name: `${what}: left out, since an update of S = ${last.seeds} takes`,
            value: 1000 * last.seconds,
            unit: "ms",
          });
          continue;
        }
        const vectorised = open(seeds, density, lengths);
        try {
          // The first update also serves to warm up.
          await checkAgreement(vectorised, what);
          await vectorised.update(config);
          let { rate, busy }: Rate = { rate: 0, busy: 0 };
          // Samples are taken in turns, so that a slow phase of the machine affects both.
          for (let turn = 0; turn < samples; turn++) {
            const sample = await updateRate(() => vectorised.update(config), seconds);
            if (sample.rate > rate) ({ rate, busy } = sample);
            const theirs = await processor.rate(seconds);
            if (theirs.rate > bestOnCores.rate) bestOnCores = theirs;
          }
          best = Math.max(best, seeds * rate);
          last = { seeds, seconds: 1 / rate };
          rows.push(
            { name: `${what}: updates`, value: rate, unit: "updates/s" },
            { name: `${what}: seed-updates`, value: seeds * rate, unit: "seed-updates/s" },
            { name: `${what}: cores that this process kept busy`, value: busy, unit: "" },
          );
          if (density < 1) rows.push(...(await accountRows(tf, vectorised, what, samples)));
        } catch (error) {
          // A card may have too little memory for many seeds; earlier measurements then remain valid. A card that
          // cannot compute a single seed, or computes it wrongly, is an error.
          const { message } = error as Error;
          if (seeds === 1 || message.startsWith("bench: ")) throw error;
          rows.push({
            name: `${what}: left out, since it failed (${message.split("\n")[0]}); seeds that went well`,
            value: last.seeds,
            unit: "",
          });
          break;
        } finally {
          vectorised.dispose();
        }
      }
    } finally {
      processor.close();
    }
    const cores = `sparse engine on ${processor.cores} ${processor.cores === 1 ? "core" : "cores"}`;
    rows.push(
      { name: `${label}, ${cores}: seed-updates`, value: bestOnCores.rate, unit: "seed-updates/s" },
      { name: `${label}, ${cores}: cores that they kept busy`, value: bestOnCores.busy, unit: "" },
      {
        name: `${label}: seed-updates of ${backend} at its best / ${cores}`,
        value: best / bestOnCores.rate,
        unit: "x",
      },
    );
  }
  return rows;
}

/**
 * Makes one update of all seeds, and of the first and the last seed also in the sparse engine.
 *
 * @returns the largest relative difference
 * @throws {Error} when the difference is more than rounding
 */
export async function checkAgreement(vectorised: VectorisedSeeds, what: string): Promise<number> {
  const config = ruleConfig(mastRule);
  const observed = await Promise.all(
    vectorised.engines.map((engine, index) => observeUpdate(engine, vectorised.batch(index), config)),
  );
  let largest = 0;
  for (const index of new Set([0, observed.length - 1])) {
    const { engine } = vectorised.start(index);
    const expected: ObservedUpdate = await observeUpdate(engine, vectorised.batch(index), config);
    engine.dispose();
    const { of, relative } = largestDifference(updateDifferences(observed[index], expected));
    if (!(relative <= TOLERANCE)) {
      throw new Error(
        `bench: ${what}: the two engines disagree by ${relative.toExponential(1)} on the same update (${of}, seed ${index + 1} of ${observed.length}); their times would mean nothing`,
      );
    }
    largest = Math.max(largest, relative);
  }
  return largest;
}

/** Measures how the time of an update is spent, for the fastest of several updates. */
async function accountRows(tf: Tensorflow, vectorised: VectorisedSeeds, what: string, samples: number): Promise<Row[]> {
  const config = ruleConfig(mastRule);
  const accounts = [];
  for (let sample = 0; sample < samples; sample++)
    accounts.push(await accountFor(tf, vectorised.engines, (engines) => vectorised.update(config, engines)));
  const { whole, rule, passes, results, kernels, up, down } = accounts.reduce((best, one) =>
    one.whole < best.whole ? one : best,
  );
  const alone = await transferTimes(tf, up, down, samples);
  return [
    { name: `${what}: an update`, value: whole, unit: "ms" },
    { name: `${what}: of it the learning rule in JavaScript`, value: rule, unit: "ms" },
    { name: `${what}: of it submitting passes, with their inputs`, value: passes, unit: "ms" },
    { name: `${what}: of it waiting for results`, value: results, unit: "ms" },
    { name: `${what}: kernels of an update`, value: kernels, unit: "" },
    { name: `${what}: passes and results, by kernels`, value: (1000 * (passes + results)) / kernels, unit: "us" },
    { name: `${what}: uploads`, value: up / 2 ** 20, unit: "MiB" },
    { name: `${what}: as much uploaded alone`, value: alone.up, unit: "ms" },
    { name: `${what}: downloads`, value: down / 2 ** 20, unit: "MiB" },
    { name: `${what}: as much downloaded alone`, value: alone.down, unit: "ms" },
  ];
}
