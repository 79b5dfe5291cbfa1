import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/node/project.js";
import { parseCsv } from "../../src/results/csv.js";
import { mean } from "../../src/results/statistics.js";
import { scoredEvaluations } from "../../src/training/score.js";

// What src/node/python/README.md says about learning, from the committed tables that learning.ts wrote.

const results = join(packageRoot(), "data", "results");
const read = (file: string) => parseCsv(readFileSync(join(results, file), "utf8"), file);
const text = readFileSync(join(packageRoot(), "src", "node", "python", "README.md"), "utf8");

describe("the particle environment, learned by dense QMIX and by MAST", () => {
  const rows = read("python-spread.csv");
  const evaluations = read("python-spread-evaluations.csv");
  const of = (method: string) => rows.filter((row) => row["method"] === method);

  it("returns more than random play in every seed of dense QMIX, beyond its interval", () => {
    expect(of("dense")).toHaveLength(3);
    for (const row of of("dense")) {
      expect(row["measure"]).toBe("return");
      expect(Number(row["score"])).toBeGreaterThan(Number(row["randomHigh"]));
    }
  });

  it("has the scores that its evaluations come to", () => {
    for (const row of rows) {
      const own = evaluations
        .filter(({ method, seed }) => method === row["method"] && seed === row["seed"])
        .map(({ episodeReturn }) => Number(episodeReturn));
      expect(Number(row["score"])).toBeCloseTo(mean(scoredEvaluations(own, Number(row["evaluations"]))), 3);
    }
  });

  it("is described by these numbers", () => {
    for (const method of ["dense", "mast"]) {
      const scores = of(method).map((row) => Number(row["score"]));
      expect(text).toContain(mean(scores).toFixed(1));
      for (const score of scores) expect(text).toContain(score.toFixed(1));
    }
    for (const field of ["randomReturn", "randomLow", "randomHigh"])
      expect(text).toContain(Number(rows[0][field]).toFixed(1));
  });
});
