import { csvFormatRows, csvParseRows } from "d3-dsv";
import { LabError } from "../errors.js";

/**
 * A row of comma separated values, by column. Values are numbers if the whole column holds numbers. A cell without a
 * value is "".
 */
export type CsvRow = Readonly<Record<string, string | number>>;

/**
 * Reads comma separated values with a header. A column is numbers if each of its cells is one, or empty; `NaN`,
 * `Infinity` and `-Infinity` are numbers as well.
 *
 * @param name name of the text in errors: "table-1.csv"
 * @throws {LabError} when two columns have the same name or one has none, or when a row has another number of cells
 *   than the header, naming the row (the header is row 1)
 * @example parseCsv("method,score\nmast,0.9\n", "scores.csv"); // [{ method: "mast", score: 0.9 }]
 */
export function parseCsv(text: string, name: string): CsvRow[] {
  const [header = [], ...rows] = csvParseRows(
    text.replace(/^\uFEFF/, "").replace(/^(\r?\n)+|(\r?\n)+$/g, ""),
    (cells) => cells.map(plainCell),
  );
  if (new Set(header).size < header.length || header.length === 0 || header.includes("")) {
    throw new LabError(`${name}: each column needs a name of its own; the header is ${header.join(",")}.`);
  }
  rows.forEach((row, i) => {
    if (row.length !== header.length)
      throw new LabError(`${name}, row ${i + 2}: ${row.length} cells, but the header has ${header.length}.`);
  });
  const numeric = header.map(
    (_, column) =>
      rows.every((row) => row[column] === "" || NUMBER.test(row[column])) && rows.some((row) => row[column] !== ""),
  );
  return rows.map((row) =>
    Object.fromEntries(header.map((column, j) => [column, numeric[j] && row[j] !== "" ? Number(row[j]) : row[j]])),
  );
}

/**
 * Writes rows as comma separated values with a header, which `parseCsv` reads. The columns are those of all rows, in
 * the order in which they first appear; a row's missing values are empty cells.
 *
 * @example
 * rowsCsv([{ method: "mast", score: 0.9 }, { score: 0.8, note: "short" }]);
 * // "method,score,note\nmast,0.9,\n,0.8,short"
 */
export function rowsCsv(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = columnsOf(rows);
  return tableCsv(
    columns,
    rows.map((row) => columns.map((column) => row[column])),
  );
}

/** Lists the columns of all rows, in the order in which they first appear. */
export function columnsOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap(Object.keys))];
}

/** Writes a table as comma separated values. */
export function tableCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return csvFormatRows([columns, ...rows].map((row) => row.map(safeCell)));
}

const NUMBER = /^(-?\d+(\.\d+)?(e[-+]?\d+)?|NaN|-?Infinity)$/i;

/**
 * The beginning of a text that a spreadsheet would run as a formula, including signs of full width. Apostrophes may
 * precede it, since an escaped text begins with one.
 */
const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * Writes a value as the text of a cell. A text that a spreadsheet would run as a formula gets an apostrophe in front,
 * which marks it as text in spreadsheets and which `parseCsv` removes again. Numbers, also negative ones, stay numbers.
 */
function safeCell(value: unknown): string {
  const text = String(value ?? "");
  return typeof value !== "number" && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

function plainCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}
