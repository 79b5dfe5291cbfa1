import { damaged } from "./growing-file.js";

/**
 * A row of a run's metrics.csv: an evaluation, or statistics of training. Fields that its kind does not have are NaN.
 */
export interface MetricsRow {
  /** "train" for statistics of training since the previous row of this kind, "evaluation" for greedy episodes. */
  readonly kind: "train" | "evaluation";
  /** Environment steps so far. */
  readonly step: number;
  /** Training episodes so far. */
  readonly episode: number;
  /** Gradient updates so far. */
  readonly update: number;
  /** Exploration rate at this step; "train" only. */
  readonly epsilon: number;
  /** Mean loss of the updates since the previous row; "train" only. */
  readonly loss: number;
  /** Mean global norm of their gradients before clipping; "train" only. */
  readonly gradientNorm: number;
  /** Mean Q_tot of the sampled steps; "train" only. */
  readonly qTotal: number;
  /** Mean learning target of the sampled steps; "train" only. */
  readonly target: number;
  /** Number of episodes in the means of this row; evaluations only. */
  readonly episodes: number;
  /** Mean undiscounted return of the episodes. */
  readonly episodeReturn: number;
  /** Mean length of the episodes in environment steps. */
  readonly episodeLength: number;
  /** Share of the episodes that the team won, 0..1. */
  readonly winRate: number;
  /** Mean Q_tot of the joint actions taken; evaluations only. */
  readonly estimatedValue: number;
  /** Mean discounted return that followed these joint actions; evaluations only. */
  readonly trueValue: number;
}

/** A row of topology.csv: one layer after one topology evolution. */
export interface TopologyRow {
  readonly step: number;
  readonly episode: number;
  readonly evolution: number;
  readonly fraction: number;
  readonly layer: string;
  readonly nonzeros: number;
  readonly dropped: number;
  readonly grown: number;
}

/** A row of timing.csv, the only table that differs between two equal runs. */
export interface TimingRow {
  readonly step: number;
  /** Wall-clock seconds of training so far, over all resumes. */
  readonly seconds: number;
  /** Environment steps a second since the previous row. */
  readonly stepsPerSecond: number;
}

/**
 * Reads a table that tables.ts wrote, without a last line that is still being written.
 * @param path the table's file, for the error
 * @throws {RunError} when it is not such a table
 */
export function parseTable<Row>(text: string, path: string): Row[] {
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  const columns = lines[0]?.split(",") ?? [];
  if (!columns.includes("step")) throw damaged(path, "it does not begin with the names of its columns");
  return lines.slice(1).map((row, i) => {
    const cells = row.split(",");
    const values = columns.map((column, j) =>
      TEXT.has(column) ? cells[j] : cells[j] === "" ? Number.NaN : Number(cells[j]),
    );
    // An empty cell stands for a missing number. Any other text that is not a number was not written by mast-lab.
    if (cells.length !== columns.length || values.some((value, j) => Number.isNaN(value) && cells[j] !== ""))
      throw damaged(path, `its line ${i + 2} is not a row of its table`);
    return Object.fromEntries(columns.map((column, j) => [column, values[j]])) as Row;
  });
}

const TEXT: ReadonlySet<string> = new Set(["kind", "layer"]);
