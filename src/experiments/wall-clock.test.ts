import { describe, expect, it } from "vitest";
import type { Timing } from "../timing/cases.js";
import { speedUps, timeLaws } from "../timing/laws.js";
import { lawTable, reduceTimings, wallClock } from "./wall-clock.js";

/** Invented timings: this file tests what is computed from them. */
const timing = (density: number, fastest: number, more: Partial<Timing> = {}): Timing => {
  const spread = (milliseconds: number) => ({
    fastest: milliseconds,
    low: milliseconds,
    median: 1.1 * milliseconds,
    high: 1.2 * milliseconds,
    samples: 7,
  });
  const shares = {
    "agents forward": 0.4,
    "agents backward": 0.3,
    "mixer forward": 0.1,
    "mixer backward": 0.1,
    optimiser: 0.05,
    inputs: 0.03,
    "targets and loss": 0.02,
  };
  return {
    work: "update",
    map: "3m",
    hidden: 64,
    batch: 32,
    series: "hidden",
    density,
    flops: 1e6 * density,
    whole: spread(fastest),
    parts: Object.fromEntries(
      Object.entries(shares).map(([part, share]) => [part, spread(share * fastest)]),
    ) as Timing["parts"],
    ...more,
  };
};

const acting = [1, 0.5, 0.1, 0.02].map((density) =>
  timing(density, 0.02 * density + 0.001, { work: "acting", batch: 1 }),
);

describe("speedUps", () => {
  it("compares each with the dense case of its own comparison, and says which share of the prediction is reached", () => {
    const [, sparse, , other] = speedUps([
      timing(1, 20),
      timing(0.1, 4),
      timing(1, 90, { map: "3s5z" }),
      timing(0.1, 30, { map: "3s5z" }),
    ]);
    expect(sparse).toMatchObject({ measured: 5, predicted: 10, reached: 0.5 });
    expect(other).toMatchObject({ measured: 3, predicted: 10, reached: 0.3 });
    expect(() => speedUps([timing(1, 20), timing(0.1, 4, { hidden: 32 })])).toThrow("without the dense case");
  });
});

describe("timeLaws", () => {
  it("finds what no mask thins and the pace of what it does, of the whole and of each part", () => {
    // Sparse updates take t = 2 + 24 F / F_dense milliseconds; dense products are faster than sparse ones.
    const cases = [
      timing(1, 22),
      ...[0.5, 0.1, 0.02].map((density) => timing(density, 2 + 24 * density)),
      timing(0.3, 99, { series: "batch" }),
      timing(1, 99, { series: "batch" }),
    ];
    const laws = timeLaws(reduceTimings([...cases, ...acting], "a test").rows).filter(({ work }) => work === "update");
    expect(laws.length).toBe(8);
    const [whole] = laws;
    expect(whole).toMatchObject({ map: "3m", hidden: 64, batch: 32, part: "whole", dense: 22 });
    expect([whole.fixed, whole.slope]).toEqual([expect.closeTo(2, 9), expect.closeTo(24, 9)]);
    expect(laws.find(({ part }) => part === "optimiser")!.fixed).toBeCloseTo(0.05 * 2, 9);
    expect(lawTable(reduceTimings([...cases, ...acting], "a test").rows).rows[0]).toEqual([
      "an update",
      "3m",
      "64",
      "22.0 ms",
      "2.00 ms",
      "24.0 ms",
      "1.20",
      "11.0x",
    ]);
  });
});

describe("the measurement", () => {
  it("times all that it compares, in seconds in the smoke profile", async () => {
    const shares: number[] = [];
    const { table, figure, more, rows } = await wallClock.measure("smoke", {
      onProgress: (share) => shares.push(share),
    });
    expect(shares.at(-1)).toBe(1);
    expect(shares.every((share, i) => i === 0 || share >= shares[i - 1])).toBe(true);
    expect(rows.every((row) => Object.keys(row).join() === Object.keys(rows[0]).join())).toBe(true);
    for (const row of rows)
      for (const key of ["low", "median", "high"])
        expect(row[key] as number).toBeGreaterThanOrEqual(row.fastest as number);
    const whole = rows.filter(({ part }) => part === "whole");
    expect(whole.every(({ fastest }) => (fastest as number) > 0)).toBe(true);
    for (const { density, measured, predicted } of whole)
      if (density === 1) expect([measured, predicted]).toEqual([1, 1]);
    // There are two hidden sizes by three densities, for updates and for acting, and two batches by two densities.
    expect(whole.length).toBe(2 * 2 * 3 + 2 * 2);
    expect(table.rows.length).toBe(3);
    expect(Object.keys(more!)).toEqual(["hidden", "batch", "parts"]);
    for (const { data, summary } of [figure, ...Object.values(more!)]) {
      expect(data.length).toBeGreaterThan(0);
      expect(summary).not.toMatch(/NaN|undefined/);
    }
  }, 30_000);

  it("draws what FLOPs predict from the dense time", () => {
    const timings = (["hidden", "batch"] as const).flatMap((series) => [
      timing(1, 20, { series }),
      timing(0.1, 4, { series }),
      timing(0.02, 2.4, { series }),
    ]);
    const { table, figure } = reduceTimings([...timings, ...acting], "a test");
    const predicted = figure.data.filter(({ name }) => name === "FLOPs predict");
    expect(predicted[0].y).toEqual([20, 2, 0.4]);
    expect(figure.data.find(({ name }) => name === "measured")!.y).toEqual([20, 4, 2.4]);
    // An update takes 2 ms and 20 ms times the share of FLOPs.
    expect(figure.data.find(({ name }) => name === "a fixed time + FLOPs")!.y).toEqual([NaN, 4, 2.4]);
    expect(table.rows[1]).toEqual(["3m", "0.1", "4.00", "5.00x", "10.0x", "50 %", "3.00", "7.00x", "10.0x", "70 %"]);
  });

  it("stops with the signal's reason", async () => {
    await expect(wallClock.measure("classroom", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });
});
