import type { Config } from "../config.js";
import type { ScoreStatistics } from "./scores.js";

/** Position of a run in a grid. */
export interface Cell {
  /** Label of the row's setting. */
  readonly row: string;
  /** Label of the column's setting. */
  readonly column: string;
}

/** Statistics of the seeds of one cell, and the paper's value in percent of its dense model. */
export interface CellStatistics
  extends Cell, ScoreStatistics, Pick<Config, "environment" | "rules" | "algorithm" | "method" | "steps"> {
  /** S, the share of weights removed from each network, 0..1. */
  readonly sparsity: number;
  /**
   * Two-sided p of the difference to the cell of its row with the highest mean (Mann and Whitney's test, exact); NaN
   * for that cell.
   */
  readonly pToBest: number;
  /** The cell with which this one is compared, if one was chosen. `pToBest` is then the p of that comparison. */
  readonly comparedTo?: string;
  /** Probability that a run of the cell scores higher than one of `comparedTo`. */
  readonly improvement?: number;
  /** Lower end of the 95 % bootstrap interval of `improvement`. */
  readonly improvementLow?: number;
  /** Upper end of the 95 % bootstrap interval of `improvement`. */
  readonly improvementHigh?: number;
  /** The paper's value of the cell in percent of its dense model; absent where the paper has no such cell. */
  readonly paper?: number;
}
