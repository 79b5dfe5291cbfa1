import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { referenceFolder } from "../../src/analysis/recorded-battle.js";
import { parseCsv, rowsCsv } from "../../src/results/csv.js";
import type { MetricsRow } from "../../src/runs/metrics.js";
import { listRuns, readRun } from "../../src/runs/store.js";

// Writes data/results/real-game-learning.csv: how fast QMIX learns in the real game, by the reference's table of logs, and here, by the runs that
// learn.ts trained and that lie in data/runs (MAST_RUNS), as far as all of a map have come: `npx tsx bench/real-game/learning-table.ts`.

/** Steps at which a curve of ours gets a point. */
const EVERY = 25_000;

const folder = referenceFolder();
if (folder === undefined)
  throw new Error("There is no reference here: set MAST_REFERENCE to the folder that holds learning-curves.csv.");
const path = join(folder, "learning-curves.csv");
const steps: Readonly<Record<string, number>> = {
  "win@250k": 250_000,
  "win@500k": 500_000,
  "win@1M": 1_000_000,
  "win@2M": 2_000_000,
};
/** "135157/2": the step, and how many runs came so far. */
const first = (cell: string | number | undefined): number | "" =>
  String(cell).startsWith("-") ? "" : Number(String(cell).split("/")[0]);
const real = parseCsv(readFileSync(path, "utf8"), path)
  .filter(({ algo }) => algo === "qmix")
  .map((row) => ({
    map: row["map"],
    game: "StarCraft II",
    source: `published logs, ${row["repo"]}`,
    runs: row["seeds"],
    half: first(row["t(win>=.5) median"]),
    nineTenths: first(row["t(win>=.9) median"]),
    ...Object.fromEntries(Object.entries(steps).map(([column, at]) => [`at${at}`, row[column]])),
  }));

const maps = new Map<string, (readonly MetricsRow[])[]>();
for (const { name, state, config } of listRuns()) {
  if (state === "damaged" || config.method !== "dense") continue;
  const evaluations = readRun(name).metrics.filter(({ kind }) => kind === "evaluation");
  maps.set(config.environment, [...(maps.get(config.environment) ?? []), evaluations]);
}
const here = [...maps].map(([map, runs]) => {
  const reached = (least: number): number | "" => {
    const at = median(
      runs.map((rows) => rows.find((_, k) => k >= 2 && mean(rows.slice(k - 2, k + 1)) >= least)?.step ?? Infinity),
    );
    return Number.isFinite(at) ? at : "";
  };
  const end = Math.min(...runs.map((rows) => rows.at(-1)!.step));
  const points = Array.from({ length: Math.floor(end / EVERY) }, (_, k) => (k + 1) * EVERY);
  const nearest = (rows: readonly MetricsRow[], at: number): MetricsRow =>
    rows.reduce((best, row) => (Math.abs(row.step - at) < Math.abs(best.step - at) ? row : best));
  const rates = points.map((at) => [`at${at}`, median(runs.map((rows) => nearest(rows, at).winRate))] as const);
  return {
    map,
    game: "here",
    source: "bench/real-game/learn.ts",
    runs: runs.length,
    half: reached(0.5),
    nineTenths: reached(0.9),
    ...Object.fromEntries(rates),
  };
});
const order = [...new Set(real.map(({ map }) => map))];
writeFileSync(
  "data/results/real-game-learning.csv",
  `${rowsCsv([...real, ...here].sort((a, b) => order.indexOf(a.map!) - order.indexOf(b.map!)))}\n`,
);

function mean(rows: readonly MetricsRow[]): number {
  return rows.reduce((sum, { winRate }) => sum + winRate, 0) / rows.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
