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
  readonly paper?: number;
}
