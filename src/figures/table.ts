import type { ScoreMeasure } from "../config.js";
import { MEASURES } from "../results/measure.js";

/** A table of text, for notebook, terminal and files. */
export interface Table {
  /** Line above the table. Default: none. */
  readonly title?: string;
  /** The columns from left to right. */
  readonly columns: readonly {
    /** Text at the head of the column. */
    readonly title: string;
    /** Side to which the cells are aligned. Default: "left". */
    readonly align?: "left" | "right";
  }[];
  /** [rows, columns] */
  readonly rows: readonly (readonly string[])[];
  /** A line below the table that says what the numbers are and where they come from. */
  readonly note?: string;
}

/** The results of one method. */
export interface MethodResult {
  readonly method: string;
  /** Number of runs, one a seed. */
  readonly seeds: number;
  /** Mean over seeds of the score: a share 0..1, or a return. */
  readonly score: number;
  /** Sample standard deviation over seeds; leave it out for one seed. */
  readonly deviation?: number;
  /**
   * Total size relative to dense; together with FLOPs of training and inference, the columns of the paper's Table 1.
   */
  readonly totalSize: number;
  readonly trainingFlops: number;
  readonly inferenceFlops: number;
  /** Mean time of a run in seconds; `note` says whether it is processor time or time on the clock. */
  readonly seconds: number;
}

/**
 * A table with the columns of the paper's Table 1 and the measured time, which the paper leaves out.
 *
 * @example
 * console.log(tableText(resultsTable(results)));
 */
export function resultsTable(
  results: readonly MethodResult[],
  {
    measure = "win-rate",
    ...options
  }: { readonly title?: string; readonly note?: string; readonly measure?: ScoreMeasure } = {},
): Table {
  const { title, text, number } = MEASURES[measure];
  const relative = (value: number): string =>
    value >= 0.9995 && value <= 1.0005 ? "1x" : `${value < 0.1 ? value.toFixed(3) : value.toFixed(2)}x`;
  return {
    ...options,
    columns: [
      { title: "Method" },
      { title, align: "right" },
      { title: "Seeds", align: "right" },
      { title: "Total size", align: "right" },
      { title: "FLOPs (train)", align: "right" },
      { title: "FLOPs (test)", align: "right" },
      { title: "Time", align: "right" },
    ],
    rows: results.map((r) => [
      r.method,
      `${text(r.score)}${r.deviation === undefined ? "" : ` ± ${number(r.deviation)}`}`,
      String(r.seeds),
      relative(r.totalSize),
      relative(r.trainingFlops),
      relative(r.inferenceFlops),
      clock(r.seconds),
    ]),
  };
}

/** Returns seconds in a form to be read: "48 s", "3 min 05 s", "2 h 10 min". */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  const minutes = Math.round(s / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** Returns a table for the terminal, in columns of equal width. */
export function tableText({ title, columns, rows, note }: Table): string {
  const widths = columns.map((column, j) => Math.max(column.title.length, ...rows.map((row) => (row[j] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, j) =>
        align === "right" ? (cells[j] ?? "").padStart(widths[j]) : (cells[j] ?? "").padEnd(widths[j]),
      )
      .join("  ")
      .trimEnd();
  const lines = [
    line(columns.map((column) => column.title)),
    widths.map((w) => "-".repeat(w)).join("  "),
    ...rows.map(line),
  ];
  return [...(title ? [title, ""] : []), ...lines, ...(note ? ["", note] : [])].join("\n");
}

/** Returns a table in GitHub's Markdown. */
export function tableMarkdown({ title, columns, rows, note }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${columns.map(({ align }) => (align === "right" ? " ---: " : " --- ")).join("|")}|`;
  return [
    ...(title ? [`**${title}**`, ""] : []),
    line(columns.map((column) => column.title)),
    rule,
    ...rows.map(line),
    ...(note ? ["", note] : []),
  ].join("\n");
}

/** Returns a table as HTML, for a notebook. Colours come from the page, so that it suits a dark theme too. */
export function tableHtml({ title, columns, rows, note }: Table): string {
  const cell = (tag: "td" | "th", text: string, align = "left"): string =>
    `<${tag} style="text-align:${align};padding:0.25em 0.9em">${escapeHtml(text)}</${tag}>`;
  const head = columns.map((column) => cell("th", column.title, column.align)).join("");
  const body = rows
    .map((row) => `<tr>${columns.map(({ align }, j) => cell("td", row[j] ?? "", align)).join("")}</tr>`)
    .join("\n");
  return `${title ? `<p><b>${escapeHtml(title)}</b></p>\n` : ""}<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>${note ? `\n<p><small>${escapeHtml(note)}</small></p>` : ""}`;
}

/** Escapes a text for HTML, or for a double-quoted attribute in it. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
