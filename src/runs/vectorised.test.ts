import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Backend, BACKENDS, type Config, resolveConfig } from "../config.js";
import { BackendError, openBackend } from "../node/tensorflow/backend.js";
import { readRunCheckpoint } from "./store.js";
import type { Device } from "./run.js";
import { runAll } from "./run-all.js";

const configOf = (seed: number, more: object = {}): Config =>
  resolveConfig({
    environment: "two-step",
    steps: 100,
    seed,
    warmup: 0,
    targetInterval: 10,
    engine: "tensorflow",
    backend: "cpu",
    sparsity: { level: 0.5 },
    network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
    topology: { interval: 10 },
    replay: { offlineBatch: 5, onlineBatch: 3 },
    evaluation: { interval: 50, episodes: 2, window: 1 },
    log: { interval: 25 },
    ...more,
  });
const withoutEngine = ({ engine: _, backend: __, ...config }: Config): Config => resolveConfig(config);

async function firstMissing(): Promise<Backend | undefined> {
  for (const backend of BACKENDS) {
    try {
      (await openBackend(backend)).close();
    } catch (error) {
      if (error instanceof BackendError) return backend;
      throw error;
    }
  }
  return undefined;
}

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-runs-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

describe("runAll with the tensorflow engine", () => {
  it("trains the seeds of a configuration vectorised, and others after them", async () => {
    const configs = [configOf(1), configOf(2), configOf(1, { method: "set" })];
    const devices: Device[] = [];
    const outcomes = await runAll(configs, { runs, onDevice: (device) => devices.push(device) });
    expect(outcomes.map(({ state }) => state)).toEqual(["complete", "complete", "complete"]);
    expect(devices.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^cpu: .*, 2 vectorised runs$/),
      expect.stringMatching(/^cpu: (?!.*vectorised)/),
    ]);
    expect(outcomes.map(({ run }) => run!.summary!.device)).toEqual([
      devices[0].name,
      devices[0].name,
      devices[1].name,
    ]);

    const alone = await runAll(configs.map(withoutEngine), { runs });
    outcomes.forEach(({ run }, i) => {
      expect(run!.name).toMatch(/-tensorflow-cpu-/);
      expect(run!.summary!.winRates).toEqual(alone[i].run!.summary!.winRates);
      expect(readRunCheckpoint(run!.directory).state.masks).toEqual(
        readRunCheckpoint(alone[i].run!.directory).state.masks,
      );
    });
    // A complete run is not repeated.
    const before = outcomes.map(({ run }) => readFileSync(join(run!.directory, "summary.json"), "utf8"));
    await runAll(configs, { runs });
    expect(outcomes.map(({ run }) => readFileSync(join(run!.directory, "summary.json"), "utf8"))).toEqual(before);
  });

  it("stops with checkpoints when asked, and goes on from them", async () => {
    const configs = [1, 2].map((seed) => configOf(seed, { steps: 300 }));
    const controller = new AbortController();
    const stopped = await runAll(configs, {
      runs,
      signal: controller.signal,
      onProgress: ({ step }) => step >= 50 && controller.abort(),
    });
    expect(stopped.map(({ state }) => state)).toEqual(["stopped", "stopped"]);
    for (const { run } of stopped) expect(run!.state).toBe("interrupted");
    const outcomes = await runAll(configs, { runs });
    expect(outcomes.map(({ state, run }) => [state, run!.summary!.steps >= 300])).toEqual([
      ["complete", true],
      ["complete", true],
    ]);
    // No lease is left behind.
    for (const { run } of outcomes)
      expect(readdirSync(run!.directory).filter((file) => file.startsWith("lease"))).toEqual([]);
  });

  it("names a backend that is not there, and makes no folder", async ({ skip }) => {
    const backend = await firstMissing();
    if (backend === undefined) return skip("every backend is there");
    const [outcome] = await runAll([configOf(1, { backend })], { runs });
    expect(outcome.state).toBe("failed");
    expect(outcome.error!.message).toContain(`backend ${backend}: `);
    expect(outcome.error!.message).not.toContain("\n");
    expect(readdirSync(runs)).toEqual([]);
  });
});
