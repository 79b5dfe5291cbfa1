import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keptPaths } from "../results/kept-runs.js";
import { completeRun } from "../runs/fixtures.js";
import { readRun, runName, type StoredRun } from "../runs/store.js";
import { networkPlan } from "../training/plan.js";
import {
  campaignRuns,
  coreHoursText,
  PAPER_CAMPAIGN,
  seedsText,
  stopFileIn,
  trainCampaign,
  withKept,
} from "./campaign.js";
import { trainingFingerprint } from "./fingerprint.js";
import { doubleQ } from "./soft-mellowmax.js";
import { tickets } from "./tickets.js";
import { widerNetworks } from "./wider.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mast-campaign-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = () => ({ results: join(folder, "results"), runs: join(folder, "runs") });

describe("the campaign at the paper's budget", () => {
  it("has the paper's rows in the order of their worth, seed by seed within a group, and each run once", () => {
    const runs = campaignRuns("paper");
    const names = runs.map(({ config }) => runName(config));
    expect(new Set(names).size).toBe(names.length);
    const first = runs.slice(0, 28).map(({ config }) => config);
    expect(first.every(({ seed, steps, algorithm }) => seed === 1 && steps === 2_000_000 && algorithm === "qmix")).toBe(
      true,
    );
    expect([...new Set(first.map(({ environment }) => environment))]).toEqual(["3s5z", "2s3z", "3m", "2c_vs_64zg"]);
    expect(first.slice(0, 7).map(({ method }) => method)).toEqual([
      "dense",
      "tiny",
      "ss",
      "set",
      "rigl",
      "rlx2",
      "mast",
    ]);
    // The test asks for Table 1's sparsities, and for the evaluations that its score averages.
    const sparsity = (map: string) =>
      first.find((one) => one.environment === map && one.method === "mast")!.sparsity.level;
    expect(["3s5z", "2s3z", "3m", "2c_vs_64zg"].map(sparsity)).toEqual([0.9, 0.95, 0.95, 0.9]);
    expect(first.every(({ evaluation }) => evaluation.window === 20 && evaluation.episodes === 32)).toBe(true);
    const table = runs.filter(({ ids }) => ids.some((id) => /^comparison-(3s5z|2s3z|3m|2c_vs_64zg)$/.test(id)));
    expect(table).toHaveLength(7 * (5 + 5 + 5 + 3));
    expect(table.at(-1)!.config.seed).toBe(5);
    // MAST on 3s5z is a cell of every ablation.
    expect(runs.find(({ config }) => config.method === "mast")!.ids).toEqual(
      expect.arrayContaining(["comparison-3s5z", "lambda", "alpha-omega", "burn-in", "mask-interval", "double-q"]),
    );
    const seeds = (id: string) =>
      Math.max(...runs.filter(({ ids }) => ids.includes(id)).map(({ config }) => config.seed));
    for (const { id, seeds: least } of PAPER_CAMPAIGN.flat()) expect(seeds(id)).toBeGreaterThanOrEqual(least);
    const algorithms = runs.map(({ config }) => config.algorithm);
    expect(algorithms.indexOf("ow-qmix")).toBeGreaterThan(
      algorithms.lastIndexOf("qmix", algorithms.indexOf("ow-qmix")),
    );
    expect(campaignRuns("paper", ["masks"], 1).length).toBeGreaterThan(0);
    expect(() => campaignRuns("paper", ["lamda"])).toThrow('did you mean "lambda"?');
    expect(() => campaignRuns("paper", ["wall-clock"])).toThrow("measures something itself");
  });

  it("stops when it is told to, keeps what is complete, and goes on with the tables alone on another machine", async () => {
    const { results, runs } = place();
    const stopFile = stopFileIn(runs);
    const options = { profile: "smoke", ids: ["double-q"], seeds: 1, results, workers: 1, checkpointEvery: 0 } as const;
    const lines: string[] = [];
    const first = await trainCampaign({
      ...options,
      runs,
      stopFile,
      report: (line) => {
        lines.push(line);
        if (line.startsWith("1 of 3")) writeFileSync(stopFile, "");
      },
    });
    expect(first).toMatchObject({ all: 3, before: 0, failures: [] });
    expect(first.now).toBeGreaterThan(0);
    expect(lines).toContain(`${stopFile} is there: the runs stop with checkpoints.`);
    const table = () => readFileSync(keptPaths("smoke", results).runs, "utf8").trim().split("\n").slice(1);
    expect(table()).toHaveLength(first.now);

    // The next machine has the tables and no runs.
    const elsewhere = join(folder, "elsewhere");
    const second = await trainCampaign({ ...options, runs: elsewhere });
    expect(second).toEqual({ all: 3, before: first.now, now: 3 - first.now, otherEngine: 0, failures: [] });
    expect(readdirSync(elsewhere)).toHaveLength(3 - first.now);
    expect(table()).toHaveLength(3);

    // A third machine has nothing to do: its table is that of the runs.
    const third = join(folder, "third");
    expect(await trainCampaign({ ...options, runs: third })).toMatchObject({ before: 3, now: 0 });
    expect(existsSync(third) ? readdirSync(third) : []).toEqual([]);
    const configs = doubleQ.configs("smoke", 1);
    const found = withKept(configs, new Map(), "smoke", results);
    expect(found).toMatchObject({ kept: 3, fingerprints: [await trainingFingerprint("qmix")] });
    await trainCampaign({ ...options, ids: ["double-q"], runs, anyEngine: false, results: join(folder, "again") });
    const stored = configs.map((config) => readRun(runName(config), { runs }));
    const text = (list: readonly StoredRun[]) => JSON.stringify(doubleQ.reduce(list).table);
    expect(text(found.runs)).toBe(text(stored));
    expect(seedsText(doubleQ, doubleQ.configs("smoke", 2), found.runs)).toBe("1 of 2 seeds of each");
    expect(seedsText(doubleQ, configs, found.runs.slice(0, 1))).toBe(
      "soft mellowmax: 1 of 1 seeds, double Q: 0 of 1 seeds, max: 0 of 1 seeds",
    );
  });

  it("trains anew what another engine computed, unless that is taken as it is", async () => {
    const { results, runs } = place();
    const options = { profile: "smoke", ids: ["double-q"], seeds: 1, results, workers: 1 } as const;
    await trainCampaign({ ...options, runs });
    const path = keptPaths("smoke", results).runs;
    const text = readFileSync(path, "utf8");
    const own = await trainingFingerprint("qmix");
    const [first, ...others] = text.split(own);
    writeFileSync(path, `${first}0123456789ab${others.join(own)}`);
    const taken = await trainCampaign({ ...options, runs: join(folder, "other"), anyEngine: true });
    expect(taken).toMatchObject({ before: 3, now: 0, otherEngine: 0 });
    const anew = await trainCampaign({ ...options, runs: join(folder, "other") });
    expect(anew).toMatchObject({ before: 2, now: 1, otherEngine: 1 });
    // The row is the same except for its times.
    const untimed = (csv: string) =>
      csv
        .split("\n")
        .map((row) => row.split(",").slice(0, 11).join())
        .sort();
    expect(untimed(readFileSync(path, "utf8"))).toEqual(untimed(text));
    expect(readFileSync(path, "utf8").split(own)).toHaveLength(4);
    writeFileSync(path, "run,score\nx\n");
    await expect(trainCampaign({ ...options, runs })).rejects.toThrow(/runs-smoke\.csv, row 2: 1 cells/);
  });

  it("trains a source again where a ticket needs its topology, and keeps it once", async () => {
    const { results, runs } = place();
    const options = { profile: "smoke", ids: ["tickets"], seeds: 1, results, workers: 2 } as const;
    await trainCampaign({ ...options, runs });
    const path = keptPaths("smoke", results).runs;
    const rows = readFileSync(path, "utf8").trim().split("\n");
    expect(rows).toHaveLength(1 + 7);
    const winning = runName(
      tickets.configs("smoke", 1).find((config) => tickets.label(config) === "RigL's winning ticket")!,
    );
    const lost = rows.find((row) => row.startsWith(winning))!;
    writeFileSync(path, `${rows.filter((row) => row !== lost).join("\n")}\n`);
    const elsewhere = join(folder, "elsewhere");
    expect(await trainCampaign({ ...options, runs: elsewhere })).toMatchObject({ before: 6, now: 1, failures: [] });
    // The ticket and its source are trained, and no other run.
    expect(readdirSync(elsewhere)).toHaveLength(2);
    const score = (row: string) => row.split(",").slice(0, 11).join();
    const again = readFileSync(path, "utf8").trim().split("\n");
    expect(again.map(score).sort()).toEqual(rows.map(score).sort());
  });
});

it("counts the hours of a core: processor time, or the clock's where that is not known", () => {
  const run = completeRun(doubleQ.configs("smoke", 1)[0], [0, 1]);
  const { processorSeconds: _, ...summary } = run.summary!;
  const runs = [
    { ...run, summary: { ...summary, seconds: 7200, processorSeconds: 3600 } },
    { ...run, summary: { ...summary, seconds: 1800 } },
  ];
  expect(coreHoursText(runs)).toBe("1.5 core-hours, 0.75 a run");
});

describe("the fingerprint of an engine", () => {
  it("is the same each time, and another for another algorithm", async () => {
    const [one, other] = [await trainingFingerprint("qmix"), await trainingFingerprint("res")];
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(other).not.toBe(one);
    expect(await trainingFingerprint("qmix")).toBe(one);
  });
});

describe("wider networks", () => {
  it("have as many connections as the usual ones, to a thousandth", () => {
    for (const profile of ["smoke", "classroom", "paper"] as const) {
      const counts = widerNetworks.configs(profile, 1).map((config) => {
        const { nonzeros, shape } = networkPlan(config);
        return { connections: [...nonzeros.values()].reduce((a, b) => a + b, 0), hidden: shape.hidden };
      });
      const usual = counts[0];
      expect(new Set(counts.map(({ hidden }) => hidden / usual.hidden))).toEqual(new Set([1, 2, 4]));
      for (const { connections } of counts)
        expect(Math.abs(connections / usual.connections - 1)).toBeLessThan(profile === "smoke" ? 5e-3 : 2e-3);
    }
    expect(widerNetworks.configs("paper", 1).map(widerNetworks.label)).toEqual([
      "SS, 1x as wide",
      "SS, 2x as wide",
      "SS, 4x as wide",
      "RigL, 1x as wide",
      "RigL, 2x as wide",
      "RigL, 4x as wide",
      "MAST, 1x as wide",
    ]);
  });
});
