import { LabError } from "../errors.js";
import type { Timing } from "./cases.js";
import type { Spread } from "./timing.js";

/** A timing compared with the dense case with which it was timed in turns. */
export interface SpeedUp {
  readonly timing: Timing;
  readonly dense: Timing;
  /** Dense time divided by sparse time, of the fastest samples; `predicted` is the same for FLOPs. */
  readonly measured: number;
  readonly predicted: number;
  /** Measured divided by predicted: 1 where saved FLOPs save time in full. */
  readonly reached: number;
}

/**
 * Compares each timing with the dense one of its map, hidden size, batch and series.
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
        `${timing.work} on ${timing.map} at density ${timing.density} was timed without the dense case, with which it has to be compared.`,
      );
    const measured = dense.whole.fastest / timing.whole.fastest;
    const predicted = dense.flops / timing.flops;
    return { timing, dense, measured, predicted, reached: measured / predicted };
  });
}

/** A row of this measurement: a whole case, or a part of an update. Times are in milliseconds. */
export type TimedRow = {
  readonly work: Timing["work"];
  readonly map: string;
  readonly series: Timing["series"];
  readonly hidden: number;
  readonly batch: number;
  readonly density: number;
  /** "whole", or the name of the part. */
  readonly part: string;
  readonly flops: number;
} & { readonly [Key in keyof Spread | "measured" | "predicted" | "reached"]: number };

/** The law by which time follows FLOPs once a network is sparse: t = fixed + slope F / F_dense. In milliseconds. */
export interface TimeLaw extends Pick<TimedRow, "work" | "map" | "hidden" | "batch" | "part"> {
  /** Measured time of the dense case. */
  readonly dense: number;
  /** Time that does not depend on density. */
  readonly fixed: number;
  /** Time that all FLOPs of the dense networks would take at the speed of sparse ones. */
  readonly slope: number;
}

/**
 * Fits the law of each case that was timed at several densities, and of its parts, by least squares of the relative
 * deviations of the fastest samples over all densities below 1.
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

/** Fits a line by least squares, with weights that make relative deviations count. */
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
