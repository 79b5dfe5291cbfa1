import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import type { RunProgress } from "./progress.js";
import { runOne } from "./run.js";
import { runAll } from "./run-all.js";
import { openRun } from "./open-run.js";
import { runName } from "./store.js";

const small: ConfigInput = {
  environment: "two-step",
  steps: 200,
  seed: 1,
  warmup: 50,
  targetInterval: 20,
  sparsity: { level: 0.6 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 10 },
  evaluation: { interval: 100, episodes: 2, window: 1 },
  log: { interval: 50 },
};
const seeds = (...of: number[]) => of.map((seed) => resolveConfig({ ...small, seed }));

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-run-all-"));
});
afterEach(() => {
  delete process.env["MAST_LEASE_SECONDS"];
  rmSync(runs, { recursive: true, force: true });
});

describe("runAll", () => {
  it.each<[string, unknown]>([
    ["NaN", NaN],
    ["0", 0],
    ["-1", -1],
    ["1.5", 1.5],
    ["Infinity", Infinity],
    ['"2"', "2"],
    ["an object", {}],
  ])("refuses %s workers, and trains nothing", async (text, workers) => {
    await expect(runAll(seeds(1), { runs: join(runs, "none"), workers: workers as number })).rejects.toThrow(
      `workers is ${text}; expected a whole number of at least 1`,
    );
    expect(existsSync(join(runs, "none"))).toBe(false);
  });

  it.each([NaN, "5"])("refuses checkpoints every %s seconds", async (checkpointEvery) => {
    await expect(runAll(seeds(1), { runs, checkpointEvery: checkpointEvery as number })).rejects.toThrow(
      "expected a number of seconds",
    );
  });

  it("trains one after the other what does not fit into memory together, and says so", async () => {
    const notes: string[] = [];
    let most = 0;
    const onProgress = (_: RunProgress, all: readonly RunProgress[]) =>
      (most = Math.max(most, all.filter(({ state }) => state === "running").length));
    // This is more memory than one of these runs needs, and less than two need.
    const outcomes = await runAll(seeds(1, 2, 3), {
      runs,
      memory: 300e6,
      onNote: (line) => notes.push(line),
      onProgress,
    });
    expect(outcomes.map(({ state }) => state)).toEqual(["complete", "complete", "complete"]);
    expect(most).toBe(1);
    expect(notes).toEqual([
      expect.stringMatching(
        /^Each of the runs needs about 0\.2 GB of memory, and 0\.3 GB are free: fewer than \d are trained at once\.$/,
      ),
    ]);
  });

  it("warns of a run that does not fit at all, and of more workers than fit, but does what it was asked for", async () => {
    const notes: string[] = [];
    await runAll(seeds(1), { runs, memory: 1e6, onNote: (line) => notes.push(line) });
    await runAll(seeds(2, 3), { runs, memory: 300e6, workers: 2, onNote: (line) => notes.push(line) });
    // What is complete needs nothing.
    await runAll(seeds(1, 2, 3), { runs, memory: 1e6, onNote: (line) => notes.push(line) });
    expect(notes).toEqual([
      expect.stringMatching(/^The run needs about 0\.2 GB of memory, and 0\.0 GB are free: it may fail\./),
      expect.stringMatching(/: too little for 2 at once; choose fewer workers\.$/),
    ]);
  });

  it("fails the runs of a process that cannot be started, and completes the others", async () => {
    const { execPath } = process;
    process.execPath = join(runs, "no-such-program");
    try {
      const outcomes = await runAll([...seeds(1), resolveConfig({ ...small, engine: "tensorflow", backend: "cpu" })], {
        runs,
      });
      expect(outcomes.map(({ state }) => state)).toEqual(["complete", "failed"]);
      expect(outcomes[1].error!.message).toMatch(
        /^the process that trains it cannot be started \(.*ENOENT.*\); the same command tries again$/,
      );
    } finally {
      process.execPath = execPath;
    }
  });

  it("trains tickets of the tensorflow engine of which one is the other's source", async () => {
    const [source] = seeds(1);
    await runOne(source, { runs });
    const { topology: _, ...still } = small;
    const ticket = (from: string, seed: number) =>
      resolveConfig({
        ...still,
        steps: 60,
        warmup: 40,
        evaluation: { interval: 60, episodes: 1, window: 1 },
        seed,
        engine: "tensorflow",
        backend: "cpu",
        ticket: { kind: "winning", source: from },
      });
    const first = ticket(runName(source), 2);
    const second = ticket(runName(first), 3);
    const outcomes = await runAll([second, first, ticket(runName(source), 4)], { runs });
    expect(outcomes.map(({ state, error }) => [state, error?.message])).toEqual([
      ["complete", undefined],
      ["complete", undefined],
      ["complete", undefined],
    ]);
  });

  it("waits for a run that another process trains, and goes on with it when that is killed", async () => {
    process.env["MAST_LEASE_SECONDS"] = "1";
    const [config] = seeds(1);
    const { directory, close } = await openRun(config, { runs });
    const mine = readFileSync(join(directory, "lease.1"), "utf8").split("\n")[0];
    close();
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    await new Promise((resolve) => other.once("spawn", resolve));
    // This process cannot be looked up, so only its heartbeat tells that it lives.
    const path = join(directory, "lease.1");
    let count = 0;
    const beat = () => {
      writeFileSync(
        `${path}-next`,
        `${JSON.stringify({ ...(JSON.parse(mine) as object), system: "another boot", host: "elsewhere", pid: other.pid, id: "theirs" })}\n${String(++count).padStart(12, "0")}\n`,
      );
      renameSync(`${path}-next`, path);
    };
    beat();
    const heart = setInterval(beat, 50);
    expect((await runAll([config], { runs, wait: false }))[0]).toMatchObject({
      state: "failed",
      error: { message: expect.stringMatching(/^Process \d+ on elsewhere works on /) as string },
    });
    const told: string[] = [];
    const all = runAll(seeds(1, 2), {
      runs,
      onProgress: ({ name, state }) => told.push(`${name.replace(/.*seed|-\w+$/g, "")} ${state}`),
    });
    while (!told.includes("2 done")) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).not.toContain("1 done");
    clearInterval(heart);
    other.kill("SIGKILL");
    expect((await all).map(({ state }) => state)).toEqual(["complete", "complete"]);
  });
});
