import { describe, expect, it } from "vitest";
import type { Config } from "../config.js";
import { completeRun } from "../runs/fixtures.js";
import { runName } from "../runs/store.js";
import { networkPlan } from "../training/plan.js";
import { EXPERIMENTS } from "./all.js";
import { PROFILES } from "./experiment.js";
import { type Dimension, grid, type GridDeclaration } from "./grid.js";

const methods: Dimension = {
  title: "Method",
  settings: [
    { label: "RigL", input: { method: "rigl" } },
    { label: "MAST", input: { method: "mast" } },
  ],
};
const lambdas: Dimension = {
  title: "λ",
  settings: [0.2, 0.8, 1].map((lambda) => ({ label: `λ = ${lambda}`, input: { returns: { lambda } } })),
};
const budget = {
  environment: "3m",
  steps: 1000,
  sparsity: { level: 0.9 },
  evaluation: { interval: 500, episodes: 4, window: 2 },
} as const;

const declaration: GridDeclaration = {
  id: "test",
  title: "Grid",
  about: "",
  rows: methods,
  columns: lambdas,
  budgets: { smoke: budget, classroom: { ...budget, steps: 2000 }, paper: { ...budget, environment: "8m" } },
  seeds: { smoke: 1, classroom: 3, paper: 8 },
};
const experiment = grid(declaration);

/** The field that sets a run apart in this grid. */
const facts = ({ method, returns, seed }: Config) => `${method} ${returns.lambda} ${seed}`;

describe("the runs of a grid", () => {
  it("are every setting of the rows with every one of the columns, once a seed, seed by seed", () => {
    const cells = ["rigl 0.2", "rigl 0.8", "rigl 1", "mast 0.2", "mast 0.8", "mast 1"];
    expect(experiment.configs("smoke", 2).map(facts)).toEqual([
      ...cells.map((cell) => `${cell} 1`),
      ...cells.map((cell) => `${cell} 2`),
    ]);
    expect(PROFILES.map((profile) => experiment.configs(profile).length)).toEqual([6, 18, 48]);
    expect(
      PROFILES.map((profile) => experiment.configs(profile)[0]).map(({ environment, steps }) => [environment, steps]),
    ).toEqual([
      ["3m", 1000],
      ["3m", 2000],
      ["8m", 1000],
    ]);
  });

  it("have names that the grid finds in their fields, short where there is one row", () => {
    expect(experiment.configs("smoke").map(experiment.label)).toEqual([
      "RigL, λ = 0.2",
      "RigL, λ = 0.8",
      "RigL, λ = 1",
      "MAST, λ = 0.2",
      "MAST, λ = 0.8",
      "MAST, λ = 1",
    ]);
    expect(experiment.place!(experiment.configs("smoke")[1])).toEqual({ panel: "λ = 0.8", label: "RigL" });
    const single = grid({ ...declaration, rows: { ...methods, settings: methods.settings.slice(1) } });
    expect(single.configs("smoke").map(single.label)).toEqual(["λ = 0.2", "λ = 0.8", "λ = 1"]);
    expect(single.place).toBeUndefined();
    // A value that is a bare number is named in legends and panels, and stays short in the columns of the table.
    const bare = {
      title: "λ",
      symbol: "λ",
      settings: lambdas.settings.map(({ input }, i) => ({ label: `${i}`, input })),
    };
    const named = grid({ ...declaration, columns: bare });
    expect(named.label(named.configs("smoke")[1])).toBe("RigL, λ = 1");
    expect(named.place!(named.configs("smoke")[1])).toEqual({ panel: "λ = 1", label: "RigL" });
  });

  it("are named after the setting that says most, where several fit", () => {
    const columns = {
      title: "Targets",
      settings: [
        { label: "TD(λ)", input: { returns: { kind: "td-lambda" } } },
        { label: "whole episodes", input: { returns: { kind: "td-lambda", lambda: 1 } } },
      ],
    } as const;
    const targets = grid({ ...declaration, columns });
    expect(targets.configs("smoke", 1).slice(0, 2).map(targets.label)).toEqual(["RigL, TD(λ)", "RigL, whole episodes"]);
  });

  it("leave out what is asked to", () => {
    const less = grid({ ...declaration, without: ({ row, column }) => row === "RigL" && column !== "λ = 0.8" });
    expect(less.configs("classroom", 1).map(facts)).toEqual(["rigl 0.8 1", "mast 0.2 1", "mast 0.8 1", "mast 1 1"]);
  });

  it("take a reader's changes over the budget and below what is varied", () => {
    const changed = experiment.configs("smoke", 1, {
      environment: "8m",
      discount: 0.9,
      method: "set",
      returns: { lambda: 0.5, burnIn: 7 },
    });
    expect(changed.map(facts)).toEqual(experiment.configs("smoke", 1).map(facts));
    for (const { environment, discount, returns, steps, sparsity } of changed)
      expect([environment, discount, returns.burnIn, steps, sparsity.level]).toEqual(["8m", 0.9, 7, 1000, 0.9]);
    expect(changed.map(experiment.label)).toEqual(experiment.configs("smoke", 1).map(experiment.label));
    // A grid of a single row does not vary it.
    const single = grid({ ...declaration, rows: { ...methods, settings: methods.settings.slice(1) } });
    expect(single.configs("smoke", 1, { method: "set" }).map(facts)).toEqual(["set 0.2 1", "set 0.8 1", "set 1 1"]);
  });

  it("take shares of the training from the steps that are trained", () => {
    const share = grid({
      ...declaration,
      columns: (_, steps) => ({
        title: "T₀",
        settings: [0, 0.5].map((part) => ({ label: `${100 * part} %`, input: { returns: { burnIn: part * steps } } })),
      }),
    });
    const [, half] = share.configs("smoke", 1, { steps: 600 });
    expect([half.returns.burnIn, share.label(half)]).toEqual([300, "RigL, 50 %"]);
  });
});

describe("what a grid comes to", () => {
  // Scores are means of the last two evaluations. MAST with λ = 0.8 has 0, 0.8, 0.9 and 1; in all other cells both
  // seeds end alike.
  const scores: Record<string, readonly number[]> = {
    "MAST, λ = 0.2": [0.5, 0.5, 0.5, 0.5],
    "MAST, λ = 0.8": [0, 0.8, 0.9, 1],
    "RigL, λ = 0.8": [0.25, 0.25, 0.25, 0.25],
  };
  const measured = grid({
    ...declaration,
    without: ({ row, column }) => !(`${row}, ${column}` in scores),
    paper: ({ row }) => (row === "MAST" ? 97.9 : undefined),
    source: "Table 0",
  });
  const runs = measured.configs("smoke", 4).map((config) => {
    const score = scores[measured.label(config)][config.seed - 1];
    return completeRun(config, [0, score, score], `commit${Math.ceil(config.seed / 2)}`);
  });
  const { table, figure, settings, more } = measured.reduce(runs);

  it("has statistics of every cell, to the last digit", () => {
    expect(settings!.map(({ row, column, seeds, paper }) => [row, column, seeds, paper])).toEqual([
      ["RigL", "λ = 0.8", 4, undefined],
      ["MAST", "λ = 0.2", 4, 97.9],
      ["MAST", "λ = 0.8", 4, 97.9],
    ]);
    const cell = settings![2];
    expect(cell).toMatchObject({
      environment: "3m",
      rules: "starcraft",
      algorithm: "qmix",
      method: "mast",
      sparsity: 0.9,
      steps: 1000,
      commit: "commit1 commit2",
    });
    expect(cell.mean).toBeCloseTo(0.675, 10);
    expect(cell.deviation).toBeCloseTo(0.4573474245, 10);
    expect(cell.iqm).toBeCloseTo(0.85, 10);
    expect([cell.iqmLow, cell.iqmHigh]).toEqual([0, 1]);
    // Two thirds of the evaluations have the score, and one is zero.
    expect(cell.throughout).toBeCloseTo(0.45, 10);
  });

  it("has the form of the paper's tables, with its numbers below ours and gaps where nothing was trained", () => {
    expect(table.title).toBe("Grid: 3m, 90 % sparse, 1,000 steps, 4 seeds");
    expect(table.columns.map(({ title }) => title)).toEqual(["Method", "λ", "λ = 0.2", "λ = 0.8"]);
    expect(table.rows).toEqual([
      ["RigL", "Win rate, %", "", "25.0 ± 0.0"],
      ["RigL", "IQM [95 % interval]", "", "25.0 [25.0, 25.0]"],
      ["RigL", "Throughout training, %", "", "16.7"],
      ["MAST", "Win rate, %", "50.0 ± 0.0", "67.5 ± 45.7"],
      ["MAST", "IQM [95 % interval]", "50.0 [50.0, 50.0]", "85.0 [0.0, 100.0]"],
      ["MAST", "Throughout training, %", "33.3", "45.0"],
      ["MAST", "Paper, % of dense", "97.9", "97.9"],
    ]);
    expect(table.note).toMatch(/^Win rate: mean of the last 2 evaluations of 4 episodes, .* Paper: Table 0\.$/);
  });

  it("says which settings can be told from the best", () => {
    // MAST's 0, 0.8, 0.9, 1 stand against four times 0.5: of 70 ways to deal the eight out, 22 have sums of ranks as
    // far from 18 as 14 or 22.
    expect(settings!.map(({ pToBest }) => pToBest)).toEqual([NaN, expect.closeTo(22 / 70, 12), NaN]);
    expect(table.note).toContain(
      "By Mann and Whitney's test no setting can be told from the one with the highest mean of its row (p > 0.05).",
    );
    const apart = measured.reduce(
      runs.map((run) =>
        run.config.returns.lambda === 0.2 ? completeRun(run.config, [0, 0, 0]) : completeRun(run.config, [0, 1, 1]),
      ),
    ).table;
    expect(apart.note).toContain("Mann and Whitney's test: MAST, λ = 0.2 (p = 0.029).");
  });

  it("refuses runs that differ in what is not varied, naming it, and says where seeds are missing", () => {
    const other = { ...runs[0], config: { ...runs[0].config, environment: "8m" } };
    expect(() => measured.reduce([other, ...runs.slice(1)])).toThrow(/environment is 8m \(\S+\) and 3m/);
    const { title, rows } = measured.reduce(
      runs.filter(({ config }) => config.seed < 4 || config.method === "mast"),
    ).table;
    expect(title).toContain("3 or 4 seeds");
    expect(rows.filter(([, what]) => what === "Seeds")).toEqual([
      ["RigL", "Seeds", "", "3"],
      ["MAST", "Seeds", "4", "4"],
    ]);
  });

  it("draws scores with the seeds and the paper's numbers, and learning", () => {
    const mast = figure.data.filter(({ legendgroup }) => legendgroup === "MAST");
    expect(mast[0]["y"]).toEqual([0.5, 0.5, 0.5, 0.5, 0, 0.8, 0.9, 1]);
    expect(mast[1]["y"]).toEqual([0.5, 0.675]);
    expect(mast[2]["y"]).toEqual([0.979, 0.979]);
    expect(Object.keys(more!)).toEqual(["curves"]);
  });

  it("has a single seed without a deviation", () => {
    const one = measured.reduce(runs.filter(({ config }) => config.seed === 2)).table;
    expect(one.title).toMatch(/, 1 seed$/);
    expect(one.rows[3]).toEqual(["MAST", "Win rate, %", "50.0", "80.0"]);
  });
});

describe.each(EXPERIMENTS.map((one) => [one.id, one] as const))("%s", (_, declared) => {
  it.each(PROFILES)("declares each of its runs once, in the profile %s", (profile) => {
    const configs = declared.configs(profile);
    expect(new Set(configs.map(runName)).size).toBe(configs.length);
    const seeds = new Map<string, number[]>();
    for (const config of configs)
      seeds.set(declared.label(config), [...(seeds.get(declared.label(config)) ?? []), config.seed]);
    // Every setting is found again by its fields, and has all the seeds.
    expect([...seeds.keys()].filter((label) => /\bother\b/.test(label))).toEqual([]);
    const count = Math.max(...configs.map(({ seed }) => seed));
    for (const [label, own] of seeds)
      expect([label, ...own.sort((a, b) => a - b)]).toEqual([
        label,
        ...Array.from({ length: count }, (_one, i) => i + 1),
      ]);
    expect(declared.configs(profile, 2)).toHaveLength(2 * seeds.size);
    const place = declared.place;
    if (place !== undefined)
      expect(configs.map(place).filter(({ panel, label }) => panel === "other" || label === "other")).toEqual([]);
  });

  it("has networks that can be built in the smallest profile, tiny ones too", () => {
    for (const config of declared.configs("smoke")) expect(networkPlan(config).shape.hidden).toBeGreaterThan(0);
  });
});

it("has no two experiments of a name", () => {
  expect(new Set(EXPERIMENTS.map(({ id }) => id)).size).toBe(EXPERIMENTS.length);
});
