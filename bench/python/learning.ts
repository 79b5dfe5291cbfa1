import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import "../../src/node/host.js";
import { type Config, type ConfigInput, resolveConfig } from "../../src/config.js";
import { environmentOf } from "../../src/envs/index.js";
import { playRandom } from "../../src/envs/play.js";
import { createRandom } from "../../src/random.js";
import { rowsCsv } from "../../src/results/csv.js";
import { evaluationRows, runRows } from "../../src/results/frame.js";
import { MEASURES } from "../../src/results/measure.js";
import { bootstrapInterval, mean } from "../../src/results/statistics.js";
import { extendRun } from "../../src/runs/extension.js";
import { runAll } from "../../src/runs/run-all.js";
import type { StoredRun } from "../../src/runs/store.js";
import { weightsFrom } from "../../src/runs/weights.js";
import { scoreMeasure } from "../../src/training/score.js";

// Whether teams learn in environments in Python: `npx tsx bench/python/learning.ts CASE...`, with the cases below.
// It resumes what was interrupted (--workers=N trains N runs at once, --minutes=N stops after that time), and writes
// data/results/python-CASE.csv and python-CASE-evaluations.csv when all runs are complete. `npm run setup:python --
// pettingzoo lbf` installs what it needs.

const SEEDS = [1, 2, 3];
const RANDOM_EPISODES = 200;

/**
 * One configuration, or several of which each begins with the weights that the one before it ended with. A number
 * extends the run before it to so many steps.
 */
type Course = readonly (ConfigInput | number)[];

/**
 * The rewards are negative costs. An episode is only cut off, and the agents do not see how much of it is left.
 */
const spread = (method: "dense" | "mast"): Course => [
  {
    environment: "python:mpe2/simple_spread_v3",
    method,
    ...(method === "mast" && { sparsity: { level: 0.8 } }),
    short: true,
    steps: 40_000,
    exploration: { anneal: 20_000 },
    returns: { burnIn: 20_000 },
    evaluation: { window: 3 },
  },
];

/**
 * Two agents have to lift each piece of food together. Uniform random play finds one in 150 episodes, so that the team
 * first learns where strong agents may lift weak food alone. Sparse networks need three updates an episode (default:
 * those of the examples); dense ones learn more with one, and need twice as many steps in the field itself.
 */
const cooperation = (method: "dense" | "mast", given?: { readonly updates: number }): Course => {
  const [alone, together] = ["foraging", "foraging-coop"].map((name) => {
    const file = new URL(`../../examples/${name}.yaml`, import.meta.url);
    const { sparsity, topology, ...settings } = parse(readFileSync(file, "utf8")) as ConfigInput;
    return { ...settings, method, ...(method === "mast" && { sparsity, topology }), ...given };
  });
  return [alone, together, 100_000];
};

/** SMAClite has no map 3m: `map_file` gives it one with the units of SMAC's 3m. */
const smaclite = (): Course => [
  {
    environment: "python:smaclite/3m",
    options: {
      environment: { map_file: fileURLToPath(new URL("smaclite-3m.json", import.meta.url)), episodeLimit: 60 },
    },
    method: "mast",
    sparsity: { level: 0.9 },
    short: true,
    steps: 30_000,
    exploration: { anneal: 15_000 },
    returns: { burnIn: 15_000 },
    evaluation: { interval: 5_000, window: 1 },
  },
];

const CASES: Readonly<Record<string, readonly Course[]>> = {
  spread: [spread("dense"), spread("mast")],
  cooperation: [[...cooperation("dense", { updates: 1 }), 200_000]],
  "cooperation-mast": [cooperation("mast")],
  "cooperation-three": [cooperation("dense")],
  smaclite: [smaclite()],
};

const places = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [given, flags] = [false, true].map((flag) =>
  process.argv.slice(2).filter((one) => one.startsWith("--") === flag),
);
const flag = (name: string) => flags.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
const workers = Number(flag("workers") ?? 1);
const minutes = Number(flag("minutes") ?? Infinity);
if (given.length === 0 || given.some((name) => !Object.hasOwn(CASES, name.split(":")[0])))
  throw new Error(
    `npx tsx bench/python/learning.ts ${Object.keys(CASES).join(" | ")}, each with :SEEDS where not ${SEEDS.length}; --workers=N, --minutes=N`,
  );
const stop = new AbortController();
if (Number.isFinite(minutes)) setTimeout(() => stop.abort(), minutes * 60_000).unref();
for (const one of given) {
  const [name, seeds = String(SEEDS.length)] = one.split(":") as [string, string?];
  const runs: StoredRun[] = [];
  for (const seed of SEEDS.slice(0, Number(seeds))) runs.push(...(await trainAll(CASES[name], seed)));
  if (stop.signal.aborted) {
    console.error(`${name}: stopped after ${minutes} minutes; the same command goes on`);
    process.exit(3);
  }
  report(name, runs);
}

/** Trains the stages of all courses with one seed, the first stages first. */
async function trainAll(courses: readonly Course[], seed: number): Promise<StoredRun[]> {
  const done: StoredRun[] = [];
  const before = new Map<Course, string>();
  for (let stage = 0; courses.some(({ length }) => stage < length) && !stop.signal.aborted; stage++) {
    const now = courses.filter(({ length }) => stage < length);
    const configs = now.map((course) => {
      const [from, next] = [before.get(course), course[stage]];
      if (typeof next === "number") return extendRun(from!, { steps: next });
      return resolveConfig({ ...next, seed, from: from === undefined ? undefined : weightsFrom(from) });
    });
    const outcomes = await runAll(configs, { workers, signal: stop.signal, onProgress: say() });
    for (const [i, { run, error }] of outcomes.entries()) {
      if (stop.signal.aborted) return done;
      if (error !== undefined) throw error;
      // An extension holds the curves of the run that it extends.
      const extended = done.findIndex(({ name }) => name === run!.config.extend?.run);
      if (extended >= 0) done[extended] = run!;
      else done.push(run!);
      before.set(now[i], run!.name);
    }
  }
  return done;
}

/** Rows of results, and the evaluations, beside the random policy's return. */
function report(name: string, runs: readonly StoredRun[]): void {
  const environments = new Map(runs.map(({ config }) => [config.environment, config]));
  const random = new Map([...environments].map(([environment, config]) => [environment, randomPlay(config)]));
  const folder = join(places, "data", "results");
  mkdirSync(folder, { recursive: true });
  const write = (file: string, rows: readonly Readonly<Record<string, string | number>>[]) =>
    writeFileSync(join(folder, file), `${rowsCsv(rows)}\n`);
  write(
    `python-${name}.csv`,
    runRows(runs).map((row, i) => {
      const { mean, low, high } = random.get(runs[i].config.environment)!;
      return { ...row, randomReturn: mean, randomLow: low, randomHigh: high };
    }),
  );
  write(
    `python-${name}-evaluations.csv`,
    runs.flatMap((run) => evaluationRows(run)),
  );
  for (const [environment, { mean: played, low: least, high: most }] of random) {
    console.log(`${environment}: random play returns ${played} [${least}, ${most}] over ${RANDOM_EPISODES} episodes`);
    for (const method of new Set(runs.map(({ config }) => config.method))) {
      const own = runs.filter(({ config }) => config.environment === environment && config.method === method);
      if (own.length === 0) continue;
      const scores = own.map(({ summary }) => summary!.score);
      const [low, high] = interval(scores);
      const { text, name: kind } = MEASURES[scoreMeasure(own[0].config)];
      const seconds = mean(own.map(({ summary }) => summary!.processorSeconds ?? NaN)).toFixed(0);
      console.log(
        `${environment}, ${method}: ${kind} ${text(mean(scores))} [${text(low)}, ${text(high)}] over ${own.length} seeds (${scores.map(text).join(", ")}), ${own[0].config.steps.toLocaleString("en")} steps and ${seconds} processor seconds a run`,
      );
    }
  }
}

/** Measures uniform random play, with the 95 % bootstrap interval of its mean return. */
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

/** Prints a line every half minute. */
function say(): (progress: { readonly name: string; readonly step: number }) => void {
  let last = 0;
  return ({ name, step }) => {
    if (performance.now() - last < 30_000) return;
    last = performance.now();
    console.error(`${name}: step ${step.toLocaleString("en")}`);
  };
}
