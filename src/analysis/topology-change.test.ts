import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { readMasks } from "../runs/store.js";
import { runOne } from "../runs/run.js";
import { topologyChange } from "./topology-change.js";

const small: ConfigInput = {
  environment: "two-step",
  steps: 300,
  seed: 1,
  warmup: 50,
  targetInterval: 20,
  sparsity: { level: 0.6 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 10 },
  evaluation: { interval: 300, episodes: 2, window: 1 },
  log: { interval: 50 },
};

let runs: string;
beforeAll(() => {
  runs = mkdtempSync(join(tmpdir(), "mast-topology-"));
});
afterAll(() => rmSync(runs, { recursive: true, force: true }));

describe("topologyChange", () => {
  it("counts the movements that the masks show", async () => {
    const run = await runOne(resolveConfig(small), { runs });
    const change = topologyChange(run);
    // An independent count writes all masks as one text of bits for each moment.
    const moments = readMasks(run.directory).map(({ masks }) => [...masks.values()].flatMap((mask) => [...mask]));
    expect(change.evolutions).toBe(moments.length - 1);
    expect(change.evolutions).toBeGreaterThan(5);
    expect(change.weights).toBe(moments[0].length);
    const moved = moments.slice(1).map((moment, i) => moment.filter((bit, j) => bit < moments[i][j]).length);
    expect(change.moved).toBe(moved.reduce((a, b) => a + b, 0));
    expect(change.moved).toBeGreaterThan(change.connections / 4);
    expect(change.tried).toBe(moments[0].filter((_, j) => moments.some((moment) => moment[j] === 1)).length);
    const grown = moments
      .slice(1, -1)
      .flatMap((moment, i) => moment.flatMap((bit, j) => (bit > moments[i][j] ? [moments[i + 2][j]] : [])));
    expect(grown.length).toBeGreaterThan(50);
    expect(change.shortLived).toBeCloseTo(grown.filter((bit) => bit === 0).length / grown.length, 12);
    expect(change.kept).toMatchObject({
      connections: change.connections,
      shared: moments[0].filter((bit, j) => bit === 1 && moments.at(-1)![j] === 1).length,
    });
  });

  it("finds no movement where the topology is fixed", async () => {
    const change = topologyChange(
      await runOne(resolveConfig({ ...small, method: "ss", replay: { offlineBatch: 20 } }), { runs }),
    );
    expect(change).toMatchObject({ evolutions: 0, moved: 0 });
    expect(change.tried).toBe(change.connections);
    expect(change.shortLived).toBeNaN();
    expect(change.kept.shared).toBe(change.connections);
  });

  it("refuses a run that has not begun", async () => {
    const run = await runOne(resolveConfig({ ...small, seed: 2 }), { runs });
    // A complete run would miss them.
    for (const file of ["summary.json", "checkpoint.safetensors", "masks.bin"]) rmSync(join(run.directory, file));
    expect(() => topologyChange(run)).toThrow(`Run ${run.name} has no masks yet`);
  });
});
