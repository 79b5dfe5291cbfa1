import { type Table, tableText } from "../figures/table.js";

/**
 * Returns the number of columns of the terminal, from its stream or the variable COLUMNS; undefined where lines may
 * have any length, as in a pipe.
 */
export function terminalColumns(
  stream: Pick<NodeJS.WriteStream, "isTTY" | "columns"> = process.stdout,
): number | undefined {
  if (stream.isTTY && stream.columns > 0) return stream.columns;
  const given = Number(process.env["COLUMNS"] ?? "");
  return Number.isInteger(given) && given > 0 ? given : undefined;
}

/**
 * Shortens a text to at most `width` characters by an ellipsis in its middle, because the ends of a run's name
 * distinguish it from others.
 */
export function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width < 2) return text.slice(0, Math.max(0, width));
  const end = Math.min(Math.floor((width - 1) / 2), 9);
  return `${text.slice(0, width - 1 - end)}…${text.slice(text.length - end)}`;
}

/** Wraps a text to lines of at most `width` characters, between words where possible, each after `indent`. */
export function wrapText(text: string, width: number, indent = ""): string[] {
  const room = Math.max(1, width - indent.length);
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(/\s+/).filter((one) => one !== "")) {
    if (line !== "" && line.length + 1 + word.length <= room) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    for (; word.length > room; word = word.slice(room)) lines.push(word.slice(0, room));
    line = word;
  }
  return [...lines, ...(line === "" ? [] : [line])].map((one) => indent.slice(0, width - 1) + one);
}

/**
 * Formats a table in lines of at most `width` characters. The last column stays free, because some terminals wrap
 * there.
 *
 * @param shrink the column whose cells are cut when the table is too wide
 * @param spare columns that are then left out if necessary, in this order
 */
export function tableWithin(
  table: Table,
  width: number | undefined,
  shrink: number,
  spare: readonly number[] = [],
): string {
  if (width === undefined) return tableText(table);
  const room = Math.max(1, width - 1);
  const { columns, rows, note, title } = table;
  const widthOf = (j: number): number => Math.max(columns[j].title.length, ...rows.map((row) => (row[j] ?? "").length));
  let kept = columns.map((_, j) => j);
  const left = (): number => room - kept.filter((j) => j !== shrink).reduce((sum, j) => sum + widthOf(j) + 2, 0);
  const least = Math.min(widthOf(shrink), 20);
  for (const column of spare) if (left() < least) kept = kept.filter((j) => j !== column);
  const shrunk = Math.max(1, left());
  const cut = (text: string, j: number): string => (j === shrink ? cutMiddle(text, shrunk) : text);
  const text = tableText({
    columns: kept.map((j) => ({ ...columns[j], title: cut(columns[j].title, j) })),
    rows: rows.map((row) => kept.map((j) => cut(row[j] ?? "", j))),
  });
  // On a terminal that is still narrower, lines are cut at their end.
  const lines = text.split("\n").map((line) => line.slice(0, room));
  return [
    ...(title === undefined ? [] : [...wrapText(title, room), ""]),
    ...lines,
    ...(note === undefined ? [] : ["", ...wrapText(note, room)]),
  ].join("\n");
}
