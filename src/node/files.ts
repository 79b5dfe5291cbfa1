import { LabError } from "../errors.js";
import { readFileSync, statSync } from "node:fs";

/** Causes of file errors in words, by the system's error code. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file, not a folder",
  EEXIST: "there is a file of that name where a folder is needed",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its path leads in a circle of symbolic links",
  EACCES: "this user may not use it",
  EPERM: "this user may not use it",
  EROFS: "its disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "it would exceed the size limit of this process (ulimit -f)",
  EMFILE: "this process has too many files open (ulimit -n)",
  ENXIO: "it is a socket or device without content",
  EIO: "the disk reports a failure",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GB",
  ERR_STRING_TOO_LONG: "it is too large",
};

/** Describes the cause of a file system error in a few words. */
export function causeOf(error: unknown, known: Readonly<Record<string, string>> = {}): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const cause = known[code] ?? CAUSES[code];
  return cause === undefined ? String(message).replace(/\s+/g, " ").slice(0, 200) : `${cause} (${code})`;
}

/**
 * Reads a text file that a person named.
 *
 * @param what how messages call the file: "the figure"
 * @param known causes that differ for this kind of file, by the system's error code
 * @throws {Error} in one line that names the file and the cause
 */
export function readNamedFile(path: string, what: string, known: Readonly<Record<string, string>> = {}): string {
  try {
    const status = statSync(path);
    // A device such as /dev/zero never ends.
    if (!status.isFile() && !status.isFIFO() && !status.isDirectory())
      throw new LabError("it is not a file but a device or socket");
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new LabError(`Cannot read ${what} ${shortPath(path)}: ${causeOf(error, known)}.`, { cause: error });
  }
}

/**
 * Reads a JSON file that a person named.
 * @throws {Error} in one line that names the file and the cause
 */
export function readNamedJson(path: string, what: string, known: Readonly<Record<string, string>> = {}): unknown {
  const text = readNamedFile(path, what, known);
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = text.trim() === "" ? "it is empty" : (error as Error).message.replace(/\s+/g, " ").slice(0, 200);
    throw new LabError(`${what[0].toUpperCase()}${what.slice(1)} ${shortPath(path)} is not valid JSON: ${why}.`, {
      cause: error,
    });
  }
}

/**
 * Writes to a place that a person named or can choose.
 *
 * @param advice what to do when it fails: "choose another file with --out"
 * @throws {Error} in one line that names the place and the cause
 */
export function writeNamed<T>(path: string, advice: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new LabError(
      `Cannot write ${shortPath(path)}: ${causeOf(error, { ENOENT: "its folder does not exist", EACCES: "this user may not write there", EPERM: "this user may not write there" })}; ${advice}.`,
      { cause: error },
    );
  }
}

/** Shortens a path to fit a line; the beginning of a very long path is enough to recognise it. */
function shortPath(path: string): string {
  return path.length <= 300 ? path : `${path.slice(0, 200)}... (${path.length} characters)`;
}
