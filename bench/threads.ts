import "../src/node/host.js";
import { resolveConfig } from "../src/config.js";
import type { NativeKernels } from "../src/host.js";
import { createSparseEngine } from "../src/networks/sparse/engine.js";
import type { Kernels } from "../src/networks/sparse/kernels.js";
import { nativeKernels, THREADS } from "../src/node/kernels.js";
import { createRandom } from "../src/random.js";
import { randomEpisodes } from "../src/replay/random-episodes.js";
import { mastRule, ruleConfig, startEngine, update } from "../src/timing/random-learner.js";
import { train } from "../src/training/train.js";
import type { Benchmark, Effort, Row } from "./measure.js";
import { BATCH, shapes } from "./shapes.js";

/**
 * Measures what threads within one run save, by the clock. Only these figures need as many free cores as there are
 * threads.
 */
export const threadBenchmarks: readonly Benchmark[] = [{ name: "threads within one run, 3s5z", run }];

/** The passes that threads share. */
const SHARED: readonly (keyof Kernels)[] = [
  "layOutEpisodes",
  "agentLoadAndForward",
  "agentForward",
  "agentBackward",
  "mixerForward",
  "mixerBackward",
  "nextValues",
];

async function run(effort: Effort): Promise<Row[]> {
  const found = THREADS.flatMap((threads) => {
    const native = nativeKernels(threads);
    return native?.threads === threads ? [{ threads, native }] : [];
  });
  if (found.length < 2) return [];
  const rows: Row[] = [await sharedPart(found[0].native, effort)];
  for (const [what, density, seconds] of [
    ["update, density 0.1", 0.1, 20],
    ["update, dense", 1, 20],
  ] as const)
    rows.push(...asRows(`3s5z, T=60, MAST rule, ${what}`, "ms", await updates(found, density, seconds, effort)));
  rows.push(...asRows("training 3s5z, MAST 90 %, 100 steps", "ms", await trainings(found, effort)));
  return rows;
}

type Times = readonly { readonly threads: number; readonly milliseconds: number }[];

function asRows(name: string, unit: string, times: Times): Row[] {
  const [alone, ...others] = times;
  return [
    ...times.map(({ threads, milliseconds }) => ({ name: `${name}: threads ${threads}`, value: milliseconds, unit })),
    ...others.map(({ threads, milliseconds }) => ({
      name: `${name}: threads ${threads} / 1, on the clock`,
      value: milliseconds / alone.milliseconds,
      unit: "x",
    })),
  ];
}

const batchOf = ({ quick }: Effort) =>
  randomEpisodes(shapes["3s5z"], Array<number>(quick ? 8 : BATCH).fill(quick ? 4 : 60), createRandom(2));

/** Returns the share of an update's time on one thread that more threads divide among them; the rest stays. */
async function sharedPart(native: NativeKernels, effort: Effort): Promise<Row> {
  const spent = { shared: 0 };
  const watch = (kernels: Kernels): Kernels => {
    const entries = Object.entries(kernels).map(([name, kernel]: [string, unknown]) => {
      if (typeof kernel !== "function" || !SHARED.includes(name as keyof Kernels)) return [name, kernel];
      return [
        name,
        (...given: unknown[]) => {
          const start = performance.now();
          const result: unknown = kernel(...given);
          spent.shared += performance.now() - start;
          return result;
        },
      ];
    });
    return Object.fromEntries(entries) as Kernels;
  };
  const { engine } = startEngine(shapes["3s5z"], 0.1, 1, { native, watch });
  const [batch, config] = [batchOf(effort), ruleConfig(mastRule)];
  // Only the fastest update counts, because an interruption would fall on one side.
  let [best, share] = [Infinity, 0];
  for (let turn = 0; turn < (effort.quick ? 3 : 200); turn++) {
    spent.shared = 0;
    const start = performance.now();
    await update(engine, batch, config);
    const whole = performance.now() - start;
    if (whole < best) [best, share] = [whole, spent.shared / whole];
  }
  engine.dispose();
  return {
    name: "3s5z, T=60, MAST rule, density 0.1: share of an update that threads divide",
    value: share,
    unit: "x",
  };
}

async function updates(
  found: readonly { readonly threads: number; readonly native: NativeKernels }[],
  density: number,
  seconds: number,
  effort: Effort,
): Promise<Times> {
  const [batch, config] = [batchOf(effort), ruleConfig(mastRule)];
  const candidates = found.map(({ threads, native }) => ({
    threads,
    engine: startEngine(shapes["3s5z"], density, 1, { native }).engine,
    milliseconds: Infinity,
  }));
  const start = performance.now();
  for (let turn = 0; effort.quick ? turn < 1 : turn < 3 || performance.now() - start < seconds * 1000; turn++) {
    for (const candidate of candidates) {
      const begun = performance.now();
      await update(candidate.engine, batch, config);
      candidate.milliseconds = Math.min(candidate.milliseconds, performance.now() - begun);
    }
  }
  for (const { engine } of candidates) engine.dispose();
  return candidates;
}

/**
 * Times a whole training from its first update on: playing, updates, topology evolution and an evaluation. Target
 * values are remembered.
 */
async function trainings(
  found: readonly { readonly threads: number; readonly native: NativeKernels }[],
  effort: Effort,
): Promise<Times> {
  const config = resolveConfig({
    environment: "3s5z",
    method: "mast",
    sparsity: { level: 0.9 },
    steps: effort.quick ? 3_000 : 16_000,
    log: { interval: effort.quick ? 100 : 500 },
    ...(effort.quick && { evaluation: { interval: 10_000, episodes: 1 } }),
  });
  const times = found.map(({ threads, native }) => ({ threads, native, milliseconds: Infinity }));
  for (let turn = 0; turn < (effort.quick ? 1 : 3); turn++) {
    for (const time of times) {
      let first: { readonly step: number; readonly at: number } | undefined;
      for await (const record of train(config, {
        open: (shape, parameters, masks) => createSparseEngine(shape, parameters, masks, { native: time.native }),
      })) {
        if (record.kind === "train" && record.update > 0) first ??= { step: record.step, at: performance.now() };
        if (record.kind === "end" && first !== undefined) {
          const each = (100 * (performance.now() - first.at)) / (record.step - first.step);
          time.milliseconds = Math.min(time.milliseconds, each);
        }
      }
    }
  }
  return times;
}
