import { describe, expect, it } from "vitest";
import { clock, resultsTable, tableHtml, tableMarkdown, tableText } from "./table.js";

const table = resultsTable([
  {
    method: "Dense",
    seeds: 3,
    score: 0.987,
    deviation: 0.0123,
    totalSize: 1,
    trainingFlops: 1,
    inferenceFlops: 1,
    seconds: 185,
  },
  { method: "MAST", seeds: 1, score: 0.5, totalSize: 0.066, trainingFlops: 0.0512, inferenceFlops: 0.5, seconds: 42 },
]);

describe("resultsTable", () => {
  it("aligns in the terminal", () => {
    expect(tableText(table).split("\n")).toEqual([
      "Method      Win rate  Seeds  Total size  FLOPs (train)  FLOPs (test)        Time",
      "------  ------------  -----  ----------  -------------  ------------  ----------",
      "Dense   98.7 % ± 1.2      3          1x             1x            1x  3 min 05 s",
      "MAST          50.0 %      1      0.066x         0.051x         0.50x        42 s",
    ]);
  });

  it("is a Markdown table", () => {
    expect(tableMarkdown(table).split("\n")[1]).toBe("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    expect(tableMarkdown({ columns: [{ title: "a" }], rows: [["x|y"]] })).toContain("x\\|y");
  });

  it("shows text as text in HTML", () => {
    const html = tableHtml({ columns: [{ title: "a" }], rows: [["<script>"]], note: "1 < 2" });
    expect(html).toContain("&lt;script&gt;");
    expect(html).toContain("1 &lt; 2");
    expect(html).not.toContain("<script>");
  });
});

describe("clock", () => {
  it.each([
    [4.4, "4 s"],
    [59.4, "59 s"],
    [59.6, "1 min 00 s"],
    [185, "3 min 05 s"],
    [7800, "2 h 10 min"],
    [7199, "2 h 00 min"],
    [NaN, "?"],
  ])("%f seconds are %s", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });
});
