import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { runOne } from "../runs/run.js";
import { runName, type StoredRun } from "../runs/store.js";
import { keepRun, keptPaths, keptRun, readKept } from "./kept-runs.js";
import { scoreStatistics } from "./scores.js";

const small: ConfigInput = {
  environment: "two-step",
  steps: 250,
  warmup: 10,
  targetInterval: 5,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 20 },
  evaluation: { interval: 50, episodes: 3, window: 3 },
};

const folder = mkdtempSync(join(tmpdir(), "mast-kept-"));
const runs: StoredRun[] = [];
beforeAll(async () => {
  for (const seed of [1, 2, 3])
    runs.push(await runOne(resolveConfig({ ...small, seed }), { runs: join(folder, "runs") }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("runs that are kept as tables", () => {
  const results = join(folder, "results");
  const paths = keptPaths("paper", results);
  const lines = (path: string) => readFileSync(path, "utf8").trim().split("\n").length - 1;
  const found = (run: StoredRun) => keptRun(run.config, readKept("paper", results), paths.runs);

  it("come back with score, curve, costs and times", async () => {
    for (const run of runs) await keepRun(run, { fingerprint: "abc" }, "paper", results);
    expect([lines(paths.runs), lines(paths.evaluations)]).toEqual([3, 18]);
    for (const run of runs) {
      const kept = found(run)!;
      expect(kept).toMatchObject({ name: run.name, state: "complete", config: run.config, step: run.step });
      const { files: _, sha256: __, ...summary } = run.summary!;
      // Everything is equal but what has been rounded to six digits.
      expect(kept.summary).toMatchObject({
        winRates: summary.winRates!.map((rate) => Number(rate.toPrecision(6))),
        steps: summary.steps,
        episodes: summary.episodes,
        updates: summary.updates,
        parameters: summary.parameters,
        cost: summary.cost,
        finished: summary.finished,
      });
      expect(kept.summary!.score).toBeCloseTo(summary.score, 5);
      expect(kept.summary!.seconds).toBeCloseTo(summary.seconds, 3);
      const evaluations = run.metrics.filter(({ kind }) => kind === "evaluation");
      expect(kept.metrics.map(({ step }) => step)).toEqual([0, 50, 100, 150, 200, 250]);
      kept.metrics.forEach((row, i) => {
        for (const field of [
          "episodes",
          "winRate",
          "episodeReturn",
          "episodeLength",
          "estimatedValue",
          "trueValue",
        ] as const)
          expect(row[field]).toBeCloseTo(evaluations[i][field], 4);
      });
    }
    const [stored, kept] = [runs, runs.map((run) => found(run)!)].map((list) => scoreStatistics(list));
    for (const field of ["mean", "iqm", "iqmLow", "iqmHigh", "throughout"] as const)
      expect(kept[field]).toBeCloseTo(stored[field], 5);
  });

  it("have scores of returns where their environment counts those", async () => {
    const run = await runOne(
      resolveConfig({ ...small, seed: 1, evaluation: { ...small.evaluation, score: "return" } }),
      {
        runs: join(folder, "runs"),
      },
    );
    const place = join(folder, "returns");
    await keepRun(run, { fingerprint: "abc" }, "paper", place);
    const kept = keptRun(run.config, readKept("paper", place), "runs")!;
    expect(kept.summary!.winRates).toBeUndefined();
    expect(kept.summary!.returns!.map((value) => value.toFixed(4))).toEqual(
      run.summary!.returns!.map((value) => value.toFixed(4)),
    );
    expect(kept.summary!.score).toBeCloseTo(run.summary!.score, 4);
  });

  it("are there once, however often and by however many they are added", async () => {
    const before = readFileSync(paths.runs, "utf8").trim().split("\n").sort();
    await Promise.all([...runs, ...runs].map((run) => keepRun(run, { fingerprint: "abc" }, "paper", results)));
    expect(readFileSync(paths.runs, "utf8").trim().split("\n").sort()).toEqual(before);
    expect(lines(paths.evaluations)).toBe(18);
    expect(found(runs[0])).toBeDefined();
  });

  it("are those of a configuration: another one, or one that was never kept, is not found", () => {
    const other = resolveConfig({ ...small, seed: 1, discount: 0.9 });
    expect(keptRun(other, readKept("paper", results), paths.runs)).toBeUndefined();
    expect(keptRun(runs[0].config, readKept("smoke", results), paths.runs)).toBeUndefined();
  });

  it("are refused where curve and row do not belong together, or a table is damaged", () => {
    const text = readFileSync(paths.evaluations, "utf8");
    const name = runName(runs[1].config);
    // The last evaluation of one run is lost.
    const rows = text.split("\n");
    const last = rows.findLastIndex((row) => row.startsWith(name));
    const changed = rows.map((row, i) => {
      if (i !== last) return row;
      const cells = row.split(",");
      cells[3] = cells[3] === "1" ? "0" : "1";
      return cells.join(",");
    });
    writeFileSync(paths.evaluations, changed.join("\n"));
    expect(() => found(runs[1])).toThrow(
      /the 6 evaluations of .* give a score of .*: take both tables from the same commit/,
    );
    expect(found(runs[0])).toBeDefined();
    writeFileSync(paths.evaluations, `${text}${name},1\n`);
    expect(() => found(runs[0])).toThrow(/runs-evaluations-paper\.csv, row 20: 2 cells, but the header has 8/);
    writeFileSync(paths.evaluations, text);
  });
});
