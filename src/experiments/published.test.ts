import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { committedResults } from "../results/place.js";
import { comparison3m } from "./comparative.js";
import { evaluationsNote, publishedAblation, publishedRows, publishedRuns } from "./published.js";
import { singleBuffers } from "./dual-buffers.js";
import { lambda, lambdaOwQmix } from "./td-lambda.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-results-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const header = "experiment,profile,row,column,seeds,mean,deviation,throughout,paper\n";

it("puts the rows of an ablation below each other, each with the paper's", () => {
  writeFileSync(
    join(folder, "lambda-settings.csv"),
    `${header}lambda,classroom,QMIX,0,5,0.778,0.21,0.62,91.5\nlambda,classroom,QMIX,0.8,5,0.984,0.035,0.78,97.9\n`,
  );
  expect(publishedAblation([lambda, lambdaOwQmix], folder).rows).toEqual([
    ["QMIX", "Win rate, % (5 seeds)", "77.8 ± 21.0", "98.4 ± 3.5"],
    ["QMIX", "Throughout training, %", "62.0", "78.0"],
    ["QMIX", "Paper, % of dense", "91.5", "97.9"],
  ]);
  // The name does not depend on the order in which the second was trained.
  writeFileSync(
    join(folder, "lambda-ow-qmix-settings.csv"),
    `${header}lambda-ow-qmix,classroom,OW-QMIX,0.8,3,1,0,0.5,98\nlambda-ow-qmix,classroom,OW-QMIX,0,3,0.5,0.1,0.4,83.5\n`,
  );
  const both = publishedAblation([lambda, lambdaOwQmix], folder).rows;
  expect(both[3]).toEqual(["OW-QMIX", "Win rate, % (3 seeds)", "50.0 ± 10.0", "100.0 ± 0.0"]);
  expect(both[5]).toEqual(["OW-QMIX", "Paper, % of dense", "83.5", "98.0"]);
});

it("says what to run where nothing was", () => {
  expect(publishedRows("lambda-settings", folder)).toEqual([]);
  expect(() => publishedAblation([lambda, lambdaOwQmix], folder)).toThrow(
    "None of lambda, lambda-ow-qmix was run: `npx mast experiment run lambda` does it.",
  );
});

it("says how many evaluations published scores are means of, where that was kept", () => {
  expect(evaluationsNote([{ evaluations: 5 }, { evaluations: 2 }, { evaluations: 5 }, {}])).toBe(
    " A score is the mean of the last 2 or 5 evaluations of a run.",
  );
  expect(evaluationsNote([{ evaluations: 1 }])).toBe(" A score is the mean of the last 1 evaluation of a run.");
  expect(evaluationsNote([{ score: 1 }])).toBe("");
});

it.each([comparison3m, singleBuffers])(
  "reads the published runs of $id, which give the published statistics again",
  (experiment) => {
    const runs = publishedRuns(experiment);
    expect(runs).toHaveLength(experiment.configs("classroom").length);
    const { methods, settings } = experiment.reduce(runs);
    const again = methods ?? settings!;
    const table = publishedRows(`${experiment.id}-${methods === undefined ? "settings" : "methods"}`);
    expect(again).toHaveLength(table.length);
    again.forEach((statistics, i) => {
      for (const field of ["mean", "deviation", "iqm", "throughout"] as const)
        expect(statistics[field], `${field} of row ${i}`).toBeCloseTo(Number(table[i][field]), 5);
    });
  },
);

it("refuses published runs that are missing, of two commits, or of other rules", () => {
  expect(() => publishedRuns(comparison3m, "classroom", folder)).toThrow(
    "No runs of comparison-3m are published with their curves: `npx mast experiment run comparison-3m` trains",
  );
  const [runs, curves] = ["comparison-3m", "comparison-3m-evaluations"].map((name) => {
    copyFileSync(join(committedResults().tables, `${name}.csv`), join(folder, `${name}.csv`));
    return join(folder, `${name}.csv`);
  });
  const [text, curve] = [runs, curves].map((path) => readFileSync(path, "utf8"));
  writeFileSync(runs, `${text.trimEnd().split("\n").slice(0, -1).join("\n")}\n`);
  expect(() => publishedRuns(comparison3m, "classroom", folder)).toThrow(
    "comparison-3m.csv has 69 runs and comparison-3m-evaluations.csv has 70: take both tables from the same commit.",
  );
  writeFileSync(runs, text);
  const [name] = /3m-qmix-mast-95-100k-seed3-[0-9a-f]+/.exec(curve)!;
  writeFileSync(curves, curve.replaceAll(name, "3m-qmix-mast-95-100k-seed3-00000000"));
  expect(() => publishedRuns(comparison3m, "classroom", folder)).toThrow(
    "runs that comparison-3m does not declare today, such as 3m-qmix-mast-95-100k-seed3-00000000",
  );
});
