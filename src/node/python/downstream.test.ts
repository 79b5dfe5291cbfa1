import "../host.js";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { playTeam } from "../../analysis/team-play.js";
import { playTrained } from "../../analysis/trained-play.js";
import { compareCommand } from "../../cli/compare.js";
import { evaluateCommand } from "../../cli/evaluate.js";
import { replayCommand } from "../../cli/figures.js";
import { exportCommand, runsCommand } from "../../cli/runs.js";
import { sayWhatBecame } from "../../cli/train.js";
import { type ConfigInput, resolveConfig } from "../../config.js";
import { battleReplay } from "../../display/replay.js";
import { ALGORITHMS, METHODS } from "../../methods.js";
import { runRows } from "../../results/frame.js";
import { scoreStatistics } from "../../results/scores.js";
import { runAll } from "../../runs/run-all.js";
import { runOne } from "../../runs/run.js";
import { readRun, readRunCheckpoint, type StoredRun } from "../../runs/store.js";
import { dryRun } from "../../runs/slurm/submit.js";
import { reduceGroups } from "../../studies/reduce.js";
import { collect } from "../../training/fixtures.js";
import type { EndRecord } from "../../training/records.js";
import { findPython } from "./python.js";

// These tests do what follows a run of an environment in Python: evaluation, export, replay, comparison, workers, Slurm
// and resuming.

const python = (() => {
  try {
    return findPython();
  } catch {
    return undefined;
  }
})();
const teams = fileURLToPath(new URL("fixtures/teams.py", import.meta.url));

let folder: string;
let runs: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-downstream-"));
  runs = join(folder, "runs");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A short training: of `coin`, where teams win, or of `collect`, where they only collect. */
const input = (factory: "coin" | "collect", options: Record<string, string | number> = {}): ConfigInput => ({
  environment: `python:${teams}:${factory}`,
  ...(Object.keys(options).length > 0 && { options: { environment: options } }),
  method: "rigl",
  sparsity: { level: 0.5 },
  steps: 90,
  warmup: 0,
  targetInterval: 10,
  topology: { interval: 10 },
  replay: { offlineCapacity: 30, onlineCapacity: 8, offlineBatch: 8, onlineBatch: 0 },
  exploration: { anneal: 60 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 4 },
  evaluation: { interval: 30, episodes: 4, window: 2 },
  log: { interval: 30 },
});

/** Returns what a command prints. */
async function printed(work: () => unknown): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    await work();
    return log.mock.calls.map((line) => line.join(" ")).join("\n");
  } finally {
    log.mockRestore();
  }
}

describe.skipIf(python === undefined)("an environment in Python", () => {
  it.each([...ALGORITHMS, "vdn", "iql"])("is learned by %s with MAST", async (algorithm) => {
    const config = resolveConfig({
      ...input("coin"),
      algorithm,
      method: "mast",
      replay: { offlineCapacity: 30, onlineCapacity: 8, offlineBatch: 4, onlineBatch: 4 },
      ...(algorithm.endsWith("w-qmix") && { network: { hidden: 8, embed: 4, hypernetEmbed: 4, centralEmbed: 8 } }),
    });
    const end = (await collect(config)).at(-1) as EndRecord;
    expect(end.kind).toBe("end");
    expect(end.update).toBeGreaterThan(10);
    expect(end.score).toBeGreaterThanOrEqual(0);
  });

  it.each(METHODS)("is learned by QMIX with method %s", async (method) => {
    const { sparsity: _, topology: __, replay: ___, ...rest } = input("coin");
    const config = resolveConfig({
      ...rest,
      method,
      ...(method !== "dense" && { sparsity: { level: 0.5 } }),
      replay: { offlineCapacity: 30, onlineCapacity: 8, offlineBatch: 6, onlineBatch: method === "mast" ? 2 : 0 },
    });
    const end = (await collect(config)).at(-1) as EndRecord;
    expect([end.kind, end.update > 10]).toEqual(["end", true]);
  });
});

describe.skipIf(python === undefined)("a run in an environment in which no team can win", () => {
  let run: StoredRun;
  let returns: number[];
  beforeAll(async () => {
    run = await runOne(resolveConfig(input("collect")), { runs });
    returns = run.metrics.filter(({ kind }) => kind === "evaluation").map(({ episodeReturn }) => episodeReturn);
  });

  it("is scored by its return, and nothing of it is called a win rate", async () => {
    expect(run.config.evaluation.score).toBe("return");
    expect(returns).toHaveLength(4);
    // The score is compared with the last two evaluations, averaged by hand.
    expect(run.summary!.score).toBeCloseTo((returns[2] + returns[3]) / 2, 12);
    expect(run.summary!.returns).toEqual(returns);
    expect(run.summary).not.toHaveProperty("winRates");
    expect([run.winRate, run.episodeReturn]).toEqual([undefined, returns[3]]);
    expect(scoreStatistics([run])).toMatchObject({ measure: "return", mean: run.summary!.score });
    const [row] = runRows([run]);
    expect(row).toMatchObject({ measure: "return", lastReturn: returns[3] });
    expect(Object.keys(row).filter((column) => /win/i.test(column))).toEqual([]);
    const list = await printed(() => runsCommand({ runs }));
    expect(list).toContain("Return");
    expect(list).not.toMatch(/win/i);
    expect(list).toContain(run.summary!.score.toFixed(2));
    const became = await printed(() => sayWhatBecame([{ name: run.name, config: run.config, state: "complete", run }]));
    expect(became).toContain(
      `: return ${run.summary!.score.toFixed(2)} (mean of the last 2 evaluations of 4 episodes)`,
    );
  });

  it("is compared by its return", async () => {
    const other = await runOne(resolveConfig({ ...input("collect"), method: "ss" }), { runs });
    const { table, figure, more } = reduceGroups(
      [run, other].map((one) => ({ label: one.config.method, values: {}, runs: [one] })),
      { title: "Two methods", plots: ["win-rate", "return"] },
    );
    expect(table.columns.map(({ title }) => title)).toContain("Return");
    expect(JSON.stringify([table, figure, more])).not.toMatch(/win rate/i);
    expect(table.rows[0][2]).toBe(run.summary!.score.toFixed(2));
    expect(Object.keys(more!)).toEqual(["scores"]);
    const text = await printed(() =>
      compareCommand([run.name, other.name], { runs, name: "two", results: join(folder, "results") }),
    );
    expect(text).not.toMatch(/win rate/i);
    // Beside a run whose teams can win, each run has its own kind of score and names it.
    const winning = await runOne(resolveConfig(input("coin")), { runs });
    const both = reduceGroups(
      [run, winning].map((one) => ({ label: one.config.environment, values: {}, runs: [one] })),
      { title: "Both", plots: ["win-rate"] },
    );
    expect(both.table.columns.map(({ title }) => title)).toContain("Score");
    expect(both.table.rows.map((cells) => cells[2].endsWith("%"))).toEqual([false, true]);
  });

  it("is evaluated, exported and replayed", async () => {
    const csv = join(folder, "episodes.csv");
    const text = await printed(() => evaluateCommand(run.name, { runs, episodes: 5, csv }));
    expect(text).toMatch(/^return \d\.\d\d over 5 episodes \(95 % interval \d\.\d\d to \d\.\d\d\), 3\.0 steps$/);
    expect(readFileSync(csv, "utf8")).toMatch(/^seed,return,steps\n1,\d/);
    const out = join(folder, "team.safetensors");
    await printed(() => exportCommand(run.name, { runs, out }));
    // The exported network plays as the run does.
    const again = playTeam(out, { environment: run.config.environment, episodes: 5 });
    expect(again.episodes).toEqual(playTeam(run.name, { runs, episodes: 5 }).episodes);
    const recording = playTrained(readRun(run.name, { runs }), 3);
    expect(recording.frames.map(({ text: line }) => line)).toEqual([
      "start",
      ...recording.actions.map(
        (joint, t) =>
          `actions ${joint.join(", ")}; reward ${recording.rewards[t]}${t === recording.actions.length - 1 ? "; ended" : ""}`,
      ),
    ]);
    const page = battleReplay(recording);
    expect(page).toContain("seed 3: ended after 3 steps");
    const path = join(folder, "replay.html");
    await printed(() => replayCommand(run.name, { runs, seed: 3, out: path }));
    expect(readFileSync(path, "utf8")).toContain('id="replay"');
  });

  it("plays an episode again that its environment failed in, and says so", async () => {
    // Fails once, in the second step of whatever episode comes first.
    const once = join(folder, "evaluation-once");
    writeFileSync(once, "");
    const faulty = await runOne(resolveConfig(input("collect", { fault: "dies", once })), { runs });
    rmSync(once);
    const text = await printed(() => evaluateCommand(faulty.name, { runs, episodes: 3 }));
    expect(text).toContain("over 3 episodes");
    expect(text).toContain("The environment failed in 1 episode, which was played again.");
    expect(existsSync(once)).toBe(true);
  });
});

describe.skipIf(python === undefined)("runs in Python", () => {
  it("go on after an interrupt with the episodes that the checkpoint holds, and give back what they lost", async () => {
    const config = resolveConfig({ ...input("coin"), steps: 120, seed: 5 });
    const stop = new AbortController();
    const stopped = await runOne(config, {
      runs,
      signal: stop.signal,
      checkpointEvery: -1,
      onProgress: ({ step }) => step >= 60 && stop.abort(),
    });
    expect(stopped.state).toBe("interrupted");
    const { state } = readRunCheckpoint(stopped.directory);
    expect(state.replay.indices.length).toBeGreaterThan(0);
    expect(state.replay.data).toBeDefined();
    const done = await runOne(config, { runs });
    expect(done.state).toBe("complete");
    expect(done.summary!.steps).toBeGreaterThanOrEqual(120);
    // Episodes are counted on from where they were.
    expect(done.summary!.episodes).toBeGreaterThan(state.progress.episode);
    const rows = done.metrics.filter(({ kind }) => kind === "evaluation").map(({ step }) => step);
    expect(rows).toEqual([0, 30, 60, 90, 120]);
  });

  it("are trained by several workers at once, each with a process of its own, and count what they lost", async () => {
    // The fault comes in some worker, after it has tried the environment.
    const once = join(folder, "worker-once");
    const configs = [1, 2, 3].map((seed) =>
      resolveConfig({ ...input("collect", { fault: "dies", once, episode: 6 }), seed }),
    );
    const outcomes = await runAll(configs, { runs, workers: 2 });
    expect(outcomes.map(({ run, error }) => error?.message ?? run!.state)).toEqual([
      "complete",
      "complete",
      "complete",
    ]);
    const lost = outcomes.reduce((sum, { run }) => sum + (run!.summary!.lost?.episodes ?? 0), 0);
    expect(lost).toBeGreaterThanOrEqual(1);
    expect(scoreStatistics(outcomes.map(({ run }) => run!)).measure).toBe("return");
  });

  it("go to a Slurm cluster as any other run", () => {
    const config = resolveConfig(input("collect"));
    const script = dryRun({ name: "collect", configs: [config], label: () => "collect", settings: {}, runs });
    expect(script).toContain("#SBATCH");
  });
});
