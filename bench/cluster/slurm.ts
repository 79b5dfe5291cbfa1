import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A Slurm cluster that consists of this machine only, with daemons that are children of this process. */
export interface SlurmCluster {
  /** Environment variables by which Slurm's commands find the cluster. */
  readonly env: Readonly<Record<string, string>>;
  /** Kills the daemon that runs jobs, as if the machine had failed, together with the jobs. */
  failNode(): void;
  /** Starts that daemon again. */
  startNode(): Promise<void>;
  stop(): void;
}

/** Says why no cluster can be started on this machine; undefined if one can. */
export function whyNoSlurm(): string | undefined {
  const missing = ["munged", "slurmctld", "slurmd", "sbatch"].filter(
    (name) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
  );
  if (missing.length > 0) return `${missing.join(", ")} not installed (Debian: slurmctld slurmd slurm-client munge)`;
  return process.getuid?.() === 0 ? undefined : "only root starts its daemons";
}

/**
 * Starts munge, slurmctld and slurmd with all of their files in a folder, without systemd.
 * @param cpus number of runs at once
 */
export async function startSlurm(folder: string, cpus: number): Promise<SlurmCluster> {
  for (const part of ["run", "seed", "state", "spool", "log"]) mkdirSync(join(folder, part), { recursive: true });
  // Munge requires that nobody else can write to the folders above its socket.
  for (const part of ["", "run", "seed"]) chmodSync(join(folder, part), 0o755);
  const key = join(folder, "munge.key");
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const socket = join(folder, "run/munge.sock");
  const [controller, node] = [await freePort(), await freePort()];
  const conf = join(folder, "slurm.conf");
  writeFileSync(
    conf,
    Object.entries({
      ClusterName: "test",
      SlurmctldHost: `${hostname()}(127.0.0.1)`,
      SlurmUser: "root",
      SlurmdUser: "root",
      AuthType: "auth/munge",
      AuthInfo: `socket=${socket}`,
      CredType: "cred/munge",
      SlurmctldPort: controller,
      SlurmdPort: node,
      StateSaveLocation: join(folder, "state"),
      SlurmdSpoolDir: join(folder, "spool"),
      SlurmctldPidFile: join(folder, "run/slurmctld.pid"),
      SlurmdPidFile: join(folder, "run/slurmd.pid"),
      SlurmctldLogFile: join(folder, "log/slurmctld.log"),
      SlurmdLogFile: join(folder, "log/slurmd.log"),
      ProctrackType: "proctrack/linuxproc",
      TaskPlugin: "task/none",
      JobAcctGatherType: "jobacct_gather/none",
      AccountingStorageType: "accounting_storage/none",
      SelectType: "select/cons_tres",
      SelectTypeParameters: "CR_Core",
      SchedulerType: "sched/backfill",
      SchedulerParameters: "sched_interval=1,batch_sched_delay=0,bf_interval=1",
      MpiDefault: "none",
      ReturnToService: 2,
      JobRequeue: 1,
      KillWait: 5,
      MinJobAge: 300,
      SlurmdTimeout: 10,
      MaxArraySize: 11,
      BatchStartTimeout: 1,
      MessageTimeout: 5,
      SlurmdParameters: "config_overrides",
    })
      .map(([name, value]) => `${name}=${value}\n`)
      .join("") +
      `NodeName=node0 NodeHostname=${hostname()} NodeAddr=127.0.0.1 CPUs=${cpus} RealMemory=20000 State=UNKNOWN\nPartitionName=main Nodes=ALL Default=YES MaxTime=10:00 State=UP\n`,
  );
  const env = { ...process.env, SLURM_CONF: conf, PATH: `${process.env["PATH"]}:/usr/sbin` } as Record<string, string>;
  const daemons: ChildProcess[] = [];
  const begin = (command: string, ...args: string[]): ChildProcess => {
    const child = spawn(command, args, { env, stdio: "ignore" });
    daemons.push(child);
    return child;
  };
  begin(
    "munged",
    "--foreground",
    "--force",
    "--key-file",
    key,
    "--socket",
    socket,
    "--pid-file",
    join(folder, "run/munged.pid"),
    "--log-file",
    join(folder, "log/munged.log"),
    "--seed-file",
    join(folder, "seed/seed"),
  );
  await until(() => spawnSync("munge", ["-n", "-S", socket], { env }).status === 0, "munge");
  begin("slurmctld", "-D", "-c", "-f", conf);
  let slurmd: ChildProcess | undefined;
  const startNode = async (): Promise<void> => {
    slurmd = begin("slurmd", "-D", "-N", "node0", "-f", conf);
    await until(
      () => /idle|mix|alloc/.test(spawnSync("sinfo", ["-h", "-o", "%T"], { env, encoding: "utf8" }).stdout ?? ""),
      "slurmd",
    );
  };
  await startNode();
  return {
    env,
    failNode() {
      slurmd?.kill("SIGKILL");
      // Its jobs end with the machine: first the processes that would report their end, then their scripts and the
      // processes that these started.
      const processes = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
        .trim()
        .split("\n")
        .map((line) => {
          const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!;
          return { pid: Number(pid), parent: Number(parent), args: args };
        });
      const scripts = processes.filter(
        ({ args }) =>
          args.includes(join(folder, "spool")) && args.includes("slurm_script") && !args.startsWith("slurmd"),
      );
      const started = processes.filter(({ parent }) => scripts.some(({ pid }) => pid === parent));
      for (const pid of [
        ...scripts.map(({ parent }) => parent),
        ...scripts.map((script) => script.pid),
        ...started.map((child) => child.pid),
      ]) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // The process has ended meanwhile.
        }
      }
    },
    startNode,
    stop() {
      spawnSync("scancel", ["-u", "root", "--signal=KILL", "--full"], { env, timeout: 10_000 });
      for (const daemon of daemons) daemon.kill("SIGKILL");
    },
  };
}

async function until(done: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries > 300) throw new Error(`${what} does not start`);
    await pause(200);
  }
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => found(port));
    });
  });
}
