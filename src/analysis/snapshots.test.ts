import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { runOne } from "../runs/run.js";
import { maskSnapshots } from "./snapshots.js";

const runs = mkdtempSync(join(tmpdir(), "mast-snapshots-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

const small = {
  environment: "3m",
  steps: 600,
  warmup: 100,
  targetInterval: 5,
  replay: { offlineBatch: 4, onlineBatch: 2 },
  evaluation: { interval: 200, episodes: 4 },
  log: { interval: 100 },
} satisfies ConfigInput;
const mast = await runOne(resolveConfig({ ...small, method: "mast", topology: { interval: 4 } }), { runs });

it("takes masks at moments of the training, with the shape of the weight", () => {
  const snapshots = maskSnapshots(mast, "agent.fc1.weight");
  expect(snapshots[0].label).toBe("step 0");
  expect(snapshots.length).toBeGreaterThan(2);
  const counts = snapshots.map(({ mask }) => mask.reduce((a, b) => a + b, 0));
  expect(new Set(counts).size).toBe(1);
  expect(snapshots[0].mask).not.toEqual(snapshots.at(-1)!.mask);
  for (const { outputs, inputs, mask } of snapshots) expect([outputs, inputs, mask.length]).toEqual([64, 42, 64 * 42]);
});

it("says which weights a run has masks of; those of a dense one are full", async () => {
  expect(() => maskSnapshots(mast, "agent.fc3.weight")).toThrow(
    /has no mask "agent.fc3.weight"; there are agent.fc1.weight, /,
  );
  const dense = await runOne(resolveConfig({ ...small, method: "dense", steps: 100 }), { runs });
  expect(maskSnapshots(dense, "agent.fc1.weight").map(({ mask }) => mask.every((entry) => entry === 1))).toEqual([
    true,
  ]);
});
