import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Config } from "../config.js";
import { threadSeconds } from "../node/thread-time.js";
import { extendedState } from "../training/extend.js";
import type { TrainingRecord, TrainState } from "../training/records.js";
import { type Checkpoint, partOf, readCheckpoint, type Shapes, writeCheckpoint } from "./checkpoint.js";
import { endFacts } from "./checkpoint-file.js";
import { keepConfig, readConfig } from "./config-file.js";
import { onDisk, TEMPORARY } from "./disk.js";
import { beginFile, continueFile, type GrowingFile } from "./growing-file.js";
import { acquireLease } from "./lease.js";
import { appendRecords, CHECKPOINT, type FileName, GROWING } from "./run-files.js";
import { readGrowing, readRunCheckpoint, runName, runsDirectory } from "./store.js";
import { type RunSummary, writeSummary } from "./summary-file.js";
/** A run that this process works on. */
export interface OpenRun {
  readonly name: string;
  readonly directory: string;
  /** State from which training continues; absent at the beginning. */
  readonly resume?: TrainState;
  /** Present when training has already ended and only the summary is missing. */
  readonly end?: Checkpoint["end"];
  /** Wall-clock seconds of training so far, over all resumes. */
  seconds(): number;
  /** Processor seconds of the training threads over all resumes; undefined where those of one thread are unknown. */
  processorSeconds(): number | undefined;
  /** Appends a record to the run's files. A checkpoint or the end is synced to the disk when this returns. */
  write(record: TrainingRecord): void;
  /** Marks the run complete. */
  finish(summary: RunSummary): void;
  /** Releases the run for other processes. */
  close(): void;
}

/**
 * Begins or continues the run of a configuration, with this process as its only writer. Records after the last
 * checkpoint are removed, so that the repeated training writes the same files as an uninterrupted run.
 *
 * An earlier process of the run may have been frozen at any point of its work and wake up later. It notices before it
 * writes that it has lost the lease. If it was frozen between that check and the writing, it writes to files without a
 * name: when a run is taken over, its growing files are copied and temporary files are removed.
 *
 * @param options.shapes shapes of the parameters, to be stored in checkpoints
 * @param options.ancestor folder of the complete run that this run continues; its files and its last state are copied
 *   when this run has no checkpoint yet
 * @param options see `acquireLease`
 * @throws {RunTakenError} when another process works on it
 * @throws {RunError} when its files are damaged, or writing fails
 */
export async function openRun(
  config: Config,
  options: {
    readonly runs?: string;
    readonly shapes?: Shapes;
    readonly ancestor?: string;
    readonly token?: string;
    readonly signal?: AbortSignal;
    readonly onWait?: (line: string) => void;
  } = {},
): Promise<OpenRun> {
  const name = runName(config);
  const directory = join(runsDirectory(options.runs), name);
  onDisk(directory, () => makeFolder(directory));
  const lease = await acquireLease(directory, options);
  const open = new Map<FileName, GrowingFile>();
  const close = () => {
    open.forEach((file) => file.close());
    open.clear();
    lease.release();
  };
  try {
    removeTemporaries(directory);
    keepConfig(directory, config, lease.check);
    const path = join(directory, CHECKPOINT);
    const checkpoint = existsSync(path) ? readCheckpoint(path, [name]) : undefined;
    const inherited =
      checkpoint === undefined && options.ancestor !== undefined ? inherit(options.ancestor, config) : undefined;
    for (const file of Object.keys(GROWING) as FileName[]) {
      const from = checkpoint && partOf(checkpoint, file);
      open.set(
        file,
        from
          ? continueFile(join(directory, file), from, lease.check)
          : beginFile(join(directory, file), inherited?.files[file] ?? GROWING[file], lease.check),
      );
    }
    const from = checkpoint ?? inherited?.checkpoint;
    // Files of parts and weights may have moved since: the paths in the run's config.json count.
    const writes = writer({ name, directory, config: readConfig(directory) }, open, from, options.shapes, lease.check);
    // From now on the ancestor is no longer needed.
    if (inherited !== undefined) {
      const { state } = inherited.checkpoint;
      const { step, episode } = state.progress;
      writes.write({ kind: "checkpoint", step, episode, state });
    }
    return {
      name,
      directory,
      end: checkpoint?.end,
      resume: from?.state,
      close,
      ...writes,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Copies the files and the final state of the run that this run continues. */
function inherit(
  ancestor: string,
  config: Config,
): { readonly checkpoint: Checkpoint; readonly files: Readonly<Partial<Record<FileName, Buffer>>> } {
  const { end: _, ...checkpoint } = readRunCheckpoint(ancestor);
  const { steps } = readConfig(ancestor);
  const files = Object.keys(GROWING).map((file) => [file, readGrowing(ancestor, file as FileName)]);
  return {
    checkpoint: { ...checkpoint, state: extendedState(checkpoint.state, steps, config) },
    files: Object.fromEntries(files) as Partial<Record<FileName, Buffer>>,
  };
}

/**
 * Makes the functions that write a run's files.
 * @param held called before writing; it throws when this process has lost the run
 */
function writer(
  { name, directory, config }: { readonly name: string; readonly directory: string; readonly config: Config },
  open: ReadonlyMap<FileName, GrowingFile>,
  from: Checkpoint | undefined,
  shapes: Shapes | undefined,
  held: () => void,
): Pick<OpenRun, "seconds" | "processorSeconds" | "write" | "finish"> {
  const started = performance.now();
  const startedProcessor = threadSeconds();
  const seconds = () => (from?.seconds ?? 0) + (performance.now() - started) / 1000;
  const processorSeconds = () => {
    const [before, now] = [from === undefined ? 0 : from.processorSeconds, threadSeconds()];
    return before === undefined || startedProcessor === undefined || now === undefined
      ? undefined
      : before + now - startedProcessor;
  };
  const append = (file: FileName, content: string | Uint8Array) => open.get(file)!.append(content);
  const start = { step: from?.state.progress.step ?? 0, seconds: from?.seconds ?? 0 };
  const appendRecord = appendRecords(append, start, seconds, deflateRawSync);
  const parts = () => [...open].map(([file, growing]) => [file, growing.written()] as const);
  const save = (state: TrainState, end?: Checkpoint["end"]) => {
    open.forEach((file) => file.sync());
    const lengths = Object.fromEntries(parts().map(([file, { bytes }]) => [file, bytes]));
    const sums = Object.fromEntries(parts().map(([file, { sha256 }]) => [file, sha256]));
    writeCheckpoint(
      join(directory, CHECKPOINT),
      {
        run: name,
        state,
        lengths,
        sums,
        seconds: seconds(),
        processorSeconds: processorSeconds(),
        end,
      },
      shapes,
      held,
    );
  };

  return {
    seconds,
    processorSeconds,
    write(record) {
      held();
      if (record.kind === "checkpoint") save(record.state);
      else if (record.kind === "end") save(record.state, endFacts(record));
      else appendRecord(record);
    },
    finish(summary) {
      held();
      writeSummary(directory, { ...summary, files: Object.fromEntries(parts()) }, config, held);
    },
  };
}

/** Removes temporary files of killed or frozen processes, so that these can no longer rename them. */
function removeTemporaries(directory: string): void {
  for (const file of readdirSync(directory))
    if (file.endsWith(TEMPORARY))
      onDisk(join(directory, file), () => rmSync(join(directory, file), { force: true, recursive: true }));
}

/** Makes a folder and those above it. (Node's option `recursive` reports ENOENT where the disk is read-only.) */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    // Another process may have made the folder meanwhile. If it is not a folder, writing the first file in it will
    // fail.
    if (!existsSync(path)) mkdirSync(path);
  }
}
