import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { type CsvRow, parseCsv, rowsCsv } from "./csv.js";

describe("comma separated values", () => {
  it.each(["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")', "-", "\uff1d1+1"])(
    "keep %j from being a formula",
    (text) => {
      const csv = rowsCsv([{ label: text, score: -1 }]);
      expect(csv.split(/^label,score\n/)[1].replace(/^"/, "")).toMatch(/^'/);
      expect(parseCsv(csv, "x.csv")).toEqual([{ label: text, score: -1 }]);
    },
  );

  it("leave numbers and other texts as they are", () => {
    const row = {
      a: -0.5,
      b: -1e-7,
      c: 12345678901,
      d: NaN,
      e: -Infinity,
      f: "mast",
      g: "it's",
      h: "'quoted'",
      i: "a = b",
    };
    expect(rowsCsv([row]).split("\n")[1]).toBe("-0.5,-1e-7,12345678901,NaN,-Infinity,mast,it's,'quoted',a = b");
    expect(parseCsv("a,b\n-1,'quoted'\n2,'=x\n", "x.csv")).toEqual([
      { a: -1, b: "'quoted'" },
      { a: 2, b: "=x" },
    ]);
  });

  it("guard the header as well", () => {
    expect(rowsCsv([{ "=cmd": 1, b: 2 }])).toBe("'=cmd,b\n1,2");
  });

  it("put each value into its column, whatever keys a row has and in whatever order", () => {
    const csv = rowsCsv([
      { method: "mast", score: 0.9 },
      { score: 0.8, note: "short", method: "rigl" },
      { note: "none" },
    ]);
    expect(csv).toBe("method,score,note\nmast,0.9,\nrigl,0.8,short\n,,none");
    expect(parseCsv(csv, "x.csv")).toEqual([
      { method: "mast", score: 0.9, note: "" },
      { method: "rigl", score: 0.8, note: "short" },
      { method: "", score: "", note: "none" },
    ]);
  });

  it("are read with any line ending, a byte-order mark, and line breaks in quotes", () => {
    const rows = [
      { a: 1, b: "x\ny" },
      { a: 2, b: "z" },
    ];
    for (const text of ['a,b\n1,"x\ny"\n2,z\n', '\uFEFFa,b\r\n1,"x\ny"\r\n2,z\r\n', 'a,b\r1,"x\ny"\r2,z'])
      expect(parseCsv(text, "x.csv")).toEqual(rows);
  });

  it("come back as they were, whatever texts and numbers they hold", () => {
    const random = createRandom(7);
    const signs = ["a", "B", " ", ",", '"', "\n", "\r", "\r\n", "'", "=", "-", "é", "0"];
    const text = (): string =>
      Array.from({ length: random.below(6) }, () => signs[random.below(signs.length)]).join("");
    const numbers = [0, -1, 1234567, 12345678901, 0.1, -1e-9, 1e21, NaN, Infinity, -Infinity];
    for (let i = 0; i < 2000; i++) {
      // Texts stay texts where one of them is no number; the first of each column sees to that.
      const rows = Array.from({ length: 1 + random.below(4) }, (_, row): CsvRow => ({
        text: row === 0 ? `t${text()}` : text(),
        number: numbers[random.below(numbers.length)],
        name: "x",
      }));
      expect(parseCsv(rowsCsv(rows), "x.csv")).toEqual(rows);
    }
  });

  it("are refused by name where a row or the header cannot be right", () => {
    expect(() => parseCsv("a,a\n1,2", "x.csv")).toThrow(
      "x.csv: each column needs a name of its own; the header is a,a.",
    );
    expect(() => parseCsv('a,b\n"1\n1",2\n1', "x.csv")).toThrow("x.csv, row 3: 1 cells, but the header has 2.");
    expect(() => parseCsv("", "x.csv")).toThrow("x.csv: each column needs a name of its own");
  });
});
