import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { writeCheckpoint } from "./checkpoint.js";
import { RunError } from "./disk.js";
import { encodeMasks } from "./mask-frame.js";
import { decodeMasks } from "./mask-history.js";
import { runOne } from "./run.js";
import { readRun, readRunCheckpoint, type StoredRun } from "./store.js";

const runs = mkdtempSync(join(tmpdir(), "mast-schemas-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));
let run: StoredRun;
beforeAll(async () => {
  run = await runOne(
    resolveConfig({
      environment: "two-step",
      steps: 60,
      warmup: 0,
      evaluation: { interval: 30, episodes: 2 },
      log: { interval: 20 },
      replay: { offlineBatch: 2, onlineBatch: 1 },
    }),
    { runs },
  );
});

/** Returns what reading says of the run after its summary was changed. */
function readWith(change: (summary: Record<string, unknown>) => unknown): () => StoredRun {
  const folder = mkdtempSync(join(runs, "copy-"));
  const directory = join(folder, run.name);
  cpSync(run.directory, directory, { recursive: true });
  const path = join(directory, "summary.json");
  // The checksum is left out, because it would be the first to differ.
  const { sha256: _, ...summary } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(change(summary)));
  return () => readRun(directory);
}

it("reads a summary as it was written, and with fields of later versions", () => {
  expect(readWith((summary) => summary)().summary!.winRates).toEqual(run.summary!.winRates);
  expect(readWith((summary) => ({ ...summary, later: 1 }))().state).toBe("complete");
});

it.each<[string, (summary: Record<string, unknown>) => unknown, RegExp]>([
  ["is a list", () => [], /summary\.json is not a summary of a run \(invalid input: expected object/],
  ["is null", () => null, /is not a summary of a run/],
  ["lacks the score", ({ score: _, ...rest }) => rest, /is not a summary of a run \(score: /],
  ["has a text for a number", (summary) => ({ ...summary, steps: "60" }), /is not a summary of a run \(steps: /],
  [
    "has a win rate that is none",
    (summary) => ({ ...summary, winRates: [null] }),
    /is not a summary of a run \(winRates\.0: /,
  ],
  [
    "has other costs",
    (summary) => ({ ...summary, cost: { totalSize: 1 } }),
    /is not a summary of a run \(cost\.trainFlops: /,
  ],
])("refuses a summary that %s, in one line that names the field", (_, change, message) => {
  let thrown: unknown;
  try {
    readWith(change)();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(RunError);
  expect((thrown as Error).message).toMatch(message);
  expect((thrown as Error).message).not.toContain("\n");
});

it("refuses a checkpoint that is whole but says something else than one", () => {
  const directory = join(mkdtempSync(join(runs, "checkpoint-")), run.name);
  cpSync(run.directory, directory, { recursive: true });
  const path = join(directory, "checkpoint.safetensors");
  const checkpoint = readRunCheckpoint(run.directory);
  const { progress } = checkpoint.state;
  const written = (changed: object) =>
    writeCheckpoint(path, { ...checkpoint, state: { ...checkpoint.state, progress: { ...progress, ...changed } } });
  written({});
  expect(readRunCheckpoint(directory).state.progress).toEqual(progress);
  // Diverged sums are what a checkpoint must keep.
  written({ sums: [Number.NaN, Infinity, -0] });
  expect(readRunCheckpoint(directory).state.progress.sums).toEqual([Number.NaN, Infinity, -0]);
  written({ step: "60" });
  expect(() => readRunCheckpoint(directory)).toThrow(
    /cannot be used: its metadata about the run is not complete \(progress\.step: /,
  );
  written({ random: { episodes: ["x"] } });
  expect(() => readRunCheckpoint(directory)).toThrow(/progress\.random\.episodes\.0: /);
});

it("refuses masks whose line says something else", () => {
  const moment = { step: 5, evolution: 0, masks: new Map([["agent.fc1.weight", Uint8Array.of(1, 0, 1)]]) };
  expect(decodeMasks(encodeMasks(moment, deflateRawSync))).toEqual([moment]);
  expect(() => decodeMasks(encodeMasks({ ...moment, step: "5" as unknown as number }, deflateRawSync))).toThrow();
});
