import type { Config } from "../config.js";
import type { ScoreStatistics } from "./scores.js";

/** Where a run stands in a grid. */
export interface Cell {
  readonly row: string;
  readonly column: string;
}

/** What the seeds of one cell came to, and what the paper prints for it: percent of its dense model. */
export interface CellStatistics extends Cell, ScoreStatistics, Pick<Config, "environment" | "rules" | "algorithm" | "method" | "steps"> {
  readonly sparsity: number;
  /** Two-sided p of the difference to the cell of its row with the highest mean (Mann and Whitney's test, exact); NaN for that cell. */
  readonly pToBest: number;
  /** What the cell was compared with, where that was chosen. `pToBest` is then the p of that comparison. */
  readonly comparedTo?: string;
  /** Probability that a run of the cell scores higher than one of `comparedTo`, with its 95 % bootstrap interval. */
  readonly improvement?: number;
  readonly improvementLow?: number;
  readonly improvementHigh?: number;
  readonly paper?: number;
}
