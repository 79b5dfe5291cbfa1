import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { runAll } from "../../src/runs/run-all.js";
import { runName } from "../../src/runs/store.js";
import { createRandom } from "../../src/random.js";
import { keepStudy } from "../../src/studies/shelf.js";
import { declareStudy, type Study } from "../../src/studies/study.js";
import { runState } from "./kills.js";

/** The compiled command. */
const COMMAND = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
/** Seconds without a heartbeat after which a run is taken over: a freeze is longer. */
const LEASE = 2;

export interface WorkersReport {
  readonly runs: number;
  /**
   * Whether each worker had a host name and a space of process numbers of its own, as on machines of their own. Their
   * clocks differ by minutes in any case.
   */
  readonly hosts: boolean;
  readonly kills: number;
  readonly freezes: number;
  /** Workers that were started, over all. */
  readonly started: number;
  /** Failures. */
  readonly failures: readonly string[];
}

/** Makes a study of short runs with every kind of file operation; a run takes about a second. */
function studyOf(runs: number): Study {
  return declareStudy({
    id: "shared",
    seeds: Math.ceil(runs / 4),
    base: {
      environment: "two-step",
      steps: 1_500,
      warmup: 10,
      targetInterval: 5,
      network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
      topology: { interval: 20 },
      evaluation: { interval: 250, episodes: 2, window: 2 },
      log: { interval: 100 },
      replay: { offlineCapacity: 20, onlineCapacity: 10, offlineBatch: 4, onlineBatch: 2 },
    },
    grid: { method: ["mast", "set"], discount: [0.9, 0.99] },
  });
}

/**
 * Starts workers that train the runs of one folder, kills some of them, freezes others for longer than a lease, and
 * starts new ones in their place, until all runs are complete. Then it compares each run with one that was trained
 * undisturbed in one process. Each run may be completed only once.
 *
 * @param options.runs approximate number of runs
 * @param options.report hears how far it is
 */
export async function campaignOfWorkers(options: {
  readonly runs: number;
  readonly kills: number;
  readonly freezes: number;
  readonly workers?: number;
  readonly seed?: number;
  readonly report?: (line: string) => void;
}): Promise<WorkersReport> {
  const { kills, freezes, workers = 3, seed = 1, report = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), "mast-workers-"));
  const random = createRandom(seed);
  const failures: string[] = [];
  const hosts = canHaveHosts();
  const study = studyOf(options.runs);
  const configs = study.configs(study.profile);
  const names = configs.map(runName);
  const shared = join(folder, "shared");
  const alive: Worker[] = [];
  let [started, killed, frozen] = [0, 0, 0];
  try {
    mkdirSync(shared);
    keepStudy({ study, profile: study.profile, changes: {} }, shared);
    const begin = (): void => void alive.push(startWorker(shared, started++, hosts));
    for (let i = 0; i < workers; i++) begin();
    /** When each run was first completed, by its file. */
    const completed = new Map<string, string>();
    const due = (done: number, kinds: number, count: number): boolean =>
      count < kinds && done >= ((count + 1) * names.length) / (kinds + 1) / 1.3;
    for (let quiet = 0; ;) {
      for (const name of names) {
        const path = join(shared, name, "summary.json");
        if (!existsSync(path)) continue;
        const { ino, mtimeMs } = statSync(path);
        const now = `${ino} ${mtimeMs}`;
        if (completed.has(name) && completed.get(name) !== now)
          failures.push(`seed ${seed}: ${name} was completed twice`);
        completed.set(name, now);
      }
      for (const worker of [...alive]) {
        if (worker.child.exitCode === null && worker.child.signalCode === null) continue;
        alive.splice(alive.indexOf(worker), 1);
        if (worker.child.exitCode !== 0 && !worker.killed)
          failures.push(
            `seed ${seed}: ${worker.name} ended with ${worker.child.exitCode ?? worker.child.signalCode}: ${worker.output().trim().slice(-500)}`,
          );
        if (completed.size < names.length) begin();
      }
      const free = alive.filter(
        (worker) =>
          !worker.frozen && !worker.killed && worker.pid() !== undefined && worker.output().includes("works in"),
      );
      if (free.length > 0 && due(completed.size, kills, killed)) {
        const worker = free[random.below(free.length)];
        worker.killed = true;
        process.kill(worker.pid()!, "SIGKILL");
        killed++;
      } else if (free.length > 1 && due(completed.size, freezes, frozen)) {
        const worker = free[random.below(free.length)];
        worker.frozen = true;
        const pid = worker.pid()!;
        process.kill(pid, "SIGSTOP");
        frozen++;
        // The pause is long enough for others to take its runs over; then the worker wakes up and must not write.
        setTimeout(
          () => {
            worker.frozen = false;
            if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGCONT");
          },
          1000 * 3 * LEASE,
        );
      }
      // Repeated failures are reported instead of waiting any longer.
      if ((completed.size === names.length && alive.length === 0) || failures.length > 5) break;
      if (++quiet % 50 === 0)
        report(`${completed.size} of ${names.length} runs, ${killed} kills, ${frozen} freezes, ${started} workers`);
      await pause(100);
    }
    report("training the same runs undisturbed");
    const alone = join(folder, "alone");
    await runAll(configs, { runs: alone });
    for (const name of names)
      if (runState(join(shared, name)) !== runState(join(alone, name)))
        failures.push(`seed ${seed}: ${name} is not what it is undisturbed`);
    const strangers = readdirSync(shared).filter((name) => name !== "studies" && !names.includes(name));
    if (strangers.length > 0)
      failures.push(`seed ${seed}: there are other folders among the runs: ${strangers.join(", ")}`);
    return { runs: names.length, hosts, kills: killed, freezes: frozen, started, failures };
  } finally {
    for (const { child, pid } of alive)
      for (const id of [pid(), child.pid])
        if (id !== undefined && existsSync(`/proc/${id}`)) process.kill(id, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Worker {
  readonly name: string;
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The process that trains, as it is called out here. */
  readonly pid: () => number | undefined;
  frozen: boolean;
  killed: boolean;
}

/** Tells whether processes on this machine may have their own host names, which needs privileges. */
function canHaveHosts(): boolean {
  return spawnSync("unshare", ["--uts", "--pid", "--fork", "--mount-proc", "hostname", "host-0"]).status === 0;
}

/** Minutes by which the clocks of the hosts are fast or slow. */
const CLOCKS = [0, 11, -7, 3, -25];

/** Makes a module that shifts the clock of a process and its threads, as seen by JavaScript. */
function shiftedClock(minutes: number): string {
  const code = `const Real = Date, shift = ${60_000 * minutes};
globalThis.Date = class Date extends Real {
  constructor(...given) { if (given.length > 0) super(...given); else super(Real.now() + shift); }
  static now() { return Real.now() + shift; }
};`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function startWorker(runs: string, number: number, hosts: boolean): Worker {
  const host = `host-${number}`;
  const clock = shiftedClock(CLOCKS[number % CLOCKS.length]);
  const args = ["--import", clock, COMMAND, "worker", "--runs", runs, "--workers", "2", "--checkpoint-every", "0.5"];
  const env = { ...process.env, MAST_LEASE_SECONDS: String(LEASE) };
  const child = hosts
    ? spawn(
        "unshare",
        [
          "--uts",
          "--pid",
          "--fork",
          "--kill-child",
          "--mount-proc",
          "sh",
          "-c",
          'hostname "$0"; exec "$@"',
          host,
          process.execPath,
          ...args,
        ],
        { env },
      )
    : spawn(process.execPath, args, { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += String(data)));
  const pid = (): number | undefined => {
    if (!hosts) return child.pid;
    try {
      const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
      return inner === "" ? undefined : Number(inner.split(" ")[0]);
    } catch {
      return undefined;
    }
  };
  return { name: host, child, output: () => output, pid, frozen: false, killed: false };
}
