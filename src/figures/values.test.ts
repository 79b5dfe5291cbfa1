import { describe, expect, it } from "vitest";
import { learnedValues } from "./values.js";

describe("learnedValues", () => {
  const known = new Map([
    ["2A", 7],
    ["2B", 8],
  ]);
  const figure = learnedValues(
    [
      { label: "RigL", of: "2B", value: 7.9 },
      { label: "Dense", of: "2B", value: 8 },
      { label: "Dense", of: "2A", value: 6.5 },
    ],
    known,
  );

  it("draws the truth as bars and the methods' values around their place, in the methods' order", () => {
    const [truth, dense, rigl] = figure.data;
    expect(truth["y"]).toEqual([7, 7, null, 8, 8, null]);
    expect([dense["name"], rigl["name"]]).toEqual(["Dense", "RigL"]);
    expect((dense["x"] as number[]).map((x) => Math.abs(Math.round(x)))).toEqual([1, 0]);
    expect(dense["y"]).toEqual([8, 6.5]);
    expect((rigl["x"] as number[])[0]).toBeGreaterThan((dense["x"] as number[])[0]);
    expect(figure.summary).toBe("Learned values: largest error Dense 0.5, RigL 0.1");
  });

  it("refuses a value of something unknown", () => {
    expect(() => learnedValues([{ label: "RigL", of: "2C", value: 1 }], known)).toThrow(
      '"2C", whose true value is not given; there are 2A, 2B',
    );
  });
});
