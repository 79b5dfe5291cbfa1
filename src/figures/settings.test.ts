import { describe, expect, it } from "vitest";
import type { Trace } from "./figure.js";
import { settingScores } from "./settings.js";
import { methodStyles } from "./theme.js";

const settings = [
  { row: "RigL", column: "80 %", scores: [0.5, 0.7], mean: 0.6 },
  { row: "RigL", column: "90 %", scores: [0.25], mean: 0.25 },
  { row: "MAST", column: "80 %", scores: [1, 0.9], mean: 0.95, paper: 1.02 },
];

/** Returns the places and values of a trace. */
const points = ({ x, y }: Trace): unknown => [x, y];

/** Returns the entries of the legend. */
const legend = (data: readonly Trace[]): unknown[] =>
  data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name);

describe("settingScores", () => {
  const { data, layout, summary } = settingScores(settings, { title: "Sparsity", axis: "share of zeros" });
  const of = (row: string) => data.filter(({ legendgroup }) => legendgroup === row);

  it("has for each row the seeds as dots and a line through the means, beside those of other rows", () => {
    expect(of("RigL").map(points)).toEqual([
      [
        [-0.035, -0.035, 0.965],
        [0.5, 0.7, 0.25],
      ],
      [
        [-0.035, 0.965],
        [0.6, 0.25],
      ],
    ]);
    expect(of("MAST").slice(0, 2).map(points)).toEqual([
      [
        [0.035, 0.035],
        [1, 0.9],
      ],
      [[0.035], [0.95]],
    ]);
    expect(layout["xaxis"]).toMatchObject({ tickvals: [0, 1], ticktext: ["80 %", "90 %"] });
  });

  it("has the paper's numbers where there are some, and room for what is more than dense", () => {
    expect(points(of("MAST")[2])).toEqual([[0.035], [1.02]]);
    expect(of("MAST")[2]).toMatchObject({ marker: { symbol: "diamond-open" }, showlegend: false });
    expect((layout["yaxis"] as { range: number[] }).range[1]).toBeGreaterThan(1.02);
    expect(legend(data)).toContain("in the paper, as a share of its dense model");
    const without = settingScores(settings.slice(0, 2));
    expect(without.data.filter(({ x }) => (x as unknown[])[0] !== null)).toHaveLength(2);
    expect(legend(without.data).join()).not.toContain("paper");
  });

  it("gives each row its colour and its name in the legend once; a single row is called ours", () => {
    for (const style of methodStyles(["RigL", "MAST"])) {
      expect(of(style.label)[1]).toMatchObject({ line: { color: style.colour }, name: style.label });
      expect(of(style.label).filter(({ showlegend }) => showlegend !== false)).toHaveLength(1);
    }
    expect(legend(data).slice(0, 4)).toEqual(["RigL", "MAST", "our mean over seeds", "one seed"]);
    expect(legend(settingScores(settings.slice(0, 2)).data)).toEqual(["our mean over seeds", "one seed"]);
  });

  it("takes columns in the order it is asked for, and leaves gaps where nothing was measured", () => {
    const { data: turned } = settingScores(settings, { columns: ["90 %", "70 %", "80 %"] });
    expect(points(turned.find(({ legendgroup, mode }) => legendgroup === "RigL" && mode === "lines+markers")!)).toEqual(
      [
        [-0.035, 1.965],
        [0.25, 0.6],
      ],
    );
  });

  it("says the means in a line", () => {
    expect(summary).toBe("Sparsity: RigL, 80 % 60 %; RigL, 90 % 25 %; MAST, 80 % 95 %");
    expect(settingScores(settings.slice(2)).summary).toBe("Scores: 80 % 95 %");
  });
});
