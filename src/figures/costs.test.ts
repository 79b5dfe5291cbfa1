import { describe, expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import type { NetworkShape } from "../networks/parameters.js";
import { costOf, sparseCost } from "../sparse/flops.js";
import { costComparison, costFigure, layerTable, reproduceCosts } from "./costs.js";

/** The costs for the environments' own sizes and the networks of Table 3. */
function shapeOf(map: string): NetworkShape {
  const { agents, actions, observation, state } = createEnvironment(map).sizes;
  return { agents, actions, observation, state, hidden: 64, embed: 32, hypernetEmbed: 64 };
}

describe("reproduceCosts", () => {
  const rows = reproduceCosts(shapeOf);

  it("gives all of Table 1's cells on our environments, averages included, but for two", () => {
    const table = costComparison(rows);
    expect(table.rows).toHaveLength(15);
    expect(table.note).toMatch(/^43 of 45 cells/);
    expect(table.rows.filter((row) => row.some((cell) => cell.includes("✗"))).map((row) => row.slice(0, 5))).toEqual([
      ["OW-QMIX", "2s3z", "90 %", "0.1066", "0.106 ✗"],
      // The mean of the printed 0.066, 0.111, 0.158 and 0.155 is 0.1225, half-way between two numbers of three digits.
      ["RES-QMIX", "average", "89 %", "0.1228", "0.122 ✗"],
    ]);
  });

  it("averages an algorithm's own rows", () => {
    const sizes = rows.filter(({ algorithm }) => algorithm === "qmix").map(({ ours }) => ours.totalSize);
    expect(sizes[4]).toBeCloseTo((sizes[0] + sizes[1] + sizes[2] + sizes[3]) / 4, 12);
  });
});

it("layerTable lists each layer and the sum of each network", () => {
  const shape = shapeOf("3m");
  const { rows } = layerTable(sparseCost("qmix", shape, { sparsity: 0.95 }), costOf("qmix", shape));
  const row = (name: string) => rows.find(([layer]) => layer === name);
  // 42 inputs, 64 units: 213 of 2,688 weights by Erdos and Renyi's rule; three agents do 83 * 64 operations each.
  expect(row("agent.fc1")).toEqual(["agent.fc1", "2,688", "7.9 %", "213", "64", "15,936", "1,263"]);
  expect(row("agent, together")?.slice(1, 5)).toEqual(["27,840", "5.0 %", "1,392", "457"]);
  expect(row("mixer, together")?.slice(1, 5)).toEqual(["17,440", "5.0 %", "872", "321"]);
  // The agents' values are multiplied by generated weights, which no mask thins.
  expect(row("mixer.w_1")).toEqual(["mixer.w_1", "0", "", "0", "0", "160", "160"]);
});

it("costFigure draws what the equations give", () => {
  const shape = shapeOf("2s3z");
  const { data, summary } = costFigure(shape, { title: "2s3z" });
  // These are values over 1 - S.
  const curve = (name: string, xaxis: string) =>
    data.find((trace) => trace.name === name && trace.xaxis === xaxis) as unknown as { x: number[]; y: number[] };
  for (const [name, algorithm] of [
    ["QMIX", "qmix"],
    ["OW-QMIX", "ow-qmix"],
    ["RES-QMIX", "res"],
  ] as const) {
    const sparse = sparseCost(algorithm, shape, { sparsity: 0.95 });
    const dense = costOf(algorithm, shape);
    for (const [axis, column] of [
      ["x", "totalSize"],
      ["x2", "trainFlops"],
    ] as const) {
      const { x, y } = curve(name, axis);
      expect(y[x.indexOf(0.05)]).toBeCloseTo(sparse[column] / dense[column], 5);
      expect([x[0], y[0]]).toEqual([1, 1]);
    }
  }
  // RES runs 3 + 2 * 5 * 11 mixers where QMIX runs four.
  const mixers = data.find((trace) => trace.name === "Mixer") as unknown as { x: number[]; customdata: number[] };
  expect(mixers.customdata).toEqual([4, 3, 113]);
  expect(mixers.x[2] / mixers.x[0]).toBeCloseTo(113 / 4, 1);
  expect(summary).toContain("RES-QMIX");
});
