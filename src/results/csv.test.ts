import { describe, expect, it } from "vitest";
import { csvCell, parseCsv } from "./csv.js";
import { rowsCsv } from "./frame.js";

describe("csvCell", () => {
  it.each(["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\",\"y\")", "-", "\uff1d1+1"])("keeps %j from being a formula", (text) => {
    expect(csvCell(text).replace(/^"/, "")).toMatch(/^'/);
    // Not split into cells, nor changed but for the apostrophe.
    if (!/[\t\r]/.test(text)) expect(parseCsv(rowsCsv([{ label: text, score: -1 }]), "x.csv")).toEqual([{ label: text, score: -1 }]);
  });

  it("leaves numbers and other texts as they are", () => {
    expect([-0.5, -1e-7, 3, NaN, -Infinity, "-0.5", "1e-7", "mast", "it's", "'quoted'", "a = b", ""].map(csvCell)).toEqual(
      ["-0.5", "-1e-7", "3", "NaN", "-Infinity", "-0.5", "1e-7", "mast", "it's", "'quoted'", "a = b", ""],
    );
    expect(parseCsv("a,b\n-1,'quoted'\n2,'=x\n", "x.csv")).toEqual([{ a: -1, b: "'quoted'" }, { a: 2, b: "=x" }]);
  });

  it("guards the header as well", () => {
    expect(rowsCsv([{ "=cmd": 1, b: 2 }])).toBe("'=cmd,b\n1,2");
  });
});
