import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { packageRoot } from "../node/project.js";
import { runAll } from "../runs/run-all.js";
import { readRun, readRunCheckpoint, readTopology } from "../runs/store.js";
import { registerParts } from "./registry.js";

// The compiled command, as people run it; `npm test` has compiled it already.
beforeAll(async () => {
  const { build, isBuilt } = (await import(new URL("../setup/build.mjs", import.meta.url).href)) as {
    build(): Promise<void>;
    isBuilt(): boolean;
  };
  if (!isBuilt()) await build();
});

const folder = mkdtempSync(join(tmpdir(), "mast-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const examples = join(packageRoot(), "examples");
const files = ["environment.ts", "algorithm.ts", "growth.ts", "operator.ts", "map.json"];
const path = (name: string) => join(examples, name);

/** A configuration with every example at once: environment, algorithm, growth rule, operator and method. */
const input: ConfigInput = {
  parts: ["environment.ts", "algorithm.ts", "growth.ts", "operator.ts"].map(path),
  environment: "walk",
  algorithm: "hysteretic-vdn",
  method: "rigl-hubs",
  operator: { kind: "max-mean" },
  options: { environment: { length: 4 } },
  steps: 2000,
  warmup: 0,
  targetInterval: 20,
  topology: { interval: 25 },
  sparsity: { level: 0.8 },
  exploration: { anneal: 1000 },
  network: { hidden: 16 },
  evaluation: { interval: 500, episodes: 16, window: 1 },
};

function mast(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), "dist", "cli.js"), ...args], {
    cwd: folder,
    env: { ...process.env, MAST_RUNS: join(folder, "cli"), MAST_DEBUG: "" },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

describe("the examples", () => {
  it("have fewer than 60 lines each, and a line in the README that goes with them", () => {
    const readme = readFileSync(path("README.md"), "utf8");
    for (const name of files) {
      expect(readFileSync(path(name), "utf8").trimEnd().split("\n").length, name).toBeLessThan(60);
      expect(readme).toContain(`(${name})`);
    }
  });

  it("train together in a worker thread, learn, and do the same every time", async () => {
    const config = resolveConfig(input);
    expect(config.options).toEqual({
      environment: { length: 4 },
      algorithm: { caution: 0.4 },
      growth: { strength: 0.5 },
      operator: { weight: 0.9 },
    });
    const [first] = await runAll([config], { runs: join(folder, "first"), workers: 1 });
    expect([first.error?.message, first.state]).toEqual([undefined, "complete"]);
    expect(first.run!.summary!.score).toBeGreaterThan(0.8);
    expect(readTopology(first.run!.directory).filter(({ grown }) => grown > 0).length).toBeGreaterThan(3);
    const [second] = await runAll([config], { runs: join(folder, "second"), workers: 1 });
    expect(readRunCheckpoint(second.run!.directory).state.tensors).toEqual(
      readRunCheckpoint(first.run!.directory).state.tensors,
    );
  });

  it("train in the child process of the tensorflow engine", async () => {
    const [{ state, error }] = await runAll(
      [
        resolveConfig({
          ...input,
          engine: "tensorflow",
          backend: "cpu",
          steps: 60,
          evaluation: { interval: 60, episodes: 2 },
        }),
      ],
      { runs: join(folder, "tensorflow") },
    );
    expect([error?.message, state]).toEqual([undefined, "complete"]);
  });

  it("train from the command line, where what they cannot do is one line", () => {
    const settings = [
      "--steps",
      "300",
      "--set",
      "network.hidden=8",
      "--set",
      "evaluation.episodes=4",
      "--set",
      "evaluation.interval=150",
      "--set",
      "warmup=0",
    ];
    const { code, out, err } = mast(
      "train",
      "--parts",
      path("environment.ts"),
      path("algorithm.ts"),
      "--environment",
      "walk",
      "--algorithm",
      "hysteretic-vdn",
      "--set",
      "options.environment.length=3",
      ...settings,
    );
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    const [name] = /^walk-hysteretic-vdn-mast-95-300-seed1-[0-9a-f]+/.exec(out)!;
    expect(readRun(name, { runs: join(folder, "cli") }).config.options).toEqual({
      environment: { length: 3 },
      algorithm: { caution: 0.4 },
    });
    expect(mast("runs").out).toContain(name);
    for (const [args, message] of [
      [["--parts", "nowhere.ts"], /^config: parts: nowhere\.ts is not there\n$/],
      [
        ["--parts", path("environment.ts"), "--environment", "wallk"],
        /^config: environment is "wallk"; did you mean "walk"\? allowed: .*"walk"\n$/,
      ],
      [
        ["--parts", path("environment.ts"), "--environment", "walk", "--set", "options.environment.length=-1"],
        /^config: environment "walk" has sizes\.episodeLimit -4; expected a whole number/,
      ],
    ] as const) {
      const { code, err } = mast("train", ...args);
      expect([code, err.split("\n").length]).toEqual([1, 2]);
      expect(err).toMatch(message);
    }
  });

  it("are told beforehand how large the checkpoints of an environment become that is not deterministic", () => {
    const file = join(folder, "noise.js");
    writeFileSync(
      file,
      `export default { environments: { noise: { create() {
      let t = 0;
      const observations = new Float32Array(400), state = new Float32Array(200), availableActions = new Uint8Array(4).fill(1);
      const look = () => observations.fill(Math.random());
      return { sizes: { agents: 2, actions: 2, observation: 200, state: 200, episodeLimit: 100 }, deterministic: false, observations, state, availableActions,
        get reward() { return 0; }, get ended() { return t >= 3; }, get terminal() { return t >= 3; }, get won() { return false; }, reset() { t = 0; look(); }, step() { t++; look(); } };
    } } } };`,
    );
    const { code, err } = mast(
      "train",
      "--parts",
      file,
      "--environment",
      "noise",
      "--steps",
      "20",
      "--set",
      "network.hidden=4",
      "--set",
      "evaluation.episodes=1",
      "--set",
      "evaluation.interval=20",
    );
    // The buffer holds 5,000 episodes of 101 x (2 x (800 + 2) + 800) + 100 x 6 + 13 bytes.
    expect(err).toContain(
      "noise is not deterministic: its episodes take memory and are part of each checkpoint, up to 1,217 MB; a smaller replay.offlineCapacity keeps fewer.",
    );
    expect(code).toBe(0);
  });

  it("hold a map of the battle simulator that can be played on", () => {
    const config = resolveConfig({ parts: [path("map.json")], environment: "4m_vs_3z" });
    expect(config.parts).toHaveLength(1);
  });
});

const networks = { agent: "recurrent", mixer: "sum" } as const;
const cost = { copies: { agent: 2 }, passes: { agent: 4 } };
const fine = { loss: 1, gradientNorm: 1, qTotal: 1, target: 1 };
describe("a part that does not keep its promise is refused by name before a folder is made", () => {
  it.each<[string, object, ConfigInput, string]>([
    [
      "an algorithm that throws",
      {
        algorithms: {
          bad: {
            networks,
            cost,
            update: () => {
              throw new Error("no cheese");
            },
          },
        },
      },
      { algorithm: "bad" },
      'algorithm "bad" fails in update: no cheese',
    ],
    [
      "an algorithm that gives nothing",
      { algorithms: { bad: { networks, cost, update: () => undefined } } },
      { algorithm: "bad" },
      'algorithm "bad" has an update that gives undefined',
    ],
    [
      "an algorithm that loses count",
      { algorithms: { bad: { networks, cost, update: () => ({ ...fine, loss: NaN }) } } },
      { algorithm: "bad" },
      'algorithm "bad" has an update that gives loss NaN',
    ],
    [
      "an algorithm that learns nothing",
      { algorithms: { bad: { networks, cost, update: () => fine } } },
      { algorithm: "bad" },
      'algorithm "bad" has an update that changes no parameter',
    ],
    [
      "a rule with too few scores",
      { growth: { bad: { scores: () => [1] } } },
      { method: "rigl", topology: { grow: "bad" } },
      'growth rule "bad" gives scores that are 1 long for agent.fc1.weight; expected a number for each of its 4 absent connections',
    ],
    [
      "a rule with NaN",
      { growth: { bad: { scores: ({ absent }: { absent: Uint32Array }) => [...absent].fill(NaN) } } },
      { method: "rigl", topology: { grow: "bad" } },
      'growth rule "bad" gives the score NaN',
    ],
    [
      "a rule that throws",
      {
        growth: {
          bad: {
            scores: () => {
              throw new Error("no mice");
            },
          },
        },
      },
      { method: "rigl", topology: { grow: "bad" } },
      'growth rule "bad" fails in scores: no mice',
    ],
    [
      "an operator that throws",
      {
        operators: {
          bad: {
            evaluate: () => {
              throw new Error("no idea");
            },
          },
        },
      },
      { operator: { kind: "bad" } },
      'operator "bad" fails in evaluate: no idea',
    ],
    [
      "a method with a wrong default",
      { methods: { bad: { defaults: { sparsity: { level: 3 } } } } },
      { method: "bad" },
      'config: method "bad" has defaults that cannot be used: sparsity.level is 3; allowed: a number from 0 to 0.999',
    ],
    [
      "a method with an unknown default",
      { methods: { bad: { defaults: { spersity: {} } } } },
      { method: "bad" },
      'config: method "bad" has defaults that cannot be used: unknown key "spersity"; did you mean "sparsity"?',
    ],
  ])("%s", async (_, table, given, message) => {
    registerParts(table as never);
    const runs = join(folder, "none");
    const started = async () => runAll([resolveConfig(given)], { runs });
    await expect(started()).rejects.toThrow(message);
    expect(() => readdirSync(runs)).toThrow("ENOENT");
  });
});
