import { LabError } from "../errors.js";

/** A row of comma separated values, by column: numbers where the whole column is numbers. */
export type CsvRow = Readonly<Record<string, string | number>>;

/**
 * Reads comma separated values with a header. A column is numbers if each of its cells is one.
 *
 * @param name what an error calls the text: "table-1.csv"
 * @throws {Error} when a column has no name of its own, or a line has not as many cells as the header, naming the line
 * @example
 * parseCsv("method,score\nmast,0.9\n", "scores.csv"); // [{ method: "mast", score: 0.9 }]
 */
export function parseCsv(text: string, name: string): CsvRow[] {
  const [header, ...lines] = text.trim().split("\n").map(cells);
  if (new Set(header).size < header.length || header.includes("")) throw new LabError(`${name}: each column needs a name of its own; the header is ${header.join(",")}.`);
  lines.forEach((line, i) => {
    if (line.length !== header.length) throw new LabError(`${name}, line ${i + 2}: ${line.length} cells, but the header has ${header.length}.`);
  });
  const numeric = header.map((_, column) => lines.every((line) => NUMBER.test(line[column])));
  return lines.map((line) => Object.fromEntries(header.map((column, j) => [column, numeric[j] ? Number(line[j]) : line[j]])));
}

/** A line of comma separated cells; a cell in double quotes may hold commas. */
function cells(line: string): string[] {
  const found = [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain.trim());
  return found.map((cell) => (cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell));
}

const NUMBER = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i;

/** How a text begins that a spreadsheet would run as a formula, in the signs of any width. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * A value as a cell of comma separated values. A text that a spreadsheet would run as a formula gets an apostrophe in front, which spreadsheets take for "this is
 * text" and `parseCsv` takes away again; numbers, negative ones too, stay numbers.
 *
 * @example
 * csvCell("=1+1"); // "'=1+1"
 */
export function csvCell(value: unknown): string {
  const text = String(value);
  const safe = typeof value !== "number" && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
