import { expect, it } from "vitest";
import { connectionsAgainstInput, connectionsByAgent, cutFigure, sortedCounts } from "./connections.js";

it("draws sorted counts of every seed, of start, end and chance, outputs left and inputs right", () => {
  const side = { start: [[2, 1], [1, 1]], end: [[3, 0], [2, 1]], random: [2, 1] };
  const { data, layout, summary } = sortedCounts([{ weight: "agent.fc1.weight", outputs: side, inputs: { ...side, random: [1, 1, 1] } }]);
  expect(data.map(({ name, xaxis, y }) => [name, xaxis, y]).slice(0, 5)).toEqual([["start", "x", [2, 1]], ["start", "x", [1, 1]], ["end", "x", [3, 0]], ["end", "x", [2, 1]], ["random mask", "x", [2, 1]]]);
  expect(data.filter(({ showlegend }) => showlegend).map(({ name }) => name)).toEqual(["start", "end", "random mask"]);
  expect((layout["annotations"] as { text: string }[]).map(({ text }) => text).slice(0, 2)).toEqual(["<b>agent.fc1</b>, its 2 outputs", "its 3 inputs"]);
  expect(summary).toContain("most 2 to 3 an output");
});

it("draws a bar of means, the seeds and chance for each agent", () => {
  const { data, summary } = connectionsByAgent([{ layer: "input layer", bars: [{ agent: "stalker 1", used: [10, 20], random: 12 }] }]);
  expect(data.map(({ type, x, y }) => [type, x, y])).toEqual([["bar", ["stalker 1"], [15]], ["scatter", ["stalker 1", "stalker 1"], [10, 20]], ["scatter", ["stalker 1"], [12]]]);
  expect(summary).toContain("stalker 1 15 (random mask 12)");
});

it("draws connections against inputs, each with its name", () => {
  const { data, summary } = connectionsAgainstInput([{ layer: "agent.fc1", note: "one<br>two", random: 7, points: [{ name: "own: health", magnitude: 0.8, connections: 16 }] }]);
  expect(data[0]).toMatchObject({ x: [0.8], y: [16], text: ["own: health"] });
  expect(data[1]).toMatchObject({ y: [7, 7] });
  expect(summary).toContain("agent.fc1: one two");
});

it("draws what remains after a cut: thin lines for the seeds, a thick one for their mean", () => {
  const line = { label: "fewest", taken: [0, 4], same: [[1, 0.5], [1, 0.7]] };
  const { data, summary } = cutFigure([{ dimension: "units", lines: [line] }]);
  expect(data.map(({ y }) => y)).toEqual([[1, 0.5], [1, 0.7], [1, 0.6]]);
  expect(summary).toContain("with half of the units taken out, fewest 60 %");
});
