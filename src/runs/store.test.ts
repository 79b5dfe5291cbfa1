import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changeConfig, type Config, givenOf, resolveConfig } from "../config.js";
import type { TrainingRecord, TrainState } from "../training/records.js";
import { decodeSafetensors } from "./safetensors.js";
import { exportParameters } from "./checkpoint.js";
import {
  findRun,
  inspectRun,
  listRuns,
  readMasks,
  readRun,
  readRunCheckpoint,
  readTiming,
  readTopology,
  runName,
  runNamesOf,
} from "./store.js";
import { openRun } from "./open-run.js";
import type { RunSummary } from "./summary-file.js";

const config = resolveConfig({ environment: "two-step", steps: 1000, seed: 3 });
const cost = { totalSize: 10, trainFlops: 100, inferenceFlops: 5 };
const summary: RunSummary = {
  score: 0.5,
  winRates: [0, 0.5],
  steps: 1000,
  episodes: 500,
  updates: 400,
  seconds: 2,
  stepsPerSecond: 500,
  parameters: 7,
  cost: { ...cost, relative: cost },
  finished: "2026-01-01T00:00:00.000Z",
};
const shapes = new Map([
  ["agent.fc1.weight", [2, 3]],
  ["agent.fc1.bias", [2]],
]);

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-runs-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

/** A state that a training of `step` steps might have left, with numbers that plain JSON and text would change. */
function stateAt(step: number): TrainState {
  const weights = (offset: number) =>
    Float32Array.from({ length: 6 }, (_, i) => Math.fround(Math.sin(step + i + offset)));
  return {
    tensors: new Map([
      ["online.agent.fc1.weight", weights(0)],
      ["online.agent.fc1.bias", Float32Array.of(-0, Number.NaN)],
      ["target.agent.fc1.weight", weights(1)],
      ["optimiser.agent.fc1.weight", weights(2)],
    ]),
    masks: new Map([["agent.fc1.weight", Uint8Array.of(1, 0, 1, 0, 1, step % 2)]]),
    progress: {
      step,
      episode: step / 2,
      update: step / 4,
      evolution: 1,
      lastTargetUpdate: 0,
      lastEvolution: 0,
      nextEvaluation: step,
      nextTrainRecord: step,
      evaluations: [0, 1 / 3],
      random: { replay: [1, -2, 3, -4] },
      sums: [0.1 + 0.2, Number.NaN, -0, Number.NEGATIVE_INFINITY],
    },
    replay: {
      indices: Int32Array.of(4, 5),
      seeds: Int32Array.of(0x7ffffffe, 1),
      lengths: Int32Array.of(2, 1),
      actions: Uint8Array.of(0, 1, 1, 0, 1, 1),
    },
  };
}

const train = (step: number): TrainingRecord => ({
  kind: "train",
  step,
  episode: step / 2,
  update: step / 4,
  epsilon: 1 / 3,
  loss: step === 200 ? Number.NaN : Math.log(step),
  gradientNorm: 1e-7 / step,
  qTotal: -step,
  target: step / 7,
  episodeReturn: 6.5,
  episodeLength: 2,
  winRate: 0.25,
});
const evaluation = (step: number): TrainingRecord => ({
  kind: "evaluation",
  step,
  episode: step / 2,
  episodes: 32,
  winRate: step / 1000,
  episodeReturn: 7,
  episodeLength: 2,
  estimatedValue: step / 3,
  trueValue: Math.PI,
});
const topology = (step: number): TrainingRecord => ({
  kind: "topology",
  step,
  episode: step / 2,
  evolution: step / 200,
  fraction: 0.5,
  layers: [{ name: "agent.fc1.weight", nonzeros: 3, dropped: 1, grown: 1 }],
  masks: new Map([
    ["agent.fc1.weight", Uint8Array.of(1, 0, 1, 0, 0, step % 400 === 0 ? 1 : 0)],
    ["agent.fc2.weight", Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1)],
  ]),
});
const checkpoint = (step: number): TrainingRecord => ({
  kind: "checkpoint",
  step,
  episode: step / 2,
  state: stateAt(step),
});
const end: TrainingRecord = {
  kind: "end",
  step: 1000,
  episode: 500,
  update: 250,
  score: 0.5,
  evaluations: 20,
  state: stateAt(1000),
};

/** Returns the records of a training of 1000 steps from a step on. */
function recordsFrom(first: number): TrainingRecord[] {
  const steps = Array.from({ length: 10 }, (_, i) => 100 * (i + 1)).filter((step) => step > first);
  return steps.flatMap((step) => [train(step), ...(step % 200 === 0 ? [evaluation(step), topology(step)] : [])]);
}

async function complete(of: Config = config, at: string = runs): Promise<string> {
  const run = await openRun(of, { runs: at, shapes });
  [...recordsFrom(0), end].forEach((record) => run.write(record));
  run.finish(summary);
  run.close();
  return run.directory;
}

const DETERMINISTIC = ["config.json", "metrics.csv", "topology.csv", "masks.bin"];
const contents = (directory: string) =>
  DETERMINISTIC.map((file) => readFileSync(join(directory, file)).toString("latin1"));

describe("the run store", () => {
  it("gives back what was written", async () => {
    const directory = await complete();
    const run = readRun(directory);
    expect(run).toMatchObject({ name: runName(config), config, state: "complete", step: 1000, summary });
    expect(run.metrics.filter(({ kind }) => kind === "train")).toHaveLength(10);
    expect(run.metrics[0]).toEqual({
      ...train(100),
      episodes: Number.NaN,
      estimatedValue: Number.NaN,
      trueValue: Number.NaN,
    });
    expect(run.metrics[1].loss).toBeNaN();
    expect(run.metrics[2]).toMatchObject({ kind: "evaluation", step: 200, winRate: 0.2, episodes: 32 });
    expect(readTopology(directory)[0]).toEqual({
      step: 200,
      episode: 100,
      evolution: 1,
      fraction: 0.5,
      layer: "agent.fc1.weight",
      nonzeros: 3,
      dropped: 1,
      grown: 1,
    });
    expect(readTiming(directory)).toHaveLength(10);
    const moments = readMasks(directory);
    expect(moments.map(({ step, evolution }) => [step, evolution])).toEqual([
      [200, 1],
      [400, 2],
      [600, 3],
      [800, 4],
      [1000, 5],
    ]);
    const written = topology(400);
    expect(moments[1].masks).toEqual(written.kind === "topology" && written.masks);
    expect(readdirSync(directory).sort()).toEqual([
      "checkpoint.safetensors",
      "config.json",
      "masks.bin",
      "metrics.csv",
      "summary.json",
      "timing.csv",
      "topology.csv",
    ]);
  });

  it("keeps every bit of a state", async () => {
    const directory = await complete();
    const { state, end: facts } = readRunCheckpoint(directory);
    expect(facts).toEqual({ step: 1000, episode: 500, update: 250, score: 0.5 });
    const expected = stateAt(1000);
    expect(state.progress).toEqual(expected.progress);
    expect(Object.is(state.progress.sums[2], -0)).toBe(true);
    expect(state.replay).toEqual(expected.replay);
    expect(state.masks).toEqual(expected.masks);
    expect([...state.tensors].sort()).toEqual([...expected.tensors].sort());
  });

  it("leaves the same files when it was interrupted anywhere", async () => {
    const whole = await complete(config, join(runs, "whole"));
    const all = recordsFrom(0);
    for (let saved = 0; saved <= 1000; saved += 300) {
      for (const lost of [0, 1, 4]) {
        const there = join(runs, `${saved}-${lost}`);
        const first = await openRun(config, { runs: there });
        all.filter((record) => record.step <= saved).forEach((record) => first.write(record));
        if (saved > 0) first.write(checkpoint(saved));
        all
          .filter((record) => record.step > saved)
          .slice(0, lost)
          .forEach((record) => first.write(record));
        first.close();
        // A line cut in the middle, as a killed process leaves it.
        if (lost > 0) writeFileSync(join(first.directory, "metrics.csv"), "train,99", { flag: "a" });
        const second = await openRun(config, { runs: there });
        expect(second.resume?.progress.step).toBe(saved === 0 ? undefined : saved);
        recordsFrom(saved).forEach((record) => second.write(record));
        second.write(end);
        second.finish(summary);
        second.close();
        expect(contents(second.directory)).toEqual(contents(whole));
        expect(readTiming(second.directory).map(({ step }) => step)).toEqual(readTiming(whole).map(({ step }) => step));
      }
    }
  });

  it("adds up the seconds of all sittings", async () => {
    const first = await openRun(config, { runs });
    await new Promise((resolve) => setTimeout(resolve, 30));
    first.write(checkpoint(100));
    const before = first.seconds();
    first.close();
    const second = await openRun(config, { runs });
    expect(second.seconds()).toBeGreaterThan(0.02);
    expect(second.seconds()).toBeLessThan(before + 1);
    second.close();
  });

  it("knows that training was over when only the summary is missing", async () => {
    const run = await openRun(config, { runs });
    run.write(end);
    run.close();
    const again = await openRun(config, { runs });
    expect(again.end).toEqual({ step: 1000, episode: 500, update: 250, score: 0.5 });
    again.close();
  });

  it("can be read while it grows", async () => {
    const run = await openRun(config, { runs });
    run.write(train(100));
    run.write(topology(200));
    writeFileSync(join(run.directory, "metrics.csv"), "train,2", { flag: "a" });
    writeFileSync(join(run.directory, "masks.bin"), Buffer.of(200, 0, 0, 0, 1), { flag: "a" });
    expect(readRun(run.directory)).toMatchObject({ state: "running", step: 100, metrics: [{ step: 100 }] });
    expect(readMasks(run.directory)).toHaveLength(1);
    run.close();
    expect(readRun(run.directory).state).toBe("interrupted");
  });

  it("exports the online parameters in PyMARL's names and shapes", async () => {
    const directory = await complete();
    const { tensors } = decodeSafetensors(exportParameters(join(directory, "checkpoint.safetensors")));
    expect([...tensors].map(([name, { shape }]) => [name, [...shape]])).toEqual([
      ["agent.fc1.bias", [2]],
      ["agent.fc1.weight", [2, 3]],
    ]);
    expect(tensors.get("agent.fc1.weight")!.data).toEqual(stateAt(1000).tensors.get("online.agent.fc1.weight"));
  });

  it("keeps what was given for its configuration beside the complete one", async () => {
    const directory = await complete();
    const kept = JSON.parse(readFileSync(join(directory, "config.json"), "utf8")) as unknown;
    expect(kept).toEqual({
      ...(JSON.parse(JSON.stringify(config)) as object),
      given: { environment: "two-step", steps: 1000, seed: 3 },
    });
    const read = readRun(directory).config;
    expect(read).toEqual(config);
    expect(givenOf(read)).toEqual(givenOf(config));
    expect(changeConfig(read, { method: "rigl", steps: 2_000 })).toEqual(
      resolveConfig({ ...givenOf(config), method: "rigl", steps: 2_000 }),
    );
  });

  it("names a run after its whole configuration", async () => {
    expect(runName(config)).toMatch(/^two-step-qmix-mast-95-1k-seed3-[0-9a-f]{8}$/);
    expect(runName({ ...config, discount: 0.98 })).not.toBe(runName(config));
    expect(runName(Object.fromEntries(Object.entries(config).reverse()) as Config)).toBe(runName(config));
  });

  it("keeps the names of runs that are there: a new setting is absent where it does not apply", async () => {
    // They change with what a configuration means, and then SCHEMA does; and with the version of the rules of battles.
    expect(runName(resolveConfig({ environment: "2s3z" }))).toBe("2s3z-qmix-mast-95-2M-seed1-de39a0d7");
    expect(runName(resolveConfig({ environment: "3m", method: "dense", steps: 100_000, seed: 3 }))).toBe(
      "3m-qmix-dense-100k-seed3-220d2b13",
    );
    expect(
      runName(
        resolveConfig({
          environment: "2s3z",
          rules: "smaclite",
          method: "rigl",
          sparsity: { level: 0.9 },
          steps: 1500,
        }),
      ),
    ).toBe("2s3z-smaclite-qmix-rigl-90-1500-seed1-5690f10d");
  });

  it("never mixes versions of the rules: a run under another one is listed with what to do", async () => {
    const battle = resolveConfig({ environment: "3m", steps: 1000 });
    const run = await openRun(battle, { runs });
    run.close();
    const path = join(run.directory, "config.json");
    const kept = JSON.parse(readFileSync(path, "utf8")) as { environmentVersion: number };
    expect(kept.environmentVersion).toBeGreaterThan(1);
    expect(readRun(run.directory).config).toEqual(battle);
    writeFileSync(path, JSON.stringify({ ...kept, environmentVersion: kept.environmentVersion - 1 }));
    expect(() => readRun(run.directory)).toThrow(
      /of a run under version \d+ of the rules of 3m, and this mast-lab plays version \d+: move its folder away and train it again/,
    );
    expect(listRuns({ runs }).find(({ directory }) => directory === run.directory)?.state).toBe("damaged");
  });

  it("names tickets as such", async () => {
    const ticket = (source: string) => runName(resolveConfig({ ticket: { kind: "winning", source } }));
    expect(ticket("some-run")).toMatch(/^3m-qmix-mast-winning-ticket-95-2M-seed1-[0-9a-f]{8}$/);
    expect(ticket("other-run")).not.toBe(ticket("some-run"));
  });

  it("finds runs by name, beginning, hash and folder", async () => {
    const directory = await complete();
    await complete({ ...config, seed: 4 });
    const name = runName(config);
    for (const given of [name, "two-step-qmix-mast-95-1k-seed3", name.slice(-8), directory])
      expect(findRun(given, { runs })).toBe(directory);
    expect(listRuns({ runs }).map(({ config }) => config?.seed)).toEqual([3, 4]);
    expect(() => findRun("two-step", { runs })).toThrow(/could be .* or .*: give more/);
    expect(() => findRun("8m", { runs })).toThrow('No run "8m"');
  });
});

describe("a checkpoint that cannot be used", () => {
  /** A run whose training was stopped at step 100. */
  async function stopped(of: Config = config): Promise<string> {
    const run = await openRun(of, { runs });
    run.write(train(100));
    run.write(checkpoint(100));
    run.close();
    return run.directory;
  }

  async function refusedUnchanged(directory: string, message: RegExp): Promise<void> {
    const before = readdirSync(directory)
      .sort()
      .map((file) => [file, readFileSync(join(directory, file)).toString("latin1")]);
    await expect(openRun(config, { runs })).rejects.toThrow(message);
    expect(
      readdirSync(directory)
        .sort()
        .map((file) => [file, readFileSync(join(directory, file)).toString("latin1")]),
    ).toEqual(before);
  }

  it("is refused when truncated, and nothing is changed", async () => {
    const directory = await stopped();
    const path = join(directory, "checkpoint.safetensors");
    const { length } = readFileSync(path);
    for (const left of [length - 1, Math.floor(length / 2), 100, 7, 0]) {
      truncateSync(path, left);
      await refusedUnchanged(
        directory,
        /^Checkpoint .*checkpoint\.safetensors cannot be used: it .*truncated.* Put a good copy in its place, or move its folder away to start this run anew\.$/,
      );
    }
  });

  it("is refused when a bit has changed", async () => {
    const directory = await stopped();
    const path = join(directory, "checkpoint.safetensors");
    const file = readFileSync(path);
    file[file.length - 1] ^= 1;
    writeFileSync(path, file);
    await refusedUnchanged(directory, /checksum/);
  });

  it("is refused when it is another program's or another run's", async () => {
    const directory = await stopped();
    const path = join(directory, "checkpoint.safetensors");
    writeFileSync(path, exportParameters(path));
    await refusedUnchanged(directory, /not a checkpoint of this version of mast-lab/);
    writeFileSync(path, "PK\x03\x04 a zip, as PyTorch's own files are");
    await refusedUnchanged(directory, /not a safetensors file/);
    copyFileSync(join(await stopped({ ...config, seed: 4 }), "checkpoint.safetensors"), path);
    await refusedUnchanged(directory, /belongs to run two-step-qmix-mast-95-1k-seed4-/);
  });

  it("is refused when the tables do not reach as far as it says", async () => {
    const directory = await stopped();
    truncateSync(join(directory, "metrics.csv"), 20);
    await refusedUnchanged(
      directory,
      /metrics\.csv cannot be used: it has 20 bytes, and \d+ bytes of it belong to the run: it was cut or replaced\./,
    );
  });

  it("is refused when the configuration beside it was changed", async () => {
    const directory = await stopped();
    writeFileSync(join(directory, "config.json"), JSON.stringify({ ...config, discount: 0.5, given: {} }));
    await refusedUnchanged(directory, /config\.json is not the configuration/);
  });

  it.each<[string, unknown, RegExp]>([
    [
      "of an earlier version, which kept complete values only",
      { ...config },
      /config\.json has no field "given" for the settings of its run/,
    ],
    ["that is no object", [1], /has no field "given"/],
    [
      "with a value that no run has",
      { ...config, discount: 7, given: {} },
      /config\.json cannot be used: config: discount is 7; allowed: a number from 0 to 1/,
    ],
    [
      "without a value",
      { ...config, returns: { ...config.returns, lambda: undefined }, given: {} },
      /returns\.lambda is missing/,
    ],
    ["with given values of another shape", { ...config, given: { lr: 1 } }, /unknown key "lr"/],
  ])("is refused beside a configuration %s", async (_, content, message) => {
    const directory = await stopped();
    writeFileSync(join(directory, "config.json"), JSON.stringify(content));
    await refusedUnchanged(directory, message);
    expect(() => readRun(directory)).toThrow(message);
  });
});

describe("growing files of an interrupted run", () => {
  it.each(["metrics.csv", "timing.csv", "topology.csv", "masks.bin"])(
    "are checked byte by byte: one changed in %s is refused, and nothing is changed",
    async (file) => {
      const run = await openRun(config, { runs });
      recordsFrom(0)
        .slice(0, 8)
        .forEach((record) => run.write(record));
      run.write(checkpoint(400));
      run.close();
      const path = join(run.directory, file);
      const content = readFileSync(path);
      content[content.length - 2] ^= 1;
      writeFileSync(path, content);
      const before = readdirSync(run.directory);
      await expect(openRun(config, { runs })).rejects.toThrow(
        new RegExp(
          `${file.replace(".", "\\.")} cannot be used: its checksum is not that of the run: it was damaged or changed\\.`,
        ),
      );
      expect(readdirSync(run.directory)).toEqual(before);
      expect(readFileSync(path).equals(content)).toBe(true);
    },
  );

  it("are not followed where they, or the temporary ones beside them, are symbolic links", async () => {
    const run = await openRun(config, { runs });
    run.write(train(100));
    run.write(checkpoint(100));
    run.close();
    const outside = join(runs, "outside");
    writeFileSync(outside, readFileSync(join(run.directory, "metrics.csv")));
    rmSync(join(run.directory, "metrics.csv"));
    symlinkSync(outside, join(run.directory, "metrics.csv"));
    symlinkSync(outside, join(run.directory, "checkpoint.safetensors.tmp"));
    const before = readFileSync(outside, "utf8");
    const again = await openRun(config, { runs });
    again.write(train(200));
    again.write(checkpoint(200));
    again.close();
    expect(readFileSync(outside, "utf8")).toBe(before);
    expect(lstatSync(join(run.directory, "metrics.csv")).isFile()).toBe(true);
    expect(readRun(run.directory).step).toBe(200);
  });
});

describe("a complete run", () => {
  it.each<[string, string, (path: string) => void, RegExp]>([
    [
      "an emptied table",
      "metrics.csv",
      (path) => truncateSync(path, 0),
      /metrics\.csv cannot be used: it has 0 bytes, and \d+ bytes of it belong to the run/,
    ],
    ["a table that is gone", "topology.csv", (path) => rmSync(path), /topology\.csv cannot be used: it is gone/],
    [
      "a folder in the place of a table",
      "timing.csv",
      (path) => (rmSync(path), mkdirSync(path)),
      /timing\.csv cannot be used: it is not a file/,
    ],
    ["an empty summary", "summary.json", (path) => writeFileSync(path, ""), /summary\.json is empty/],
    [
      "half a summary",
      "summary.json",
      (path) => writeFileSync(path, '{ "score": 0.'),
      /summary\.json is not valid JSON/,
    ],
    [
      "null as its summary",
      "summary.json",
      (path) => writeFileSync(path, "null"),
      /summary\.json is not a summary of a run/,
    ],
    [
      "a changed score",
      "summary.json",
      (path) => writeFileSync(path, readFileSync(path, "utf8").replace('"score": 0.5', '"score": 0.9')),
      /summary\.json is not what the run ended with/,
    ],
    [
      "another tool's configuration",
      "config.json",
      (path) => writeFileSync(path, '{"architectures":["Bert"]}'),
      /config\.json has no field "given"/,
    ],
    ["an emptied configuration", "config.json", (path) => writeFileSync(path, ""), /config\.json is empty/],
    [
      "a folder in the place of its configuration",
      "config.json",
      (path) => (rmSync(path), mkdirSync(path)),
      /Cannot read .*config\.json: it is a folder, not a file/,
    ],
    ["no configuration", "config.json", (path) => rmSync(path), /config\.json is not there/],
  ])("with %s is listed as damaged, with what to do, and hides no other", async (_, file, damage, problem) => {
    const directory = await complete();
    const other = await complete({ ...config, seed: 4 });
    damage(join(directory, file));
    const listed = listRuns({ runs });
    expect(listed).toHaveLength(2);
    expect(listed.find(({ state }) => state === "damaged")).toMatchObject({
      directory,
      problem: expect.stringMatching(problem) as string,
    });
    expect(listed.find((run) => run.directory === other)).toMatchObject({ state: "complete", summary });
  });

  it("is checked to the last digit where it is read, and what was appended later does not count", async () => {
    const directory = await complete();
    const path = join(directory, "metrics.csv");
    const content = readFileSync(path, "utf8");
    writeFileSync(path, `${content}train,9999\n`);
    expect(readRun(directory).metrics.at(-1)!.step).toBe(1000);
    writeFileSync(path, content.replace("0.25", "0.75"));
    // The list looks at lengths; the numbers are checked when they are asked for.
    expect(listRuns({ runs })[0].state).toBe("complete");
    expect(() => readRun(directory)).toThrow(/metrics\.csv cannot be used: its checksum is not that of the run/);
    expect(inspectRun(directory, { whole: true })).toMatchObject({ state: "damaged" });
  });

  it("is not given another run's checkpoint, nor an earlier one of its own", async () => {
    const directory = await complete();
    const path = join(directory, "checkpoint.safetensors");
    const end = readFileSync(path);
    copyFileSync(join(await complete({ ...config, seed: 4 }), "checkpoint.safetensors"), path);
    for (const read of [() => readRunCheckpoint(directory), () => exportParameters(path, runNamesOf(directory))])
      expect(read).toThrow(/cannot be used: it belongs to run two-step-qmix-mast-95-1k-seed4-/);
    writeFileSync(path, end);
    // A folder that was renamed is still the same run.
    renameSync(directory, join(runs, "my-best-run"));
    expect(readRunCheckpoint(join(runs, "my-best-run")).end).toBeDefined();
    const early = await openRun(config, { runs: join(runs, "early") });
    early.write(checkpoint(100));
    early.close();
    copyFileSync(join(early.directory, "checkpoint.safetensors"), join(runs, "my-best-run", "checkpoint.safetensors"));
    expect(() => readRunCheckpoint(join(runs, "my-best-run"))).toThrow(
      /it is of step 100, and its run ended at step 1000/,
    );
  });
});

describe("a disk that refuses", () => {
  it("not a folder: one line that says so", async () => {
    const file = join(runs, "file");
    writeFileSync(file, "");
    await expect(openRun(config, { runs: join(file, "runs") })).rejects.toThrow(
      /^Cannot write .*: a part of its path is a file, not a folder: choose another place with MAST_RUNS \(ENOTDIR\)/,
    );
  });
});
