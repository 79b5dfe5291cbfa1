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
  readonly paper?: number;
}
