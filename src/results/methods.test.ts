import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import type { PaperMethod } from "../methods.js";
import { frameCsv, methodsFrame } from "./frame.js";
import { methodStatistics } from "./methods.js";
import type { StoredRun } from "../runs/store.js";

const cost = { totalSize: 0.1, trainFlops: 0.2, inferenceFlops: 0.3 };

function run(method: PaperMethod, seed: number, score: number, commit = "abc"): StoredRun {
  const config = resolveConfig({ environment: "2s3z", method, seed });
  const summary = {
    score,
    winRates: [score],
    steps: 1,
    episodes: 1,
    updates: 1,
    seconds: 1,
    stepsPerSecond: 1,
    parameters: 1,
    cost: { ...cost, relative: cost },
    commit,
    finished: "",
  };
  return { name: `${method}-${seed}`, directory: "", config, state: "complete", step: 1, metrics: [], summary };
}

const runs = (method: PaperMethod, scores: readonly number[]) => scores.map((score, i) => run(method, i + 1, score));

describe("methodStatistics", () => {
  const all = [
    ...runs("mast", [0.9, 1, 0.8, 1, 0.7]),
    ...runs("dense", [0.5, 0.5, 0.9, 1, 0.6]),
    ...runs("set", [0.4, 0.4, 0.4, 0.4, 0.4]),
  ];
  const [dense, set, mast] = methodStatistics(all);

  it("are in the order of Table 1, one entry a method", () => {
    expect(methodStatistics(all).map(({ method }) => method)).toEqual(["dense", "set", "mast"]);
    expect(mast).toMatchObject({
      environment: "2s3z",
      algorithm: "qmix",
      sparsity: 0.95,
      seeds: 5,
      ...cost,
      commit: "abc",
    });
    expect(methodStatistics([run("set", 1, 0, "abc"), run("set", 2, 0, "def")])[0].commit).toBe("abc def");
  });

  it("agree with sums by hand", () => {
    // The mean is (0.9 + 1 + 0.8 + 1 + 0.7) / 5; the deviations 0.02, 0.12, -0.08, 0.12 and -0.18 have squares that sum
    // to 0.068; the middle three scores are 0.8, 0.9 and 1.
    expect(mast.mean).toBeCloseTo(0.88, 12);
    expect(mast.deviation).toBeCloseTo(Math.sqrt(0.068 / 4), 12);
    expect(mast.iqm).toBeCloseTo(0.9, 12);
    expect(mast.relativeToDense).toBeCloseTo(0.88 / 0.7, 12);
    // Of the 25 pairs, 0.9 beats 0.5, 0.5 and 0.6 and ties 0.9; 1 beats four and ties 1 (twice); 0.8 and 0.7 beat
    // three.
    expect(dense.mastImproves).toBeCloseTo((3.5 + 4.5 + 3 + 4.5 + 3) / 25, 12);
    expect(set.mastImproves).toBe(1);
    expect(mast.mastImproves).toBe(0.5);
    // No other of the 252 ways to deal out ten scores but the opposite one sets them as far apart as MAST's and SET's.
    expect(set.mastP).toBeCloseTo(2 / 252, 12);
    expect(mast.mastP).toBeNaN();
  });

  it("have intervals around the interquartile mean, which close in on scores that agree, the same each time", () => {
    expect(mast.iqmLow).toBeGreaterThanOrEqual(0.7);
    expect(mast.iqmLow).toBeLessThan(mast.iqm);
    expect(mast.iqmHigh).toBeGreaterThan(mast.iqm);
    for (const end of [set.iqmLow, set.iqmHigh]) expect(end).toBeCloseTo(0.4, 12);
    expect(methodStatistics(all)).toEqual([dense, set, mast]);
  });

  it("refuse a run that is not complete, and say NaN where dense or MAST is missing", () => {
    const { summary, ...open } = run("set", 1, 0.5);
    expect(summary!.score).toBe(0.5);
    expect(() => methodStatistics([{ ...open, state: "interrupted" }])).toThrow("set-1 is interrupted");
    expect(methodStatistics(runs("set", [0.4, 0.5]))[0]).toMatchObject({
      relativeToDense: Number.NaN,
      mastImproves: Number.NaN,
    });
  });

  it("make a tidy frame", async () => {
    const lines = frameCsv(await methodsFrame(methodStatistics(all), { experiment: "x", profile: "smoke" })).split(
      "\n",
    );
    expect(lines[0]).toBe(
      "experiment,profile,environment,rules,algorithm,method,sparsity,steps,seeds,evaluations,mean,deviation,iqm,iqmLow,iqmHigh,throughout,relativeToDense,mastImproves,mastP,totalSize,trainFlops,inferenceFlops,commit",
    );
    expect(lines[2]).toBe(
      "x,smoke,2s3z,starcraft,qmix,set,0.95,2000000,5,1,0.4,0,0.4,0.4,0.4,0.4,0.571429,1,0.00793651,0.1,0.2,0.3,abc",
    );
  });
});
