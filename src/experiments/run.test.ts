import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { openRun, readRun, readRunCheckpoint, runName } from "../results/store.js";
import { runAll, runOne, type TrainingProgress } from "./run.js";
import { timeLeft } from "./time-left.js";

const config = resolveConfig({
  environment: "two-step", steps: 1_600, seed: 1, warmup: 100, targetInterval: 20,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 }, topology: { interval: 25 }, evaluation: { interval: 400, episodes: 4, window: 2 }, log: { interval: 100 },
});
const TABLES = ["metrics.csv", "topology.csv", "masks.bin"];
const tablesOf = (directory: string) => TABLES.map((file) => readFileSync(join(directory, file)).toString("latin1"));

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-runs-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

describe("runOne", () => {
  it("trains to the end, and does not repeat what is complete", async () => {
    const run = await runOne(config, { runs });
    expect(run).toMatchObject({ name: runName(config), state: "complete", step: 1_600 });
    expect(run.summary!.winRates).toHaveLength(5);
    expect(run.summary!.cost.relative.totalSize).toBeLessThan(0.5);
    expect(run.metrics.filter(({ kind }) => kind === "train")).toHaveLength(16);
    const before = readFileSync(join(run.directory, "summary.json"), "utf8");
    expect(await runOne(config, { runs })).toEqual(run);
    expect(readFileSync(join(run.directory, "summary.json"), "utf8")).toBe(before);
  });

  it("gives the same bits when it was stopped and resumed, wherever", async () => {
    const whole = await runOne(config, { runs: join(runs, "whole") });
    const parts = join(runs, "parts");
    let sittings = 0;
    for (let stop = 3; ; stop += 4) {
      const controller = new AbortController();
      let heard = 0;
      const run = await runOne(config, { runs: parts, signal: controller.signal, onProgress: () => ++heard === stop && controller.abort() });
      sittings++;
      if (run.state === "complete") break;
      expect(run.state).toBe("interrupted");
    }
    expect(sittings).toBeGreaterThan(2);
    const resumed = readRun(join(parts, whole.name));
    expect(tablesOf(resumed.directory)).toEqual(tablesOf(whole.directory));
    expect(readRunCheckpoint(resumed.directory).state).toEqual(readRunCheckpoint(whole.directory).state);
    expect(resumed.summary).toMatchObject({ score: whole.summary!.score, winRates: whole.summary!.winRates, updates: whole.summary!.updates });
  });

  it("names the last good checkpoint when training diverges", async () => {
    const wild = resolveConfig({ ...config, optimiser: { learningRate: 1e30, gradientClip: 1e30, epsilon: 1e-30 } });
    await expect(runOne(wild, { runs, checkpointEvery: 0 })).rejects.toThrow(/ is not finite at step \d+ .*The last good checkpoint, of step \d+, is in .*two-step-qmix/);
  });

  it("refuses an unknown map before it makes a folder", async () => {
    await expect(runOne({ ...config, environment: "4m" }, { runs: join(runs, "none") })).rejects.toThrow(/Unknown environment "4m"/);
    expect(() => readRun(runName({ ...config, environment: "4m" }), { runs: join(runs, "none") })).toThrow("No run");
  });
});

describe("runAll", () => {
  const configs = [1, 2, 3].map((seed) => ({ ...config, seed }));

  it("trains on worker threads what runOne trains in this one, and tells how far each is", async () => {
    const told: TrainingProgress[] = [];
    const outcomes = await runAll([...configs, configs[0]!], { runs, workers: 2, label: ({ seed }) => `seed ${seed}`, onProgress: (progress, all) => {
      expect(all).toHaveLength(3);
      told.push(progress);
    } });
    expect(outcomes.map(({ state, config: { seed } }) => [state, seed])).toEqual([["complete", 1], ["complete", 2], ["complete", 3], ["complete", 1]]);
    const single = await runOne(config, { runs: join(runs, "single") });
    expect(tablesOf(outcomes[0]!.run!.directory)).toEqual(tablesOf(single.directory));
    expect(readRunCheckpoint(outcomes[0]!.run!.directory).state).toEqual(readRunCheckpoint(single.directory).state);
    for (const name of ["seed 1", "seed 2", "seed 3"]) {
      const steps = told.filter((progress) => progress.name === name && progress.state === "running").map(({ step }) => step);
      expect(steps.length).toBeGreaterThan(5);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(told.filter((progress) => progress.name === name).at(-1)).toMatchObject({ state: "done", step: 1_600, steps: 1_600 });
    }
  });

  it("reports a run that fails by name, and completes the others", async () => {
    const taken = openRun(configs[1]!, { runs });
    const told: TrainingProgress[] = [];
    const outcomes = await runAll(configs, { runs, workers: 2, onProgress: (progress) => told.push(progress) });
    taken.close();
    expect(outcomes.map(({ state }) => state)).toEqual(["complete", "failed", "complete"]);
    expect(outcomes[1]!.error!.message).toContain(`already works on ${taken.directory}`);
    expect(told.find(({ state }) => state === "failed")).toMatchObject({ name: runName(configs[1]!), message: outcomes[1]!.error!.message });
  });

  it("stops all runs with a checkpoint, and goes on later", async () => {
    const controller = new AbortController();
    const long = configs.map((one) => ({ ...one, steps: 200_000 }));
    const outcomes = await runAll(long, { runs, workers: 2, signal: controller.signal, onProgress: (_, all) => all.filter(({ step }) => step >= 300).length === 2 && controller.abort() });
    expect(outcomes.map(({ state, run }) => [state, run?.state])).toEqual([["stopped", "interrupted"], ["stopped", "interrupted"], ["stopped", undefined]]);
    const { step } = readRunCheckpoint(outcomes[0]!.run!.directory).state.progress;
    expect(step).toBeGreaterThanOrEqual(100);
    openRun(long[0]!, { runs }).close();
  });
});

describe("timeLeft", () => {
  it("goes by the recent speed", () => {
    const left = timeLeft(10_000, 0);
    expect(left(0, 0)).toBeUndefined();
    expect(left(1_000, 1)).toBeCloseTo(9);
    // From second 1 on ten times slower; a minute later the fast start is forgotten.
    for (let second = 2; second < 60; second++) left(1_000 + 100 * (second - 1), second);
    expect(left(1_000 + 100 * 59, 60)).toBeCloseTo((9_000 - 5_900) / 100);
  });
});
