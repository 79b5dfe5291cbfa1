import type { Config } from "../config.js";
import type { ScoreStatistics } from "./scores.js";

/** Where a run stands in a grid. */
export interface Cell {
  /** Label of the setting that the run's row stands for. */
  readonly row: string;
  /** Label of the setting that its column stands for. */
  readonly column: string;
}

/** What the seeds of one cell came to, and what the paper prints for it: percent of its dense model. */
export interface CellStatistics
  extends Cell, ScoreStatistics, Pick<Config, "environment" | "rules" | "algorithm" | "method" | "steps"> {
  /** S, the share of weights removed from each network, 0..1. */
  readonly sparsity: number;
  /**
   * Two-sided p of the difference to the cell of its row with the highest mean (Mann and Whitney's test, exact); NaN
   * for that cell.
   */
  readonly pToBest: number;
  /** What the cell was compared with, where that was chosen. `pToBest` is then the p of that comparison. */
  readonly comparedTo?: string;
  /** Probability that a run of the cell scores higher than one of `comparedTo`. */
  readonly improvement?: number;
  /** Lower end of the 95 % bootstrap interval of `improvement`. */
  readonly improvementLow?: number;
  /** Upper end of the 95 % bootstrap interval of `improvement`. */
  readonly improvementHigh?: number;
  /** What the paper prints for the cell, in percent of its dense model; absent where it has no such cell. */
  readonly paper?: number;
}
