import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LabError } from "../errors.js";

/** Something about a stored run that a person has to know; its message is one line. */
export class RunError extends LabError {
  override readonly name = "RunError";
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some space",
  EDQUOT: "the disk quota is used up: free some space",
  EFBIG: "the file would exceed the size limit of this process (ulimit -f): raise it",
  EROFS: "the disk is read-only: make it writable, or choose another place with MAST_RUNS",
  EACCES: "this user may not write there: change its permissions, or choose another place with MAST_RUNS",
  EPERM: "this user may not write there: change its permissions, or choose another place with MAST_RUNS",
  ENOTDIR: "a part of its path is a file, not a folder: choose another place with MAST_RUNS",
  EEXIST: "there is a file of that name: choose another place with MAST_RUNS",
  ENOENT: "its folder is not there",
  EIO: "the disk reports a failure",
};

/**
 * Does something to files, and turns what the disk answers into one line for the person at the keyboard.
 * @param consequence what it means; by default, what it means for a run
 * @throws {RunError} naming the file, the cause and what to do
 */
export function onDisk<T>(path: string, action: () => T, consequence = "Nothing that was there is lost; the same command continues from the last checkpoint."): T {
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
 * Replaces a file as a whole: whoever reads it, and whatever is killed at any moment, sees the old or the new content.
 * @throws {RunError} when the disk refuses; the old content then remains
 */
export function writeAtomically(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.tmp`;
  onDisk(path, () => {
    try {
      const file = openSync(temporary, "w");
      try {
        writeFileSync(file, content);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

/** Makes the renaming itself durable, where folders can be opened. */
function syncDirectory(directory: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } catch (error) {
    // Some network file systems do not sync folders; the rename is atomic there all the same.
    if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
  } finally {
    closeSync(handle);
  }
}
