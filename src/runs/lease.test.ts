import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { acquireLease, leaseHolder, LeaseLostError, releaseAbandoned, RunTakenError } from "./lease.js";

// A lease ends soon enough to be waited for here.
const SECONDS = 1;
let directory: string;
beforeEach(() => {
  process.env["MAST_LEASE_SECONDS"] = String(SECONDS);
  directory = mkdtempSync(join(tmpdir(), "mast-lease-"));
});
afterEach(() => {
  delete process.env["MAST_LEASE_SECONDS"];
  rmSync(directory, { recursive: true, force: true });
});

const leases = () => readdirSync(directory).sort();
const read = (number = 1) => {
  const [holder, count] = readFileSync(join(directory, `lease.${number}`), "utf8").split("\n");
  return { holder: JSON.parse(holder) as Record<string, unknown>, count: Number(count) };
};
/** Puts the lease of another process, which has never existed, into the folder. */
function leave(changes: Record<string, unknown>, number = 1): void {
  const holder = {
    pid: 1,
    host: "elsewhere",
    system: "another boot",
    started: "1",
    token: "",
    id: "theirs",
    beat: SECONDS / 10,
    ...changes,
  };
  writeFileSync(join(directory, `lease.${number}`), `${JSON.stringify(holder)}\n${"0".repeat(12)}\n`);
}
/** Returns how this process's own lease describes its system. */
async function own(): Promise<Record<string, unknown>> {
  const lease = await acquireLease(directory);
  const { holder } = read();
  lease.release();
  return holder;
}

describe("a lease", () => {
  it("is one file that says who holds it and counts, and is gone when it is released", async () => {
    const lease = await acquireLease(directory);
    expect(leases()).toEqual(["lease.1"]);
    expect(read().holder).toMatchObject({ pid: process.pid, host: hostname(), beat: SECONDS / 10 });
    await pause(500 * SECONDS);
    const { count } = read();
    expect(count).toBeGreaterThan(0);
    // It beats also while this thread has no time for anything.
    for (const end = performance.now() + 500 * SECONDS; performance.now() < end;);
    expect(read().count).toBeGreaterThan(count);
    lease.check();
    lease.release();
    expect(leases()).toEqual([]);
  });

  it("of this process is refused at once to another thread or call of it", async () => {
    const lease = await acquireLease(directory);
    await expect(acquireLease(directory)).rejects.toThrow(
      new RunTakenError(
        `This process (${process.pid}) already works on ${directory}: wait for it, or stop it first.`,
        true,
      ),
    );
    lease.release();
    (await acquireLease(directory)).release();
  });

  it("is given to one only of many who want it at once, and to all one after the other", async () => {
    let holders = 0;
    let served = 0;
    const serve = async (): Promise<void> => {
      const lease = await acquireLease(directory).catch(() => undefined);
      if (lease === undefined) return pause(2).then(serve);
      expect(++holders).toBe(1);
      await pause(2);
      lease.check();
      holders--;
      served++;
      lease.release();
    };
    await Promise.all(Array.from({ length: 10 }, serve));
    expect(served).toBe(10);
    expect(leases()).toEqual([]);
  });

  it("that a worker of this process left is freed by its token", async () => {
    await acquireLease(directory, { token: "a" });
    releaseAbandoned(directory, "b");
    expect(leases()).toEqual(["lease.1"]);
    releaseAbandoned(directory, "a");
    expect(leases()).toEqual([]);
  });

  it("refuses spans that are none", async () => {
    for (const span of ["0", "-1", "x", "NaN", "1e9"]) {
      process.env["MAST_LEASE_SECONDS"] = span;
      await expect(acquireLease(directory)).rejects.toThrow(`MAST_LEASE_SECONDS is "${span}": expected seconds`);
    }
  });
});

describe.runIf(existsSync("/proc/self/stat"))("a lease of a process of this system", () => {
  /** Starts a process that sleeps, and returns it with the lease that it would hold. */
  async function sleeper(changes: Record<string, unknown> = {}): Promise<ChildProcess> {
    const mine = await own();
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    await new Promise((resolve) => child.once("spawn", resolve));
    const started = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ")[19];
    leave({ ...mine, pid: child.pid, started, id: "theirs", ...changes });
    return child;
  }
  async function killed(child: ChildProcess): Promise<void> {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  it("is refused while it lives, whatever its heartbeat, and taken over at once when it was killed", async () => {
    const child = await sleeper();
    await pause(1500 * SECONDS);
    await expect(acquireLease(directory)).rejects.toThrow(
      `Process ${child.pid} works on ${directory}: wait for it, or stop it first.`,
    );
    expect(leaseHolder(directory)).toMatchObject({ life: "alive" });
    await killed(child);
    expect(leaseHolder(directory)).toMatchObject({ life: "gone" });
    const lease = await acquireLease(directory);
    expect([lease.number, leases()]).toEqual([2, ["lease.2"]]);
    lease.release();
  });

  it("is recognised when the machine was renamed", async () => {
    const child = await sleeper({ host: "old-name" });
    await expect(acquireLease(directory)).rejects.toThrow(`Process ${child.pid} works on`);
    await killed(child);
    (await acquireLease(directory, { signal: AbortSignal.timeout(200 * SECONDS) })).release();
  });

  it("is taken over at once when another process has its number now", async () => {
    const child = await sleeper({ started: "7" });
    (await acquireLease(directory, { signal: AbortSignal.timeout(200 * SECONDS) })).release();
    await killed(child);
  });

  it("is taken over from a frozen process when it has been silent for long", async () => {
    const child = await sleeper();
    child.kill("SIGSTOP");
    while (!/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, "utf8"))) await pause(5);
    const said: string[] = [];
    const lease = await acquireLease(directory, { onWait: (line) => said.push(line) });
    expect(said).toEqual([
      `Process ${child.pid} holds ${directory} and cannot be looked up from here: it is taken over after ${SECONDS} s without a heartbeat.`,
    ]);
    expect(lease.number).toBe(2);
    lease.release();
    await killed(child);
  });
});

describe("a lease of a process that cannot be looked up", () => {
  /** Counts in a lease file as its holder would. */
  function beating(number = 1): () => void {
    const path = join(directory, `lease.${number}`);
    let count = 0;
    const timer = setInterval(
      () =>
        existsSync(path) &&
        writeFileSync(path, readFileSync(path, "utf8").replace(/\d{12}\n$/, `${String(++count).padStart(12, "0")}\n`)),
      50 * SECONDS,
    );
    return () => clearInterval(timer);
  }

  it.each([
    ["of another machine", { system: "another boot" }],
    [
      "of another PID namespace of a machine of the same name",
      { host: hostname(), system: "this boot pid:[4026539999]", pid: process.pid },
    ],
  ])("%s is refused while its heart beats, and taken over when it has stood still", async (_, changes) => {
    leave(changes);
    expect(leaseHolder(directory)).toMatchObject({ life: "unknown" });
    const stop = beating();
    await expect(acquireLease(directory)).rejects.toThrow(
      new RegExp(`^Process \\d+ on ${"host" in changes ? changes.host : "elsewhere"} works on `),
    );
    expect(leaseHolder(directory)).toMatchObject({ life: "alive" });
    stop();
    const lease = await acquireLease(directory);
    expect(leases()).toEqual(["lease.2"]);
    lease.release();
  });

  it("is judged by its heartbeat alone where clocks differ by minutes, and while they are set", async () => {
    leave({});
    const stop = beating();
    const path = join(directory, "lease.1");
    let jumps = 0;
    // The clock of this machine is set back and forth, and the file server's clock runs ahead and behind.
    vi.useFakeTimers({ toFake: ["Date"] });
    const clocks = setInterval(() => {
      const minutes = (jumps++ % 2 === 0 ? 1 : -1) * (5 + jumps);
      vi.setSystemTime(Date.now() + 60_000 * minutes);
      if (existsSync(path))
        utimesSync(path, new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_600_000 * minutes));
    }, 30 * SECONDS);
    try {
      for (let look = 0; look < 3; look++) await expect(acquireLease(directory)).rejects.toThrow(RunTakenError);
      expect(leases()).toEqual(["lease.1"]);
      stop();
      // The lease is given up, whatever the clocks say, after a silence by this process's own watch.
      const began = performance.now();
      const lease = await acquireLease(directory);
      expect(performance.now() - began).toBeGreaterThan(800 * SECONDS);
      expect(jumps).toBeGreaterThan(10);
      lease.check();
      lease.release();
    } finally {
      stop();
      clearInterval(clocks);
      vi.useRealTimers();
    }
  });

  it("waits longer for a holder whose heart beats more slowly", async () => {
    leave({ beat: SECONDS / 5 });
    const started = performance.now();
    (await acquireLease(directory)).release();
    // The test watches ten of its heartbeats with this process's own clock.
    expect(performance.now() - started).toBeGreaterThan(2000 * SECONDS);
  });

  it("ends the waiting when the signal says so, and changes nothing", async () => {
    leave({});
    await expect(acquireLease(directory, { signal: AbortSignal.timeout(100 * SECONDS) })).rejects.toThrow();
    expect(read().holder).toMatchObject({ id: "theirs" });
  });

  it.each<[string, () => void]>([
    ["nothing", () => writeFileSync(join(directory, "lease.1"), "")],
    ["another program's text", () => writeFileSync(join(directory, "lease.1"), "{")],
    ["null", () => writeFileSync(join(directory, "lease.1"), "null\n0")],
    ["a folder", () => mkdirSync(join(directory, "lease.1"))],
  ])("is taken over when it holds %s and stays so", async (_, make) => {
    make();
    const lease = await acquireLease(directory);
    expect(leases()).toEqual(["lease.2"]);
    lease.release();
  });
});

describe("a process that has lost its lease", () => {
  it("learns it from the next check: taken over, deleted, or gone with its folder", async () => {
    const lease = await acquireLease(directory);
    leave({ pid: 77 }, 2);
    expect(() => lease.check()).toThrow(
      new LeaseLostError(
        `Process 77 on elsewhere has taken over ${directory}, because this process gave no sign of life for a while. It stopped before it wrote anything more.`,
      ),
    );
    lease.release();
    expect(leases()).toEqual(["lease.1", "lease.2"]);
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    expect(() => lease.check()).toThrow(
      /^The lease of this process on .* was deleted \(.*lease\.1\)\. It stopped before it wrote anything more/,
    );
    leave({ pid: 77 }, 1);
    expect(() => lease.check()).toThrow(LeaseLostError);
    // Its heartbeat goes to the file that it opened, not to the one that has the name now.
    await pause(300 * SECONDS);
    expect(read().count).toBe(0);
    rmSync(directory, { recursive: true });
    expect(() => lease.check()).toThrow(
      `${directory} was removed while its run went on: what it held, checkpoints included, is lost.`,
    );
  });

  it("keeps the process that has it now from nothing", async () => {
    const lease = await acquireLease(directory);
    rmSync(join(directory, "lease.1"));
    const script = `import { acquireLease } from ${JSON.stringify(new URL("./lease.ts", import.meta.url).href)}; const lease = await acquireLease(${JSON.stringify(directory)}); lease.check(); console.log(lease.number); lease.release();`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect([stdout, stderr]).toEqual(["1\n", ""]);
    expect(() => lease.check()).toThrow(LeaseLostError);
  });
});
