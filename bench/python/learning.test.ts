import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/node/project.js";
import { parseCsv } from "../../src/results/csv.js";
import { mannWhitneyP } from "../../src/results/difference.js";
import { mean } from "../../src/results/statistics.js";
import { scoredEvaluations } from "../../src/training/score.js";

// This test recomputes what src/node/python/README.md says about learning from the committed tables that learning.ts
// wrote.

const results = join(packageRoot(), "data", "results");
const read = (file: string) => parseCsv(readFileSync(join(results, file), "utf8"), file);
const text = readFileSync(join(packageRoot(), "src", "node", "python", "README.md"), "utf8").replace(/\s+/g, " ");

/** Returns the rows of a case by method, in its last environment, which is the one that the case is about. */
const last = (rows: ReturnType<typeof read>, method: string) => {
  const own = rows.filter((row) => row["method"] === method);
  return own.filter(({ environment }) => environment === own.at(-1)!["environment"]);
};

describe.each<[string, string, readonly string[], number, number]>([
  ["the particle environment", "spread", ["dense", "mast"], 3, 1],
  ["foraging that takes two", "cooperation", ["dense"], 3, 2],
  ["foraging that takes two, by MAST", "cooperation-mast", ["mast"], 3, 2],
  ["foraging that takes two, with three updates", "cooperation-three", ["dense"], 3, 2],
])("%s, as it was learned", (_, name, methods, seeds, digits) => {
  const rows = read(`python-${name}.csv`);
  const evaluations = read(`python-${name}-evaluations.csv`);

  it("returns more than random play in every seed, beyond its interval", () => {
    for (const method of methods) {
      const own = last(rows, method);
      expect(own).toHaveLength(seeds);
      for (const row of own) {
        expect(row["measure"]).toBe("return");
        expect(Number(row["score"])).toBeGreaterThan(Number(row["randomHigh"]));
        if (name === "cooperation" || name === "cooperation-mast")
          expect(Number(row["score"])).toBeGreaterThanOrEqual(0.9);
      }
    }
  });

  it("has the scores that its evaluations come to", () => {
    for (const row of rows) {
      const own = evaluations
        .filter((one) => ["environment", "method", "seed"].every((field) => one[field] === row[field]))
        .map(({ episodeReturn }) => Number(episodeReturn));
      expect(Number(row["score"])).toBeCloseTo(mean(scoredEvaluations(own, Number(row["evaluations"]))), 3);
    }
  });

  it("is described by these numbers", () => {
    for (const method of methods) {
      const scores = last(rows, method).map((row) => Number(row["score"]));
      expect(text).toContain(mean(scores).toFixed(digits));
      for (const score of scores) expect(text).toContain(score.toFixed(digits));
    }
    const [{ randomReturn, randomLow, randomHigh }] = last(rows, methods[0]);
    for (const value of [randomReturn, randomLow, randomHigh]) expect(text).toContain(Number(value).toFixed(digits));
  });
});

describe("foraging that takes two, with one update and with three", () => {
  const scores = (name: string, method: string) =>
    last(read(`python-${name}.csv`), method).map((row) => Number(row["score"]));
  /** The scores of dense teams with one update an episode after half of their steps. */
  const halfway = [1, 2, 3].map((seed) =>
    mean(
      last(read("python-cooperation-evaluations.csv"), "dense")
        .filter((row) => Number(row["seed"]) === seed && Number(row["step"]) <= 100_000)
        .slice(-3)
        .map(({ episodeReturn }) => Number(episodeReturn)),
    ),
  );

  it("is described by the scores after as many steps", () => {
    expect(text).toContain(
      `| 100,000 | ${mean(halfway).toFixed(2)} (${halfway.map((score) => score.toFixed(2)).join(", ")}) |`,
    );
  });

  it("is compared by tests", () => {
    const three = scores("cooperation-three", "dense");
    for (const more of [scores("cooperation-mast", "mast"), halfway]) {
      expect(Math.min(...more)).toBeGreaterThan(Math.max(...three));
      expect(text).toContain(`(p = ${mannWhitneyP(more, three).toFixed(2)} each by Mann and Whitney's exact test`);
    }
  });
});

describe("3m in SMAClite itself, as it was learned", () => {
  const won = (seed: number) =>
    read("python-smaclite-evaluations.csv")
      .filter((row) => Number(row["seed"]) === seed)
      .map(({ step, winRate }) => ({ step: Number(step), winRate: Number(winRate) }));

  it("is won in at least 90 % of the last battles of every seed, and not at first", () => {
    expect(read("python-smaclite.csv").map(({ seed, score }) => [Number(seed), Number(score) >= 0.9])).toEqual(
      [1, 2, 3].map((seed) => [seed, true]),
    );
    for (const seed of [1, 2, 3]) {
      expect(won(seed).at(-1)!.winRate).toBeGreaterThanOrEqual(0.9);
      expect(won(seed)[0].winRate).toBe(0);
    }
  });

  it("is described by these numbers", () => {
    const first = [1, 2, 3].map((seed) => won(seed).find(({ winRate }) => winRate >= 0.9)!.step);
    expect([Math.min(...first), Math.max(...first)]).toEqual([10_000, 15_000]);
    expect(text).toContain("after 10,000 to 15,000");
    const lostLater = [1, 2, 3].filter((seed, i) =>
      won(seed).some(({ step, winRate }) => step > first[i] && winRate < 0.9),
    );
    expect(lostLater).toHaveLength(2);
    expect(text).toContain("two of the teams lost later ones");
    const [{ randomReturn, randomLow, randomHigh }] = read("python-smaclite.csv");
    for (const value of [randomReturn, randomLow, randomHigh]) expect(text).toContain(Number(value).toFixed(2));
  });
});
