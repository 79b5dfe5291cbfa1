import "../src/node/host.js";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { comixNetworks, CONTINUOUS_DEFAULTS, facmacNetworks } from "../src/algorithms/continuous/update.js";
import type { NetworkShape } from "../src/networks/parameters.js";
import { time, type Benchmark, type Effort, type Row } from "./measure.js";
import {
  type ContinuousRule,
  continuousUpdate,
  encodeContinuousCase,
  largestContinuousDifference,
  decodeContinuousAnswer,
  randomContinuousCase,
  sparseContinuousAnswer,
  startContinuousCase,
} from "./pytorch/continuous.js";
import { askPytorch, ensurePytorch } from "./pytorch/oracle.js";
import { startServer } from "./pytorch/server.js";

/** Seconds of interleaved samples for each comparison, of both processes together. */
const SECONDS = 15;

/** Largest relative difference in L2 norm that still counts as the same update. */
const TOLERANCE = 1e-4;

/** Transitions of a batch. */
const BATCH = 100;

/** Networks of two tasks of the paper's Figure 17, by the authors' settings. */
const TASKS = {
  "Humanoid 9|8": { agents: 2, actions: 9, observation: 18, state: 376 },
  "ManyAgent Swimmer 10x2": { agents: 10, actions: 2, observation: 4, state: 44 },
} as const;

/** Updates of COMIX and FACMAC against PyTorch's, dense and with 90 % of the weights masked. */
export const continuousBenchmarks: readonly Benchmark[] = [
  against("comix", "Humanoid 9|8"),
  against("comix", "ManyAgent Swimmer 10x2"),
  against("facmac", "Humanoid 9|8"),
];

function against(algorithm: ContinuousRule["algorithm"], task: keyof typeof TASKS): Benchmark {
  const title = algorithm.toUpperCase();
  return { name: `pytorch ${title} ${task}`, run: (effort) => compare(algorithm, task, effort) };
}

function rulesOf(algorithm: ContinuousRule["algorithm"]): ContinuousRule[] {
  return [false, true].map((masked) => ({
    name: masked ? "masked" : "dense",
    algorithm,
    masked,
    updates: 1,
    options: CONTINUOUS_DEFAULTS,
  }));
}

async function compare(
  algorithm: ContinuousRule["algorithm"],
  task: keyof typeof TASKS,
  effort: Effort,
): Promise<Row[]> {
  const python = await ensurePytorch();
  const name = `${algorithm.toUpperCase()} update ${task}, batch ${BATCH}`;
  const networks = algorithm === "comix" ? comixNetworks : facmacNetworks;
  const shape: NetworkShape = { ...TASKS[task], hidden: 400, embed: 64, hypernetEmbed: 64, networks };
  const rules = rulesOf(algorithm);
  const caseOf = (density: number, transitions: number) =>
    randomContinuousCase(shape, { density, transitions, seed: 1, rules });

  const checked = caseOf(0.1, 8);
  const answers = askPytorch(python, checked, {
    encode: encodeContinuousCase,
    decode: decodeContinuousAnswer,
    script: "continuous.py",
  });
  const differences: number[] = [];
  for (const rule of rules) {
    const ours = await sparseContinuousAnswer(checked, rule);
    differences.push(largestContinuousDifference(ours, answers.get(rule.name)!).difference);
  }
  const difference = Math.max(...differences);
  if (!(difference <= TOLERANCE))
    throw new Error(
      `bench: PyTorch and the sparse engine disagree by ${difference.toExponential(1)} on the same ${name}; the comparison would mean nothing`,
    );

  const timed = caseOf(0.1, effort.quick ? 8 : BATCH);
  const [dense, masked] = rules;
  const runs = [
    { label: "dense", theirs: dense, engine: startContinuousCase(timed, dense) },
    { label: "at density 0.1", theirs: masked, engine: startContinuousCase(timed, masked) },
    {
      label: "in WebAssembly at density 0.1",
      theirs: masked,
      engine: startContinuousCase(timed, masked, { native: null }),
    },
  ].map((run) => ({ ...run, update: continuousUpdate(timed, run.theirs), best: Infinity, updates: 0 }));
  const theirs = new Map<string, number>(rules.map(({ name }) => [name, Infinity]));
  const folder = mkdtempSync(join(tmpdir(), "mast-bench-"));
  const server = startServer(python);
  try {
    const path = join(folder, "case.safetensors");
    writeFileSync(path, encodeContinuousCase(timed));
    const { torch, blas, instructions, threads } = await server.open(path);
    let spent = 0;
    for (let turn = 0; effort.quick ? turn < 1 : turn < 3 || spent < SECONDS * 1000; turn++)
      for (const run of runs) {
        const other = await server.update(run.theirs.name, 1);
        const own = await time(() => run.update(run.engine, ++run.updates));
        spent += other + own;
        theirs.set(run.theirs.name, Math.min(theirs.get(run.theirs.name)!, other));
        run.best = Math.min(run.best, own);
      }
    const title = (rule: ContinuousRule) => `PyTorch ${rule.masked ? "with 90 % masks" : "dense"}`;
    return [
      {
        name: `${name}: largest relative difference, PyTorch ${torch} (${blas}, ${instructions}, ${threads} thread) and sparse engine`,
        value: difference,
        unit: "",
      },
      ...rules.map((rule) => ({ name: `${name}, ${title(rule)}`, value: theirs.get(rule.name)!, unit: "ms" })),
      ...runs.map(({ label, best }) => ({ name: `${name}, ours ${label}`, value: best, unit: "ms" })),
      ...runs.map(({ label, best, theirs: rule }) => ({
        name: `${name}: ${title(rule)} / ours ${label}`,
        value: theirs.get(rule.name)! / best,
        unit: "x",
      })),
    ];
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
