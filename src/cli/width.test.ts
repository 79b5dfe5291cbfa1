import { describe, expect, it } from "vitest";
import { cutMiddle, tableWithin, terminalColumns, wrapText } from "./width.js";

it("cuts the middle of a text, and leaves one that fits", () => {
  expect(cutMiddle("3m-qmix-mast-95-100k-seed1-5b0c3f6a", 40)).toBe("3m-qmix-mast-95-100k-seed1-5b0c3f6a");
  expect(cutMiddle("3m-qmix-mast-95-100k-seed1-5b0c3f6a", 20)).toBe("3m-qmix-ma…-5b0c3f6a");
  for (let width = 0; width < 36; width++)
    expect(cutMiddle("3m-qmix-mast-95-100k-seed1-5b0c3f6a", width)).toHaveLength(Math.min(width, 35));
});

it("wraps text between words, and words that are longer than a line", () => {
  expect(wrapText("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrapText("one two", 7, "  ")).toEqual(["  one", "  two"]);
  expect(wrapText("abcdefgh ij", 4)).toEqual(["abcd", "efgh", "ij"]);
  expect(wrapText("", 4)).toEqual([]);
});

it("takes the width of a terminal, or of COLUMNS, and none for a pipe", () => {
  const before = process.env["COLUMNS"];
  delete process.env["COLUMNS"];
  expect(terminalColumns({ isTTY: true, columns: 63 })).toBe(63);
  expect(terminalColumns({ isTTY: false, columns: 0 })).toBeUndefined();
  process.env["COLUMNS"] = "50";
  expect(terminalColumns({ isTTY: false, columns: 0 })).toBe(50);
  process.env["COLUMNS"] = "wide";
  expect(terminalColumns({ isTTY: false, columns: 0 })).toBeUndefined();
  if (before === undefined) delete process.env["COLUMNS"];
  else process.env["COLUMNS"] = before;
});

describe("a table within a width", () => {
  const table = {
    columns: [
      { title: "Run" },
      { title: "Step", align: "right" as const },
      { title: "Win rate", align: "right" as const },
      { title: "Time", align: "right" as const },
      { title: "State" },
    ],
    rows: [
      ["2c_vs_64zg-ow-qmix-mast-95-2M-seed1-0a1b2c3d", "1.2M of 2M", "88.1 % (20)", "3 min 20 s", "interrupted"],
      ["3m-qmix-dense-100k-seed1-5b0c3f6a", "100k of 100k", "100.0 % (20)", "48 s", "complete"],
    ],
    note: "Win rate: the score of a complete run with the number of last evaluations that it is the mean of.",
  };
  const lines = (width: number) => tableWithin(table, width, 0, [3, 1]).split("\n");

  it("is whole where it fits, and in a pipe", () => {
    expect(lines(200)[2]).toContain(table.rows[0][0]);
    expect(tableWithin(table, undefined, 0).split("\n").at(-1)).toBe(table.note);
  });

  it.each([120, 100, 80, 60, 40, 20, 5, 1])("stays within %i columns", (width) => {
    expect(Math.max(...lines(width).map(({ length }) => length))).toBeLessThanOrEqual(Math.max(1, width - 1));
  });

  it("cuts names, keeping their ends, and then leaves columns out", () => {
    expect(lines(80)[2]).toMatch(/^2c_vs\S*…-0a1b2c3d +1\.2M of 2M +88\.1 % \(20\) +3 min 20 s +interrupted$/);
    expect(lines(64)[2]).toMatch(/^2c_vs\S*…-0a1b2c3d +1\.2M of 2M +88\.1 % \(20\) +interrupted$/);
    expect(lines(50)[2]).toMatch(/^2c_vs\S*…-0a1b2c3d +88\.1 % \(20\) +interrupted$/);
  });
});
