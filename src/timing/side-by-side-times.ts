import { setImmediate as nextTurn } from "node:timers/promises";
import type { Table } from "../figures/table.js";
import type { OpenBackend } from "../node/tensorflow/backend.js";
import type { NetworkShape } from "../networks/parameters.js";
import { mastRule, ruleConfig, update } from "./random-learner.js";
import { type SideBySidePlan, startSideBySide } from "./side-by-side.js";
import { time } from "./timing.js";

/** Milliseconds of one update of each seed. */
export interface SideBySideTime {
  readonly seeds: number;
  /** All in one update of the tensorflow engine. */
  readonly together: number;
  /** One after the other: as often the time of one. */
  readonly apart: number;
  /** One after the other in the wasm engine, on one core. */
  readonly wasm: number;
}

/**
 * Times updates of QMIX by MAST's rule for several numbers of seeds, in turns, after one update that is not counted: of each the fastest. Where the backend
 * computes in this thread it is processor time, as everywhere here; a GPU's time is in nobody's processor time, and goes by the clock.
 *
 * @param plan.seeds numbers of seeds
 * @param plan.turns how often each is timed
 * @example
 * showTable(sideBySideTable(await timeSideBySide(opened, shape, { seeds: [1, 2, 4], density: 0.05, lengths: Array(32).fill(25), turns: 5 }), opened));
 */
export async function timeSideBySide({ tf, backend }: Pick<OpenBackend, "tf" | "backend">, shape: NetworkShape, { seeds, turns, ...plan }: Omit<SideBySidePlan, "seeds"> & { readonly seeds: readonly number[]; readonly turns: number }): Promise<SideBySideTime[]> {
  const config = ruleConfig(mastRule);
  const groups = [...new Set([1, ...seeds])].map((count) => ({ count, group: startSideBySide(tf, shape, { ...plan, seeds: count }), best: Infinity }));
  const { group } = groups[0];
  const { engine } = group.start(0);
  let wasm = Infinity;
  const timed = onProcessor(backend) ? time : byTheClock;
  try {
    for (let turn = 0; turn <= turns; turn++) {
      for (const one of groups) {
        const taken = await timed(() => one.group.update(config));
        if (turn > 0) one.best = Math.min(one.best, taken);
        await nextTurn();
      }
      const taken = await timed(() => update(engine, group.batch(0), config));
      if (turn > 0) wasm = Math.min(wasm, taken);
    }
  } finally {
    engine.dispose();
    for (const one of groups) one.group.dispose();
  }
  return seeds.map((count) => ({ seeds: count, together: groups.find((one) => one.count === count)!.best, apart: count * groups[0].best, wasm: count * wasm }));
}

/** Whether it computes in the thread that asks. */
function onProcessor(backend: OpenBackend["backend"]): boolean {
  return backend === "wasm" || backend === "cpu" || backend === "tfjs-node";
}

async function byTheClock(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** The times as a table. */
export function sideBySideTable(times: readonly SideBySideTime[], { backend, device }: Pick<OpenBackend, "backend" | "device">): Table {
  const milliseconds = (value: number): string => `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ms`;
  return {
    columns: [{ title: "Seeds" }, ...["Side by side", "One after the other", "Gained", "wasm engine, one core"].map((title) => ({ title, align: "right" as const }))],
    rows: times.map(({ seeds, together, apart, wasm }) => [String(seeds), milliseconds(together), milliseconds(apart), `${(apart / together).toPrecision(2)}x`, milliseconds(wasm)]),
    note: `One update of every seed, ${onProcessor(backend) ? "processor time" : "by the clock"}, the fastest of those timed in turns; the tensorflow engine on ${device}.`,
  };
}
