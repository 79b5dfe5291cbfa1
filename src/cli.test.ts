import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EXPERIMENTS, MEASUREMENTS } from "./experiments/all.js";
import { packageRoot } from "./node/project.js";
import { METHODS } from "./methods.js";
import { createRandom } from "./random.js";
import { decodeSafetensors } from "./runs/safetensors.js";
import { readRunCheckpoint } from "./runs/store.js";

// The compiled command, as people run it; `npm test` has compiled it already.
const COMMAND = [join(packageRoot(), "dist", "cli.js")];
beforeAll(async () => {
  const { build, isBuilt } = (await import(new URL("./setup/build.mjs", import.meta.url).href)) as {
    build(): Promise<void>;
    isBuilt(): boolean;
  };
  if (!isBuilt()) await build();
});

let folder: string;
let runs: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-cli-"));
  runs = join(folder, "runs");
});
afterEach(() => {
  if (existsSync(runs)) chmodSync(runs, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  ...process.env,
  MAST_RUNS: runs,
  MAST_RESULTS: join(folder, "results"),
  CHROME_PATH: "none",
  MAST_DEBUG: "",
});

function mast(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], {
    cwd: folder,
    env: environment(),
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

/** Expects a refusal: one line on standard error, exit code 1, and nothing written. */
function refused(args: string[], message: string | RegExp): void {
  const { code, out, err } = mast(...args);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  expect(err).toMatch(message);
  expect(out).toBe("");
  expect(code).toBe(1);
}

const TINY = [
  "--set",
  "network.hidden=8",
  "--set",
  "network.embed=4",
  "--set",
  "network.hypernetEmbed=8",
  "--set",
  "evaluation.episodes=4",
  "--set",
  "log.interval=50",
];
const TWO_STEP = [
  "train",
  "--environment",
  "two-step",
  "--steps",
  "1500",
  "--set",
  "warmup=100",
  "--set",
  "topology.interval=25",
  "--set",
  "targetInterval=20",
  "--set",
  "evaluation.interval=250",
  ...TINY,
];
const MARINES = [
  "train",
  "--environment",
  "3m",
  "--steps",
  "5000",
  "--set",
  "warmup=200",
  "--set",
  "topology.interval=10",
  "--set",
  "targetInterval=20",
  "--set",
  "evaluation.interval=1000",
  ...TINY,
];

/** Trains a run to its end and returns its name. */
function trained(...args: string[]): string {
  const { out, err, code } = mast("train", ...args);
  expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
  return /^\S+(?=: score)/.exec(out)![0];
}

const onlyRun = (at = runs) => join(at, readdirSync(at)[0]);

describe("bad input", () => {
  it.each([
    ["a typo in a field", ["train", "--set", "sparsty.level=0.9"], /unknown key "sparsty"; did you mean "sparsity"\?/],
    [
      "a wrong type",
      ["train", "--set", 'operator.doubleQ="yes"'],
      /operator\.doubleQ is "yes"; allowed: true or false/,
    ],
    [
      "a sparsity of 1.2",
      ["train", "--sparsity", "1.2"],
      /sparsity\.level is 1\.2; allowed: a number from 0 to 0\.999/,
    ],
    ["an impossible combination", ["train", "--method", "dense", "--sparsity", "0.5"], /method "dense" has none/],
    [
      "a typo in WQMIX's section",
      ["train", "--algorithm", "ow-qmix", "--set", "wqmix.alpa=0.2"],
      /unknown key "alpa" in wqmix; did you mean "alpha"\?/,
    ],
    [
      "a typo in RES's section",
      ["train", "--algorithm", "res", "--set", "res.lamda=0.1"],
      /unknown key "lamda" in res; did you mean "lambda"\?/,
    ],
    [
      "a typo in the dynamic buffer's section",
      ["train", "--method", "rlx2", "--set", "replay.dynamic.treshold=0.1"],
      /unknown key "treshold" in replay\.dynamic; did you mean "threshold"\?/,
    ],
    [
      "a section of another algorithm",
      ["train", "--algorithm", "res", "--set", "wqmix.alpha=0.2"],
      /wqmix is \{"alpha":0\.2\}, but RES-QMIX has no weighted loss/,
    ],
    ["an unknown algorithm", ["train", "--algorithm", "owqmix"], /algorithm is "owqmix"; did you mean "ow-qmix"\?/],
    [
      "tiny networks that cannot match their size",
      [
        "train",
        "--environment",
        "two-step",
        "--steps",
        "100",
        "--method",
        "tiny",
        "--sparsity",
        "0.95",
        ...TINY,
        "--set",
        "network.hidden=4",
      ],
      /tiny.*no dense qmix network has the size of the sparse one at sparsity 0\.95: wanted 166 parameters within 1 %, and the nearest has 164/i,
    ],
    [
      "an unknown kind of ticket",
      ["train", "--ticket", "wining"],
      /ticket\.kind is "wining"; did you mean "winning"\?/,
    ],
    [
      "a ticket without a source",
      ["train", "--ticket", "winning"],
      /ticket\.kind is "winning", but ticket\.source is missing/,
    ],
    [
      "a source without a ticket",
      ["train", "--set", "ticket.source=3m"],
      /ticket\.kind is missing; allowed: "random", "winning", "cheating"/,
    ],
    [
      "a ticket of a run that is not there",
      ["train", "--ticket", "cheating", "--source", "3m"],
      /No run "3m" in .*`mast runs` lists/,
    ],
    [
      "the same in a field",
      ["train", "--ticket", "cheating", "--set", "ticket.source=3m"],
      /ticket\.source is "3m", .*No run "3m" in/,
    ],
    ["an unknown map", ["train", "--environment", "9m"], /environment is "9m"; allowed: "3m", "8m"/],
    ["an unknown option", ["train", "--stesp", "5"], /unknown option '--stesp'.*Did you mean --steps\?/],
    ["an unknown command", ["trian"], /unknown command 'trian'.*Did you mean train\?/],
    ["a field without a value", ["train", "--set", "steps"], /expected FIELD=VALUE/],
    ["a number of workers that is none", ["train", "--workers", "0"], /expected a whole number of at least 1/],
    [
      "an unknown experiment",
      ["experiment", "run", "quikstart"],
      /No experiment "quikstart": did you mean "quickstart"\?/,
    ],
    [
      "an unknown profile",
      ["experiment", "run", "quickstart", "--profile", "fast"],
      /Allowed choices are smoke, classroom, paper/,
    ],
    [
      "seeds for a measurement",
      ["experiment", "run", "distribution-shift", "--seeds", "3"],
      /^distribution-shift measures something itself and keeps no runs: leave out --seeds\.\n$/,
    ],
    [
      "an experiment that was not run",
      ["experiment", "show", "quickstart", "--profile", "smoke"],
      /0 of the 3 runs of quickstart \(smoke\) are complete/,
    ],
    ["an unknown run", ["export", "3m"], /No run "3m" in .*`mast runs` lists/],
    ["nothing to replay", ["replay"], /Say what to replay/],
    [
      "a figure that is not there",
      ["show", "figures/none.json"],
      /Cannot read the figure figures\/none\.json: there is no such file/,
    ],
  ])("refuses %s in one line", (_, args, message) => {
    refused(args, message);
    expect(existsSync(runs)).toBe(false);
  });

  it.each([
    ["is not there", undefined, /Cannot read the config file .*config\.json: there is no such file/],
    ["is no JSON", '{ "environment": "3m", }', /config\.json is not valid JSON/],
    ["holds a list", "[]", /config\.json holds \[\]: expected fields, for example \{ "environment": "3m" \}/],
    ["has a typo", '{ "enviroment": "3m" }', /unknown key "enviroment"; did you mean "environment"\?/],
    ["has a wrong type", '{ "steps": "many" }', /steps is "many"; allowed: a whole number from 1 to 1,000,000,000/],
  ])("refuses a config file that %s in one line", (_, content, message) => {
    const file = join(folder, "config.json");
    if (content !== undefined) writeFileSync(file, content);
    refused(["train", "--config", file], message);
  });

  it("shows where an error came from when asked", () => {
    const { stderr } = spawnSync(process.execPath, [...COMMAND, "export", "3m"], {
      env: { ...environment(), MAST_DEBUG: "1" },
      encoding: "utf8",
    });
    expect(stderr).toMatch(/\n {4}at /);
  });
});

describe("mast train", () => {
  it("takes a file, flags over it, and --set over them", () => {
    const file = join(folder, "config.json");
    writeFileSync(
      file,
      JSON.stringify({
        environment: "3m",
        steps: 777,
        seed: 5,
        discount: 0.9,
        network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
      }),
    );
    const { code, out } = mast(
      "train",
      "--config",
      file,
      "--environment",
      "two-step",
      "--steps",
      "300",
      "--set",
      "steps=200",
      "--set",
      "network.hidden=12",
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^two-step-qmix-mast-95-200-seed5-\w+: score /);
    expect(JSON.parse(readFileSync(join(onlyRun(), "config.json"), "utf8"))).toMatchObject({
      environment: "two-step",
      steps: 200,
      seed: 5,
      discount: 0.9,
      network: { hidden: 12, embed: 4 },
    });
  });

  it.each([
    ["the two-step game", TWO_STEP, 5],
    ["3m", MARINES, 3],
  ] as const)("gives the same bits on %s when killed at random moments", async (_, args, kills) => {
    const whole = join(folder, "whole");
    expect(spawnSync(process.execPath, [...COMMAND, ...args, "--runs", whole]).status).toBe(0);
    const random = createRandom(Date.now() & 0x7fffffff);
    let killed = 0;
    let resumed = 0;
    for (let sitting = 0; sitting < kills + 1; sitting++) {
      if (sitting > 0 && existsSync(join(onlyRun(), "checkpoint.safetensors"))) resumed++;
      const child = spawn(process.execPath, [...COMMAND, ...args, "--checkpoint-every", "0.05"], {
        env: environment(),
        stdio: "ignore",
      });
      const exited = exitOf(child);
      // The last one may finish; others are killed a random while after they have written something new.
      if (sitting < kills) {
        await grown(exited, 200 + random.below(1000));
        await wait(random.below(60));
        child.kill("SIGKILL");
      }
      const { code, signal } = await exited;
      if (signal === "SIGKILL") killed++;
      else expect(code).toBe(0);
      if (code === 0) break;
    }
    expect(killed).toBeGreaterThan(0);
    expect(resumed).toBeGreaterThan(0);
    const [one, other] = [onlyRun(whole), onlyRun()];
    for (const file of ["config.json", "metrics.csv", "topology.csv", "masks.bin"])
      expect(readFileSync(join(other, file)).equals(readFileSync(join(one, file)))).toBe(true);
    expect(readRunCheckpoint(other).state).toEqual(readRunCheckpoint(one).state);
    expect(readdirSync(other).sort()).toEqual(readdirSync(one).sort());
  });

  /** Resolves when the run's metrics have grown by `bytes`, or the process is over. */
  async function grown(exited: Promise<unknown>, bytes: number): Promise<void> {
    const size = () =>
      existsSync(runs) && readdirSync(runs).length > 0
        ? (statSync(join(onlyRun(), "metrics.csv"), { throwIfNoEntry: false })?.size ?? 0)
        : 0;
    let over = false;
    void exited.then(() => (over = true));
    let least = size();
    const target = least + bytes;
    while (!over && size() < target) {
      // What was written after the last checkpoint is taken back first.
      if (size() < least) least = size();
      await wait(5);
    }
  }

  it("stops at Ctrl-C with a checkpoint, says so, and goes on later", async () => {
    const args = [...TWO_STEP, "--set", "steps=100000"];
    const child = spawn(process.execPath, [...COMMAND, ...args], { env: environment() });
    let err = "";
    child.stderr.on("data", (data) => (err += String(data)));
    const exited = exitOf(child);
    await grown(exited, 500);
    child.kill("SIGINT");
    expect(await exited).toEqual({ code: 130, signal: null });
    expect(err).toMatch(/Stopped with a checkpoint at step [\d,]+\. The same command continues from there\.\n$/);
    expect(readRunCheckpoint(onlyRun()).state.progress.step).toBeGreaterThan(0);
    expect(mast("runs").out).toMatch(/two-step-qmix-mast-95-100k-seed1-\w+ .* interrupted/);
  });

  it("refuses a run that another process works on, and a damaged checkpoint, each in one line", async () => {
    const args = [...TWO_STEP, "--set", "steps=100000"];
    const child = spawn(process.execPath, [...COMMAND, ...args, "--checkpoint-every", "0.1"], {
      env: environment(),
      stdio: "ignore",
    });
    const exited = exitOf(child);
    await grown(exited, 800);
    const second = mast(...args);
    expect(second.err).toMatch(
      new RegExp(`^[^\\n]*Process ${child.pid} works on ${onlyRun()}: wait for it, or stop it first\\.\\n$`),
    );
    expect(second.code).toBe(1);
    child.kill("SIGKILL");
    await exited;

    const path = join(onlyRun(), "checkpoint.safetensors");
    truncateSync(path, 1000);
    // Neither leases nor what was being written when the process was killed belong to the run.
    const files = () => readdirSync(onlyRun()).filter((file) => !file.startsWith("lease") && !file.includes(".tmp"));
    const before = files();
    const damaged = mast(...args);
    expect(damaged.err).toMatch(/^[^\n]*checkpoint\.safetensors cannot be used: it is truncated[^\n]*\n$/);
    expect(damaged.code).toBe(1);
    expect(files()).toEqual(before);
    expect(statSync(path).size).toBe(1000);
  });

  it.runIf(process.platform !== "win32")(
    "ends in one line when the disk takes no more, and loses nothing",
    async () => {
      const args = [...TWO_STEP, "--set", "steps=100000"];
      const child = spawn(process.execPath, [...COMMAND, ...args], { env: environment(), stdio: "ignore" });
      await grown(exitOf(child), 500);
      child.kill("SIGINT");
      await exitOf(child);
      const before = readFileSync(join(onlyRun(), "checkpoint.safetensors"));
      // The limit lets no file exceed half of the checkpoint's size, in blocks of 512 bytes.
      const limited = spawnSync(
        "sh",
        [
          "-c",
          `ulimit -f ${Math.floor(before.length / 1024)}; exec "$@"`,
          "sh",
          process.execPath,
          ...COMMAND,
          ...args,
          "--checkpoint-every",
          "0.1",
        ],
        { env: environment(), encoding: "utf8" },
      );
      expect(lastLine(limited.stderr)).toMatch(
        /(checkpoint\.safetensors|metrics\.csv): the file would exceed the size limit of this process \(ulimit -f\): raise it \(EFBIG\)\. Nothing that was saved is lost/,
      );
      expect(limited.status).toBe(1);
      expect(readFileSync(join(onlyRun(), "checkpoint.safetensors")).equals(before)).toBe(true);
      expect(readdirSync(onlyRun()).filter((file) => file.endsWith(".tmp"))).toEqual([]);
    },
  );

  it("ends in one line when the run store is read-only", () => {
    mkdirSync(runs);
    chmodSync(runs, 0o555);
    chmodSync(folder, 0o755);
    // Permissions do not bind root, who runs as nobody here.
    const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const { status, stderr } = spawnSync(process.execPath, [...COMMAND, ...TWO_STEP], {
      env: environment(),
      encoding: "utf8",
      ...asNobody,
    });
    expect(
      stderr
        .trimEnd()
        .split("\n")
        .filter((line) => !line.includes("steps, ")),
    ).toEqual([expect.stringMatching(/Cannot write .*: this user may not write there: .*MAST_RUNS \(EACCES\)/)]);
    expect(status).toBe(1);
  });
});

describe("other commands", () => {
  it("run the quickstart, show it again, export a run and replay it", () => {
    const figure = join(folder, "figures", "quickstart");
    const { code, out, err } = mast("experiment", "run", "quickstart", "--profile", "smoke", "--figure", figure);
    expect(err).toMatch(/MAST: 1,500 of 1,500 steps, win rate \d+ %, done/);
    expect(code).toBe(0);
    expect(out).toMatch(
      /Dense .* 1x +1x +1x .*\nRigL .*\nMAST +[\d.]+ % ± [\d.]+ +1 +0\.066x +0\.05\dx +0\.05\dx +\d+ s\n/,
    );
    expect(out).toContain("What to try next:");
    expect(existsSync(`${figure}.html`)).toBe(true);
    expect(mast("experiment", "show", "quickstart", "--profile", "smoke", "--figure", figure).out).toBe(out);

    expect(mast("runs").out).toMatch(/3m-qmix-dense-1500-seed1-\w+ .* complete/);
    const exported = join(folder, "dense.safetensors");
    expect(mast("export", "3m-qmix-dense", "--out", exported)).toMatchObject({ code: 0, out: `${exported}\n` });
    const { tensors } = decodeSafetensors(readFileSync(exported));
    expect(tensors.get("agent.rnn.weight_ih")!.shape).toEqual([192, 64]);
    expect(tensors.get("mixer.hyper_w_1.2.weight")!.shape).toEqual([96, 64]);
    expect(mast("export", "3m-qmix-dense", "--out", join(folder, "none", "x"))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Cannot write [^\n]*\n$/) as string,
    });

    const replay = mast("replay", "3m-qmix-mast", "--seed", "3");
    expect(replay.out).toMatch(/^3m, seed 3: .*\nOpen .*replay-3m-3\.html in a browser\.\n$/);
    expect(readFileSync(join(folder, "replay-3m-3.html"), "utf8")).toContain("<!doctype html>");
    expect(mast("replay", "--random", "2s3z").code).toBe(0);
  });

  it("keep what methods come to over their seeds as a table of its own, and share runs with other experiments", () => {
    const { code, out } = mast(
      "experiment",
      "run",
      "comparison-2s3z",
      "--profile",
      "smoke",
      "--figure",
      join(folder, "comparison"),
    );
    expect(code).toBe(0);
    const path = join(folder, "results", "comparison-2s3z-methods-smoke.csv");
    expect(out).toContain(`\nMethods: ${relative(folder, path)}\n`);
    const [header, ...rows] = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(header.slice(0, 6)).toEqual(["experiment", "profile", "environment", "rules", "algorithm", "method"]);
    expect(rows.map((row) => row.slice(0, 6).join(" "))).toEqual(
      METHODS.map((method) => `comparison-2s3z smoke 2s3z starcraft qmix ${method}`),
    );

    // The run of MAST belongs to both.
    const before = readdirSync(runs).map((run) => [run, statSync(join(runs, run, "summary.json")).mtimeMs]);
    expect(before).toHaveLength(METHODS.length);
    const masks = mast("experiment", "run", "masks", "--profile", "smoke", "--figure", join(folder, "masks"));
    expect([masks.code, masks.err]).toEqual([
      0,
      expect.stringMatching(/: 1 run of [\d,]+ steps\nMAST: .* done\nNo PNG /),
    ]);
    expect(readdirSync(runs).map((run) => [run, statSync(join(runs, run, "summary.json")).mtimeMs])).toEqual(before);
  });

  it("run a grid of runs, show it, and when a run fails the others, with what is missing", () => {
    const figure = ["--figure", join(folder, "figures", "interval")];
    const all = mast("experiment", "run", "mask-interval", "--profile", "smoke", "--workers", "2", ...figure);
    expect(all.err).toMatch(
      /^Interval of the mask updates: 5 runs of [\d,]+ steps\n[^]*\n5 of 5 runs done; .* of training\nWin rates:\n {2}δₘ = 20: \d+ % \(1 of 1\) /,
    );
    expect([all.code, all.out]).toEqual([
      0,
      expect.stringMatching(
        /\nδₘ, episodes +20 +100 +200 +1000 +2000\n[^]*\nPaper, % of dense +[\d.]+ [^]*\nSettings: .*mask-interval-settings-smoke\.csv\nFigure: /,
      ),
    ]);
    expect(readdirSync(join(folder, "figures")).sort()).toEqual([
      "interval-curves.html",
      "interval-curves.json",
      "interval.html",
      "interval.json",
    ]);
    expect(mast("experiment", "show", "mask-interval", "--profile", "smoke", ...figure).out).toBe(all.out);

    // One run lost its end, and its checkpoint is cut.
    const broken = onlyRun();
    rmSync(join(broken, "summary.json"));
    truncateSync(join(broken, "checkpoint.safetensors"), 1000);
    rmSync(join(folder, "figures"), { recursive: true });
    const part = mast("experiment", "run", "mask-interval", "--profile", "smoke", ...figure);
    expect(part.code).toBe(1);
    const missing =
      "4 of the 5 runs of mask-interval (smoke) are complete, and only they are in the table: `mast experiment run mask-interval --profile smoke` trains the others.";
    expect(part.err).toMatch(/\nδₘ = \d+ failed; the other runs continue\n[^]*4 of 5 runs done, 1 failed/);
    expect(part.err.trimEnd().split("\n").slice(-2)).toEqual([
      expect.stringMatching(/^δₘ = \d+: .*-seed1-\w+\/checkpoint\.safetensors cannot be used/),
      missing,
    ]);
    expect(part.out).toMatch(/\nδₘ, episodes( +\d+){4}\n/);
    expect(existsSync(join(folder, "figures"))).toBe(false);
    const shown = mast("experiment", "show", "mask-interval", "--profile", "smoke");
    expect(shown.code).toBe(1);
    expect(shown.out.startsWith(part.out)).toBe(true);
    expect(shown.out.slice(part.out.length)).toMatch(
      /^Complete: δₘ = 20: \d of 1 seeds,[^\n]* δₘ = 2000: \d of 1 seeds; [\d.e-]+ core-hours, [\d.e-]+ a run\.\n\s*$/,
    );
    expect(shown.err).toMatch(
      /^\S+ is damaged and left out: Checkpoint [^\n]* cannot be used: it is truncated[^\n]*\n[^\n]*\n$/,
    );
  });

  it("measure, and show what was measured", () => {
    const figure = join(folder, "shift");
    const { code, out, err } = mast(
      "experiment",
      "run",
      "distribution-shift",
      "--profile",
      "smoke",
      "--figure",
      figure,
    );
    expect([code, err]).toEqual([0, expect.stringMatching(/: 100 %, done in /)]);
    expect(out).toContain("\nRows: ");
    expect(existsSync(`${figure}.json`)).toBe(true);
    expect(mast("experiment", "show", "distribution-shift", "--profile", "smoke").out).toMatch(
      /^.+\n\nexperiment +profile .* commit\n[-\s]+\ndistribution-shift +smoke /,
    );
    refused(
      ["experiment", "show", "distribution-shift", "--profile", "paper"],
      "distribution-shift (paper) was not measured here yet: `mast experiment run distribution-shift --profile paper` does it.",
    );
  });

  it("train tickets of a run, and list them", () => {
    const source = trained("--environment", "two-step", "--steps", "400", ...TINY);
    const args = (...more: string[]) => ["train", "--environment", "two-step", "--steps", "300", ...TINY, ...more];
    // Part of the name is enough on the command line; the configuration keeps the whole.
    const { out, err, code } = mast(...args("--ticket", "winning", "--source", "two-step-qmix-mast-95-400"));
    expect([code, err]).toEqual([0, expect.stringMatching(/^two-step-qmix-mast-winning-ticket-95-300-seed1-\w+: /)]);
    const ticket = join(runs, /^\S+(?=: score)/.exec(out)![0]);
    expect(JSON.parse(readFileSync(join(ticket, "config.json"), "utf8"))).toMatchObject({
      ticket: { kind: "winning", source },
      topology: { grow: "none" },
    });
    expect(readRunCheckpoint(ticket).state.masks).toEqual(readRunCheckpoint(join(runs, source)).state.masks);
    expect(mast("runs").out).toMatch(/two-step-qmix-mast-winning-ticket-95-300-seed1-\w+ +300 of 300 .* complete/);

    const before = readdirSync(runs);
    refused(
      args("--ticket", "winning", "--source", source, "--sparsity", "0.9"),
      /ticket\.source is "two-step-qmix-mast-95-400-seed1-\w+".* sparsity\.level 0\.95, not 0\.9/,
    );
    refused(args("--ticket", "cheating", "--source", source, "--set", "network.hidden=9"), /network\.hidden 8, not 9/);
    expect(readdirSync(runs)).toEqual(before);
  });

  it("export and replay teams with central networks, and tiny ones", () => {
    const marines = ["--environment", "3m", "--steps", "150", ...TINY];
    const weighted = trained(
      ...marines,
      "--algorithm",
      "ow-qmix",
      "--set",
      "wqmix.alpha=0.2",
      "--set",
      "network.centralEmbed=12",
    );
    expect(JSON.parse(readFileSync(join(runs, weighted, "config.json"), "utf8"))).toMatchObject({
      wqmix: { alpha: 0.2 },
    });
    const shapes = (run: string) => {
      const file = join(folder, `${run}.safetensors`);
      expect(mast("export", run)).toEqual({ code: 0, out: `${file}\n`, err: "" });
      return Object.fromEntries(
        [...decodeSafetensors(readFileSync(file)).tensors].map(([name, { shape }]) => [name, shape]),
      );
    };
    // 3m has 3 agents, 9 actions, observations of 30 numbers and states of 48.
    expect(shapes(weighted)).toMatchObject({
      "agent.fc1.weight": [8, 42],
      "agent.rnn.weight_hh": [24, 8],
      "mixer.hyper_w_1.2.weight": [12, 8],
      "central_agent.rnn.weight_hh": [24, 8],
      "central_agent.fc2.bias": [9],
      "central_mixer.net.0.weight": [12, 51],
      "central_mixer.V.2.weight": [1, 12],
    });
    const tiny = trained(
      ...marines,
      "--method",
      "tiny",
      "--sparsity",
      "0.5",
      "--set",
      "network.hidden=32",
      "--set",
      "network.embed=16",
      "--set",
      "network.hypernetEmbed=16",
    );
    const narrow = shapes(tiny)["agent.rnn.weight_hh"];
    expect(narrow[0]).toBe(3 * narrow[1]);
    expect(narrow[1]).toBeLessThan(32);
    for (const run of [weighted, tiny])
      expect(mast("replay", run, "--seed", "2").out).toMatch(
        /^3m, seed 2: .*\nOpen .*replay-3m-2\.html in a browser\.\n$/,
      );
  });

  it("say what is there", () => {
    expect(mast("doctor").out).toMatch(/ok +Node\.js +\d+\.\d+\.\d+\nok +Engine: sparse/);
    expect(mast("runs").out).toMatch(/^No runs in .* yet/);
    expect(mast("--help").out).toMatch(
      /train \[options\][^]*Algorithms: qmix, ow-qmix, cw-qmix, res, vdn, iql, comix, facmac, facmac-discrete\nMethods: dense, tiny, ss, set, rigl, rlx2, mast\n/,
    );
    expect(mast("train", "--help").out).toMatch(/--ticket <KIND>[^]*--source <RUN>/);
    const list = mast("experiment", "list").out;
    expect(list).toMatch(/^Experiment +Of the paper +smoke +classroom +paper +two cores\n/);
    // There are six values of lambda, with one seed, with five, and with the paper's eight.
    expect(list).toMatch(/\nlambda +Table 7, QMIX \/ RES +6 +30 +48 +\d+ min\n {4}How far targets look ahead/);
    expect(list).toMatch(/\ndistribution-shift +Figure 7 +- +- +-\n/);
    for (const { id } of [...EXPERIMENTS, ...MEASUREMENTS]) expect(list).toContain(`\n${id} `);
  });
});

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)!;
}
