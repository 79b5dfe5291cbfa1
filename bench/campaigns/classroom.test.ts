import { describe, expect, it } from "vitest";
import { parseCsv } from "../../src/results/csv.js";
import { agreement } from "../../src/results/agreement.js";
import { budgetsOf, classroomTable, readBudgets } from "./classroom.js";

const head = "environment,algorithm,method,seed,steps,score";
const table = (...rows: string[]) => budgetsOf(parseCsv([head, ...rows].join("\n"), "rows.csv"), "some/rows.csv");

const paper = table(
  ...["dense,0.9", "mast,0.8", "rigl,0.4", "ss,0.1"].flatMap((row) => {
    const [method, score] = row.split(",");
    return [1, 2].map((seed) => `3s5z,qmix,${method},${seed},2000000,${Number(score) + seed / 100}`);
  }),
);

describe("how far a classroom orders methods as the paper's budget does", () => {
  it("is the rank correlation of mean scores", () => {
    // Ranks 4, 3, 1, 2 stand beside 4, 3, 2, 1: the sum of squared differences is 2, so the correlation is 1 - 6 * 2 /
    // (4 * 15) = 0.8.
    const [swapped] = table(
      ...["dense,0.99", "mast,0.98", "rigl,0.5", "ss,0.6"].flatMap((row) => {
        const [method, score] = row.split(",");
        return [1, 2, 3].map((seed) => `3m,qmix,${method},${seed},100000,${score}`);
      }),
    );
    const found = agreement(swapped.scores, paper[0].scores);
    expect(found).toMatchObject({ common: 4, seeds: 2 });
    expect(found.correlation).toBeCloseTo(0.8, 12);
    expect([found.low, found.high].every((end) => Math.abs(end - 0.8) < 1e-9)).toBe(true);
    // The distances are .01, .49, .39, .48, .38 and .1.
    expect(found.spread).toBeCloseTo(1.85 / 6, 12);
    expect(agreement(paper[0].scores, paper[0].scores).correlation).toBeCloseTo(1, 12);
  });

  it("counts what both have only, and says nothing where all score alike, or of two", () => {
    const [alike] = table(...["dense", "mast", "rigl", "tiny"].map((method) => `3m,qmix,${method},1,100000,1`));
    expect(agreement(alike.scores, paper[0].scores)).toMatchObject({
      common: 3,
      seeds: 1,
      correlation: NaN,
      spread: 0,
    });
    const [two] = table("3m,qmix,mast,1,1000,0.2", "3m,qmix,ss,1,1000,0.1");
    expect(agreement(two.scores, paper[0].scores)).toMatchObject({ common: 2, correlation: NaN });
  });

  it("puts the best candidate first, within one algorithm", () => {
    const good = ["dense,0.9", "mast,0.7", "rigl,0.3", "ss,0.2"].map(
      (row) => `8m,qmix,${row.replace(",", ",1,200000,")}`,
    );
    const bad = ["dense,0.1", "mast,0.2", "rigl,0.3", "ss,0.4"].map(
      (row) => `3m,qmix,${row.replace(",", ",1,100000,")}`,
    );
    const other = ["dense,0.1", "mast,0.2", "rigl,0.3"].map((row) => `3m,res,${row.replace(",", ",1,100000,")}`);
    const text = classroomTable(table(...bad, ...good, ...other), paper);
    expect(text).toMatch(/8m, qmix, 200000 steps \(rows\.csv\) +3s5z, qmix, 2000000 steps \(rows\.csv\) +4 +1 +1\.00/);
    expect(text.indexOf("8m, qmix")).toBeLessThan(text.indexOf("3m, qmix"));
    expect(text).toMatch(/3m, qmix.* -1\.00/);
    expect(text).not.toMatch(/, res, /);
  });

  it("reads statistics of ablations, and refuses other tables", () => {
    const rows = parseCsv(
      "row,column,environment,algorithm,steps,mean\nMAST,0.8,3m,qmix,1000,0.5\nRigL,0.8,3m,qmix,1000,0.4\n",
      "x",
    );
    expect([...budgetsOf(rows, "x.csv")[0].scores]).toEqual([
      ["MAST, 0.8", [0.5]],
      ["RigL, 0.8", [0.4]],
    ]);
    expect(() => budgetsOf(parseCsv("a,b\n1,2\n", "x"), "x.csv")).toThrow("x.csv has no scores of methods or settings");
    expect(() => readBudgets(["no-such.csv"])).toThrow("Cannot read no-such.csv.");
    expect(() => classroomTable([], paper)).toThrow("No candidate shares two methods");
  });
});
