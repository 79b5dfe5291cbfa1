import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { onDisk, RunError } from "./disk.js";

/** Held while a process works on a run. */
export interface RunLock {
  release(): void;
}

/** Who works on a run. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own words, so that a reused pid is recognised; "" where that is unknown. */
  readonly started: string;
  /** Distinguishes workers of one process. */
  readonly token: string;
}

const FILE = "lock";
let taken = 0;

/**
 * Makes a run this process's own until `release`. A lock whose process is gone, killed for instance, is taken over.
 *
 * @param token names what the lock belongs to within this process, for `releaseAbandoned`
 * @throws {RunError} when another living process holds it, naming its pid and the folder
 */
export function acquireLock(directory: string, token = ""): RunLock {
  const path = join(directory, FILE);
  const owner: LockOwner = { pid: process.pid, host: hostname(), started: processStart(process.pid), token };
  const mine = `${JSON.stringify(owner)}\n`;
  const unique = `${path}.${process.pid}.${process.hrtime.bigint()}.${taken++}`;
  for (let attempt = 0; attempt < 10; attempt++) {
    if (create(path, mine, unique)) {
      removeLeftovers(directory);
      return { release: () => releaseIf(path, mine) };
    }
    const held = read(path);
    if (held === undefined) continue;
    const holder = parse(held);
    if (holder !== undefined && isAlive(holder)) throw new RunError(refusal(holder, directory, path));
    takeAway(path, held, `${unique}.stale`);
  }
  throw new RunError(`Cannot lock ${directory}: several processes want it at once. Try again.`);
}

/** The living process that works on a run now, if any. */
export function lockHolder(directory: string): LockOwner | undefined {
  const content = read(join(directory, FILE));
  const holder = content === undefined ? undefined : parse(content);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Frees a run that a worker of this process left locked when it was ended by force. */
export function releaseAbandoned(directory: string, token: string): void {
  const path = join(directory, FILE);
  const content = read(path);
  const holder = content === undefined ? undefined : parse(content);
  if (content !== undefined && holder?.pid === process.pid && holder.token === token) releaseIf(path, content);
}

/** Removes what killed processes have left of their locks from a folder that nobody has to lock again: a complete run's. */
export function clearStaleLock(directory: string): void {
  const path = join(directory, FILE);
  const content = read(path);
  const holder = content === undefined ? undefined : parse(content);
  if (content !== undefined && (holder === undefined || !isAlive(holder))) takeAway(path, content, `${path}.${process.pid}.${process.hrtime.bigint()}.${taken++}.stale`);
  removeLeftovers(directory);
}

/** Creates the lock with its content in one step, so that nobody ever reads half of it; false when there is one. */
function create(path: string, content: string, unique: string): boolean {
  return onDisk(path, () => {
    try {
      writeFileSync(unique, content, { flag: "wx" });
      try {
        linkSync(unique, path);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") return false;
        // Without hard links (exFAT, some shared folders): exclusive, but not at once complete.
        if (code !== "EPERM" && code !== "ENOSYS" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
        writeFileSync(path, content, { flag: "wx" });
      }
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(unique, { force: true });
    }
  });
}

/** Removes the stale lock that was read, but not one that another process has put in its place since. */
function takeAway(path: string, stale: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== stale) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process has it by now; the next attempt asks that one.
    }
  }
  rmSync(aside, { force: true });
}

/** Removes what processes that were killed while they took the lock have left beside it. */
function removeLeftovers(directory: string): void {
  for (const file of readdirSync(directory)) {
    const pid = /^lock\.(\d+)\./.exec(file)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      rmSync(join(directory, file), { force: true });
    } catch {
      // Somebody else's, or a folder that can only be read: untidy, but in nobody's way.
    }
  }
}

function releaseIf(path: string, content: string): void {
  if (read(path) === content) rmSync(path, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parse(content: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(content) as LockOwner;
    return Number.isInteger(owner.pid) && typeof owner.host === "string" ? owner : undefined;
  } catch {
    return undefined;
  }
}

function refusal(holder: LockOwner, directory: string, path: string): string {
  if (holder.host !== hostname()) {
    return `Process ${holder.pid} on ${holder.host} works on ${directory}. If it is gone, delete ${path}.`;
  }
  if (holder.pid === process.pid) return `This process (${holder.pid}) already works on ${directory}: wait for it, or stop it first.`;
  return `Process ${holder.pid} works on ${directory}: wait for it, or stop it first.`;
}

/** Whether the very process that took the lock still runs. One on another host is taken to. */
function isAlive(owner: LockOwner): boolean {
  if (owner.host !== hostname()) return true;
  if (!isRunning(owner.pid)) return false;
  const started = processStart(owner.pid);
  return started !== "dead" && (started === "" || owner.started === "" || started === owner.started);
}

/** Whether there is a process of that number, ours or anyone's. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Boot and clock tick in which a process started, from /proc; "" where there is no /proc, "dead" for a killed one not yet reaped. */
function processStart(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; state is the first field after it, the start the twentieth.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : `${boot}:${fields[19]}`;
  } catch {
    return "";
  }
}
