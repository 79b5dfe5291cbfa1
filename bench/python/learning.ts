import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import "../../src/node/host.js";
import { type Config, type ConfigInput, resolveConfig } from "../../src/config.js";
import { environmentOf } from "../../src/envs/index.js";
import { playRandom } from "../../src/envs/play.js";
import { createRandom } from "../../src/random.js";
import { rowsCsv } from "../../src/results/csv.js";
import { evaluationRows, runRows } from "../../src/results/frame.js";
import { MEASURES } from "../../src/results/measure.js";
import { bootstrapInterval, mean } from "../../src/results/statistics.js";
import { runAll } from "../../src/runs/run-all.js";
import type { StoredRun } from "../../src/runs/store.js";
import { scoreMeasure } from "../../src/training/score.js";

// Whether teams learn in environments in Python: `npx tsx bench/python/learning.ts CASE...`, with the cases below.
// It resumes what was interrupted (--workers=N trains N runs at once), and writes data/results/python-CASE.csv and
// python-CASE-evaluations.csv. `npm run setup:python -- pettingzoo lbf` installs what it needs.

const SEEDS = [1, 2, 3];
const RANDOM_EPISODES = 200;

const spread = (method: "dense" | "mast"): ConfigInput => ({
  environment: "python:mpe2/simple_spread_v3",
  method,
  // Values of an episode, as EPyMARL's, not those of a game without end: soft mellowmax takes longer to come to those.
  ...(method === "mast" && { sparsity: { level: 0.8 }, options: { environment: { timeouts: "end" } } }),
  short: true,
  steps: 40_000,
  exploration: { anneal: 20_000 },
  returns: { burnIn: 20_000 },
  evaluation: { window: 3 },
});

/** Both agents have to lift together. Random play returns about .03 in this small field. */
const foraging = (): ConfigInput => ({
  environment: "python:lbforaging/Foraging-5x5-2p-1f-coop-v3",
  method: "dense",
  short: true,
  steps: 100_000,
  // One an episode, of which there are 2,000, would be too few for values to come down to what is there.
  updates: 4,
  targetInterval: 50,
  exploration: { anneal: 60_000 },
  replay: { offlineCapacity: 5_000 },
  returns: { kind: "td-lambda", lambda: 0.8, burnIn: 0 },
  evaluation: { interval: 10_000, window: 2 },
});

/**
 * A larger field with two pieces of food: of random play's episodes one in 150 has any reward, and EPyMARL trains for
 * 2,000,000 steps.
 */
const cooperation = (): ConfigInput => ({
  environment: "python:lbforaging/Foraging-8x8-2p-2f-coop-v3",
  method: "dense",
  short: true,
  steps: 2_000_000,
  warmup: 50_000,
  exploration: { anneal: 900_000 },
  replay: { offlineCapacity: 20_000 },
  returns: { kind: "td-lambda", lambda: 0.8, burnIn: 0 },
  evaluation: { interval: 50_000, window: 4 },
});

/** SMAClite has no 3m; `map_file` gives it one of the same units as SMAC's. */
const smaclite = (): ConfigInput => ({
  environment: "python:smaclite/3m",
  options: { environment: { map_file: fileURLToPath(new URL("smaclite-3m.json", import.meta.url)), episodeLimit: 60 } },
  method: "mast",
  sparsity: { level: 0.9 },
  short: true,
  steps: 100_000,
});

const CASES: Readonly<Record<string, readonly ConfigInput[]>> = {
  spread: [spread("dense"), spread("mast")],
  foraging: [foraging()],
  cooperation: [cooperation()],
  smaclite: [smaclite()],
};

const places = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [given, flags] = [false, true].map((flag) =>
  process.argv.slice(2).filter((one) => one.startsWith("--") === flag),
);
const workers = Number(flags.find((flag) => flag.startsWith("--workers="))?.slice("--workers=".length) ?? 1);
if (given.length === 0 || given.some((name) => !Object.hasOwn(CASES, name.split(":")[0])))
  throw new Error(
    `npx tsx bench/python/learning.ts ${Object.keys(CASES).join(" | ")}, each with :SEEDS where not ${SEEDS.length}; --workers=N`,
  );
for (const one of given) {
  const [name, seeds = String(SEEDS.length)] = one.split(":") as [string, string?];
  const configs = CASES[name].flatMap((input) =>
    SEEDS.slice(0, Number(seeds)).map((seed) => resolveConfig({ ...input, seed })),
  );
  const outcomes = await runAll(configs, { workers, onProgress: say() });
  const runs = outcomes.flatMap(({ run, error }) => {
    if (error !== undefined) throw error;
    return run?.state === "complete" ? [run] : [];
  });
  report(name, runs);
}

/** Rows of results, and the evaluations, beside the random policy's return. */
function report(name: string, runs: readonly StoredRun[]): void {
  const random = randomPlay(runs[0].config);
  const folder = join(places, "data", "results");
  mkdirSync(folder, { recursive: true });
  const write = (file: string, rows: readonly Readonly<Record<string, string | number>>[]) =>
    writeFileSync(join(folder, file), `${rowsCsv(rows)}\n`);
  write(
    `python-${name}.csv`,
    runRows(runs).map((row) => ({ ...row, randomReturn: random.mean, randomLow: random.low, randomHigh: random.high })),
  );
  write(
    `python-${name}-evaluations.csv`,
    runs.flatMap((run) => evaluationRows(run)),
  );
  console.log(
    `${name}: random play returns ${random.mean} [${random.low}, ${random.high}] over ${RANDOM_EPISODES} episodes`,
  );
  for (const method of new Set(runs.map(({ config }) => config.method))) {
    const own = runs.filter(({ config }) => config.method === method);
    const scores = own.map(({ summary }) => summary!.score);
    const [low, high] = interval(scores);
    const { text, name: kind } = MEASURES[scoreMeasure(own[0].config)];
    const seconds = mean(own.map(({ summary }) => summary!.processorSeconds ?? NaN)).toFixed(0);
    console.log(
      `${name}, ${method}: ${kind} ${text(mean(scores))} [${text(low)}, ${text(high)}] over ${own.length} seeds (${scores.map(text).join(", ")}), ${seconds} processor seconds a run`,
    );
  }
}

/** Uniform random play, with the 95 % bootstrap interval of its mean return. */
function randomPlay(config: Config): { readonly mean: number; readonly low: number; readonly high: number } {
  const env = environmentOf(config);
  const returns = Array.from(
    { length: RANDOM_EPISODES },
    (_, k) => playRandom(env, { episodes: 1, seed: 1000 + k }).meanReturn,
  );
  env.close?.();
  const [low, high] = interval(returns);
  const rounded = (value: number) => Number(value.toPrecision(6));
  return { mean: rounded(mean(returns)), low: rounded(low), high: rounded(high) };
}

function interval(values: readonly number[]): [low: number, high: number] {
  return bootstrapInterval([values], ([sample]) => mean(sample), { random: createRandom(0, 0) });
}

/** A line every half minute. */
function say(): (progress: { readonly name: string; readonly step: number }) => void {
  let last = 0;
  return ({ name, step }) => {
    if (performance.now() - last < 30_000) return;
    last = performance.now();
    console.error(`${name}: step ${step.toLocaleString("en")}`);
  };
}
