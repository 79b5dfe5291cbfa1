import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LabError } from "../errors.js";

/** Thrown when a stored run cannot be read or written; its message is one line. */
export class RunError extends LabError {
  /** The name that is printed before the message: "RunError", or the name of the class that extends it. */
  override readonly name: string = "RunError";
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some space",
  EDQUOT: "the disk quota is used up: free some space",
  EFBIG: "the file would exceed the size limit of this process (ulimit -f): raise it",
  EROFS: "the disk is read-only: make it writable, or choose another place with MAST_RUNS",
  EACCES: "this user may not write there: change its permissions, or choose another place with MAST_RUNS",
  EPERM: "this user may not write there: change its permissions, or choose another place with MAST_RUNS",
  ENOTDIR: "a part of its path is a file, not a folder: choose another place with MAST_RUNS",
  EISDIR: "there is a folder of that name: move it away",
  EEXIST: "there is a file of that name: choose another place with MAST_RUNS",
  ENOTEMPTY: "there is a folder of that name: move it away",
  ELOOP: "its path leads in a circle of symbolic links: choose another place with MAST_RUNS",
  ENAMETOOLONG: "its name is too long for this disk: choose a shorter place with MAST_RUNS",
  EMFILE: "this process has too many files open (ulimit -n): raise the limit, or train fewer runs at once",
  ENFILE: "this machine has too many files open: train fewer runs at once",
  ESTALE: "another machine has replaced it",
  ENOENT: "its folder is not there",
  EIO: "the disk reports a failure",
};

/**
 * Writes files, and turns an error of the disk into one line for the person at the keyboard.
 * @param consequence a sentence on what the failure means. Default: what it means for a run
 * @throws {RunError} naming the file, the cause and what to do
 */
export function onDisk<T>(
  path: string,
  action: () => T,
  consequence = "Nothing that was saved is lost; the same command continues from the last checkpoint.",
): T {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const cause = code === undefined ? undefined : CAUSES[code];
    if (cause === undefined) throw error;
    throw new RunError(`Cannot write ${path}: ${cause} (${code}). ${consequence}`.trim(), { cause: error });
  }
}

/**
 * Reads files, and turns an error of the disk into one line for the person at the keyboard.
 * @throws {RunError} naming the file and the cause
 */
export function onReading<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RunError(`Cannot read ${path}: ${READING[code ?? ""] ?? oneLine(message)}.`, { cause: error });
  }
}

const READING: Readonly<Record<string, string>> = {
  EISDIR: "it is a folder, not a file: move it away",
  ENOENT: "it is not there",
  ENOTDIR: "a part of its path is a file, not a folder",
  EACCES: "this user may not read it: change its permissions",
  EPERM: "this user may not read it: change its permissions",
  ELOOP: "its path leads in a circle of symbolic links",
  ENAMETOOLONG: "its name is too long for this disk",
  EIO: "the disk reports a failure",
};

/**
 * Reads a file of JSON that belongs to a run.
 * @throws {RunError} when it cannot be read, is empty, or is not JSON
 */
export function readJson(path: string): unknown {
  const text = onReading(path, () => readFileSync(path, "utf8"));
  if (text.trim() === "")
    throw new RunError(`${path} is empty: put a good copy in its place, or move its folder away.`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RunError(`${path} is not valid JSON: put a good copy in its place, or move its folder away.`, {
      cause: error,
    });
  }
}

/** A message as one line that fits a screen. Messages of other programs may contain whole files. */
export function oneLine(message: string, longest = 600): string {
  const line = message.replace(/\s+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 3)}...`;
}

/** Ending of the names of temporary files. */
export const TEMPORARY = ".tmp";

/**
 * Makes a name for a temporary file beside a path. It cannot be guessed, so that no other process has or prepares a
 * file of that name.
 */
export function temporaryBeside(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString("hex")}${TEMPORARY}`;
}

/**
 * Replaces a file as a whole: a reader sees either the old or the new content, even if this process is killed at any
 * moment. The content is synced to the disk before the file gets its name, and the name is synced before this returns,
 * where the platform supports it.
 *
 * @param ready called just before the file is renamed; if it throws, the old content stays in place
 * @throws {RunError} when writing fails; the old content then remains
 */
export function writeAtomically(path: string, content: Uint8Array | string, ready: () => void = () => undefined): void {
  onDisk(path, () => replaceFile(path, content, ready));
}

/**
 * Replaces a file as `writeAtomically` does, but throws the disk's own errors; for files that do not belong to a run.
 */
export function replaceFile(path: string, content: Uint8Array | string, ready: () => void = () => undefined): void {
  const temporary = temporaryBeside(path);
  // "wx" creates the file or fails: it never follows a symbolic link.
  const file = openSync(temporary, "wx");
  try {
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    ready();
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    // If another process now holds the run, it has removed the temporary file: `ready` then throws the error that says
    // so.
    ready();
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the names in a folder durable, where the platform can sync folders. */
export function syncFolder(directory: string): void {
  if (process.platform === "win32") return;
  try {
    const handle = openSync(directory, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    // Some file systems do not sync folders, and some folders may be written but not read; renaming is still atomic.
    if ((error as NodeJS.ErrnoException).code === "EIO") throw error;
  }
}
