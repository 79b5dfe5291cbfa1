import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mergeConfig, resolveConfig } from "../config.js";
import { readMasks, runName } from "../runs/store.js";
import { measureConnections } from "../analysis/connections-used.js";
import { gateTable, inputTable, spreadTable, typeTable } from "../analysis/mask-tables.js";
import { comparison2s3z } from "./comparative.js";
import { masks } from "./masks.js";
import { runOne } from "../runs/run.js";

const store = mkdtempSync(join(tmpdir(), "mast-masks-"));
afterAll(() => rmSync(store, { recursive: true, force: true }));

const small = mergeConfig(masks.configs("smoke")[0], {
  steps: 600,
  network: { hidden: 16 },
  evaluation: { interval: 600, episodes: 2 },
  replay: { offlineBatch: 3, onlineBatch: 1 },
  topology: { interval: 3 },
});
const runs = await Promise.all([1, 2].map((seed) => runOne(resolveConfig({ ...small, seed }), { runs: store })));
const teams = runs.map((run) => measureConnections(run, { battles: 2 }));

it("has the runs of MAST of the comparison, so that neither trains what the other has", () => {
  const all = new Set(comparison2s3z.configs("classroom").map(runName));
  const own = masks.configs("classroom");
  expect(own.map(({ method, seed }) => `${method} ${seed}`)).toEqual(["mast 1", "mast 2", "mast 3"]);
  for (const config of own) expect(all.has(runName(config))).toBe(true);
});

it("comes to the paper's figures: masks, sorted counts, and connections by unit", () => {
  const { table, figure, more } = masks.reduce(runs);
  expect(figure.summary).toMatch(/^Input layer of the agents: 2s3z, seed 1 \[16, 96\]: step 0/);
  expect(Object.keys(more!)).toEqual(["gru-input", "gru-hidden", "hypernetwork", "counts", "inputs", "cut", "types"]);
  expect(more!["types"].summary).toMatch(/stalker 1 .*stalker 2 .*zealot 3 .*zealot 4 .*zealot 5 /);
  expect(more!["counts"].data.filter(({ name }) => name === "end")).toHaveLength(2 * 3);
  expect(table.note).toMatch(/stalker \d+ \(random mask \d+\), zealot \d+ \(random mask \d+\)\.$/);
  // The files are small, because a mask has one bit for each weight.
  for (const one of [figure, ...Object.values(more!)]) expect(JSON.stringify(one).length).toBeLessThan(30_000);
});

it("tables each layer's connections, and outputs and inputs without any, mean over runs", () => {
  const rows = spreadTable(runs).rows;
  const row = rows.findIndex(([layer]) => layer === "mixer.hyper_w_1.0");
  const ends = runs.map(({ directory }) => readMasks(directory).at(-1)!.masks.get("mixer.hyper_w_1.0.weight")!);
  const empty = ends.map(
    (mask) =>
      Array.from({ length: 120 }, (_, j) => [...mask].filter((bit, i) => bit === 1 && i % 120 === j).length).filter(
        (count) => count === 0,
      ).length,
  );
  const [, connections, density, side] = rows[row];
  expect([connections, density, side]).toEqual([
    `${ends[0].reduce((a, b) => a + b)}`,
    `${Math.round((100 * ends[0].reduce((a, b) => a + b)) / ends[0].length)} %`,
    "16 outputs",
  ]);
  expect(rows[row + 1].slice(3, 6)).toEqual(["120 inputs", expect.any(String), ((empty[0] + empty[1]) / 2).toFixed(1)]);
  expect(spreadTable(runs, { weights: ["agent.fc2.weight"] }).rows.map(([layer]) => layer)).toEqual(["agent.fc2", ""]);
  expect(() => spreadTable(runs, { weights: ["agent.fc3.weight"] })).toThrow(
    'no weight "agent.fc3.weight"; there are agent.fc1.weight, ',
  );
  // Dense layers have nothing to show.
  expect(rows.some(([layer]) => layer === "mixer.V.2")).toBe(false);
});

it("counts the connections of each gate", () => {
  const rows = gateTable([runs[0]]).rows;
  const mask = readMasks(runs[0].directory).at(-1)!.masks.get("agent.rnn.weight_hh")!;
  const all = mask.reduce((a, b) => a + b);
  rows.slice(3).forEach(([, gate, , end], k) => {
    const own = [...mask].filter((bit, i) => bit === 1 && Math.floor(i / 16 / 16) === k).length;
    expect([gate, end]).toEqual(["rzn"[k], `${own} (${((100 * own) / all).toFixed(0)} %)`]);
  });
});

it("tables units by type and inputs by feature", () => {
  const types = typeTable(runs, teams);
  expect(types.rows.map(([unit]) => unit)).toEqual(["stalker (2)", "zealot (3)"]);
  const used = teams.map(({ agents }) => (agents[0].layers[0].used + agents[1].layers[0].used) / 2);
  expect(types.rows[0][2]).toMatch(new RegExp(`^${((used[0] + used[1]) / 2).toFixed(0)} ± `));
  for (const row of types.rows) expect(row).toHaveLength(types.columns.length);
  const inputs = inputTable(runs, teams).rows;
  expect(inputs.reduce((sum, [, number]) => sum + Number(number), 0)).toBe(96);
  const ends = inputs.map((row) => Number(row.at(-1)));
  expect(ends).toEqual([...ends].sort((a, b) => b - a));
});
