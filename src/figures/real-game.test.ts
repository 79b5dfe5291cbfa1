import { expect, it } from "vitest";
import {
  realEvidenceTable,
  type RealGameRow,
  realLearningFigure,
  realLearningTable,
  realNetworkFigure,
  realNetworkTable,
  realTargetTable,
} from "./real-game.js";

const rows: RealGameRow[] = [
  { map: "3m", measure: "network of 600k steps: win rate", here: 0.9, real: 1, target: "within .20", met: true },
  { map: "3m", measure: "network of 200k steps: win rate", here: 0.5, real: 0.2, target: "" },
  {
    map: "3m",
    measure: "networks: mean difference of win rates",
    here: 0.2,
    real: 0,
    target: "at most 0.05",
    met: false,
  },
  { map: "8m", measure: "network of 600k steps: win rate", here: 0.7, real: NaN, target: "" },
  {
    map: "8m",
    measure: "last network: first ally death, loop",
    here: 120.25,
    real: 110,
    target: "within 12",
    met: true,
  },
  { map: "8m", measure: "8m-qmix replayed: allies left", here: 2, real: 5, target: "within 0.7", met: false },
  { map: "8m", measure: "random play: return", here: 2.1, real: 2, target: "within 8 %", met: true },
];

it("puts networks by map and steps of training, and works out their mean difference", () => {
  const { columns, rows: lines } = realNetworkTable(rows);
  expect(columns.map(({ title }) => title)).toEqual(["Map", "200k", "600k", "Mean difference"]);
  expect(lines[0]).toEqual(["3m", "0.50 (0.20)", "0.90 (1.00)", "0.20"]);
  expect(lines[1].slice(0, 3)).toEqual(["8m", "", "0.70 ()"]);
  const [there, here] = realNetworkFigure(rows).data;
  expect([there["name"], there["x"], there["y"]]).toEqual(["in StarCraft II", [200_000, 600_000], [0.2, 1]]);
  expect([here["name"], here["y"]]).toEqual(["in our simulator", [0.5, 0.9]]);
  expect(() => realNetworkTable(rows.slice(4))).toThrow("no network");
});

it("counts targets of each kind once, and none where nothing was asked", () => {
  expect(realTargetTable(rows).rows).toEqual([
    ["networks' win rates", "1 of 2", "", "1 of 2"],
    ["battles of the last network", "", "1 of 1", "1 of 1"],
    ["recorded orders played again", "", "0 of 1", "0 of 1"],
    ["random play", "", "1 of 1", "1 of 1"],
    ["all", "1 of 2", "2 of 3", "3 of 5"],
  ]);
});

it("lists what was measured with its verdict", () => {
  expect(realEvidenceTable(rows, /^last network/, "").rows).toEqual([
    ["8m", "last network: first ally death, loop", "120.3", "110.0", "within 12", "yes"],
  ]);
  expect(realEvidenceTable(rows, /^network of 200k/, "").rows[0].slice(2)).toEqual(["0.50", "0.20", "", ""]);
});

it("shows curves of both games in one picture a map, and says what no run reached", () => {
  const groups = [
    {
      map: "3m",
      game: "StarCraft II",
      source: "a",
      runs: 2,
      half: 30_042,
      nineTenths: 135_157,
      winRates: new Map([[250_000, 0.978]]),
    },
    {
      map: "3m",
      game: "here",
      source: "b",
      runs: 1,
      half: 10_000,
      nineTenths: NaN,
      winRates: new Map([
        [25_000, 0.5],
        [50_000, 0.75],
      ]),
    },
    {
      map: "8m",
      game: "StarCraft II",
      source: "a",
      runs: 5,
      half: 10_063,
      nineTenths: 310_764,
      winRates: new Map([[250_000, 0.787]]),
    },
  ] as const;
  expect(realLearningTable(groups).rows[1]).toEqual(["3m", "our simulator", "b", "1", "10k", "not reached"]);
  expect(realLearningTable(groups).rows[0].slice(4)).toEqual(["30k", "135k"]);
  const { data } = realLearningFigure(groups);
  expect(data.map(({ name, x, y }) => [name, x, y])).toEqual([
    ["in StarCraft II", [250_000], [0.978]],
    ["in our simulator", [25_000, 50_000], [0.5, 0.75]],
    ["in StarCraft II", [250_000], [0.787]],
  ]);
});
