import { resolveConfig } from "../src/config.js";
import { train } from "../src/training/train.js";
import { type Benchmark, type Effort, type Row, stopwatch } from "./measure.js";

/** Measures whole trainings on 3m, from playing to topology evolution, at their pace once updates have begun. */
export const trainingBenchmarks: readonly Benchmark[] = [{ name: "training 3m", run: training }];

const METHODS = { mast: "MAST at 95 % sparsity", dense: "dense QMIX" } as const;

type Trained = keyof typeof METHODS;

async function training(effort: Effort): Promise<Row[]> {
  const best: Record<Trained, number> = { mast: 0, dense: 0 };
  for (let turn = 0; turn < (effort.quick ? 1 : 3); turn++) {
    for (const method of ["mast", "dense"] as const) best[method] = Math.max(best[method], await pace(method, effort));
  }
  return Object.entries(best).map(([method, value]) => ({
    name: `training 3m, ${METHODS[method as Trained]}`,
    value,
    unit: "steps/s",
  }));
}

/**
 * Returns environment steps a second from the first update to the end of a short run, with one evaluation by the
 * paper's protocol.
 */
async function pace(method: Trained, effort: Effort): Promise<number> {
  const steps = effort.quick ? 1_500 : 12_000;
  const config = resolveConfig({
    environment: "3m",
    method,
    ...(method === "mast" ? { sparsity: { level: 0.95 } } : {}),
    steps,
    warmup: effort.quick ? 1_000 : 2_000,
    log: { interval: effort.quick ? 100 : 1_000 },
  });
  let first: { readonly step: number; readonly elapsed: () => number } | undefined;
  for await (const record of train(config)) {
    if (record.kind === "train" && record.update > 0) first ??= { step: record.step, elapsed: stopwatch() };
    if (record.kind === "end" && first !== undefined) return ((record.step - first.step) / first.elapsed()) * 1000;
  }
  throw new Error("bench: training ended without a single update");
}
