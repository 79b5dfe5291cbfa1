import { fileURLToPath } from "node:url";
import "../src/node/host.js";
import type { Environment } from "../src/envs/environment.js";
import { createEnvironment } from "../src/envs/index.js";
import { type Benchmark, type Effort, fastest, type Row } from "./measure.js";

const STANDIN = `python:${fileURLToPath(new URL("python/standin.py", import.meta.url))}:Standin`;

/** Seconds of samples for each number of copies. */
const SECONDS = 2;

/** Joint actions of one sample: about a millisecond, so that some samples run undisturbed on a busy machine. */
const STEPS = 24;

/**
 * Measures the time that the bridge to Python adds to a step of an environment of 3s5z's sizes, including checks. The
 * environment itself does nothing.
 */
export const pythonBenchmarks: readonly Benchmark[] = [1, 16].map((copies) => ({
  name: `python bridge, ${copies} ${copies === 1 ? "copy" : "copies"}`,
  run: (effort) => bridge(copies, effort),
}));

async function bridge(copies: number, effort: Effort): Promise<Row[]> {
  const envs = Array.from({ length: copies }, () => createEnvironment(STANDIN));
  const jointAction = new Uint8Array(8);
  const rounds = Math.ceil(STEPS / copies);
  const play = () => {
    for (let i = 0; i < rounds; i++) {
      for (const env of envs) advance(env, jointAction);
      for (const env of envs) void env.reward;
    }
  };
  for (let i = 0; i < 100; i++) play();
  const best = await fastest([{ name: "bridge", sample: () => wallTime(play) }], SECONDS, effort);
  for (const env of envs) env.close!();
  return [
    {
      name: `python bridge, 3s5z's sizes, ${copies} ${copies === 1 ? "copy" : "copies"}, a step of one`,
      value: (1000 * best["bridge"]) / (rounds * copies),
      unit: "us",
    },
  ];
}

/** Measures wall-clock milliseconds, which include the work of the child process. */
function wallTime(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function advance(env: Environment, jointAction: Uint8Array): void {
  if (env.ended) env.reset(1);
  else env.step(jointAction);
}
