import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { type CsvRow, parseCsv, rowsCsv } from "./csv.js";
import { completeRun } from "../runs/fixtures.js";
import { frameCsv, rowsFrame, runRows, runsFrame, tidyRows } from "./frame.js";

const run = (seed: number, score: number, method: "mast" | "dense" = "mast") =>
  completeRun(resolveConfig({ method, seed, steps: 1000, evaluation: { window: 1 } }), [0, score]);

describe("runsFrame", () => {
  it("has a row a run, and groups by method as danfojs does", async () => {
    const frame = await runsFrame([run(1, 0.5), run(2, 1), run(3, 0.25, "dense")], { profile: "smoke" });
    expect(frame.shape).toEqual([3, 19]);
    const means = frame.groupby(["method"]).col(["score"]).mean();
    expect(means.values).toEqual([
      ["mast", 0.75],
      ["dense", 0.25],
    ]);
    const [header, first] = frameCsv(frame).split("\n");
    expect(header).toBe(
      "profile,environment,rules,algorithm,method,sparsity,seed,steps,score,evaluations,lastWinRate,seconds,processorSeconds,stepsPerSecond,parameters,totalSize,trainFlops,inferenceFlops,commit",
    );
    expect(first).toBe("smoke,3m,starcraft,qmix,mast,0.95,1,1000,0.5,1,0.5,2,1.5,502,1234,0.066,0.051,0.05,abc");
  });

  it("says the same without danfojs", async () => {
    const runs = [run(1, 0.5), run(2, 1 / 3)];
    expect(rowsCsv(runRows(runs, { profile: "smoke" }))).toBe(frameCsv(await runsFrame(runs, { profile: "smoke" })));
  });

  it("says which engine a run was trained with where one has another than sparse", () => {
    const other = completeRun(resolveConfig({ engine: "tensorflow", steps: 1000, evaluation: { window: 1 } }), [1]);
    expect(runRows([run(1, 0.5), other]).map(({ engine }) => engine)).toEqual(["sparse", "tensorflow"]);
    expect(Object.keys(runRows([run(1, 0.5)])[0])).not.toContain("engine");
  });

  it("refuses a run that is not complete", async () => {
    const { summary: _, ...unfinished } = run(1, 0);
    await expect(runsFrame([{ ...unfinished, state: "interrupted" }])).rejects.toThrow(
      /^Run 3m-qmix-mast-95-1k-seed1-\w+ is interrupted: only complete runs have results\.$/,
    );
  });
});

describe("tidyRows", () => {
  it("gives every row the same fields, labels first, numbers with six digits, and empty cells", () => {
    const rows = tidyRows(
      [
        { column: "α, ω", mean: 2 / 3 },
        { column: 'the "best"', mean: NaN, paper: 97.5 },
      ],
      { experiment: "alpha" },
    );
    const csv = rowsCsv(rows);
    expect(csv).toBe('experiment,column,mean,paper\nalpha,"α, ω",0.666667,\nalpha,"the ""best""",NaN,97.5');
    expect(parseCsv(csv, "alpha.csv").map(({ column }) => column)).toEqual(["α, ω", 'the "best"']);
  });
});

describe("rowsFrame", () => {
  const rows: CsvRow[] = [
    { method: "mast", score: 0.5, steps: 2_000_000, note: 'a "b",\nc' },
    { score: 1, method: "dense", steps: 12_345_678 },
    { method: "mast", steps: 3, note: "d\re" },
  ];

  it("puts each value into its column, and what is missing beside", async () => {
    const frame = await rowsFrame(rows);
    expect(frame.columns).toEqual(["method", "score", "steps", "note"]);
    expect(frame["steps"].values).toEqual([2_000_000, 12_345_678, 3]);
    expect(frame["score"].values).toEqual([0.5, 1, NaN]);
    expect(frame["score"].count()).toBe(2);
    expect(frame["note"].values).toEqual(['a "b",\nc', "", "d\re"]);
  });

  it("goes on with danfojs's own verbs, and comes back from CSV", async () => {
    const frame = await rowsFrame(rows);
    expect(frame.groupby(["method"]).col(["steps"]).sum().values).toEqual([
      ["mast", 2_000_003],
      ["dense", 12_345_678],
    ]);
    const again = parseCsv(frameCsv(frame), "frame.csv");
    expect(again).toEqual([{ ...rows[0] }, { ...rows[1], note: "" }, { ...rows[2], score: NaN }]);
  });
});
