import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { connectionCounts, gruGates, maskImage } from "./masks.js";

// A mask of two outputs and three inputs, in which output 0 has input 2, and output 1 has inputs 0 and 2.
const mask = Uint8Array.from([0, 0, 1, 1, 0, 1]);
const shape = { outputs: 2, inputs: 3 };

describe("maskImage", () => {
  it("has output dimensions as rows from the top and input dimensions as columns, light where a connection is", () => {
    const figure = maskImage([{ label: "step 0", ...shape, mask }]);
    const trace = figure.data[0];
    const png = Buffer.from((trace["source"] as string).replace("data:image/png;base64,", ""), "base64");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2]);
    // The content of a chunk lies between its name and the next chunk's; each row begins with its filter, none.
    const content = (name: string): Buffer =>
      png.subarray(png.indexOf(name) + 4, png.indexOf(name) + 4 + png.readUInt32BE(png.indexOf(name) - 4));
    expect([...inflateSync(content("IDAT"))].map((byte) => byte.toString(2).padStart(8, "0"))).toEqual([
      "00000000",
      "00100000",
      "00000000",
      "10100000",
    ]);
    const [dark, light] = [content("PLTE")[0], content("PLTE")[3]];
    expect(light).toBeGreaterThan(dark);
    expect((figure.layout["yaxis"] as { range: number[] }).range).toEqual([1.5, -0.5]);
    expect((figure.layout["xaxis"] as { range: number[] }).range).toEqual([-0.5, 2.5]);
  });

  it("draws every connection as a square of whole pixels", () => {
    const figure = maskImage(
      ["a", "b", "c"].map((label) => ({ label, outputs: 64, inputs: 42, mask: new Uint8Array(64 * 42) })),
    );
    const margin = figure.layout["margin"] as { l: number; r: number; t: number; b: number };
    const width = figure.layout.width - margin.l - margin.r,
      height = figure.layout.height - margin.t - margin.b;
    for (const id of ["", "2", "3"]) {
      const x = figure.layout[`xaxis${id}`] as { domain: [number, number] },
        y = figure.layout[`yaxis${id}`] as { domain: [number, number] };
      const cell = ((x.domain[1] - x.domain[0]) * width) / 42;
      expect(cell).toBeCloseTo(Math.round(cell), 9);
      expect(((y.domain[1] - y.domain[0]) * height) / 64).toBeCloseTo(cell, 9);
    }
    expect(figure.layout.width).toBeLessThanOrEqual(680);
  });

  // The numbers of weights in the paper's figures on 2s3z and 3s5z, on 3m, and for the widest state.
  it.each([
    [64, 96],
    [192, 64],
    [64, 120],
    [64, 216],
    [64, 42],
    [9, 64],
    [1, 32],
    [64, 675],
  ])("leaves four masks of %i x %i legible: whole squares that do not overlap", (outputs, inputs) => {
    const { layout, data } = maskImage(
      ["0", "1", "2", "3"].map((label) => ({ label, outputs, inputs, mask: new Uint8Array(outputs * inputs) })),
    );
    const margin = layout["margin"] as { l: number; r: number; t: number; b: number };
    const width = layout.width - margin.l - margin.r,
      height = layout.height - margin.t - margin.b;
    const boxes = data.map((_, k) => {
      const [x, y] = ["xaxis", "yaxis"].map(
        (name) => (layout[`${name}${k === 0 ? "" : k + 1}`] as { domain: [number, number] }).domain,
      );
      return { left: x[0] * width, right: x[1] * width, bottom: y[0] * height, top: y[1] * height };
    });
    for (const { left, right, bottom, top } of boxes) {
      const cell = (right - left) / inputs;
      expect(cell).toBeGreaterThan(0.99);
      expect(cell).toBeCloseTo(Math.round(cell), 9);
      expect((top - bottom) / outputs).toBeCloseTo(cell, 9);
      // The first pixel of an image is a whole one, too.
      expect(left).toBeCloseTo(Math.round(left), 6);
    }
    boxes.forEach((a, i) =>
      boxes
        .slice(i + 1)
        .forEach((b) =>
          expect(a.right < b.left || b.right < a.left || a.top < b.bottom || b.top < a.bottom).toBe(true),
        ),
    );
    expect(height).toBeLessThanOrEqual(760);
    if (inputs <= 600) expect(layout.width).toBeLessThanOrEqual(680);
  });

  it("gives squares of two pixels to the GRU, and of three to the input layer of 2s3z", () => {
    const cell = (outputs: number, inputs: number): number => {
      const { layout } = maskImage(
        ["0", "1", "2", "3"].map((label) => ({ label, outputs, inputs, mask: new Uint8Array(outputs * inputs) })),
      );
      const margin = layout["margin"] as { l: number; r: number },
        domain = (layout["xaxis"] as { domain: [number, number] }).domain;
      return Math.round(((domain[1] - domain[0]) * (layout.width - margin.l - margin.r)) / inputs);
    };
    expect(cell(192, 64)).toBe(2);
    expect(cell(64, 96)).toBe(3);
  });

  it("tells the gates of a GRU apart by a line between them, in PyTorch's order", () => {
    expect(gruGates(64)).toEqual([
      { name: "r", start: 0, length: 64 },
      { name: "z", start: 64, length: 64 },
      { name: "n", start: 128, length: 64 },
    ]);
    const { layout } = maskImage([{ label: "step 0", outputs: 6, inputs: 2, mask: new Uint8Array(12) }], {
      outputBlocks: gruGates(2),
    });
    expect((layout["shapes"] as { y0: number; y1: number }[]).map(({ y0, y1 }) => [y0, y1])).toEqual([
      [1.5, 1.5],
      [3.5, 3.5],
    ]);
    expect(layout["yaxis"]).toMatchObject({ tickvals: [0.5, 2.5, 4.5], ticktext: ["r", "z", "n"] });
  });

  it("counts the connections of each snapshot", () => {
    const figure = maskImage(
      [
        { label: "step 0", ...shape, mask },
        { label: "step 9", ...shape, mask: new Uint8Array(6) },
      ],
      { title: "w" },
    );
    expect(figure.summary).toBe("w [2, 3]: step 0 3 connections, step 9 0 connections");
    expect((figure.layout["annotations"] as { text: string }[])[0].text).toContain("3 (50.0 %)");
  });

  it("refuses a mask of another shape", () => {
    expect(() =>
      maskImage([
        { label: "a", ...shape, mask },
        { label: "b", outputs: 3, inputs: 2, mask },
      ]),
    ).toThrow('mask "b" is 3 x 2, but "a" is 2 x 3');
    expect(() => maskImage([])).toThrow("at least one snapshot");
    expect(() => maskImage([{ label: "step 0", outputs: 3, inputs: 3, mask }])).toThrow(
      'mask "step 0" has 6 entries; expected outputs x inputs = 3 x 3 = 9',
    );
  });
});

describe("connectionCounts", () => {
  it("sums columns", () => {
    const figure = connectionCounts([{ label: "now", ...shape, mask }]);
    expect(figure.data[0]["x"]).toEqual([-0.5, 0, 1, 2, 2.5]);
    expect(figure.data[0]["y"]).toEqual([1, 1, 0, 2, 2]);
  });
});
