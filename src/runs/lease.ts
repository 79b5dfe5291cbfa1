import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onDisk, RunError, syncFolder, temporaryBeside } from "./disk.js";
import { startHeartbeat } from "./heartbeat.js";

/**
 * A lease makes one process the only writer of a run's folder, on this machine and on others that share the disk.
 *
 * The lease is a file, lease.1 for the first holder, that names the holder and counts heartbeats. To take over from a
 * holder that is gone, a process creates the file of the next number, which succeeds for one process only, and removes
 * the older one. For a holder on the same system the process number tells whether it is alive. Any other holder is
 * judged by its heartbeat: when the counter does not change for `leaseSeconds()` of the observer's own clock, the
 * holder counts as gone. Clocks of two machines are never compared.
 *
 * A holder that was frozen wakes up without the lease. Therefore it calls `check` before it writes, and writes only to
 * files that no later holder uses: see `openRun`.
 */
export interface Lease {
  /** Number of this holder, counted from 1 since the folder was last free. */
  readonly number: number;
  /**
   * Makes sure that this process still holds the lease.
   * @throws {LeaseLostError} when another process holds it, or nobody
   * @throws {RunError} when the folder is gone
   */
  check(): void;
  /** Frees the folder. Does nothing when the lease was lost. */
  release(): void;
}

/** The process that works on a run. */
export interface LeaseHolder {
  readonly pid: number;
  /** Name of the machine, for messages only: a machine may be renamed, and two may have the same name. */
  readonly host: string;
  /** The boot of the system and the process namespace, within which `pid` can be looked up. */
  readonly system: string;
  /** Start of the process as the system reports it, so that a reused pid is recognised; "" where it is unknown. */
  readonly started: string;
  /** Distinguishes the workers of one process. */
  readonly token: string;
  /** Distinguishes this lease from any other. */
  readonly id: string;
  /** Seconds between two heartbeats. */
  readonly beat: number;
}

/** Thrown when another process, or another thread of this one, trains the run. */
export class RunTakenError extends RunError {
  override readonly name = "RunTakenError";
  /** @param own whether this process itself is the holder */
  constructor(
    message: string,
    readonly own: boolean,
  ) {
    super(message);
  }
}

/**
 * Thrown when the lease was lost, because another process took it over or somebody deleted it. Nothing has been written
 * since.
 */
export class LeaseLostError extends RunError {
  override readonly name = "LeaseLostError";
}

/** "unknown": neither the process nor a change of its heartbeat has been seen. */
export type Life = "alive" | "gone" | "unknown";

const NAME = /^lease\.(\d+)$/;
/** Number of heartbeats without change after which a holder counts as gone. */
const BEATS = 10;
/** Digits of the counter, which is overwritten in its place. */
const DIGITS = 12;

/**
 * Seconds without a heartbeat after which a run is taken over from a process that cannot be looked up:
 * MAST_LEASE_SECONDS, or 30.
 * @throws {RunError} when MAST_LEASE_SECONDS is not a positive number
 */
export function leaseSeconds(): number {
  const given = process.env["MAST_LEASE_SECONDS"] ?? "";
  if (given.trim() === "") return 30;
  const seconds = Number(given);
  if (!(seconds > 0 && seconds <= 86_400))
    throw new RunError(`MAST_LEASE_SECONDS is "${given}": expected seconds, more than 0 and at most 86400.`);
  return seconds;
}

/**
 * Makes this process the only writer of a folder until `release`. It takes over the lease of a process that is gone;
 * where only the heartbeat can tell, this takes `leaseSeconds()`.
 *
 * @param options.token identifies the worker of this process that holds the lease, for `releaseAbandoned`
 * @param options.signal stops waiting when it is aborted
 * @param options.onWait called with a line that says what is waited for
 * @throws {RunTakenError} when another living process, or this one, holds it
 * @example const lease = await acquireLease(directory);
 */
export async function acquireLease(
  directory: string,
  options: { readonly token?: string; readonly signal?: AbortSignal; readonly onWait?: (line: string) => void } = {},
): Promise<Lease> {
  const { token = "", signal, onWait } = options;
  const seconds = leaseSeconds();
  let first: Found | undefined;
  for (;;) {
    const found = newest(directory);
    const silence = found === undefined ? 0 : observe(found);
    const life = found === undefined ? "gone" : lifeOf(found.holder);
    if (
      found === undefined ||
      life === "gone" ||
      (life === "unknown" && silence >= Math.max(seconds, BEATS * (found.holder?.beat ?? 0)))
    ) {
      const lease = claim(directory, found, {
        pid: process.pid,
        host: hostname(),
        system: system(),
        started: processStart(process.pid),
        token,
        id: randomBytes(12).toString("hex"),
        beat: seconds / BEATS,
      });
      if (lease !== undefined) return lease;
      first = undefined;
      continue;
    }
    const beats = first !== undefined && first.path === found.path && first.content !== found.content;
    if (life === "alive" || beats) throw new RunTakenError(refusal(found, directory), isOwn(found.holder));
    if (first?.path !== found.path) {
      first = found;
      onWait?.(
        `${holderText(found.holder)} holds ${directory} and cannot be looked up from here: it is taken over after ${seconds} s without a heartbeat.`,
      );
    }
    // An aborted signal ends the pause with an error.
    await pause(Math.min(1000, (1000 * seconds) / BEATS / 2), undefined, { signal });
  }
}

/**
 * Returns who holds a folder and, as far as can be seen at once, whether that process is alive; undefined when the
 * folder is free.
 */
export function leaseHolder(
  directory: string,
): { readonly holder: LeaseHolder | undefined; readonly life: Life } | undefined {
  const found = newest(directory);
  if (found === undefined) return undefined;
  const silence = observe(found);
  const life = lifeOf(found.holder);
  const beat = found.holder?.beat ?? leaseSeconds() / BEATS;
  if (life !== "unknown") return { holder: found.holder, life };
  // A holder that has missed three heartbeats does not work at present, though its lease is not taken over yet.
  return {
    holder: found.holder,
    life: changed.has(found.path) && silence < 3 * beat ? "alive" : silence >= 3 * beat ? "gone" : "unknown",
  };
}

/** Seconds between two calls of `leaseHolder` after which the second one knows of every holder whether it is alive. */
export function observationSeconds(): number {
  return (3.2 * leaseSeconds()) / BEATS;
}

/** Frees a folder whose lease a worker of this process still held when it was terminated. */
export function releaseAbandoned(directory: string, token: string): void {
  const found = newest(directory);
  if (found !== undefined && isOwn(found.holder) && found.holder?.token === token) rmSync(found.path, { force: true });
}

/** Removes leases of processes that are gone from the folder of a complete run, which nobody has to lease again. */
export function clearStaleLease(directory: string): void {
  const found = newest(directory);
  if (found !== undefined && lifeOf(found.holder) === "gone") removeUpTo(directory, found.number);
}

/** Content of the lease file with the highest number. */
interface Found {
  readonly number: number;
  readonly path: string;
  readonly content: string;
  /** Undefined when the file holds something else. */
  readonly holder: LeaseHolder | undefined;
}

function newest(directory: string): Found | undefined {
  const number = Math.max(0, ...namesIn(directory).flatMap((name) => Number(NAME.exec(name)?.[1] ?? [])));
  if (number === 0) return undefined;
  const path = join(directory, `lease.${number}`);
  let content = "";
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ESTALE")
      return newest(directory);
  }
  return { number, path, content, holder: parse(content) };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Creates the file of the next number; undefined when another process was faster. */
function claim(directory: string, found: Found | undefined, holder: LeaseHolder): Lease | undefined {
  const number = (found?.number ?? 0) + 1;
  const path = join(directory, `lease.${number}`);
  const head = `${JSON.stringify(holder)}\n`;
  if (!create(path, `${head}${"0".repeat(DIGITS)}\n`)) return undefined;
  if (found !== undefined) removeUpTo(directory, found.number);
  syncFolder(directory);
  const heartbeat = startHeartbeat({ path, head, digits: DIGITS, seconds: holder.beat });
  const holds = () => newest(directory)?.holder?.id === holder.id;
  return {
    number,
    check() {
      if (!existsSync(directory)) throw new RunError(folderGone(directory));
      if (heartbeat.failure() !== undefined)
        throw new LeaseLostError(
          `The heartbeat of this process on ${directory} has stopped (${heartbeat.failure()}), so that others may take the run over. Nothing was written since; the same command continues from the last checkpoint.`,
        );
      const now = newest(directory);
      if (now?.holder?.id === holder.id) return;
      throw new LeaseLostError(
        now === undefined
          ? `The lease of this process on ${directory} was deleted (${path}). It stopped before it wrote anything more; the same command continues from the last checkpoint.`
          : `${holderText(now.holder)} has taken over ${directory}, because this process gave no sign of life for a while. It stopped before it wrote anything more.`,
      );
    },
    release() {
      heartbeat.stop();
      if (holds()) rmSync(path, { force: true });
    },
  };
}

/** The message for a run's folder that disappears during training. */
export function folderGone(directory: string): string {
  return `${directory} was removed while its run went on: what it held, checkpoints included, is lost. The same command starts the run anew.`;
}

/** Creates a file with its content in one step, so that nobody reads half of it; returns false when the file exists. */
function create(path: string, content: string): boolean {
  return onDisk(path, () => {
    const temporary = temporaryBeside(path);
    const file = openSync(temporary, "wx");
    try {
      writeFileSync(file, content);
      fsyncSync(file);
      linkSync(temporary, path);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Network file systems may report that the file exists although this process has just created it, when an answer
      // was lost and the request repeated.
      if (code === "EEXIST") return readOrNothing(path) === content;
      // The process that now holds the folder has removed it.
      if (code === "ENOENT") return false;
      // Without hard links (exFAT, some shared folders) the file is created exclusively, but its content follows later.
      if (code !== "EPERM" && code !== "ENOSYS" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
      return createPlainly(path, content);
    } finally {
      closeSync(file);
      rmSync(temporary, { force: true });
    }
  });
}

function createPlainly(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Removes the leases of earlier holders, also if there is a folder in the place of one. */
function removeUpTo(directory: string, number: number): void {
  for (const name of namesIn(directory)) {
    const found = NAME.exec(name);
    if (found === null || Number(found[1]) > number) continue;
    try {
      rmSync(join(directory, name), { force: true, recursive: true });
    } catch {
      // It belongs to somebody else, or the folder is read-only. Only the higher number counts, so it may stay.
    }
  }
}

/**
 * The last content of each lease that this process has read, when it last read it, and for how long the content has not
 * changed, in seconds of this process's own clock.
 */
const seen = new Map<string, { readonly content: string; readonly at: number; readonly silence: number }>();
/** The leases whose content has changed between two reads of this process. */
const changed = new Set<string>();

/**
 * Seconds for which a lease has not changed, as far as this process has read it. A long time between two reads counts
 * little, because this process may have been frozen together with the holder.
 */
function observe({ path, content }: Found): number {
  const at = performance.now() / 1000;
  const before = seen.get(path);
  const same = before?.content === content;
  if (before !== undefined && !same) changed.add(path);
  const silence = same ? before.silence + Math.min(at - before.at, leaseSeconds() / 6) : 0;
  seen.set(path, { content, at, silence });
  return silence;
}

function parse(content: string): LeaseHolder | undefined {
  try {
    const holder = JSON.parse(content.slice(0, content.indexOf("\n"))) as LeaseHolder;
    const texts = [holder.host, holder.system, holder.started, holder.token, holder.id];
    return Number.isInteger(holder.pid) &&
      holder.pid > 0 &&
      texts.every((text) => typeof text === "string") &&
      holder.beat > 0
      ? holder
      : undefined;
  } catch {
    return undefined;
  }
}

function refusal({ holder, path }: Found, directory: string): string {
  if (isOwn(holder))
    return `This process (${process.pid}) already works on ${directory}: wait for it, or stop it first.`;
  return `${holderText(holder)} works on ${directory}: wait for it, or stop it first${holder?.system === system() ? "" : `. Its lease is ${path}`}.`;
}

function holderText(holder: LeaseHolder | undefined): string {
  if (holder === undefined) return "Another process";
  return `Process ${holder.pid}${holder.system === system() ? "" : ` on ${holder.host}`}`;
}

function isOwn(holder: LeaseHolder | undefined): boolean {
  return (
    holder !== undefined &&
    holder.pid === process.pid &&
    holder.system === system() &&
    holder.started === processStart(process.pid)
  );
}

/** Tells whether the process that took a lease is alive, as far as this system can tell without waiting. */
function lifeOf(holder: LeaseHolder | undefined): Life {
  if (isOwn(holder)) return "alive";
  if (holder === undefined || holder.system !== system()) return "unknown";
  if (!isRunning(holder.pid)) return "gone";
  const started = processStart(holder.pid);
  if (started === "dead") return "gone";
  if (started === "" || holder.started === "") return "unknown";
  if (started !== holder.started) return "gone";
  return isFrozen(holder.pid) ? "unknown" : "alive";
}

/** Tells whether any process has that number. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Identifies the boot of this system and the namespace of its process numbers, or if they are unknown the machine by
 * its name.
 */
function system(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return `host ${hostname()}`;
  }
}

/**
 * Reads state and start of a process from /proc. State "Z" is a process that was killed and not reaped yet; "T" and "t"
 * are stopped processes.
 */
function processFields(pid: number): { readonly state: string; readonly started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may contain any characters; the state is the first field after it, the start the
    // twentieth.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined;
  }
}

/**
 * Returns the clock tick since boot at which a process started; "" where it is unknown, "dead" for a process that was
 * killed and not reaped yet.
 */
function processStart(pid: number): string {
  const fields = processFields(pid);
  return fields === undefined ? "" : fields.state === "Z" || fields.state === "X" ? "dead" : fields.started;
}

function isFrozen(pid: number): boolean {
  return /^[Tt]$/.test(processFields(pid)?.state ?? "");
}
