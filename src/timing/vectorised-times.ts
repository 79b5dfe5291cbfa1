import { setImmediate as nextTurn } from "node:timers/promises";
import type { Table } from "../figures/table.js";
import type { OpenBackend } from "../node/tensorflow/backend.js";
import type { NetworkShape } from "../networks/parameters.js";
import { mastRule, ruleConfig, update } from "./random-learner.js";
import { type VectorisedSeedsPlan, startVectorisedSeeds } from "./vectorised-seeds.js";
import { time } from "./timing.js";

/** Milliseconds of one update of each seed. */
export interface VectorisedTime {
  /** Number of seeds. */
  readonly seeds: number;
  /** All seeds in one vectorised update of the tensorflow engine. */
  readonly vectorised: number;
  /** All seeds one after the other: the time of one seed times their number. */
  readonly apart: number;
  /** All seeds one after the other in the sparse engine, on one core. */
  readonly sparse: number;
}

/**
 * Times updates of QMIX by MAST's rule for several numbers of seeds, in turns, after one update that does not count,
 * and takes the fastest of each. If the backend computes in this thread, it measures processor time, as the other
 * timings do; a GPU is timed by the clock.
 *
 * @example
 * showTable(
 *   vectorisedTable(
 *     await timeVectorisedSeeds(opened, shape, {
 *       seeds: [1, 2, 4],
 *       density: 0.05,
 *       lengths: Array(32).fill(25),
 *       turns: 5,
 *     }),
 *     opened,
 *   ),
 * );
 */
export async function timeVectorisedSeeds(
  { tf, backend }: Pick<OpenBackend, "tf" | "backend">,
  shape: NetworkShape,
  {
    seeds,
    turns,
    ...plan
  }: Omit<VectorisedSeedsPlan, "seeds"> & {
    /** Numbers of seeds. */
    readonly seeds: readonly number[];
    /** Number of times that each is timed. */
    readonly turns: number;
  },
): Promise<VectorisedTime[]> {
  const config = ruleConfig(mastRule);
  const sizes = [...new Set([1, ...seeds])].map((count) => ({
    count,
    own: startVectorisedSeeds(tf, shape, { ...plan, seeds: count }),
    best: Infinity,
  }));
  const { own } = sizes[0];
  const { engine } = own.start(0);
  let sparse = Infinity;
  const timed = onProcessor(backend) ? time : byTheClock;
  try {
    for (let turn = 0; turn <= turns; turn++) {
      for (const one of sizes) {
        const taken = await timed(() => one.own.update(config));
        if (turn > 0) one.best = Math.min(one.best, taken);
        await nextTurn();
      }
      const taken = await timed(() => update(engine, own.batch(0), config));
      if (turn > 0) sparse = Math.min(sparse, taken);
    }
  } finally {
    engine.dispose();
    for (const one of sizes) one.own.dispose();
  }
  return seeds.map((count) => ({
    seeds: count,
    vectorised: sizes.find((one) => one.count === count)!.best,
    apart: count * sizes[0].best,
    sparse: count * sparse,
  }));
}

/** Tells whether a backend computes in the calling thread. */
function onProcessor(backend: OpenBackend["backend"]): boolean {
  return backend === "wasm" || backend === "cpu" || backend === "tfjs-node";
}

async function byTheClock(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Makes a table of the times. */
export function vectorisedTable(
  times: readonly VectorisedTime[],
  { backend, device }: Pick<OpenBackend, "backend" | "device">,
): Table {
  const milliseconds = (value: number): string => `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ms`;
  return {
    columns: [
      { title: "Seeds" },
      ...["Vectorised", "One after the other", "Gained", "sparse engine, one core"].map((title) => ({
        title,
        align: "right" as const,
      })),
    ],
    rows: times.map(({ seeds, vectorised, apart, sparse }) => [
      String(seeds),
      milliseconds(vectorised),
      milliseconds(apart),
      `${(apart / vectorised).toPrecision(2)}x`,
      milliseconds(sparse),
    ]),
    note: `One update of every seed, ${onProcessor(backend) ? "processor time" : "by the clock"}, the fastest of those timed in turns; the tensorflow engine on ${device}.`,
  };
}
