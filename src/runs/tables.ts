import type { EvaluationRecord, TopologyRecord, TrainRecord } from "../training/records.js";
import type { MetricsRow, TimingRow, TopologyRow } from "./metrics.js";

/**
 * Formats the lines of a run's tables. This module does not need Node.js, so that a run in a browser writes the same
 * tables.
 */

const METRICS = [
  "kind",
  "step",
  "episode",
  "update",
  "epsilon",
  "loss",
  "gradientNorm",
  "qTotal",
  "target",
  "episodes",
  "episodeReturn",
  "episodeLength",
  "winRate",
  "estimatedValue",
  "trueValue",
] as const satisfies readonly (keyof MetricsRow)[];
const TOPOLOGY = [
  "step",
  "episode",
  "evolution",
  "fraction",
  "layer",
  "nonzeros",
  "dropped",
  "grown",
] as const satisfies readonly (keyof TopologyRow)[];
const TIMING = ["step", "seconds", "stepsPerSecond"] as const satisfies readonly (keyof TimingRow)[];

/** The first line of each table. */
export const HEADERS = { metrics: line(METRICS), topology: line(TOPOLOGY), timing: line(TIMING) } as const;

export function metricsLines(record: TrainRecord | EvaluationRecord): string {
  return format(METRICS, [record]);
}

export function topologyLines(record: TopologyRecord): string {
  const { step, episode, evolution, fraction } = record;
  return format(
    TOPOLOGY,
    record.layers.map(({ name, ...counts }) => ({ step, episode, evolution, fraction, layer: name, ...counts })),
  );
}

export function timingLines(row: TimingRow): string {
  return format(TIMING, [row]);
}

/**
 * Formats rows. Cells hold names and numbers only and need no quotes; a number is written as the shortest text that
 * reads back as the same number.
 */
function format(columns: readonly string[], rows: readonly object[]): string {
  return rows.map((row) => line(columns.map((column) => cell((row as Record<string, unknown>)[column])))).join("");
}

function cell(value: unknown): string {
  return value === undefined || Number.isNaN(value) ? "" : String(value);
}

function line(cells: readonly string[]): string {
  return `${cells.join(",")}\n`;
}
