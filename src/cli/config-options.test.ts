import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { runOne } from "../runs/run.js";
import { openRun } from "../runs/open-run.js";
import { weightsFrom } from "../runs/weights.js";
import { type ConfigFlags, gridFrom } from "./config-options.js";
import { trainCommand } from "./train.js";

const configFrom = (flags: ConfigFlags) => resolveConfig(gridFrom(flags).base);

const folder = mkdtempSync(join(tmpdir(), "mast-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("--short", () => {
  it("shortens the paper's times, and yields to whatever else is given", () => {
    const config = configFrom({
      short: true,
      steps: "300000",
      environment: "2s3z",
      set: ["operator.alpha=5", "replay.onlineCapacity=64"],
    });
    expect(config).toMatchObject({
      environment: "2s3z",
      steps: 300_000,
      warmup: 0,
      targetInterval: 100,
      exploration: { start: 1, end: 0.05, anneal: 30_000 },
      replay: { offlineCapacity: 2_000, onlineCapacity: 64, offlineBatch: 20, onlineBatch: 12 },
      returns: { kind: "td-lambda", burnIn: 40_000 },
      operator: { kind: "soft-mellowmax", alpha: 5, omega: 10 },
      evaluation: { interval: 5_000, window: 6 },
    });
  });

  it("leaves the baselines their targets and buffers", () => {
    expect(configFrom({ short: true, steps: "100000", method: "rigl", set: [] })).toMatchObject({
      operator: { kind: "max" },
      returns: { kind: "one-step" },
      replay: { offlineBatch: 32, onlineBatch: 0 },
    });
  });

  it("is refused without a budget", () => {
    expect(() => configFrom({ short: true, set: [] })).toThrow("--short needs a budget: give --steps");
  });
});

describe("--config", () => {
  it("with the config.json of a run trains what was given for it, with changes", async () => {
    const given = { environment: "2s3z", short: true, steps: 300_000, operator: { omega: 5 } } as const;
    const run = await openRun(resolveConfig(given), { runs: folder });
    run.close();
    const config = join(run.directory, "config.json");
    expect(configFrom({ config, set: [] })).toEqual(resolveConfig(given));
    expect(configFrom({ config, method: "rigl", set: [] })).toEqual(resolveConfig({ ...given, method: "rigl" }));
    expect(configFrom({ config, steps: "100000", set: [] })).toEqual(resolveConfig({ ...given, steps: 100_000 }));
    expect(configFrom({ config, algorithm: "res", set: ["res.beta=4"] })).toEqual(
      resolveConfig({ ...given, algorithm: "res", res: { beta: 4 } }),
    );
    expect(configFrom({ config, engine: "tensorflow", set: [] })).toEqual(
      resolveConfig({ ...given, engine: "tensorflow" }),
    );
    expect(configFrom({ config, method: "rigl", set: [] })).toMatchObject({
      operator: { kind: "max", omega: 5 },
      replay: { offlineBatch: 32, onlineBatch: 0 },
      returns: { kind: "one-step" },
    });
  });

  it("reads YAML, and flags and --set stand above it", () => {
    const config = join(folder, "run.yaml");
    writeFileSync(config, "\ufeffenvironment: 2s3z\r\nsteps: 1000\r\nreturns:\r\n  lambda: 0.6\r\n");
    expect(configFrom({ config, steps: "2000", set: ["returns.burnIn=7"] })).toEqual(
      resolveConfig({ environment: "2s3z", steps: 2_000, returns: { lambda: 0.6, burnIn: 7 } }),
    );
  });

  it("says of keys of PyMARL how they are called", () => {
    const config = join(folder, "qmix.yaml");
    writeFileSync(
      config,
      '# --- QMIX specific parameters ---\naction_selector: "epsilon_greedy"\nepsilon_start: 1.0\n',
    );
    expect(() => configFrom({ config, set: [] })).toThrow(
      /unknown key "action_selector"; PyMARL's action_selector is always epsilon_greedy in mast-lab/,
    );
  });
});

describe("--set", () => {
  it.each(["__proto__.seed=9", "constructor.prototype.seed=9", "returns.__proto__.lambda=0.1", "returns.prototype=1"])(
    "refuses %s, and leaves every other object alone",
    (entry) => {
      expect(() => configFrom({ set: [entry] })).toThrow(/^config: unknown key "(__proto__|constructor|prototype)"/);
      expect(({} as Record<string, unknown>)["seed"]).toBeUndefined();
    },
  );

  it("names a field that is none, however it is written", () => {
    expect(() => configFrom({ set: [".x=1"] })).toThrow('config: unknown key ""');
    expect(() => configFrom({ set: ["steps.x=1"] })).toThrow('config: steps is {"x":1}; allowed: a whole number');
    expect(() => configFrom({ set: [`seed=${"[".repeat(50_000)}${"]".repeat(50_000)}`] })).toThrow(
      "config: seed is nested too deeply",
    );
  });
});

it("--seeds refuses a seed that no configuration can have, before anything runs", async () => {
  await expect(
    trainCommand({ base: { seed: 2_147_483_647 }, grid: {} }, { seeds: 2, runs: join(folder, "none") }),
  ).rejects.toThrow("config: seed is 2147483648; allowed: a whole number from 0 to 2,147,483,647");
});

describe("several values of a field", () => {
  it("become a grid, from flags and from --set; what is one value stays one", () => {
    expect(
      gridFrom({
        method: "mast, rigl",
        environment: "2s3z",
        set: ["returns.lambda=0.6,0.8", 'parts=["a.ts","b.ts"]', "returns.n=3"],
      }),
    ).toEqual({
      base: { environment: "2s3z", parts: ["a.ts", "b.ts"], returns: { n: 3 } },
      grid: { method: ["mast", "rigl"], "returns.lambda": [0.6, 0.8] },
    });
  });

  it("budget a short run, and may not be empty", () => {
    expect(gridFrom({ short: true, steps: "1000,2000", set: [] })).toEqual({
      base: { short: true },
      grid: { steps: [1000, 2000] },
    });
    expect(() => gridFrom({ set: ["returns.lambda=0.6,"] })).toThrow(
      '--set returns.lambda is "0.6,", in which a value between commas is empty.',
    );
  });
});

describe("--from", () => {
  it("names a run or a file wholly, with the hash of its weights; a configuration file may do so as well", async () => {
    const runs = join(folder, "runs");
    const { name, directory } = await runOne(
      resolveConfig({
        environment: "two-step",
        steps: 60,
        warmup: 10,
        network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
        evaluation: { interval: 30, episodes: 2, window: 1 },
      }),
      { runs },
    );
    const expected = weightsFrom(name, { runs });
    expect(configFrom({ environment: "two-step", runs, from: "two-step-qmix-mast", set: [] }).from).toEqual(expected);
    const checkpoint = join(directory, "checkpoint.safetensors");
    expect(configFrom({ environment: "two-step", from: checkpoint, set: [] }).from).toEqual({
      source: checkpoint,
      sha256: expected.sha256,
    });
    const file = join(folder, "from.yaml");
    writeFileSync(file, `environment: two-step\nfrom: { source: ${name} }\n`);
    expect(configFrom({ config: file, runs, set: [] }).from).toEqual(expected);
    expect(configFrom({ config: file, runs, set: ["discount=0.9"] })).toMatchObject({ discount: 0.9, from: expected });
    expect(() => configFrom({ runs, from: "nobody", set: [] })).toThrow('No run "nobody"');
    expect(() => configFrom({ runs, from: "two-step", ticket: "random", set: [] })).toThrow(
      "but a ticket takes its topology from another run: leave one of the two out",
    );
  });
});
