import { describe, expect, it } from "vitest";
import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import { COMPARISONS } from "../experiments/comparative.js";
import { facmac2s3z, facmac3m } from "../experiments/facmac.js";
import { comixStrokes } from "../experiments/mujoco.js";
import { PROFILES } from "../experiments/experiment.js";
import { completeRun } from "../runs/fixtures.js";
import { runName } from "../runs/store.js";
import { methodStatistics } from "./methods.js";
import { scoreStatistics, scoreText } from "./scores.js";
import { requireMethods, requireSeeds } from "./seeds.js";

const base: ConfigInput = { environment: "3m", method: "mast", steps: 1000, evaluation: { window: 2 } };
const run = (input: ConfigInput, seed = 1) => completeRun(resolveConfig({ ...base, ...input, seed }), [0, 0.5, 1]);

describe("requireSeeds", () => {
  it.each<[string, ConfigInput, string]>([
    ["environment", { environment: "two-step" }, "environment is 3m (3m-qmix-mast-95-1k-seed1-"],
    ["rules", { rules: "smaclite" }, "rules is starcraft"],
    ["algorithm", { algorithm: "res" }, "algorithm is qmix"],
    ["method", { method: "rigl" }, "method is mast"],
    ["steps", { steps: 2000 }, "steps is 1000"],
    ["sparsity.level", { sparsity: { level: 0.9 } }, "sparsity.level is 0.95"],
    ["optimiser.learningRate", { optimiser: { learningRate: 0.1 } }, "optimiser.learningRate is 0.0005"],
    ["evaluation.episodes", { evaluation: { window: 2, episodes: 8 } }, "evaluation.episodes is 32"],
    ["evaluation.window", { evaluation: { window: 1 } }, "evaluation.window is 2"],
    ["engine", { engine: "tensorflow" }, "engine is sparse"],
    ["a section that one has", { method: "mast", ticket: { kind: "random" }, topology: { grow: "none" } }, "is"],
  ])("names %s where it differs", (_, input, text) => {
    expect(() => requireSeeds([run({}), run(input, 2)])).toThrow(text);
    expect(() => scoreStatistics([run({}), run(input, 2)])).toThrow("cannot be put together");
  });

  it("counts no run twice, whatever its name", () => {
    const twice = [run({}, 4), { ...run({}, 4), name: "a copy" }, run({}, 5)];
    expect(() => requireSeeds(twice)).toThrow(/seed 4 is given twice \(3m-\S+ and a copy\)\. Give each run once\.$/);
    expect(() => scoreStatistics(twice)).toThrow("seed 4 is given twice");
    expect(() => methodStatistics(twice)).toThrow("These runs of mast cannot be averaged: seed 4");
    expect(() => requireSeeds([])).toThrow("asked of no runs");
  });

  it("lets tickets have sources that differ in the seed alone", () => {
    const ticket = (seed: number, source: Config) =>
      run({ method: "mast", ticket: { kind: "winning", source: runName(source) }, topology: { grow: "none" } }, seed);
    const source = (seed: number, level = 0.95) => resolveConfig({ ...base, sparsity: { level }, seed });
    expect(() => requireSeeds([ticket(1, source(1)), ticket(2, source(2))])).not.toThrow();
    expect(() => requireSeeds([ticket(1, source(1)), ticket(2, source(2, 0.9))])).toThrow("ticket.source is");
  });
});

describe("requireMethods", () => {
  it.each(PROFILES)("accepts FACMAC's methods, whose T_0 the algorithm sets, in the %s profile", (profile) => {
    for (const { configs } of [facmac3m, facmac2s3z])
      expect(() => requireMethods(configs(profile, 2).map((config) => ({ config })))).not.toThrow();
  });

  it("compares n and T_0 unless methods have targets of different kinds", () => {
    const configs = comixStrokes.configs("classroom", 1).map((config) => ({ config }));
    expect(new Set(configs.map(({ config }) => config.returns.n)).size).toBe(2);
    expect(() => requireMethods(configs)).not.toThrow();
    const [dense, ss] = configs;
    const returns = { ...ss.config.returns, n: 10 };
    expect(() => requireMethods([dense, { config: { ...ss.config, returns } }])).toThrow("returns.n is 5");
  });

  it("takes every comparison of the paper as it is declared", () => {
    for (const { configs } of COMPARISONS)
      for (const profile of PROFILES)
        expect(() => requireMethods(configs(profile, 2).map((config) => ({ config })))).not.toThrow();
  });

  it.each<[string, ConfigInput]>([
    ["environment", { environment: "two-step" }],
    ["algorithm", { algorithm: "res" }],
    ["steps", { steps: 500 }],
    ["sparsity.level", { sparsity: { level: 0.9 } }],
    ["network.hidden", { network: { hidden: 32 } }],
    ["updates", { updates: 2 }],
  ])("refuses methods that differ in %s", (field, input) => {
    expect(() => methodStatistics([run({}), run({ method: "rigl", ...input }, 2)])).toThrow(`${field} is`);
  });

  it("lets the dense team be dense", () => {
    expect(methodStatistics([run({}), run({ method: "dense" })]).map(({ method }) => method)).toEqual([
      "dense",
      "mast",
    ]);
  });
});

describe("scores", () => {
  it("say how many evaluations they are means of, step 0 left out", () => {
    const short = (window: number) =>
      completeRun(resolveConfig({ ...base, evaluation: { window, episodes: 4 } }), [0, 0.5, 1]);
    expect([1, 2, 3, 20].map((window) => scoreStatistics([short(window)]).evaluations)).toEqual([1, 2, 2, 2]);
    expect(scoreText([short(20)])).toBe("mean of the last 2 evaluations of 4 episodes");
    expect(scoreText([short(1), short(20)])).toBe("mean of the last 1 or 2 evaluations of 4 episodes");
    expect(scoreText([short(1)])).toBe("the last evaluation, of 4 episodes");
  });

  it("of different numbers of evaluations are not pooled, and one that is not a number is not left out", () => {
    const cut = completeRun(resolveConfig({ ...base, seed: 2 }), [0, 1]);
    expect(() => scoreStatistics([run({}), cut])).toThrow(/is the mean of 2 evaluations, that of \S+ of 1\.$/);
    const diverged = completeRun(resolveConfig({ ...base, seed: 2 }), [0, NaN, 1]);
    const { seeds, mean, deviation, iqm, iqmLow, iqmHigh } = scoreStatistics([
      run({}),
      diverged,
      run({}, 3),
      run({}, 4),
      run({}, 5),
    ]);
    expect([seeds, mean, deviation, iqm, iqmLow, iqmHigh]).toEqual([5, NaN, NaN, NaN, NaN, NaN]);
  });
});
