import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { givenOf, resolveConfig } from "../src/config.js";
import { openRun, runName, type RunSummary, sealSummary } from "../src/runs/store.js";

// What `mast runs` takes over many runs of the paper's length, of which every tenth was interrupted: `npx tsx bench/run-list.ts [RUNS]`.
// It needs the compiled command (npm run build), and GNU time for the memory.

const runs = Number(process.argv[2] ?? 5_000);
const folder = mkdtempSync(join(tmpdir(), "mast-run-list-"));
try {
  const config = resolveConfig({ environment: "3s5z" });
  const template = await openRun(config, { runs: join(folder, "template") });
  for (let step = 0; step <= config.steps; step += config.log.interval) {
    if (step % config.evaluation.interval === 0) template.write({ kind: "evaluation", step, episode: step / 50, episodes: 32, winRate: step / config.steps, episodeReturn: 12.3456789, episodeLength: 51.25, estimatedValue: Math.sin(step), trueValue: Math.cos(step) });
    if (step > 0) template.write({ kind: "train", step, episode: step / 50, update: step / 50, epsilon: 0.05, loss: Math.sin(step) ** 2, gradientNorm: 1 / step, qTotal: Math.tan(step), target: Math.log(step), episodeReturn: 6.54321, episodeLength: 49.5, winRate: 0.123456 });
  }
  const winRates = Array.from({ length: 201 }, (_, i) => i / 200);
  const cost = { totalSize: 10, trainFlops: 100, inferenceFlops: 5 };
  template.finish({ score: 0.95, winRates, steps: config.steps, episodes: 40_000, updates: 39_000, seconds: 30_000, stepsPerSecond: 66, parameters: 12_345, cost: { ...cost, relative: cost }, finished: "2026-01-01T00:00:00.000Z" });
  template.close();
  const summary = JSON.parse(readFileSync(join(template.directory, "summary.json"), "utf8")) as RunSummary;
  for (let seed = 1; seed <= runs; seed++) {
    const own = resolveConfig({ environment: "3s5z", seed });
    const directory = join(folder, "runs", runName(own));
    mkdirSync(directory, { recursive: true });
    const text = JSON.stringify({ ...own, given: givenOf(own) }, null, 2);
    writeFileSync(join(directory, "config.json"), text);
    if (seed % 10 !== 0) writeFileSync(join(directory, "summary.json"), JSON.stringify(sealSummary(summary, text), null, 2));
    // Their contents are those of one run; they take no more room on the disk than it.
    for (const file of readdirSync(template.directory)) if (!file.endsWith(".json")) linkSync(join(template.directory, file), join(directory, file));
  }
  const program = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
  for (let i = 0; i < 3; i++) {
    const { stdout, stderr } = spawnSync("/usr/bin/time", ["-f", "%e s, %U + %S s of processor time, %M KiB", process.execPath, program, "runs", "--runs", join(folder, "runs")], { encoding: "utf8", maxBuffer: 1e9 });
    console.log(`${runs} runs, ${stdout.split("\n").filter((line) => line.includes("3s5z")).length} listed: ${stderr.trim()}`);
  }
} finally {
  if (!process.env["KEEP"]) rmSync(folder, { recursive: true, force: true });
}
