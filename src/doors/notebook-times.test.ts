import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { publishedRuns } from "../experiments/published.js";
import { packageRoot } from "../node/project.js";
import { runName } from "../runs/store.js";
import * as experiments from "./experiments.js";

/**
 * Processor seconds of one core that a notebook takes beside the runs of its experiments: what its cells measure, and
 * runs that they declare in another way.
 */
const BESIDE: Readonly<Record<string, number>> = {
  // The distribution shift follows six runs of MAST and puts their stored episodes to the policy 25 times. Its time is
  // not recorded; this is two and a half times that of the runs alone.
  "13-dual-buffers": 2.5 * 6 * 12,
  // Five runs of SS without a search, which experiment sparsity trains too.
  "16-tickets": 5 * 12,
};

/** Notebooks that train two experiments. */
const TWO = new Set(["11-td-lambda", "12-soft-mellowmax", "13-dual-buffers", "22-facmac"]);

/** Seconds of two cores in ten minutes. */
const TEN_MINUTES = 2 * 600;

interface Cell {
  readonly cell_type: string;
  readonly source: string[];
}

/** The code of a notebook's cells. */
function codeOf(name: string): string {
  const text = readFileSync(join(packageRoot(), "notebooks", `${name}.ipynb`), "utf8");
  const { cells } = JSON.parse(text) as { cells: Cell[] };
  return cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => source.join(""))
    .join("\n");
}

/** The experiments that a notebook trains, each with its number of seeds; undefined: as many as are declared. */
function trainedBy(code: string): { experiment: experiments.Experiment; seeds: number | undefined }[] {
  const calls = [...code.matchAll(/(\w+)\.configs\(profile(, seeds\b|\))/g)];
  return [...new Map(calls.map(([, name, seeds]) => [name, seeds !== ")"]))].map(([name, seeded]) => {
    const declared = name === "experiment" ? /^const experiment = (\w+);/m.exec(code)![1] : name;
    return {
      experiment: experiments[declared as keyof typeof experiments] as experiments.Experiment,
      seeds: seeded ? seedsOf(code) : undefined,
    };
  });
}

/** The number of seeds that the cell to change sets in the classroom. */
function seedsOf(code: string): number | undefined {
  const value = /^const seeds(?:: number \| undefined)? = (?:profile === "classroom" \? (\d+) : )?undefined;/m.exec(
    code,
  );
  if (value === null) throw new Error("there is no line `const seeds = ...`");
  return value[1] === undefined ? undefined : Number(value[1]);
}

// The time of a run is the processor time that its published row has. It is the same on an idle machine and on a busy
// one, so this test does not depend on the machine that it runs on. Cells that only draw and read are left out.
it.each([
  "10-step-length",
  "11-td-lambda",
  "12-soft-mellowmax",
  "13-dual-buffers",
  "14-mask-update-interval",
  "15-sparsity",
  "16-tickets",
  "17-masks",
  "18-comparative-evaluation",
  "22-facmac",
  "23-mujoco",
])("%s trains what it shows within ten minutes of two cores", (name) => {
  const trained = trainedBy(codeOf(name));
  expect(trained).toHaveLength(TWO.has(name) ? 2 : 1);
  const seconds = new Map<string, number>();
  for (const { experiment, seeds } of trained) {
    const published = new Map(publishedRuns(experiment).map((run) => [run.name, run.summary!.processorSeconds!]));
    // A run that two experiments share is trained once.
    for (const config of experiment.configs("classroom", seeds)) {
      const run = runName(config);
      seconds.set(run, published.get(run)!);
    }
  }
  const sum = [...seconds.values()].reduce((a, b) => a + b, 0) + (BESIDE[name] ?? 0);
  expect(sum).toBeGreaterThan(0);
  expect(sum, `${seconds.size} runs`).toBeLessThanOrEqual(TEN_MINUTES);
});
