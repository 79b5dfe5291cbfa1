import { expect, it } from "vitest";
import type { PackedNumbers } from "./figure.js";
import { connectionsAgainstInput, connectionsByAgent, cutFigure, sortedCounts } from "./connections.js";

/** The numbers that a trace holds in base64. */
function numbers(value: unknown): number[] {
  const { dtype, bdata } = value as PackedNumbers;
  const bytes = Uint8Array.from(Buffer.from(bdata, "base64"));
  return [...(dtype === "u1" ? bytes : new Float32Array(bytes.buffer))].map((x) => Number(x.toPrecision(6)));
}

it("draws sorted counts of start, end and chance, mean over seeds, outputs left and inputs right", () => {
  const side = {
    start: [
      [2, 1],
      [1, 1],
    ],
    end: [
      [3, 0],
      [2, 1],
    ],
    random: [2, 1],
  };
  const { data, layout, summary } = sortedCounts([
    { weight: "agent.fc1.weight", outputs: side, inputs: { ...side, random: [1, 1, 1] } },
  ]);
  expect(data.map(({ name, xaxis, y }) => [name, xaxis, numbers(y)]).slice(0, 4)).toEqual([
    ["start", "x", [1.5, 1]],
    ["end", "x", [2.5, 0.5]],
    ["random mask", "x", [2, 1]],
    ["start", "x2", [1.5, 1]],
  ]);
  expect(data.filter(({ showlegend }) => showlegend).map(({ name }) => name)).toEqual(["start", "end", "random mask"]);
  expect((layout["annotations"] as { text: string }[]).map(({ text }) => text).slice(0, 2)).toEqual([
    "<b>agent.fc1</b>, its 2 outputs",
    "its 3 inputs",
  ]);
  expect(summary).toContain("most 2 to 3 an output");
});

it("draws a bar of means, the seeds and chance for each agent", () => {
  const { data, summary } = connectionsByAgent([
    { layer: "input layer", bars: [{ agent: "stalker 1", used: [10, 20], random: 12 }] },
  ]);
  expect(data.map(({ type, x, y }) => [type, x, y])).toEqual([
    ["bar", ["stalker 1"], [15]],
    ["scatter", ["stalker 1", "stalker 1"], [10, 20]],
    ["scatter", ["stalker 1"], [12]],
  ]);
  expect(summary).toContain("stalker 1 15 (random mask 12)");
});

it("draws connections against inputs, each with its name", () => {
  const { data, summary } = connectionsAgainstInput([
    {
      layer: "agent.fc1",
      note: "one<br>two",
      random: 7,
      points: [{ name: "own: health", magnitude: 0.8, connections: 16 }],
    },
  ]);
  expect(data[0]).toMatchObject({ text: ["own: health"] });
  expect([numbers(data[0]["x"]), numbers(data[0]["y"])]).toEqual([[0.8], [16]]);
  expect(data[1]).toMatchObject({ y: [7, 7] });
  expect(summary).toContain("agent.fc1: one two");
});

it("draws what remains after a cut: bars of means, with a line from the lowest seed to the highest", () => {
  const { data, summary } = cutFigure([
    {
      dimension: "units",
      bars: [
        {
          label: "fewest",
          taken: [4, 8],
          same: [
            [1, 0.5],
            [0.9, 0.7],
            [0.8, 0.7],
          ],
        },
      ],
    },
  ]);
  expect(data).toMatchObject([
    { x: ["4", "8"], y: [0.9, 0.633], error_y: { array: [0.1, 0.0667], arrayminus: [0.1, 0.133] } },
  ]);
  expect(summary).toContain("units: fewest 90 % without 4, 63 % without 8");
});
