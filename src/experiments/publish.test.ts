import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { packageRoot } from "../node/project.js";
import { parseCsv } from "../results/csv.js";
import { completeRun } from "../runs/fixtures.js";
import { runOne } from "../runs/run.js";
import type { StoredRun } from "../runs/store.js";
import type { Measurement } from "./experiment.js";
import { grid } from "./grid.js";
import { publishMeasurement, publishResults } from "./publish.js";

const budget = { environment: "3m", steps: 1000, evaluation: { window: 1 } } as const;
const experiment = grid({
  id: "discounts",
  title: "Discounts",
  about: "two of them",
  rows: { title: "Method", settings: [{ label: "MAST", input: { method: "mast" } }] },
  columns: { title: "γ", settings: [0.9, 0.99].map((discount) => ({ label: `γ, ${discount}`, input: { discount } })) },
  budgets: { smoke: budget, classroom: { ...budget, steps: 2000 }, paper: { ...budget, steps: 3000 } },
  seeds: { smoke: 1, classroom: 2, paper: 2 },
  paper: ({ column }) => (column.endsWith("0.99") ? 97.5 : undefined),
});

const runsOf = (...args: Parameters<typeof experiment.configs>) =>
  experiment.configs(...args).map((config, i) => completeRun(config, [0, [0.5, 1, 0.25, 0.75][i % 4]]));

let folder: string;
let place: { tables: string; figures: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-publish-"));
  place = { tables: join(folder, "data", "results"), figures: join(folder, "figures") };
  process.env["CHROME_PATH"] = "none";
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  delete process.env["CHROME_PATH"];
  rmSync(folder, { recursive: true, force: true });
});

const results = () => readdirSync(join(folder, "data", "results")).sort();
const figures = () => readdirSync(join(folder, "figures")).sort();
const csv = (name: string) =>
  readFileSync(join(folder, "data", "results", name), "utf8")
    .trim()
    .split("\n");

describe("publishResults", () => {
  it("keeps the runs, the cells of the grid with the paper's numbers, and every figure", async () => {
    const { table, more, saved } = await publishResults(experiment, "classroom", runsOf("classroom"), { place });
    expect(results()).toEqual(["discounts-settings.csv", "discounts.csv"]);
    expect(figures()).toEqual(["discounts-curves.html", "discounts-curves.json", "discounts.html", "discounts.json"]);
    expect(Object.keys(more!)).toEqual(["curves"]);
    expect(table.columns.map(({ title }) => title)).toEqual(["γ", "γ, 0.9", "γ, 0.99"]);
    expect(saved.every(({ path }) => existsSync(path))).toBe(true);
    expect(new Set(saved.map(({ what }) => what))).toEqual(new Set(["Runs", "Settings", "Figure"]));

    const [header, ...rows] = csv("discounts.csv");
    expect(header).toMatch(/^experiment,profile,environment,.*,commit$/);
    expect(rows).toHaveLength(4);
    expect(rows[3]).toMatch(/^discounts,classroom,3m,starcraft,qmix,mast,0\.95,2,2000,0\.75,/);
    const [columns, first, second] = csv("discounts-settings.csv");
    expect(columns).toBe(
      "experiment,profile,row,column,environment,rules,algorithm,method,sparsity,steps,seeds,evaluations,mean,deviation,iqm,iqmLow,iqmHigh,throughout,pToBest,commit,paper",
    );
    // The seeds have scores of 0.5 and 0.25, and of 1 and 0.75; all evaluations were 0 at first.
    expect(first).toMatch(
      /^discounts,classroom,MAST,"γ, 0\.9",3m,starcraft,qmix,mast,0\.95,2000,2,1,0\.375,0\.176777,0\.375,0\.25,0\.5,0\.1875,0\.333333,abc,$/,
    );
    expect(second).toMatch(/,2,1,0\.875,0\.176777,0\.875,0\.75,1,0\.4375,NaN,abc,97\.5$/);
  });

  it("keeps every evaluation of every run, as its metrics.csv has it", async () => {
    const tiny = {
      environment: "two-step",
      steps: 200,
      warmup: 10,
      network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
      evaluation: { interval: 50, episodes: 2, window: 2 },
    } as const;
    const small = grid({
      id: "small",
      title: "Small",
      about: "two discounts",
      rows: { title: "Method", settings: [{ label: "MAST", input: { method: "mast" } }] },
      columns: { title: "γ", settings: [0.9, 0.99].map((discount) => ({ label: `${discount}`, input: { discount } })) },
      budgets: { smoke: tiny, classroom: tiny, paper: tiny },
      seeds: { smoke: 1, classroom: 2, paper: 2 },
    });
    const runs: StoredRun[] = [];
    for (const config of small.configs("classroom")) runs.push(await runOne(config, { runs: join(folder, "runs") }));
    const { saved } = await publishResults(small, "classroom", runs, { place });
    expect(saved.map(({ path }) => basename(path))).toContain("small-evaluations.csv");
    const rows = parseCsv(readFileSync(join(place.tables, "small-evaluations.csv"), "utf8"), "small-evaluations.csv");
    expect(rows).toHaveLength(4 * 5);
    for (const run of runs) {
      const own = rows.filter((row) => row["run"] === run.name);
      const evaluations = run.metrics.filter(({ kind }) => kind === "evaluation");
      expect(own.map((row) => row["step"])).toEqual([0, 50, 100, 150, 200]);
      expect(own[0]).toMatchObject({
        experiment: "small",
        profile: "classroom",
        setting: run.config.discount,
        seed: run.config.seed,
        episodes: 2,
      });
      own.forEach((row, i) => {
        for (const field of ["winRate", "episodeReturn", "episodeLength", "estimatedValue", "trueValue"] as const)
          expect(row[field]).toBeCloseTo(evaluations[i][field], 4);
      });
      // The score of the table is the mean of the last two of them.
      const scored = own.slice(-2).map((row) => Number(row["winRate"]));
      const table = parseCsv(readFileSync(join(place.tables, "small.csv"), "utf8"), "small.csv");
      const row = table[runs.indexOf(run)];
      expect(row["score"]).toBeCloseTo((scored[0] + scored[1]) / 2, 5);
    }
  });

  it("puts another profile beside the usual one, and what is not declared beside both", async () => {
    await publishResults(experiment, "smoke", runsOf("smoke"), { place });
    await publishResults(experiment, "paper", runsOf("paper"), { place });
    // The results are of a map of one's own, of fewer seeds, and without one of the runs.
    await publishResults(experiment, "classroom", runsOf("classroom", undefined, { environment: "8m" }), { place });
    expect(results()).toEqual([
      "discounts-own.csv",
      "discounts-paper.csv",
      "discounts-settings-own.csv",
      "discounts-settings-paper.csv",
      "discounts-settings-smoke.csv",
      "discounts-smoke.csv",
    ]);
    expect(figures().filter((name) => name.endsWith("json"))).toEqual([
      "discounts-curves-own.json",
      "discounts-curves-paper.json",
      "discounts-curves-smoke.json",
      "discounts-own.json",
      "discounts-paper.json",
      "discounts-smoke.json",
    ]);
    expect(csv("discounts-own.csv")[1]).toContain("8m");
    for (const runs of [runsOf("classroom", 1), runsOf("classroom").slice(1), runsOf("paper")]) {
      const { saved } = await publishResults(experiment, "classroom", runs, { place });
      expect(saved.every(({ path }) => path.includes("-own."))).toBe(true);
    }
    await publishResults(experiment, "paper", runsOf("paper", 1), { place });
    expect(results()).toContain("discounts-paper-own.csv");
  });

  it("takes more seeds than declared as the better result", async () => {
    const { saved } = await publishResults(experiment, "classroom", runsOf("classroom", 3), { place });
    expect(basename(saved[0].path)).toBe("discounts.csv");
    expect(csv("discounts.csv")).toHaveLength(7);
  });

  it("says in one line what is not complete, and writes nothing", async () => {
    const [first, ...others] = runsOf("classroom");
    const { summary: _, ...unfinished } = first;
    await expect(
      publishResults(experiment, "classroom", [{ ...unfinished, state: "interrupted" }, ...others], { place }),
    ).rejects.toThrow(/^Run 3m-\S+ is interrupted: only complete runs have results\.$/);
    await expect(publishResults(experiment, "classroom", [], { place })).rejects.toThrow(
      "No run of discounts is complete: there is nothing to show yet.",
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("puts the figure where it is asked to", async () => {
    const { saved } = await publishResults(experiment, "smoke", runsOf("smoke"), {
      place,
      figure: join(folder, "mine"),
    });
    expect(saved.filter(({ what }) => what === "Figure").map(({ path }) => basename(path))).toEqual([
      "mine.json",
      "mine.html",
      "mine-curves.json",
      "mine-curves.html",
    ]);
  });

  it("writes to a person's own results where no place is given, and says what to do where it cannot", async () => {
    process.env["MAST_RESULTS"] = join(folder, "mine");
    try {
      const { saved } = await publishResults(experiment, "classroom", runsOf("classroom"));
      expect(saved.every(({ path }) => path.startsWith(join(folder, "mine")) && existsSync(path))).toBe(true);
      process.env["MAST_RESULTS"] = join(folder, "mine", "discounts.csv");
      await expect(publishResults(experiment, "classroom", runsOf("classroom"))).rejects.toThrow(
        /^Cannot write .*discounts\.csv: .*; choose another folder with --results or MAST_RESULTS\.$/,
      );
    } finally {
      delete process.env["MAST_RESULTS"];
    }
  });

  it.each([
    "data/own/lambda.csv",
    "data/own/lambda.json",
    "data/results/lambda-smoke.csv",
    "data/results/lambda-settings-own.csv",
    "data/results/lambda-paper-own.csv",
    "figures/lambda-curves-own.json",
    "figures/lambda-smoke-own.png",
    "figures/lambda-smoke.json",
  ])("git passes over %s", (path) => {
    expect(spawnSync("git", ["check-ignore", "--no-index", path], { cwd: packageRoot() }).status).not.toBe(1);
  });
});

describe("publishMeasurement", () => {
  const { figure, table } = experiment.reduce(runsOf("smoke"));
  const measured = {
    figure,
    table,
    more: { again: figure },
    rows: [
      { density: 0.1, seconds: 1 / 3 },
      { density: 1, seconds: 2 },
    ],
  };
  const measurement: Measurement = {
    id: "clock",
    title: "Clock",
    about: "",
    profile: "classroom",
    measure: () => Promise.resolve(measured),
  };

  it("keeps the rows with the experiment and the profile before them and the commit behind", async () => {
    const { rows, saved } = await publishMeasurement(measurement, "classroom", measured, { place });
    expect(rows).toBe(measured.rows);
    const [header, first] = csv("clock.csv");
    expect(header).toBe("experiment,profile,density,seconds,commit");
    expect(first).toMatch(/^clock,classroom,0\.1,0\.333333,[0-9a-f]*\+?$/);
    expect(saved.map(({ path }) => basename(path))).toEqual([
      "clock.csv",
      "clock.json",
      "clock.html",
      "clock-again.json",
      "clock-again.html",
    ]);
    await publishMeasurement(measurement, "smoke", measured, { place });
    expect(results()).toEqual(["clock-smoke.csv", "clock.csv"]);
  });

  it("refuses to keep nothing", async () => {
    await expect(publishMeasurement(measurement, "smoke", { ...measured, rows: [] }, { place })).rejects.toThrow(
      "clock has measured nothing, so there is nothing to show.",
    );
  });
});
