import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { referenceFolder } from "../../src/analysis/recorded-battle.js";
import { parseCsv, rowsCsv } from "../../src/results/csv.js";
import { readKept } from "../../src/results/kept-runs.js";
import { committedResults } from "../../src/results/place.js";
import type { MetricsRow } from "../../src/runs/metrics.js";
import { listRuns, readRun } from "../../src/runs/store.js";
import { battleUnder, LEARNING_MAPS, type Learning, learningOf } from "./learning.js";

// Writes data/results/real-game-learning.csv: how fast QMIX learns in the real game, from the reference's table of
// logs, and in our battles, from the runs of learn.ts in data/runs (MAST_RUNS), as far as they have been trained: `npx
// tsx bench/real-game/learning-table.ts [MAP] [MAP:HABIT=NUMBER,... ...]`. A map whose runs are elsewhere keeps the row
// that it has in that file. If a map is named whose row is of one run, and that run is elsewhere, the runs that are
// here are added to it: the row has all that is counted of one run. It prints how our medians compare with the real
// ones, and when runs by the other rule sets that are named learned; those are in no file.

const widened: string[] = [];
for (const name of process.argv.slice(2)) {
  const [map = "", habits = ""] = name.split(":");
  if (habits !== "") battleUnder(map, habits);
  else if (map in LEARNING_MAPS) widened.push(map);
  else throw new Error(`There is no map "${map}": use one of ${Object.keys(LEARNING_MAPS).join(", ")}.`);
}

/** Steps at which a curve of ours gets a point. */
const EVERY = 25_000;

const folder = referenceFolder();
if (folder === undefined)
  throw new Error("There is no reference: set MAST_REFERENCE to the folder that holds learning-curves.csv.");
const path = join(folder, "learning-curves.csv");
const steps: Readonly<Record<string, number>> = {
  "win@250k": 250_000,
  "win@500k": 500_000,
  "win@1M": 1_000_000,
  "win@2M": 2_000_000,
};
/** Reads a cell such as "135157/2": the step, and the number of runs that reached it. */
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

const TRAINED_HERE = "bench/real-game/learn.ts";
const table = join(committedResults().tables, "real-game-learning.csv");
const published = parseCsv(readFileSync(table, "utf8"), table).filter(({ source }) => source === TRAINED_HERE);

/** Evaluations of a run, oldest first. */
type Curve = readonly Pick<MetricsRow, "step" | "winRate">[];
interface Learner {
  readonly curve: Curve;
  readonly learning: Learning;
}
/** Runs of a map, by where they come from. */
const groups = new Map<string, { readonly map: string; readonly source: string; readonly learners: Learner[] }>();
const add = (map: string, source: string, curve: Curve, learning = learningOf(curve)): void => {
  const key = `${map} ${source}`;
  if (!groups.has(key)) groups.set(key, { map, source, learners: [] });
  groups.get(key)!.learners.push({ curve, learning });
};
for (const name of widened) {
  const row = published.find(({ map }) => map === name);
  if (row?.["runs"] !== 1) throw new Error(`${name} has no published row of one run, to which others could be added.`);
  const curve = Object.entries(row)
    .filter(([column, value]) => column.startsWith("at") && value !== "")
    .map(([column, value]) => ({ step: Number(column.slice(2)), winRate: Number(value) }))
    .sort((a, b) => a.step - b.step);
  const reached = (value: unknown): number => (value === "" ? Infinity : Number(value));
  add(name, TRAINED_HERE, curve, {
    half: reached(row["half"]),
    nineTenths: reached(row["nineTenths"]),
    between: Number(row["between"]),
    extremes: Number(row["extremes"]),
  });
}
/** Runs by other rule sets than ours, by the environment that `battleUnder` names. */
const ruleSets = new Map<string, Curve[]>();
for (const { name, state, config } of listRuns()) {
  if (state === "damaged" || config.method !== "dense") continue;
  const evaluations = readRun(name).metrics.filter(({ kind }) => kind === "evaluation");
  const { environment } = config;
  if (environment in LEARNING_MAPS) add(environment, TRAINED_HERE, evaluations);
  else if (environment.includes(".")) ruleSets.set(environment, [...(ruleSets.get(environment) ?? []), evaluations]);
}
for (const [environment, curves] of ruleSets) {
  const learned = curves.map(learningOf);
  const steps = (values: readonly number[]): string =>
    [...values]
      .sort((a, b) => a - b)
      .map((step) => (step === Infinity ? "later" : step))
      .join(", ");
  console.log(
    `${environment}, ${curves.length} runs: .5 at ${steps(learned.map(({ half }) => half))}; ` +
      `.9 at ${steps(learned.map(({ nineTenths }) => nineTenths))}`,
  );
}
// A map whose runs are elsewhere keeps its row. Where there is none, the dense teams of the paper's budget stand in,
// which differ in one setting.
const trained = new Set<unknown>([...groups.values()].map(({ map }) => map));
const elsewhere = published.filter(({ map }) => !trained.has(map));
for (const { map } of elsewhere) trained.add(map);
const kept = readKept("paper", committedResults().tables);
for (const [name, row] of kept.rows) {
  if (row["method"] !== "dense" || row["algorithm"] !== "qmix") continue;
  if (trained.has(row["environment"])) continue;
  const curve = (kept.evaluations.get(name) ?? []).map(({ step, winRate }) => ({
    step: Number(step),
    winRate: Number(winRate),
  }));
  add(String(row["environment"]), "data/results/runs-paper.csv (no update for 50,000 steps)", curve);
}
/** Runs below this number of steps that have not learned yet are left out. */
const LEAST_STEPS = 100_000;
const here = [...groups.values()].flatMap(({ map, source, learners }) => {
  const runs = learners.filter(
    ({ curve, learning }) =>
      learning.nineTenths < Infinity || (curve.at(-1)?.step ?? 0) >= Math.min(LEAST_STEPS, LEARNING_MAPS[map] ?? 0),
  );
  if (runs.length === 0) return [];
  const learned = runs.map(({ learning }) => learning);
  const curves = runs.map(({ curve }) => curve);
  const finite = (step: number): number | "" => (Number.isFinite(step) ? step : "");
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  // A run that was stopped because it had learned counts on with its last three evaluations.
  const lastOf = (rows: Curve): number => rows.at(-1)!.step;
  const going = runs.filter(({ learning }) => learning.nineTenths === Infinity).map(({ curve }) => curve);
  const end = going.length > 0 ? Math.min(...going.map(lastOf)) : Math.max(...curves.map(lastOf));
  const points = Array.from({ length: Math.floor(end / EVERY) }, (_, k) => (k + 1) * EVERY);
  const rateAt = (rows: Curve, at: number): number =>
    at > lastOf(rows)
      ? sum(rows.slice(-3).map(({ winRate }) => winRate)) / 3
      : rows.reduce((best, row) => (Math.abs(row.step - at) < Math.abs(best.step - at) ? row : best)).winRate;
  const rates = points.map((at) => [`at${at}`, median(curves.map((rows) => rateAt(rows, at)))] as const);
  return {
    map,
    game: "here",
    source,
    runs: runs.length,
    half: finite(median(learned.map(({ half }) => half))),
    nineTenths: finite(median(learned.map(({ nineTenths }) => nineTenths))),
    between: sum(learned.map(({ between }) => between)),
    extremes: sum(learned.map(({ extremes }) => extremes)),
    ...Object.fromEntries(rates),
  };
});
for (const { map, runs, half, nineTenths, between, extremes } of here) {
  const factors = (["half", "nineTenths"] as const).map((column) => {
    const there = real.filter((row) => row.map === map && row[column] !== "").map((row) => Number(row[column]));
    const own = column === "half" ? half : nineTenths;
    const name = column === "half" ? ".5" : ".9";
    if (own === "") return `${name} not reached by the median run`;
    return `${name} at ${own}, ${(own / median(there)).toFixed(2)} times the real game's ${median(there)}`;
  });
  console.log(
    `${map}, ${runs} runs: ${factors.join("; ")}; ${extremes} of ${between} evaluations between .1 and .9 are 0 or 1`,
  );
}
const order = [...new Set(real.map(({ map }) => map))];
const rank = (row: { readonly map?: unknown }): number => order.indexOf(row.map as string);
writeFileSync(table, `${rowsCsv([...real, ...here, ...elsewhere].sort((a, b) => rank(a) - rank(b)))}\n`);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
