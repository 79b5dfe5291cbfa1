import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { realGameLearning, realGameRows } from "./real-game.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mast-real-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("reads rows with and without a target, and what the real game did not tell", () => {
  writeFileSync(
    join(folder, "real-game.csv"),
    'map,measure,here,real,target,met\n3m,"first death, loop",1.5,2,within 1,false\n3m,won,0.5,,,\n3m,paid,2,2,within 1,true\n',
  );
  const rows = realGameRows(folder);
  expect(rows).toEqual([
    { map: "3m", measure: "first death, loop", here: 1.5, real: 2, target: "within 1", met: false },
    { map: "3m", measure: "won", here: 0.5, real: NaN, target: "" },
    { map: "3m", measure: "paid", here: 2, real: 2, target: "within 1", met: true },
  ]);
});

it("reads curves, and leaves out steps at which nothing was measured", () => {
  writeFileSync(
    join(folder, "real-game-learning.csv"),
    "map,game,source,runs,half,nineTenths,at250000,at25000\n3m,StarCraft II,logs,2,30042,,0.978,\n3m,here,ours,1,10000,20000,1,0.9\n",
  );
  const [there, here] = realGameLearning(folder);
  expect(there).toMatchObject({ game: "StarCraft II", runs: 2, half: 30_042, nineTenths: NaN });
  expect([...there.winRates]).toEqual([[250_000, 0.978]]);
  expect(here.game).toBe("here");
  expect([...here.winRates]).toEqual([
    [25_000, 0.9],
    [250_000, 1],
  ]);
});

it("says where the results are when they are not there", () => {
  expect(() => realGameRows(folder)).toThrow("There are no results real-game.csv");
});

it("has committed rows for every map of the simulator that was compared, and for both games", () => {
  expect([...new Set(realGameRows().map(({ map }) => map))]).toEqual(["3m", "8m", "2s3z", "3s5z", "2c_vs_64zg"]);
  expect(new Set(realGameLearning().map(({ game }) => game))).toEqual(new Set(["StarCraft II", "here"]));
});
