import { describe, expect, it } from "vitest";
import { evolveTopology } from "../sparse/evolution.js";
import { evolutionImage, evolutionSteps, fractionCurve } from "./evolution.js";
import type { ByteMatrix } from "./figure.js";

// A layer of two outputs and three inputs. Its smallest weight is -0.1 at (0, 2); of the absent ones, (1, 1) has the
// largest gradient.
const layer = {
  outputs: 2,
  inputs: 3,
  weights: Float32Array.from([0.5, 0, -0.1, 0.3, 0, 0]),
  mask: Uint8Array.from([1, 0, 1, 1, 0, 0]),
  gradient: Float32Array.from([9, 0.2, 0.3, 9, -0.8, 0.4]),
};
const evolution = evolveTopology(layer.weights, layer.mask, {
  count: 1,
  grow: { by: "gradient", gradient: layer.gradient },
});
const cells = (trace: { readonly [key: string]: unknown }): number[] => [
  ...Buffer.from((trace["z"] as ByteMatrix).bdata, "base64"),
];

describe("evolutionImage", () => {
  const figure = evolutionImage([{ label: "RigL", outputs: 2, inputs: 3, before: layer.mask, after: evolution.mask }], {
    title: "w",
  });

  it("tells kept, dropped and grown connections apart, output dimensions as rows from the top", () => {
    const trace = figure.data[0];
    const [none, kept, dropped, grown] = [0, 1, 2, 3];
    expect((trace["z"] as ByteMatrix).shape).toBe("2,3");
    expect(cells(trace)).toEqual([kept, none, dropped, kept, grown, none]);
    expect((figure.layout["yaxis"] as { range: number[] }).range).toEqual([1.5, -0.5]);
    const scale = trace["colorscale"] as [number, string][];
    expect(scale.map(([at]) => 3 * at)).toEqual([0, 1, 2, 3]);
    expect(new Set(scale.map(([, colour]) => colour)).size).toBe(4);
    expect(figure.summary).toBe("w [2, 3]: RigL: 2 kept, 1 dropped, 1 grown");
  });

  it("frames the marked inputs in every panel", () => {
    const panel = { label: "a", outputs: 2, inputs: 3, before: layer.mask, after: layer.mask };
    const { layout } = evolutionImage([panel, panel], { marked: { name: "relevant", start: 1, length: 2 } });
    expect(
      (layout["shapes"] as { xref: string; x0: number; x1: number }[]).map(({ xref, x0, x1 }) => [xref, x0, x1]),
    ).toEqual([
      ["x", 0.5, 2.5],
      ["x2", 0.5, 2.5],
    ]);
  });

  it("stays within the width of a column and draws squares of whole pixels", () => {
    const panel = {
      label: "a",
      outputs: 32,
      inputs: 102,
      before: new Uint8Array(32 * 102),
      after: new Uint8Array(32 * 102),
    };
    const { layout } = evolutionImage([panel, panel, panel]);
    const { l, r, t, b } = layout["margin"] as { l: number; r: number; t: number; b: number };
    expect(layout.width).toBeLessThanOrEqual(680);
    for (const id of ["", "2", "3"]) {
      const [x, y] = [`xaxis${id}`, `yaxis${id}`].map((name) => (layout[name] as { domain: [number, number] }).domain);
      const cell = ((x[1] - x[0]) * (layout.width - l - r)) / 102;
      expect(cell).toBeCloseTo(Math.round(cell), 9);
      expect(((y[1] - y[0]) * (layout.height - t - b)) / 32).toBeCloseTo(cell, 9);
    }
  });

  it("refuses no panel, other shapes and arrays that do not fit", () => {
    const panel = { label: "a", outputs: 2, inputs: 3, before: layer.mask, after: layer.mask };
    expect(() => evolutionImage([])).toThrow("at least one panel");
    expect(() => evolutionImage([panel, { ...panel, label: "b", outputs: 3, inputs: 2 }])).toThrow(
      'panel "b" is 3 x 2, but "a" is 2 x 3',
    );
    expect(() => evolutionImage([{ ...panel, after: new Uint8Array(5) }])).toThrow(
      'panel "a": its mask after has 5 entries; expected outputs x inputs = 2 x 3 = 6',
    );
  });
});

describe("evolutionSteps", () => {
  const steps = evolutionSteps(layer, evolution);

  it("shows Algorithm 1 in its order: weights, what is dropped, what grows, weights", () => {
    const [none, kept, dropped, grown] = [0, 1, 2, 3];
    expect(evolutionImage(steps).data.map(cells)).toEqual([
      [kept, none, kept, kept, none, none],
      [kept, none, dropped, kept, none, none],
      [kept, none, none, kept, grown, none],
      [kept, none, none, kept, kept, none],
    ]);
  });

  it("writes weights where connections are, gradients where one could grow, and 0 into what grew", () => {
    const text = evolutionImage(steps).data.map((trace) => (trace["text"] as string[][]).flat());
    expect(text[1]).toEqual(["0.50", "", "−0.10", "0.30", "", ""]);
    expect(text[2]).toEqual(["", "0.20", "0.30", "", "−0.80", "0.40"]);
    expect(text[3]).toEqual(["0.50", "", "", "0.30", "0", ""]);
  });
});

describe("fractionCurve", () => {
  it("decays from zeta_0 to 0 by a cosine, with a dot at every evolution", () => {
    const { data, summary } = fractionCurve({ fraction: 0.4, steps: 1000, interval: 250 });
    const [line, dots] = data;
    expect((line["y"] as number[])[0]).toBe(0.4);
    expect((line["y"] as number[])[50]).toBeCloseTo(0.2, 6);
    expect(dots["x"]).toEqual([250, 500, 750, 1000]);
    // The shares are 0.2 (1 + cos(pi / 4)), 0.2, 0.2 (1 - cos(pi / 4)) and 0, which make 0.6 together.
    expect(dots["y"]).toEqual([0.3414, 0.2, 0.05858, 0]);
    expect(summary).toContain("4 evolutions, up to 0.6 times");
  });

  it("refuses an interval that never comes", () => {
    expect(() => fractionCurve({ fraction: 0.5, steps: 100, interval: 0 })).toThrow("interval 0 and steps 100");
  });
});
