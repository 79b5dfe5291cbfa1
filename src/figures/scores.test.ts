import { describe, expect, it } from "vitest";
import { scoreIntervals } from "./scores.js";
import { settingScores } from "./settings.js";

const mast = {
  label: "MAST",
  scores: [0.7, 0.8, 0.9, 1, 1],
  interval: [0.75, 1],
  paper: { mean: 0.946, deviation: 0.046 },
} as const;
const set = { label: "SET", scores: [0.4, 0.5], interval: [0.4, 0.5] } as const;

describe("scoreIntervals", () => {
  const { data, layout, summary } = scoreIntervals([mast, set], { title: "2s3z" });

  it("has a line for each method in the order of Table 1, from the top", () => {
    expect(layout["yaxis"]).toMatchObject({ ticktext: ["SET", "MAST"], tickvals: [1, 0] });
    expect(summary).toBe("2s3z: SET 45 %, MAST 90 %");
  });

  it("draws every seed, the interval, and the paper's figure where there is one", () => {
    const drawn = data.filter((trace) => (trace["y"] as unknown[])[0] !== null);
    const at = (y: number) => drawn.filter((trace) => Math.round((trace["y"] as number[])[0] + 0.3) === y);
    expect(at(1).map((trace) => trace["x"])).toEqual([[0.4, 0.5], [0.4, 0.5], [0.45]]);
    expect(at(0).map((trace) => trace["x"])).toEqual([[0.75, 1], [0.7, 0.8, 0.9, 1, 1], [0.9], [0.946]]);
    // The bar of the paper's deviation ends at a win rate of 1.
    expect((at(0)[3]["error_x"] as { array: number[] }).array[0]).toBeCloseTo(0.046, 10);
    expect(
      (scoreIntervals([{ ...mast, paper: { mean: 0.98, deviation: 0.05 } }]).data[3]["error_x"] as { array: number[] })
        .array[0],
    ).toBeCloseTo(0.02, 10);
  });
});

it("says in a legend what its marks are, ours and the paper's", () => {
  const legend = ({ data }: ReturnType<typeof scoreIntervals>) =>
    data.filter(({ showlegend }) => showlegend === true).map(({ name }) => name);
  expect(legend(scoreIntervals([mast, set]))).toEqual([
    "one seed",
    "interquartile mean",
    "its 95 % interval",
    "the paper's mean ± standard deviation",
  ]);
  expect(legend(scoreIntervals([set]))).not.toContain("the paper's mean ± standard deviation");
});

it("keeps the legend below the title where long names leave it less room", () => {
  const margin = (label: string) => (scoreIntervals([{ ...set, label }]).layout["margin"] as { readonly t: number }).t;
  expect(margin("MAST's cheating ticket") - margin("SET")).toBe(31);
});

it("says which seeds are not drawn since their scores are not numbers", () => {
  const text = ({ layout }: ReturnType<typeof scoreIntervals>) =>
    (layout["annotations"] as { text: string }[]).map((note) => note.text).join();
  const diverged = { label: "SET", scores: [0.5, NaN, 1], interval: [NaN, NaN] as const };
  expect(text(scoreIntervals([diverged, { label: "MAST", scores: [1], interval: [1, 1] }]))).toContain(
    "not drawn, since they are not numbers: seeds of SET 1 of 3, and their means",
  );
  expect(text(scoreIntervals([{ label: "MAST", scores: [1], interval: [1, 1] }]))).not.toContain("not drawn");
  expect(text(settingScores([{ row: "MAST", column: "0.8", scores: [NaN, 1], mean: NaN }]))).toContain(
    "seeds of 0.8 1 of 2",
  );
});
