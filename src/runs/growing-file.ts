import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { onDisk, onReading, RunError, syncFolder, temporaryBeside } from "./disk.js";
import { folderGone } from "./lease.js";

/** Length and checksum of the beginning of a file. */
export interface Part {
  /** Length of the part, from the beginning of the file. */
  readonly bytes: number;
  /** SHA-256 of these bytes, in hexadecimal. */
  readonly sha256: string;
}

/** A file that one process appends to. */
export interface GrowingFile {
  /**
   * Appends to the file.
   * @throws {RunError} when writing fails, or the file was removed or replaced
   */
  append(content: string | Uint8Array): void;
  /** Syncs the appended content to the disk. */
  sync(): void;
  /** Returns length and checksum of the whole file. */
  written(): Part;
  close(): void;
}

/**
 * Starts a file with its first content; it replaces an older one.
 * @param held called before writing; it throws when this process has lost the run
 */
export function beginFile(path: string, content: string | Uint8Array, held: () => void): GrowingFile {
  return fill(path, held, (file, hash) => {
    writeFileSync(file, content);
    hash.update(content);
    return Buffer.byteLength(content);
  });
}

/**
 * Continues a copy of the given part of a file. A process that still has the old file open then writes to a file
 * without a name.
 * @param from the part; without a checksum only its length is checked
 * @param held called before writing; it throws when this process has lost the run
 * @throws {RunError} when the file does not begin with that part
 */
export function continueFile(path: string, from: Pick<Part, "bytes"> & Partial<Part>, held: () => void): GrowingFile {
  checkLength(path, from.bytes);
  return fill(path, held, (file, hash) => {
    eachBlock(path, from.bytes, (block) => {
      hash.update(block);
      writeFileSync(file, block);
    });
    if (from.sha256 !== undefined && hash.copy().digest("hex") !== from.sha256) throw damaged(path, CHANGED);
    return from.bytes;
  });
}

/**
 * Reads the part at the beginning of a file and ignores what follows.
 * @throws {RunError} when the file does not begin with that part
 */
export function readPart(path: string, part: Part): Buffer {
  checkLength(path, part.bytes);
  const content = Buffer.alloc(part.bytes);
  let at = 0;
  eachBlock(path, part.bytes, (block) => (at += block.copy(content, at)));
  if (createHash("sha256").update(content).digest("hex") !== part.sha256) throw damaged(path, CHANGED);
  return content;
}

/**
 * Checks the length of a file.
 * @throws {RunError} when it has fewer bytes than it must have
 */
export function checkLength(path: string, bytes: number): void {
  const found = onReading(path, () => statSync(path, { throwIfNoEntry: false }));
  if (found === undefined) throw damaged(path, `it is gone, and ${bytes} bytes of it belong to the run`);
  if (!found.isFile()) throw damaged(path, "it is not a file");
  if (found.size < bytes)
    throw damaged(
      path,
      `it has ${found.size} bytes, and ${bytes} bytes of it belong to the run: it was cut or replaced`,
    );
}

/**
 * Reads the lines at the end of a text file that may still grow, from a line that begins with `until` on; if there is
 * no such line, all but the first line.
 */
export function readEnd(path: string, until: string): string {
  return onReading(path, () => {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      for (let length = Math.min(size, 1 << 13); ; length = Math.min(size, 8 * length)) {
        const bytes = Buffer.alloc(length);
        readSync(file, bytes, 0, length, size - length);
        const text = bytes.toString("utf8");
        const found = text.lastIndexOf(`\n${until}`);
        // A line that is still being written has no end yet, and may be the only one found.
        if (found >= 0 && text.indexOf("\n", found + 1) >= 0) return text.slice(found + 1);
        if (length === size) return text.slice(text.indexOf("\n") + 1);
      }
    } finally {
      closeSync(file);
    }
  });
}

const CHANGED = "its checksum is not that of the run: it was damaged or changed";

/**
 * Makes the error for a damaged file of a run.
 * @param what what is wrong with the file
 */
export function damaged(path: string, what: string): RunError {
  return new RunError(
    `${path} cannot be used: ${what}. Put a good copy in its place, or move its folder away to start this run anew.`,
  );
}

const BLOCK = 1 << 20;

function eachBlock(path: string, bytes: number, use: (block: Buffer) => void): void {
  const file = onReading(path, () => openSync(path, "r"));
  try {
    for (let at = 0; at < bytes;) {
      const block = Buffer.alloc(Math.min(BLOCK, bytes - at));
      const length = onReading(path, () => readSync(file, block, 0, block.length, at));
      if (length === 0) throw damaged(path, `it has ${at} bytes, and ${bytes} bytes of it belong to the run`);
      use(block.subarray(0, length));
      at += length;
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a new file with its first content before it gets its name. Later content is appended to the open file, without
 * looking up the name again.
 */
function fill(path: string, held: () => void, first: (file: number, hash: Hash) => number): GrowingFile {
  return onDisk(path, () => {
    const temporary = temporaryBeside(path);
    const file = openSync(temporary, "wx");
    const hash = createHash("sha256");
    let bytes: number;
    try {
      bytes = first(file, hash);
      fsyncSync(file);
      held();
      renameSync(temporary, path);
    } catch (error) {
      closeSync(file);
      rmSync(temporary, { force: true });
      held();
      throw error;
    }
    syncFolder(dirname(path));
    const { ino, dev } = fstatSync(file);
    return {
      append(content) {
        const named = statSync(path, { throwIfNoEntry: false });
        if (named?.ino !== ino || named.dev !== dev) {
          if (!existsSync(dirname(path))) throw new RunError(folderGone(dirname(path)));
          // If another process now holds the run, it has replaced the file: `held` then throws the error that says so.
          held();
          throw new RunError(
            `${path} was removed or replaced while its run went on: what the run wrote to it is lost. Put a good copy in its place, or move its folder away to start this run anew.`,
          );
        }
        onDisk(path, () => writeFileSync(file, content));
        hash.update(content);
        bytes += Buffer.byteLength(content);
      },
      sync: () => onDisk(path, () => fsyncSync(file)),
      written: () => ({ bytes, sha256: hash.copy().digest("hex") }),
      close: () => closeSync(file),
    };
  });
}
