import { LabError } from "../errors.js";
import type { Timing } from "./cases.js";
import type { Spread } from "./timing.js";

/** A timing beside the dense case that it was timed in turns with. */
export interface SpeedUp {
  readonly timing: Timing;
  readonly dense: Timing;
  /** Dense over sparse: of the fastest samples, and of the FLOPs. */
  readonly measured: number;
  readonly predicted: number;
  /** Measured over predicted: 1 where FLOPs become time entirely. */
  readonly reached: number;
}

/**
 * Each timing beside the dense one of its map, hidden size, batch and series.
 *
 * @throws {Error} when a dense case is missing
 * @example
 * speedUps(timings).find(({ timing }) => timing.density === 0.05)!.reached;
 */
export function speedUps(timings: readonly Timing[]): SpeedUp[] {
  return timings.map((timing) => {
    const dense = timings.find(
      (other) =>
        other.density === 1 &&
        (["work", "map", "hidden", "batch", "series"] as const).every((key) => other[key] === timing[key]),
    );
    if (dense === undefined)
      throw new LabError(
        `${timing.work} on ${timing.map} at density ${timing.density} was timed without the dense case: there is nothing to compare it with.`,
      );
    const measured = dense.whole.fastest / timing.whole.fastest;
    const predicted = dense.flops / timing.flops;
    return { timing, dense, measured, predicted, reached: measured / predicted };
  });
}

/** A row of the numbers of this measurement: the whole of a case, or a part of an update. Times in milliseconds. */
export type TimedRow = {
  readonly work: Timing["work"];
  readonly map: string;
  readonly series: Timing["series"];
  readonly hidden: number;
  readonly batch: number;
  readonly density: number;
  /** "whole", or the part. */
  readonly part: string;
  readonly flops: number;
} & { readonly [Key in keyof Spread | "measured" | "predicted" | "reached"]: number };

/** How time follows FLOPs once a network is sparse: t = fixed + slope F / F_dense. In milliseconds. */
export interface TimeLaw extends Pick<TimedRow, "work" | "map" | "hidden" | "batch" | "part"> {
  /** Measured, dense. */
  readonly dense: number;
  /** What no mask thins. */
  readonly fixed: number;
  /** What all FLOPs of the dense networks would take at the pace of sparse ones. */
  readonly slope: number;
}

/**
 * The law of each case that was timed against density, and of its parts: least squares of the relative deviations of
 * the fastest samples, over all densities below 1.
 *
 * @param rows of this measurement
 * @example const laws = timeLaws(measured.rows); // laws[0].dense / laws[0].fixed is the most that sparsity can gain
 */
export function timeLaws(rows: readonly Readonly<Record<string, string | number>>[]): TimeLaw[] {
  const all = (rows as unknown as readonly TimedRow[]).filter(({ series }) => series === "hidden");
  return all
    .filter(({ density }) => density === 1)
    .map((dense) => {
      const { work, map, hidden, batch, part } = dense;
      const points = all.filter(
        (row) =>
          row.density < 1 &&
          (["work", "map", "hidden", "batch", "part"] as const).every((key) => row[key] === dense[key]),
      );
      return {
        work,
        map,
        hidden,
        batch,
        part,
        dense: dense.fastest,
        ...fitLine(points.map(({ flops, fastest }) => [flops / dense.flops, fastest])),
      };
    });
}

/** Weighted so that relative deviations count. */
function fitLine(points: readonly (readonly [x: number, t: number])[]): { fixed: number; slope: number } {
  let [w, wx, wxx, wt, wxt] = [0, 0, 0, 0, 0];
  for (const [x, t] of points) {
    const weight = 1 / t ** 2;
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wt += weight * t;
    wxt += weight * x * t;
  }
  const slope = (w * wxt - wx * wt) / (w * wxx - wx * wx);
  return { fixed: (wt - slope * wx) / w, slope };
}
