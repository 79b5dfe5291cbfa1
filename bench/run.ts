import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { actingBenchmarks } from "./acting.js";
import { BACKENDS, type Backend } from "../src/config.js";
import { comparisonBenchmarks } from "./comparison.js";
import { environmentBenchmarks } from "./environments.js";
import { gpuBenchmarks } from "./gpu.js";
import { kernelRows } from "./kernels.js";
import type { Benchmark, Effort, Row } from "./measure.js";
import { pythonBenchmarks } from "./python.js";
import { continuousBenchmarks } from "./continuous.js";
import { pytorchBenchmarks } from "./pytorch.js";
import { realGame } from "./real-game.js";
import { rememberedBenchmarks } from "./remembered.js";
import { rliableChecks } from "./rliable.js";
import { threadBenchmarks } from "./threads.js";
import { trainingBenchmarks } from "./training.js";
import { transitionBenchmarks } from "./transitions.js";
import { updateBenchmarks } from "./updates.js";

const USAGE = `npm run bench -- [--only PATTERN] [--json FILE] [--pytorch | --rliable | --gpu | --real-game] [--quick] [--list]
  --only PATTERN  only benchmarks whose name matches this regular expression, ignoring case
  --json FILE     also write the rows to FILE, as [{ name, value, unit }, ...]
  --pytorch       also time updates against PyTorch, which is installed from PyPI into .venv-pytorch if it is not there yet (on Linux 5.4 GB)
  --rliable       instead compare our statistics with rliable's, which is installed from PyPI into .venv-rliable if it is not there yet (0.5 GB)
  --gpu           instead time the tensorflow engine with many vectorised seeds beside the sparse engine on all cores
  --backend NAME  with --gpu: what it computes on, one of ${BACKENDS.join(", ")} (default: auto, the best one available)
  --real-game     instead compare battles with the real game's, as far as its recordings are present (in MAST_REFERENCE, or ../shared/reference/smac)
  --csv FILE      with --real-game: also write the rows to FILE
  --quick         only try whether it runs, in seconds; its figures mean nothing
  --list          name the benchmarks and stop`;

/** Everything that can be measured with what `npm ci` installs, in the order in which it is. */
export const benchmarks: readonly Benchmark[] = [
  { name: "kernels", run: kernelRows },
  ...updateBenchmarks,
  ...rememberedBenchmarks,
  ...threadBenchmarks,
  ...comparisonBenchmarks,
  ...actingBenchmarks,
  ...environmentBenchmarks,
  ...pythonBenchmarks,
  ...trainingBenchmarks,
  ...transitionBenchmarks,
];

/** Runs benchmarks one after the other; `report` hears of each as it ends. */
export async function runBenchmarks(
  chosen: readonly Benchmark[],
  effort: Effort,
  report: (benchmark: Benchmark, rows: readonly Row[]) => void,
): Promise<Row[]> {
  const all: Row[] = [];
  for (const benchmark of chosen) {
    const rows = await benchmark.run(effort);
    report(benchmark, rows);
    all.push(...rows);
  }
  return all;
}

/**
 * The benchmarks whose name matches a regular expression, ignoring case.
 * @throws {Error} when none does, naming those there are.
 */
export function chooseBenchmarks(pattern: string, among = benchmarks): Benchmark[] {
  const chosen = among.filter(({ name }) => new RegExp(pattern, "i").test(name));
  if (chosen.length === 0)
    throw new Error(
      `--only ${pattern} matches no benchmark; there are: ${among.map(({ name }) => name).join("; ")}${among === benchmarks ? "; and with --pytorch comparisons with PyTorch" : ""}`,
    );
  return chosen;
}

/** A benchmark's rows as lines of a table. */
export function formatRows(benchmark: Benchmark, rows: readonly Row[]): string {
  const lines = rows.map(({ name, value, unit }) =>
    `  ${name.padEnd(NAME_WIDTH)} ${formatValue(value).padStart(10)} ${unit}`.trimEnd(),
  );
  return `${benchmark.name}\n${lines.join("\n")}\n`;
}

const NAME_WIDTH = 88;

function formatValue(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}

function backendOf(name = "auto"): Backend {
  const found = BACKENDS.find((backend) => backend === name);
  if (found === undefined)
    throw new Error(`--backend ${name}: there is no such backend; choose one of ${BACKENDS.join(", ")}`);
  return found;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      json: { type: "string" },
      pytorch: { type: "boolean", default: false },
      rliable: { type: "boolean", default: false },
      gpu: { type: "boolean", default: false },
      "real-game": { type: "boolean", default: false },
      csv: { type: "string" },
      backend: { type: "string" },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (values["real-game"]) return realGame({ quick: values.quick, csv: values.csv });
  const among = values.gpu
    ? gpuBenchmarks(backendOf(values.backend))
    : values.rliable
      ? rliableChecks
      : values.pytorch
        ? [...benchmarks, ...pytorchBenchmarks, ...continuousBenchmarks]
        : benchmarks;
  if (values.backend !== undefined && !values.gpu)
    throw new Error("--backend is for --gpu: npm run bench -- --gpu --backend tfjs-node");
  const chosen = chooseBenchmarks(values.only ?? "", among);
  if (values.list) return console.log(chosen.map(({ name }) => name).join("\n"));
  const rows = await runBenchmarks(chosen, { quick: values.quick }, (benchmark, part) =>
    console.log(formatRows(benchmark, part)),
  );
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message.replace(/^bench: /, "") : String(error)}`);
    process.exitCode = 1;
  });
}
