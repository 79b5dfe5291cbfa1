import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { parseCsv } from "../results/csv.js";
import { acquireLease } from "../runs/lease.js";
import { runOne } from "../runs/run.js";
import { listRuns } from "../runs/store.js";
import { tagsOf } from "../runs/tags.js";
import { keepStudy } from "../studies/shelf.js";
import { declareStudy } from "../studies/study.js";
import { compareCommand } from "./compare.js";
import { gridFrom } from "./config-options.js";
import { extendCommand } from "./extend.js";
import { type ListFlags, removeCommand, runsCommand, tagCommand } from "./runs.js";

const small: ConfigInput = {
  environment: "two-step",
  steps: 200,
  warmup: 10,
  targetInterval: 5,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 20 },
  evaluation: { interval: 50, episodes: 2, window: 2 },
  log: { interval: 50 },
};
const { topology: _, ...still } = small;

const folder = mkdtempSync(join(tmpdir(), "mast-runs-"));
const runs = join(folder, "runs");
const results = join(folder, "results");
/** The names of the runs by their kind. */
const names: Record<"mast1" | "mast2" | "slow1" | "slow2" | "dense1" | "left", string> = {} as never;

beforeAll(async () => {
  process.env["CHROME_PATH"] = "none";
  const train = async (name: keyof typeof names, input: ConfigInput, stop = false) => {
    const controller = new AbortController();
    const run = await runOne(resolveConfig(input), {
      runs,
      signal: controller.signal,
      ...(stop ? { onProgress: ({ step }) => step >= 100 && controller.abort() } : {}),
    });
    names[name] = run.name;
  };
  await train("mast1", { ...small, seed: 1 });
  await train("mast2", { ...small, seed: 2 });
  await train("slow1", { ...small, seed: 1, discount: 0.9 });
  await train("slow2", { ...small, seed: 2, discount: 0.9 });
  await train("dense1", { ...still, method: "dense", steps: 150 });
  await train("left", { ...small, seed: 7 }, true);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let said: string[];
beforeEach(() => {
  said = [];
  vi.spyOn(console, "log").mockImplementation((...what: unknown[]) => void said.push(...what.map(String)));
});
afterEach(() => {
  vi.restoreAllMocks();
  delete process.env["MAST_LEASE_SECONDS"];
});

/** Returns the output of an action, and the message of a refusal, which has to be one line. */
async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    expect((error as Error).message).not.toContain("\n");
    expect(said).toEqual([]);
    return (error as Error).message;
  }
  throw new Error(`it was not refused: ${said.join("\n")}`);
}

/** Returns the runs that are listed, in their order. */
async function listed(flags: ListFlags): Promise<string[]> {
  said = [];
  await runsCommand({ runs, json: true, ...flags });
  return (JSON.parse(said.join("\n")) as { name: string }[]).map(({ name }) => name);
}

describe("mast runs", () => {
  it("filters by parts, state, fields and tags, each with several values", async () => {
    const { mast1, mast2, slow1, slow2, dense1, left } = names;
    expect(new Set(await listed({}))).toEqual(new Set(Object.values(names)));
    expect(await listed({ method: "dense" })).toEqual([dense1]);
    expect(await listed({ method: "dense,mast", state: "complete" })).toHaveLength(5);
    expect(await listed({ state: "interrupted" })).toEqual([left]);
    expect(new Set(await listed({ where: ["discount=0.9"] }))).toEqual(new Set([slow1, slow2]));
    expect(new Set(await listed({ where: ["discount=0.99", "seed=1,2", "method=mast"] }))).toEqual(
      new Set([mast1, mast2]),
    );
    expect(await listed({ environment: "3m" })).toEqual([]);
    tagCommand([mast1, slow2], { runs, add: ["kept", "for-talk"] });
    expect(new Set(await listed({ tag: "kept" }))).toEqual(new Set([mast1, slow2]));
    tagCommand([mast1], { runs, remove: ["kept"] });
    expect(await listed({ tag: "kept" })).toEqual([slow2]);
    expect(tagsOf(join(runs, mast1))).toEqual(["for-talk"]);
    expect(await listed({ tag: "kept", method: "dense" })).toEqual([]);
  });

  it("sorts by each key, in either direction, with what has no such value last", async () => {
    const bySteps = await listed({ sort: "step", method: "dense,mast" });
    const steps = (name: string) => listRuns({ runs }).find((run) => run.name === name)!;
    const values = bySteps.map((name) => (steps(name) as { step: number }).step);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    const finished = await listed({ sort: "finished" });
    expect(finished.at(-1)).toBe(names.left);
    expect(finished.slice(0, 5)).toEqual([names.mast1, names.mast2, names.slow1, names.slow2, names.dense1]);
    expect(await listed({ sort: "finished", reverse: true })).toEqual([...finished.slice(0, 5).reverse(), names.left]);
    const scores = (await listed({ sort: "score", state: "complete", reverse: true })).map(
      (name) => (steps(name) as { summary?: { score: number } }).summary!.score,
    );
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it("says all of a run as JSON, and of a damaged one what is wrong", async () => {
    mkdirSync(join(runs, "broken"));
    writeFileSync(join(runs, "broken", "config.json"), "{");
    await runsCommand({ runs, json: true });
    const all = JSON.parse(said.join("\n")) as Record<string, unknown>[];
    expect(all.find(({ name }) => name === names.mast2)).toMatchObject({
      directory: join(runs, names.mast2),
      state: "complete",
      step: 200,
      score: expect.any(Number) as number,
      seconds: expect.any(Number) as number,
      parameters: expect.any(Number) as number,
      tags: [],
      config: { method: "mast", discount: 0.99, seed: 2 },
    });
    expect(all.find(({ name }) => name === "broken")).toMatchObject({
      state: "damaged",
      problem: expect.stringContaining("is not valid JSON") as string,
    });
    said = [];
    await runsCommand({ runs, state: "damaged" });
    expect(said.join("\n")).toMatch(/broken is damaged: .*config\.json is not valid JSON/);
    rmSync(join(runs, "broken"), { recursive: true });
  });

  it("writes a page of the runs that were asked for", async () => {
    const page = join(folder, "page.html");
    await runsCommand({ runs, method: "dense", html: page });
    expect(said).toEqual([page]);
    const text = readFileSync(page, "utf8");
    expect(text).toContain(names.dense1);
    expect(text).not.toContain(names.mast1);
  });

  it("refuses a condition that is none, and a field that no run has", async () => {
    expect(await refusal(() => runsCommand({ runs, where: ["discount"] }))).toBe(
      '--where is "discount"; expected FIELD=VALUE, for example returns.lambda=0.6.',
    );
    expect(await refusal(() => runsCommand({ runs, where: ["returns.lamda=0.8"] }))).toBe(
      '--where names "returns.lamda", which no run has in its configuration. did you mean "returns.lambda"?',
    );
    expect(await refusal(() => runsCommand({ runs, html: join(folder, "nowhere", "page.html") }))).toContain(
      "nowhere/page.html",
    );
    await runsCommand({ runs, environment: "3m" });
    expect(said).toEqual([`None of the 6 runs in ${runs} meets these conditions.`]);
  });
});

describe("mast runs tag", () => {
  it("refuses what is no word, a run that is not there, and a tags.json that was damaged", async () => {
    const { mast2 } = names;
    expect(await refusal(() => tagCommand([mast2], { runs }))).toBe("Give --add TAG or --remove TAG.");
    expect(await refusal(() => tagCommand([mast2], { runs, add: ["two words"] }))).toContain(
      '"two words" cannot be a tag',
    );
    // Nothing is tagged if one of the runs does not exist.
    expect(await refusal(() => tagCommand([mast2, "nobody"], { runs, add: ["kept"] }))).toContain('No run "nobody"');
    expect(tagsOf(join(runs, mast2))).toEqual([]);
    writeFileSync(join(runs, mast2, "tags.json"), '{"a": 1}');
    expect(await refusal(() => tagCommand([mast2], { runs, add: ["kept"] }))).toContain("is not a list of words");
    rmSync(join(runs, mast2, "tags.json"));
  });
});

describe("mast runs rm", () => {
  it("asks, and where nobody can be asked removes nothing without --yes", async () => {
    const extra = await runOne(resolveConfig({ ...small, seed: 31 }), { runs });
    expect(await refusal(() => removeCommand([extra.name], { runs }))).toBe(
      `The run ${extra.name} would be removed for good, and nobody can be asked: repeat the command with --yes.`,
    );
    expect(await refusal(() => removeCommand([extra.name, "nobody"], { runs, yes: true }))).toContain(
      'No run "nobody"',
    );
    expect(await refusal(() => removeCommand(["two-step"], { runs, yes: true }))).toContain("give more of the name");
    expect(existsSync(extra.directory)).toBe(true);
    await removeCommand([extra.name, extra.name], { runs, yes: true });
    expect(said).toEqual([`Removed ${extra.name}.`]);
    expect(readdirSync(runs).filter((name) => name.startsWith(extra.name))).toEqual([]);
  });

  it("leaves a run alone that is being trained", async () => {
    const lease = await acquireLease(join(runs, names.left));
    try {
      expect(await refusal(() => removeCommand([names.left], { runs, yes: true }))).toMatch(/works on .*: wait for it/);
    } finally {
      lease.release();
    }
    expect(existsSync(join(runs, names.left, "config.json"))).toBe(true);
  });
});

describe("mast compare", () => {
  const compare = (what: string[], flags = {}) => compareCommand(what, { runs, results, ...flags });

  it("puts runs together that differ in the seed alone, and says in what the others differ", async () => {
    const { mast1, mast2, slow1, slow2 } = names;
    await compare([mast1, mast2, slow1, slow2], { name: "discounts" });
    const text = said.join("\n");
    expect(text).toMatch(/MAST, discount = 0\.99 +2 /);
    expect(text).toMatch(/MAST, discount = 0\.9 +2 /);
    expect(text).toContain("They differ in discount (0.99, 0.9).");
    const rows = parseCsv(readFileSync(join(results, "discounts.csv"), "utf8"), "discounts.csv");
    expect(rows.map(({ setting, seed }) => `${setting} ${seed}`)).toEqual([
      "MAST, discount = 0.99 1",
      "MAST, discount = 0.99 2",
      "MAST, discount = 0.9 1",
      "MAST, discount = 0.9 2",
    ]);
    // These are the evaluations of four runs at 0, 50, 100, 150 and 200.
    expect(parseCsv(readFileSync(join(results, "discounts-evaluations.csv"), "utf8"), "")).toHaveLength(20);
    expect(existsSync(join(results, "discounts.json"))).toBe(true);
  });

  it("takes names of one's own, and studies", async () => {
    const { mast1, mast2 } = names;
    keepStudy(
      {
        study: declareStudy({ id: "known", base: { ...small, discount: 0.9 }, seeds: 2 }),
        profile: "classroom",
        changes: {},
      },
      runs,
    );
    await compare([`usual=${mast1},${mast2}`, "known"]);
    const text = said.join("\n");
    expect(text).toMatch(/usual +2 /);
    expect(text).toMatch(/MAST, discount = 0\.9 +2 /);
  });

  it("refuses to pool what differs, and what is not there or not complete, in one line", async () => {
    const { mast1, slow2, left } = names;
    expect(await refusal(() => compare([`mine=${mast1},${slow2}`]))).toBe(
      `The runs of mine cannot be put together: discount is 0.99 (${mast1}) and 0.9 (${slow2}). Statistics need runs that agree in it.`,
    );
    expect(await refusal(() => compare([`mine=${mast1},${mast1}`]))).toContain("seed 1 is given twice");
    expect(await refusal(() => compare([mast1, "nobody"]))).toContain('No run "nobody"');
    expect(await refusal(() => compare([mast1, left]))).toBe(
      `1 of these 2 runs are not complete (${left}): leave them out, or train them to their end.`,
    );
    expect(await refusal(() => compare([left]))).toContain("None of these 1 runs is complete");
    expect(await refusal(() => compare([mast1], { name: "../x" }))).toBe(
      '--name is "../x"; expected letters, digits, dots and dashes.',
    );
    const other = await runOne(
      resolveConfig({ ...small, seed: 32, evaluation: { interval: 50, episodes: 3, window: 2 } }),
      { runs },
    );
    expect(await refusal(() => compare([mast1, other.name]))).toContain("evaluation.episodes is 2");
    rmSync(other.directory, { recursive: true });
  });
});

describe("mast train --extend", () => {
  const extend = (what: string, flags: Record<string, unknown>) => {
    const all = { set: [], runs, ...flags };
    return extendCommand(what, gridFrom(all), all);
  };

  it("extends several runs, and draws them behind their ancestors", async () => {
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    await extend(`${names.mast1},${names.mast2}`, { steps: 300 });
    expect(said.join("\n")).toMatch(/MAST, extended +2 /);
    const extended = listRuns({ runs }).filter(({ config }) => config?.extend !== undefined);
    expect(extended.map(({ state, config }) => [state, config!.extend!.run])).toEqual([
      ["complete", names.mast1],
      ["complete", names.mast2],
    ]);
    said = [];
    await compareCommand([names.mast1, names.mast2, ...extended.map(({ name }) => name)], { runs, results });
    expect(said.join("\n")).toMatch(/MAST +2 [^]*MAST, extended +2 /);
    const rows = parseCsv(readFileSync(join(results, "compare-evaluations.csv"), "utf8"), "");
    const steps = (setting: string) =>
      rows.filter((row) => row["setting"] === setting && row["seed"] === 1).map(({ step }) => step);
    expect(steps("MAST")).toEqual([0, 50, 100, 150, 200]);
    expect(steps("MAST, extended")).toEqual([0, 50, 100, 150, 200, 250, 300]);
  });

  it("refuses what does not belong to an extension, in one line", async () => {
    const { mast1, left } = names;
    expect(await refusal(() => extend(mast1, {}))).toContain("--extend needs --steps N");
    expect(await refusal(() => extend(mast1, { steps: 300, seeds: 2, short: true }))).toBe(
      "--extend keeps everything that a run has, its seed and networks too: leave out --short and --seeds.",
    );
    expect(await refusal(() => extend(`${mast1},`, { steps: 300 }))).toBe("--extend has an empty name between commas.");
    expect(await refusal(() => extend("nobody", { steps: 300 }))).toContain('No run "nobody"');
    expect(await refusal(() => extend("two-step-qmix-mast-95-200-seed9-12345678", { steps: 300 }))).toContain("No run");
    expect(await refusal(() => extend(left, { steps: 300 }))).toContain("train it to its end first");
    expect(await refusal(() => extend(mast1, { steps: 300, method: "set" }))).toContain(
      'which was trained with method "mast", not "set"',
    );
  });
});
