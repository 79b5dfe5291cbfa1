import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import type { StoredRun } from "../runs/store.js";
import { runOne } from "../runs/run.js";
import { seedTable, sharedSteps } from "./seeds.js";

const folder = mkdtempSync(join(tmpdir(), "mast-seeds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const label = (config: Config): string => `λ ${config.returns.lambda}`;

/** A complete run of which only evaluations are known: win rates at step 0, 10, 20, ... */
function evaluated(seed: number, lambda: number, winRates: readonly number[]): StoredRun {
  const config = resolveConfig({ seed, steps: 100, returns: { lambda } });
  const metrics = winRates.map((winRate, i) => ({ kind: "evaluation", step: 10 * i, winRate }));
  return {
    name: "",
    directory: "",
    state: "complete",
    step: 100,
    config,
    metrics,
    summary: {},
  } as unknown as StoredRun;
}

it("sets runs of one seed beside each other and counts in how many seeds a setting wins more than another", () => {
  const runs = [
    evaluated(1, 0, [1, 0, 0.5]),
    evaluated(1, 0.8, [1, 0.5, 1]),
    evaluated(2, 0, [0, 0.4, 0.8]),
    evaluated(2, 0.8, [0, 0.4, 0.6]),
  ];
  const { columns, rows, note } = seedTable(runs, label, { from: 10, reference: "λ 0" });
  expect(columns.map(({ title }) => title)).toEqual(["Seed", "λ 0", "λ 0.8"]);
  // The scores are means of the last two evaluations; of two values a and b the deviation is |a - b| / sqrt 2.
  expect(rows).toEqual([
    ["1", "25.0", "75.0"],
    ["2", "60.0", "50.0"],
    ["mean", "42.5 ± 24.7", "62.5 ± 17.7"],
    ["more than λ 0", "", "1 of 2"],
  ]);
  expect(note).toContain("from step 10 on");
});

it("leaves out what a seed does not have, and counts the pairs there are", () => {
  const { rows } = seedTable([evaluated(1, 0, [0.5]), evaluated(1, 1, [1]), evaluated(2, 0, [0.5])], label, {
    reference: "λ 0",
  });
  expect(rows[1]).toEqual(["2", "50.0", ""]);
  expect(rows[2]).toEqual(["mean", "50.0 ± 0.0", "100.0 (1 of 2 seeds)"]);
  expect(rows[3]).toEqual(["more than λ 0", "", "1 of 1"]);
});

it("refuses two runs of a seed under one name", () => {
  expect(() => seedTable([evaluated(3, 0, [1]), evaluated(3, 0, [0])], label)).toThrow(
    'Two runs of seed 3 are called "λ 0"',
  );
});

it("names a reference that is not there", () => {
  expect(() => seedTable([evaluated(1, 0, [1])], label, { reference: "λ 1" })).toThrow(
    'No run is called "λ 1"; there are "λ 0".',
  );
});

it("finds that runs of one seed are the same run until their settings begin to differ", async () => {
  const small = {
    environment: "3m",
    steps: 600,
    targetInterval: 5,
    network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
    replay: { offlineBatch: 4, onlineBatch: 2 },
    evaluation: { interval: 200, episodes: 2 },
    log: { interval: 20 },
  } satisfies ConfigInput;
  const run = (lambda: number, seed = 1) =>
    runOne(resolveConfig({ ...small, seed, returns: { burnIn: 300, lambda } }), { runs: folder });
  const [none, some, all] = [await run(0), await run(0.8), await run(1)];
  const shared = sharedSteps([none, some, all]);
  expect(shared).toBeGreaterThan(250);
  // An episode that ends at T_0 or later is learnt from by TD(λ), and a record follows within 20 steps.
  expect(shared).toBeLessThan(340);
  expect(sharedSteps([none, none])).toBe(none.metrics.at(-1)!.step);
  expect(sharedSteps([none, await run(0, 2)])).toBe(0);
});
