import { expect, it } from "vitest";
import { linePanels, type Panel } from "./panels.js";

const line = (label: string, y: number[]) => ({ label, x: y.map((_, i) => i + 1), y });
const panels: Panel[] = [
  { title: "A", lines: [line("one", [1, 2]), line("two", [3, 4])] },
  { title: "B", lines: [line("two", [5, 6])] },
  { title: "C", lines: [line("one", [7, 8.123456])] },
];
const axes = { x: { title: "n" }, y: { title: "error", log: true, range: [0.1, 100] } } as const;

it("draws each panel on axes of its own that match the first one's", () => {
  const { data, layout, summary } = linePanels(panels, { title: "T", ...axes });
  expect(data.map((trace) => [trace["name"], trace["xaxis"], trace["yaxis"]])).toEqual([
    ["one", undefined, undefined],
    ["two", undefined, undefined],
    ["two", "x2", "y2"],
    ["one", "x3", "y3"],
  ]);
  expect(data[3]["y"]).toEqual([7, 8.123]);
  for (const name of ["xaxis2", "xaxis3"]) expect((layout[name] as { matches: string }).matches).toBe("x");
  expect(layout["yaxis"]).toMatchObject({ type: "log", range: [-1, 2] });
  expect((layout["annotations"] as { text: string }[]).map(({ text }) => text)).toEqual([
    "<b>A</b>",
    "<b>B</b>",
    "<b>C</b>",
  ]);
  expect(summary).toBe("T: A: one 2, two 4; B: two 6; C: one 8.12");
});

it("gives a label one colour and one entry in the legend", () => {
  const { data } = linePanels(panels, axes);
  const colour = (i: number) => (data[i]["line"] as { color: string }).color;
  expect(data.map((trace) => trace["showlegend"])).toEqual([true, true, false, false]);
  expect(colour(1)).toBe(colour(2));
  expect(colour(0)).toBe(colour(3));
  expect(colour(0)).not.toBe(colour(1));
});

it("stands panels above each other that do not overlap", () => {
  const { layout } = linePanels(panels, axes);
  const domain = (name: string) => (layout[name] as { domain: [number, number] }).domain;
  expect(domain("yaxis3")[1]).toBeLessThan(domain("yaxis")[0]);
  expect(domain("xaxis")[1]).toBeLessThan(domain("xaxis2")[0]);
  expect(domain("yaxis3")[0]).toBeCloseTo(0, 9);
});

it("refuses no panels", () => {
  expect(() => linePanels([], axes)).toThrow("none was given");
});
