import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { saveResults } from "../experiments/publish.js";
import { packageRoot } from "../node/project.js";
import { parseCsv } from "../results/csv.js";
import { exportParameters } from "../runs/checkpoint.js";
import { runOne } from "../runs/run.js";
import { runAll } from "../runs/run-all.js";
import { runName, type StoredRun } from "../runs/store.js";
import { weightsFrom } from "../runs/weights.js";
import { studyJsonSchema, type StudyInput } from "./schema.js";
import { keepStudy, keptStudies, keptStudy, runsOf, studyProgress } from "./shelf.js";
import { declareStudy, readStudy } from "./study.js";

const folder = mkdtempSync(join(tmpdir(), "mast-study-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASE = {
  environment: "two-step",
  steps: 400,
  warmup: 50,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 25 },
  evaluation: { interval: 100, episodes: 4, window: 2 },
  log: { interval: 50 },
};
const input = (changes: Partial<StudyInput> = {}): StudyInput => ({
  id: "mine",
  base: BASE,
  grid: { method: ["mast", "rigl"], "returns.lambda": [0.6, 0.8] },
  seeds: 2,
  ...changes,
});

describe("the runs of a study", () => {
  it("are every combination of the grid, for each seed", () => {
    const configs = declareStudy(input()).configs("classroom");
    const expected = [1, 2].flatMap((seed) =>
      (["mast", "rigl"] as const).flatMap((method) =>
        [0.6, 0.8].map((lambda) => resolveConfig({ ...BASE, method, returns: { lambda }, seed })),
      ),
    );
    expect(configs.map(runName)).toEqual(expected.map(runName));
  });

  it("are every setting of the list with every combination", () => {
    const study = declareStudy(
      input({
        grid: { environment: ["two-step", "3m"] },
        list: [{ label: "fast", set: { updates: 2 } }, { set: { discount: 0.9 } }],
        seeds: [7],
      }),
    );
    const configs = study.configs(study.profile);
    expect(configs.map(study.label)).toEqual([
      "fast, two-step",
      "fast, 3m",
      "discount = 0.9, two-step",
      "discount = 0.9, 3m",
    ]);
    expect(configs.map(({ seed, updates, discount }) => [seed, updates, discount])).toEqual([
      [7, 2, 0.99],
      [7, 2, 0.99],
      [7, 1, 0.9],
      [7, 1, 0.9],
    ]);
  });

  it("take budget and seeds from a profile, and a number of seeds that is asked for", () => {
    const study = declareStudy(
      input({ grid: { method: ["mast"] }, profiles: { smoke: { steps: 100, seeds: 1 }, paper: { seeds: [4, 9] } } }),
    );
    expect(study.profile).toBe("smoke");
    expect(study.configs("smoke").map(({ steps, seed }) => [steps, seed])).toEqual([[100, 1]]);
    expect(study.configs("paper", 4).map(({ steps, seed }) => [steps, seed])).toEqual([
      [400, 4],
      [400, 9],
      [400, 10],
      [400, 11],
    ]);
    expect(() => study.configs("classroom")).toThrow('it has no profile "classroom"; there are: smoke, paper');
  });

  it("are read from YAML, with a base beside it", () => {
    writeFileSync(join(folder, "base.yaml"), "environment: two-step\nsteps: 300\n");
    writeFileSync(join(folder, "a.yaml"), "id: from-yaml\nbase: base.yaml\ngrid:\n  method: [mast, dense]\n");
    const study = readStudy(join(folder, "a.yaml"));
    expect(study.configs("classroom").map(runName)).toEqual(
      ["mast", "dense"].map((method) =>
        runName(resolveConfig({ environment: "two-step", steps: 300, method: method as "mast" })),
      ),
    );
    expect(study.file.base).toEqual({ environment: "two-step", steps: 300 });
  });
});

describe("a study whose runs begin with weights", () => {
  const runs = join(folder, "sources");
  let source: StoredRun;
  beforeAll(async () => {
    source = await runOne(resolveConfig({ ...BASE, seed: 9 }), { runs });
    const checkpoint = join(source.directory, "checkpoint.safetensors");
    writeFileSync(join(folder, "agent.safetensors"), exportParameters(checkpoint));
  });

  it("finds runs by a part of their name and files beside it, in base, list and grid", () => {
    const file = join(folder, "warm.yaml");
    const write = (text: string) => {
      writeFileSync(file, `id: warm\nbase: ${JSON.stringify(BASE)}\n${text}`);
      return readStudy(file, runs).configs("classroom");
    };
    const [run, path] = [weightsFrom(source.name, { runs }), weightsFrom(join(folder, "agent.safetensors"))];
    expect(run.sha256).not.toBe(path.sha256);
    const listed = write(
      `list:\n  - { label: cold, set: {} }\n  - { label: warm, set: { from: { source: two-step-qmix } } }\nseeds: 2\n`,
    );
    expect(listed.map((config) => config.from)).toEqual([undefined, run, undefined, run]);
    const gridded = write(`grid: { from.source: [two-step-qmix, ./agent.safetensors] }\n`);
    expect(gridded.map((config) => config.from)).toEqual([run, path]);
    writeFileSync(file, `id: warm\nbase: ${JSON.stringify({ ...BASE, from: { source: "agent.safetensors" } })}\n`);
    const study = readStudy(file, runs);
    expect(study.configs("classroom")[0].from).toEqual(path);
    // The name by which workers of other machines find it is a whole path, also when the file is gone.
    keepStudy({ study, profile: "classroom", changes: {} }, runs);
    rmSync(join(folder, "agent.safetensors"));
    expect(runsOf(keptStudy("warm", runs))[0].from).toEqual(path);
  });

  it("is refused where they are not there, or no weights", () => {
    const declared = (from: string) => () =>
      declareStudy({ id: "warm", base: { ...BASE, from: { source: from } } }, { name: "warm", folder, runs });
    expect(declared("nobody")).toThrow(/^warm: No run "nobody" in /);
    expect(declared("nothing.safetensors")).toThrow(/^warm: there is no file .*nothing\.safetensors$/);
    writeFileSync(join(folder, "agent.th"), "x");
    expect(declared("agent.th")).toThrow(/^warm: .*agent\.th is a pickle/);
  });
});

describe("a study that cannot be used", () => {
  it.each<[string, Record<string, unknown>, string | RegExp]>([
    ["an unknown field", { grids: {} }, 'unknown field "grids"; did you mean "grid"?'],
    [
      "an unknown field of the configuration",
      { base: { stesp: 5 } },
      '"mine", MAST, returns.lambda = 0.6: unknown key "stesp"; did you mean "steps"?',
    ],
    [
      "an unknown field in the grid",
      { grid: { "returns.lamda": [1] } },
      'unknown key "lamda" in returns; did you mean "lambda"?',
    ],
    [
      "a value that is none",
      { grid: { "returns.lambda": [0.5, 2] } },
      "returns.lambda = 2: returns.lambda is 2; allowed: a number from 0 to 1",
    ],
    ["an empty grid", { grid: {} }, "grid is empty: give fields with their values"],
    ["an empty dimension", { grid: { method: [] } }, "grid.method is empty: give at least one value"],
    ["an empty list", { list: [] }, "list is empty"],
    [
      "ten million runs",
      {
        grid: Object.fromEntries(
          ["a", "b", "c", "d", "e", "f", "g"].map((field) => [field, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]),
        ),
      },
      "it has 10,000,000 settings; a study has at most 10,000 runs",
    ],
    [
      "too many seeds of some settings",
      { grid: { "returns.lambda": Array.from({ length: 20 }, (_, i) => i / 20) }, seeds: 1000 },
      "20 settings with 1,000 seeds are 20,000 runs; a study has at most 10,000",
    ],
    [
      "two settings that are the same",
      {
        grid: undefined,
        list: [
          { label: "one", set: {} },
          { label: "two", set: { method: "mast" } },
        ],
      },
      '"one" and "two" are the same configuration: leave one of them out',
    ],
    [
      "a value twice",
      { grid: { method: ["mast", "mast"] } },
      'two settings are called "MAST": give each a label of its own',
    ],
    ["seeds as a setting", { grid: { seed: [1, 2] } }, "seeds are not a setting; give them as seeds"],
    [
      "a field and one in it",
      { grid: { returns: [{ n: 2 }, { n: 3 }], "returns.lambda": [0.5, 0.6] } },
      "grid has returns and returns.lambda, one of which contains the other",
    ],
    ["a prototype", { grid: { "__proto__.x": [1, 2] } }, 'grid has "__proto__.x", which is not a field'],
    ["no id", { id: undefined }, "id is missing; expected a name of letters"],
    ["an id that is a path", { id: "../x" }, 'id is "../x"; expected a name of letters'],
    ["a baseline that is none", { baseline: "MASTT" }, 'baseline is "MASTT", and no setting is that'],
    [
      "a profile that it has not",
      { profile: "paper", profiles: { smoke: { steps: 100 } } },
      'profile is "paper", which profiles does not have',
    ],
    ["a plot that is none", { plot: ["winrate"] }, 'plot.0 is "winrate"; expected a list of: win-rate'],
    ["a word in the place of seeds", { seeds: "five" }, 'seeds is "five"; expected a whole number from 1 to 1,000'],
    [
      "a line break in a cluster's partition",
      { slurm: { partition: "a\nrm -rf x" } },
      "expected the name of a partition",
    ],
    [
      "an unknown field for a cluster",
      { slurm: { partiton: "a" } },
      'unknown field "partiton" in slurm; did you mean "partition"?',
    ],
  ])("says in one line that it has %s", (_, changes, message) => {
    let said = "";
    try {
      declareStudy({ ...input(), ...changes });
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toContain(message);
    expect(said.split("\n")).toHaveLength(1);
  });

  it.each([
    ["nothing", "", "holds nothing"],
    ["a list", "- a", 'holds ["a"]'],
    ["no YAML", "a: [", "is not valid YAML"],
  ])("says that a file holds %s", (name, text, message) => {
    const path = join(folder, `${name.replace(" ", "-")}.yaml`);
    writeFileSync(path, text);
    expect(() => readStudy(path)).toThrow(message);
    expect(() => readStudy(join(folder, "absent.yaml"))).toThrow(
      /^Cannot read the study file .*: there is no such file \(ENOENT\)\.$/,
    );
  });
});

describe("a study that was trained", () => {
  const study = declareStudy(
    input({ baseline: { method: "rigl", returns: { lambda: 0.8 } }, plot: ["win-rate", "return", "loss"] }),
  );
  const runs = join(folder, "runs");
  let complete: StoredRun[];
  beforeAll(async () => {
    const outcomes = await runAll(study.configs(study.profile), { runs });
    complete = outcomes.map(({ run }) => run!);
  }, 120_000);

  it("comes to a table with the probability of improvement over the baseline, counted by hand", () => {
    const { table, more, settings } = study.reduce(complete);
    const score = (label: string) =>
      complete.filter(({ config }) => study.label(config) === label).map(({ summary }) => summary!.score);
    const baseline = score("RigL, returns.lambda = 0.8");
    expect(table.columns.at(-1)!.title).toBe("Better than RigL, returns.lambda = 0.8");
    expect(table.rows.map(([label]) => label)).toEqual([
      "MAST, returns.lambda = 0.6",
      "MAST, returns.lambda = 0.8",
      "RigL, returns.lambda = 0.6",
      "RigL, returns.lambda = 0.8",
    ]);
    for (const row of table.rows.slice(0, 3)) {
      const pairs = score(row[0]).flatMap((x) => baseline.map((y): number => (x > y ? 1 : x === y ? 0.5 : 0)));
      const share = pairs.reduce((a, b) => a + b, 0) / pairs.length;
      expect(row.at(-1)).toMatch(new RegExp(`^${(100 * share).toFixed(1)} % \\[`));
      expect(settings!.find((cell) => cell.row === row[0])).toMatchObject({
        improvement: share,
        comparedTo: "RigL, returns.lambda = 0.8",
      });
    }
    expect(Object.keys(more!)).toEqual(["return", "loss", "scores"]);
  });

  it("keeps every evaluation, as metrics.csv has it", async () => {
    process.env["CHROME_PATH"] = "none";
    const place = { tables: join(folder, "results"), figures: join(folder, "results") };
    await saveResults(study, study.profile, complete, study.reduce(complete), { place, labels: { study: study.id } });
    const rows = parseCsv(readFileSync(join(place.tables, "mine-evaluations.csv"), "utf8"), "evaluations");
    const expected = complete.flatMap(({ name, directory }) =>
      readFileSync(join(directory, "metrics.csv"), "utf8")
        .trim()
        .split("\n")
        .filter((line) => line.startsWith("evaluation,"))
        .map((line) => ({ run: name, step: Number(line.split(",")[1]), winRate: Number(line.split(",")[12]) })),
    );
    expect(expected.length).toBeGreaterThan(8 * 4);
    expect(rows.map(({ run, step, winRate }) => ({ run, step, winRate }))).toEqual(
      expected.map((row) => ({ ...row, winRate: expect.closeTo(row.winRate, 5) as number })),
    );
    expect(rows[0]).toMatchObject({
      study: "mine",
      setting: "MAST, returns.lambda = 0.6",
      "returns.lambda": 0.6,
      method: "mast",
    });
    expect(parseCsv(readFileSync(join(place.tables, "mine.csv"), "utf8"), "runs")).toHaveLength(8);
  });

  it("is found among its runs by its name, also by another process", () => {
    keepStudy({ study, profile: study.profile, seeds: 3, changes: { discount: 0.99 } }, runs);
    expect(keptStudies(runs).map(({ name }) => name)).toEqual(["mine"]);
    const kept = keptStudy("mine", runs);
    expect(studyProgress(runsOf(kept), runs)).toMatchObject({ all: 12, complete: 8, running: 0 });
    expect(() => keptStudy("minee", runs)).toThrow('did you mean "mine"?');
  });
});

it("the committed schema of study files is that of the code", () => {
  const committed = JSON.parse(readFileSync(join(packageRoot(), "examples", "study.schema.json"), "utf8")) as object;
  expect(committed).toEqual(JSON.parse(JSON.stringify(studyJsonSchema())));
});

it("the example study can be used", () => {
  const study = readStudy(join(packageRoot(), "examples", "lambda.study.yaml"));
  expect(study.configs("smoke").length).toBeGreaterThan(3);
});
