import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { threadSeconds } from "../node/thread-time.js";
import { openRun } from "./open-run.js";
import { readRun, readRunCheckpoint, runName } from "./store.js";
import { train } from "../training/train.js";
import type { RunProgress } from "./progress.js";
import { runOne } from "./run.js";
import { runAll } from "./run-all.js";
import { timeLeft } from "./time-left.js";

const config = resolveConfig({
  environment: "two-step",
  steps: 1_600,
  seed: 1,
  warmup: 100,
  targetInterval: 20,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 25 },
  evaluation: { interval: 400, episodes: 4, window: 2 },
  log: { interval: 100 },
});
const small: ConfigInput = {
  environment: "two-step",
  steps: 100,
  warmup: 80,
  evaluation: { interval: 100, episodes: 2, window: 1 },
};
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

  it("clears the lease of a process that was killed after it had completed the run", async () => {
    const { directory } = await runOne(config, { runs });
    const before = readdirSync(directory).sort();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    // Takes another run's lease, as this process would.
    const other = await openRun({ ...config, seed: 2 }, { runs });
    const [holder] = readFileSync(join(other.directory, "lease.1"), "utf8").split("\n");
    writeFileSync(join(directory, "lease.3"), `${JSON.stringify({ ...(JSON.parse(holder) as object), pid })}\n0\n`);
    await runOne(config, { runs });
    expect(readdirSync(directory).sort()).toEqual(before);
    // A process that still works is left alone: it frees the run itself.
    writeFileSync(join(directory, "lease.3"), `${holder}\n0\n`);
    await runOne(config, { runs });
    expect(existsSync(join(directory, "lease.3"))).toBe(true);
    other.close();
  });

  it("gives the same bits when it was stopped and resumed, wherever", async () => {
    const whole = await runOne(config, { runs: join(runs, "whole") });
    const parts = join(runs, "parts");
    let sittings = 0;
    for (let stop = 3; ; stop += 4) {
      const controller = new AbortController();
      let heard = 0;
      const run = await runOne(config, {
        runs: parts,
        signal: controller.signal,
        onProgress: () => ++heard === stop && controller.abort(),
      });
      sittings++;
      if (run.state === "complete") break;
      expect(run.state).toBe("interrupted");
    }
    expect(sittings).toBeGreaterThan(2);
    const resumed = readRun(join(parts, whole.name));
    expect(tablesOf(resumed.directory)).toEqual(tablesOf(whole.directory));
    expect(readRunCheckpoint(resumed.directory).state).toEqual(readRunCheckpoint(whole.directory).state);
    // Processor time is kept over all sittings, and this thread has not more of it than there is on the clock.
    const { processorSeconds, seconds } = resumed.summary!;
    if (threadSeconds() === undefined) expect(processorSeconds).toBeUndefined();
    else expect(processorSeconds! > 0 && processorSeconds! <= seconds + 0.1).toBe(true);
    expect(resumed.summary).toMatchObject({
      score: whole.summary!.score,
      winRates: whole.summary!.winRates,
      updates: whole.summary!.updates,
    });
  });

  it("names the last good checkpoint when training diverges", async () => {
    const wild = resolveConfig({ ...config, optimiser: { learningRate: 1e30, gradientClip: 1e30, epsilon: 1e-30 } });
    await expect(runOne(wild, { runs, checkpointEvery: 0 })).rejects.toThrow(
      / is not finite at step \d+ .*The last good checkpoint, of step \d+, is in .*two-step-qmix/,
    );
  });

  it("refuses an unknown map before it makes a folder", async () => {
    await expect(runOne({ ...config, environment: "4m" }, { runs: join(runs, "none") })).rejects.toThrow(
      /Unknown environment "4m"/,
    );
    expect(() => readRun(runName({ ...config, environment: "4m" }), { runs: join(runs, "none") })).toThrow("No run");
  });

  it("gives method tiny the size of the sparse networks, and relates its cost to the full dense ones", async () => {
    // With these widths the sizes of dense networks lie close enough together.
    const network = { hidden: 24, embed: 12, hypernetEmbed: 24 };
    for (const algorithm of ["qmix", "ow-qmix"] as const) {
      const sparse = await runOne(
        resolveConfig({ ...small, algorithm, network, method: "ss", sparsity: { level: 0.8 } }),
        { runs },
      );
      const tiny = await runOne(
        resolveConfig({ ...small, algorithm, network, method: "tiny", sparsity: { level: 0.8 } }),
        { runs },
      );
      expect(tiny.summary!.parameters).toBeLessThan(
        0.5 *
          (await runOne(resolveConfig({ ...small, algorithm, network, method: "dense" }), { runs })).summary!
            .parameters,
      );
      expect(
        Math.abs(tiny.summary!.cost.relative.totalSize / sparse.summary!.cost.relative.totalSize - 1),
      ).toBeLessThan(0.01);
      expect(
        readRunCheckpoint(tiny.directory)
          .state.masks.get("agent.fc1.weight")!
          .every((bit) => bit === 1),
      ).toBe(true);
      const central = [...readRunCheckpoint(tiny.directory).state.tensors.keys()].filter((name) =>
        name.startsWith("online.central_"),
      );
      expect(central.length > 0).toBe(algorithm === "ow-qmix");
      // The weights and biases of the online networks are counted one by one.
      let parameters = 0;
      readRunCheckpoint(tiny.directory).state.tensors.forEach(
        (values, name) => (parameters += name.startsWith("online.") ? values.length : 0),
      );
      expect(tiny.summary!.parameters).toBe(parameters);
    }
  });
});

describe("method tiny without a width for its size", () => {
  const impossible = resolveConfig({
    ...small,
    method: "tiny",
    sparsity: { level: 0.95 },
    network: { hidden: 4, embed: 4, hypernetEmbed: 8 },
  });
  const message =
    /^config: method is "tiny", but in two-step no dense QMIX network has the size of the sparse one at sparsity 0\.95: wanted \d+ parameters within 1 %[^\n]*Lower sparsity\.level\.$/;

  it("is refused before a folder is made, alone, among others and in train()", async () => {
    await expect(runOne(impossible, { runs: join(runs, "none") })).rejects.toThrow(message);
    await expect(runAll([config, impossible], { runs: join(runs, "none") })).rejects.toThrow(message);
    expect(() => readRun(runName(config), { runs: join(runs, "none") })).toThrow("No run");
    await expect(train(impossible).next()).rejects.toThrow(message);
  });
});

describe("runAll", () => {
  const configs = [1, 2, 3].map((seed) => ({ ...config, seed }));

  it("trains on worker threads what runOne trains in this one, and tells how far each is", async () => {
    const told: RunProgress[] = [];
    const outcomes = await runAll([...configs, configs[0]], {
      runs,
      workers: 2,
      label: ({ seed }) => `seed ${seed}`,
      onProgress: (progress, all) => {
        expect(all).toHaveLength(3);
        told.push(progress);
      },
    });
    expect(outcomes.map(({ state, config: { seed } }) => [state, seed])).toEqual([
      ["complete", 1],
      ["complete", 2],
      ["complete", 3],
      ["complete", 1],
    ]);
    const single = await runOne(config, { runs: join(runs, "single") });
    expect(tablesOf(outcomes[0].run!.directory)).toEqual(tablesOf(single.directory));
    expect(readRunCheckpoint(outcomes[0].run!.directory).state).toEqual(readRunCheckpoint(single.directory).state);
    for (const name of ["seed 1", "seed 2", "seed 3"]) {
      const steps = told
        .filter((progress) => progress.name === name && progress.state === "running")
        .map(({ step }) => step);
      expect(steps.length).toBeGreaterThan(5);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(told.filter((progress) => progress.name === name).at(-1)).toMatchObject({
        state: "done",
        step: 1_600,
        steps: 1_600,
      });
    }
  });

  it("reports a run that fails by name, and completes the others", async () => {
    const taken = await openRun(configs[1], { runs });
    const told: RunProgress[] = [];
    const outcomes = await runAll(configs, {
      runs,
      workers: 2,
      wait: false,
      onProgress: (progress) => told.push(progress),
    });
    taken.close();
    expect(outcomes.map(({ state }) => state)).toEqual(["complete", "failed", "complete"]);
    expect(outcomes[1].error!.message).toContain(`already works on ${taken.directory}`);
    expect(told.find(({ state }) => state === "failed")).toMatchObject({
      name: runName(configs[1]),
      message: outcomes[1].error!.message,
    });
  });

  it("stops all runs with a checkpoint, and goes on later", async () => {
    const controller = new AbortController();
    const long = configs.map((one) => ({ ...one, steps: 200_000 }));
    const outcomes = await runAll(long, {
      runs,
      workers: 2,
      signal: controller.signal,
      onProgress: (_, all) => all.filter(({ step }) => step >= 300).length === 2 && controller.abort(),
    });
    expect(outcomes.map(({ state, run }) => [state, run?.state])).toEqual([
      ["stopped", "interrupted"],
      ["stopped", "interrupted"],
      ["stopped", undefined],
    ]);
    const { step } = readRunCheckpoint(outcomes[0].run!.directory).state.progress;
    expect(step).toBeGreaterThanOrEqual(100);
    (await openRun(long[0], { runs })).close();
  });
});

describe("timeLeft", () => {
  it("goes by the recent speed", async () => {
    const left = timeLeft(10_000, 0);
    expect(left(0, 0)).toBeUndefined();
    expect(left(1_000, 1)).toBeCloseTo(9);
    // From second 1 on the run is ten times slower; a minute later the fast start is forgotten.
    for (let second = 2; second < 60; second++) left(1_000 + 100 * (second - 1), second);
    expect(left(1_000 + 100 * 59, 60)).toBeCloseTo((9_000 - 5_900) / 100);
  });
});
