import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { train } from "../training/train.js";
import { keepInMemory, type MemoryRun } from "./memory-run.js";
import { runOne } from "./run.js";
import { sha256 } from "./sha256.js";
import { readRun, readRunCheckpoint, runName } from "./store.js";

const config = resolveConfig({
  environment: "two-step",
  method: "mast",
  sparsity: { level: 0.5 },
  steps: 800,
  seed: 4,
  warmup: 100,
  targetInterval: 20,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 25 },
  evaluation: { interval: 200, episodes: 4, window: 2 },
  log: { interval: 100 },
});

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-memory-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

/** Trains in memory until `enough` says so; then, as in a page, the run is stopped with a checkpoint. */
async function trainInMemory(enough: (step: number) => boolean): Promise<MemoryRun> {
  const kept = keepInMemory(config, { sha256, deflate: deflateRawSync });
  const stop = new AbortController();
  for await (const record of train(config, { signal: stop.signal, checkpointEvery: Infinity })) {
    kept.write(record);
    if (record.kind === "train" && enough(record.step)) stop.abort();
  }
  return kept;
}

/** Puts the files of a run where the run store looks for them. */
function unpack({ name, files }: MemoryRun, into: string): void {
  mkdirSync(join(into, name), { recursive: true });
  files()!.forEach((bytes, file) => writeFileSync(join(into, name, file), bytes));
}

const SAME = ["config.json", "metrics.csv", "topology.csv", "masks.bin"];

it("holds the bytes that the run store writes, and the same networks", async () => {
  const kept = await trainInMemory(() => false);
  expect(kept.name).toBe(runName(config));
  const { directory } = await runOne(config, { runs: join(runs, "disk") });
  const files = kept.files()!;
  for (const file of SAME)
    expect(Buffer.from(files.get(file)!).equals(readFileSync(join(directory, file))), file).toBe(true);
  unpack(kept, runs);
  const [taken, own] = [readRunCheckpoint(kept.name, { runs }), readRunCheckpoint(directory)];
  expect(taken.state).toEqual(own.state);
  expect({ ...taken.end, lengths: {} }).toEqual({ ...own.end, lengths: {} });
});

it("has no files before its first checkpoint", () => {
  expect(keepInMemory(config, { sha256, deflate: deflateRawSync }).files()).toBeUndefined();
});

it("is resumed by the run store in the middle, and completed to the bits of a run that was never moved", async () => {
  const kept = await trainInMemory((step) => step >= 400);
  unpack(kept, runs);
  expect(readRun(kept.name, { runs })).toMatchObject({ state: "interrupted", config });
  const resumed = await runOne(config, { runs });
  const whole = await runOne(config, { runs: join(runs, "disk") });
  expect(resumed.state).toBe("complete");
  for (const file of SAME)
    expect(readFileSync(join(resumed.directory, file)).equals(readFileSync(join(whole.directory, file))), file).toBe(
      true,
    );
  expect(readRunCheckpoint(resumed.directory).state).toEqual(readRunCheckpoint(whole.directory).state);
});

it("is completed by the run store where training had ended", async () => {
  const kept = await trainInMemory(() => false);
  unpack(kept, runs);
  const { state, summary } = await runOne(config, { runs });
  expect(state).toBe("complete");
  expect(summary!.score).toBe((await runOne(config, { runs: join(runs, "disk") })).summary!.score);
});
