import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runAll } from "../../src/runs/run-all.js";
import { runName } from "../../src/runs/store.js";
import { readStudy } from "../../src/studies/study.js";
import { runState } from "../campaigns/kills.js";
import { type SlurmCluster, startSlurm, whyNoSlurm } from "./slurm.js";

const COMMAND = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const TEAMS = fileURLToPath(new URL("../../src/node/python/fixtures/teams.py", import.meta.url));
const why = whyNoSlurm();
if (why !== undefined) console.log(`Slurm is not tested: ${why}.`);

/** The settings of short runs, each of which takes a second or so. */
const BASE = {
  environment: "two-step",
  steps: 600,
  warmup: 10,
  targetInterval: 5,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 20 },
  evaluation: { interval: 200, episodes: 2, window: 2 },
  log: { interval: 100 },
  replay: { offlineCapacity: 20, onlineCapacity: 10, offlineBatch: 4, onlineBatch: 2 },
};

describe.skipIf(why !== undefined)("a Slurm cluster", () => {
  const folder = mkdtempSync(join(tmpdir(), "mast-slurm-"));
  const runs = join(folder, "runs");
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm(join(folder, "cluster"), 4);
  }, 120_000);
  afterAll(() => {
    cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const mast = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...cluster.env,
        MAST_RUNS: runs,
        MAST_RESULTS: join(folder, "results"),
        CHROME_PATH: "none",
        MAST_LEASE_SECONDS: "3",
      },
    });
    return { code: status, out: stdout, err: stderr };
  };
  const study = (id: string, fields: object): string => {
    const path = join(folder, `${id}.json`);
    writeFileSync(path, JSON.stringify({ id, base: BASE, ...fields }));
    return path;
  };
  const slurm = (command: string, ...args: string[]): string =>
    spawnSync(command, args, { encoding: "utf8", env: cluster.env }).stdout ?? "";
  const jobsOf = (id: string): string[] => {
    // A controller that is busy does not answer, which is not an empty queue.
    for (;;) {
      const { status, stdout } = spawnSync("squeue", ["-h", "-r", "-o", "%F_%K|%T|%r|%j"], {
        encoding: "utf8",
        env: cluster.env,
      });
      if (status === 0) return stdout.split("\n").filter((line) => line.endsWith(`|mast-${id}`));
    }
  };
  /** The output of the array's elements, for people who look for a failure. */
  const logs = () =>
    readdirSync(join(runs, "slurm"))
      .flatMap((one) =>
        readdirSync(join(runs, "slurm", one, "logs")).map((log) =>
          readFileSync(join(runs, "slurm", one, "logs", log), "utf8"),
        ),
      )
      .join("\n");
  const until = async (done: () => boolean) => {
    while (!done()) await pause(500);
  };
  /** Waits until no job of a study is left. A job that is being requeued leaves the queue for some seconds. */
  const untilEnded = async (id: string, meanwhile = () => {}) => {
    for (let empty = 0; empty < 20; empty++) {
      if (jobsOf(id).length > 0) empty = 0;
      meanwhile();
      await pause(500);
    }
  };
  const waiting = new Map<string, number>();
  /**
   * Requeued elements wait two minutes, which a test has not. They wait some seconds, though: the machine refuses a job
   * that starts in the very second in which its credential of the time before was revoked.
   */
  const hurry = (id: string) => {
    for (const line of jobsOf(id)) {
      const job = line.split("|")[0];
      if (!line.includes("BeginTime")) waiting.delete(job);
      else if (!waiting.has(job)) waiting.set(job, Date.now());
      else if (Date.now() - waiting.get(job)! > 4_000) slurm("scontrol", "update", `jobid=${job}`, "StartTime=now");
    }
  };
  const names = (path: string) => {
    const declared = readStudy(path);
    return declared.configs(declared.profile).map(runName);
  };
  const complete = (path: string) => names(path).filter((name) => existsSync(join(runs, name, "summary.json")));
  /** The commands of the processes that work for this cluster's runs. */
  const children = () =>
    spawnSync(
      "sh",
      ["-c", "grep -lzs '^MAST_RUNS=" + runs + "' /proc/[0-9]*/environ | cut -d/ -f3 | xargs -r ps -o args= -p"],
      {
        encoding: "utf8",
      },
    ).stdout;
  const expectUndisturbed = async (path: string) => {
    const alone = join(folder, "alone");
    const declared = readStudy(path);
    const configs = declared.configs(declared.profile);
    await runAll(configs, { runs: alone });
    for (const name of configs.map(runName))
      expect(runState(join(runs, name)) === runState(join(alone, name)), name).toBe(true);
  };

  it("trains arrays, of which none is larger than the cluster's, with results as on one machine; the same command submits nothing twice", async () => {
    const path = study("many", {
      grid: { method: ["mast", "set"], discount: [0.9, 0.99] },
      seeds: 3,
      slurm: { parallel: 4, partition: "main", time: "5" },
    });
    const first = mast("study", "run", path, "--on", "slurm");
    expect(first.err).toBe("");
    expect(first.out).toMatch(/^Submitted 12 runs as job \d+ \(10 elements\), job \d+ \(2 elements\)\./);
    expect(mast("study", "run", path, "--on", "slurm").out).toMatch(
      /^Nothing to submit: .*queued or running already\.\n$/,
    );
    await untilEnded("many");
    expect(complete(path)).toHaveLength(12);
    expect(mast("study", "status", path).out).toMatch(/\n12 complete\n$/);
    const submission = join(
      runs,
      "slurm",
      readdirSync(join(runs, "slurm")).find((name) => name.startsWith("many-"))!,
    );
    expect(readFileSync(join(submission, "result.txt"), "utf8")).toContain("MAST, discount = 0.9 ");
    expect(existsSync(join(folder, "results", "many-evaluations.csv"))).toBe(true);
    await expectUndisturbed(path);
  }, 600_000);

  it("requeues a run that needs longer than a job, and one whose machine fails, each alone", async () => {
    const path = study("long", {
      base: {
        ...BASE,
        steps: 300_000,
        evaluation: { interval: 100_000, episodes: 2, window: 2 },
        log: { interval: 50_000 },
      },
      seeds: 2,
      // Slurm looks at times every half minute, so that the warning comes 15 to 45 seconds after a job begins.
      slurm: { time: "2", warning: 75 },
    });
    expect(mast("study", "run", path, "--on", "slurm").err).toBe("");
    // The machine fails in the midst of both runs.
    const begun = () => names(path).filter((name) => existsSync(join(runs, name, "metrics.csv")));
    await until(() => begun().length === 2);
    await pause(2_000);
    cluster.failNode();
    await pause(2_000);
    await cluster.startNode();
    let requeued = 0;
    await untilEnded("long", () => {
      requeued = Math.max(
        requeued,
        ...jobsOf("long").map((line) =>
          Number(/Restarts=(\d+)/.exec(slurm("scontrol", "show", "job", line.split("|")[0]))?.[1] ?? 0),
        ),
      );
      hurry("long");
    });
    expect(requeued).toBeGreaterThan(0);
    expect(complete(path), logs()).toHaveLength(2);
    await expectUndisturbed(path);
  }, 900_000);

  it("cancels what is queued, names what fails, and submits what is missing", async () => {
    const path = study("some", { base: { ...BASE, steps: 200_000 }, seeds: 6, slurm: { parallel: 2 } });
    mast("study", "run", path, "--on", "slurm");
    await until(() => jobsOf("some").some((line) => line.includes("RUNNING")));
    expect(mast("study", "cancel", "some").out).toMatch(/^Cancelled jobs? \d+/);
    await untilEnded("some");
    expect(complete(path).length).toBeLessThan(6);

    // These runs have another number of steps than those of the other tests, which are complete.
    const short = study("fails", { base: { ...BASE, steps: BASE.steps + 50 }, seeds: 2 });
    const broken = names(short)[1];
    spawnSync("mkdir", ["-p", join(runs, broken)]);
    writeFileSync(join(runs, broken, "config.json"), "{}");
    writeFileSync(join(runs, broken, "metrics.csv"), "");
    mast("study", "run", short, "--on", "slurm");
    await untilEnded("fails");
    expect(complete(short)).toHaveLength(1);
    expect(mast("study", "status", short).out).toMatch(/1 complete, 1 failed\nall runs, seed 2 failed: .*config\.json/);
    rmSync(join(runs, broken), { recursive: true });
    expect(mast("study", "run", short, "--on", "slurm").out).toMatch(
      /^Submitted 1 run as job \d+ \(1 element\); 1 complete\./,
    );
    await untilEnded("fails");
    expect(mast("study", "status", short).out).toMatch(/\n2 complete\n$/);
  }, 600_000);

  it.skipIf(spawnSync("python3", ["--version"]).status !== 0)(
    "trains in an environment in Python, which every job starts for itself and which ends with it",
    async () => {
      const path = study("python", {
        base: { ...BASE, environment: `python:${TEAMS}:coin`, steps: 3_000 },
        seeds: 2,
        slurm: { parallel: 2 },
      });
      const { err, out } = mast("study", "run", path, "--on", "slurm");
      expect(err).toBe("");
      expect(out).toMatch(/^Submitted 2 runs as job \d+ \(2 elements\)\./);
      let seen = false;
      await untilEnded("python", () => {
        seen ||= children().includes("serve.py");
      });
      expect(seen).toBe(true);
      expect(complete(path), logs()).toHaveLength(2);
      expect(mast("study", "status", path).out).toMatch(/\n2 complete\n$/);
      // This one is seeded and keeps no state of its own, so that even its bits are those of another machine.
      await expectUndisturbed(path);
      for (const name of names(path))
        expect(JSON.parse(readFileSync(join(runs, name, "summary.json"), "utf8"))).not.toHaveProperty("lost");
      await until(() => !children().includes("serve.py"));
    },
    300_000,
  );

  it.each([
    [
      "a partition that there is not",
      { partition: "mains" },
      'The cluster has no partition "mains"; did you mean "main"? there are: main.',
    ],
    [
      "more time than a partition gives",
      { partition: "main", time: "01:00:00" },
      "Partition main gives jobs at most 10:00, and 01:00:00 was asked for",
    ],
    [
      "a time that is shorter than a checkpoint",
      { time: "2" },
      "A job of 2 (120 s) has no time to train before its checkpoint 120 s before the end",
    ],
    ["what Slurm refuses", { options: ["--reservation=nobodys"] }, /^Slurm refused the job: .*reservation/],
  ])("refuses %s in one line, before anything is queued", (_, settings, message) => {
    const { code, out, err } = mast(
      "study",
      "run",
      study("refused", { base: { ...BASE, steps: 700 }, slurm: settings }),
      "--on",
      "slurm",
    );
    expect(err).toMatch(message instanceof RegExp ? message : new RegExp(message.replace(/[().?]/g, "\\$&")));
    expect([code, out, err.trim().split("\n").length]).toEqual([1, "", 1]);
    expect(jobsOf("refused")).toEqual([]);
  });
});

describe("without a cluster", () => {
  it("prints the job script, and says in one line that there is no sbatch", () => {
    const folder = mkdtempSync(join(tmpdir(), "mast-slurm-"));
    const run = (path: string, ...args: string[]) =>
      spawnSync(
        process.execPath,
        [
          COMMAND,
          "train",
          "--environment",
          "two-step",
          "--steps",
          "100",
          "--seeds",
          "3",
          "--on",
          "slurm",
          "--runs",
          join(folder, "runs"),
          ...args,
        ],
        { encoding: "utf8", env: { ...process.env, PATH: path } },
      );
    const { stdout } = run(
      process.env["PATH"]!,
      "--dry-run",
      "--time",
      "01:00:00",
      "--parallel",
      "2",
      "--setup",
      "module load nodejs",
      "--sbatch=--constraint=avx2",
    );
    for (const line of [
      "# sbatch --array=0-2%2 array.sh 0",
      "#SBATCH --signal=B:USR1@120",
      "#SBATCH --time=01:00:00",
      "#SBATCH --constraint=avx2",
      "module load nodejs",
      'scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"',
    ])
      expect(stdout).toContain(line);
    expect(spawnSync("bash", ["-n"], { input: stdout }).status).toBe(0);
    expect(existsSync(join(folder, "runs"))).toBe(false);
    const { stderr, status } = run("/nowhere");
    expect([stderr, status]).toEqual([
      "sinfo is not there: run this on a machine of a Slurm cluster (its login node), or leave out --on slurm.\n",
      1,
    ]);
    rmSync(folder, { recursive: true, force: true });
  });
});
