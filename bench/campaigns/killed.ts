import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

/** The task of a campaign's process: to train a run, and to end in the middle of a file operation. */
export interface KilledTask {
  readonly runs: string;
  readonly input: object;
  /**
   * The operation on the runs' files, counted from 1, at which it ends, and where in that operation; without it, the
   * run continues to its end.
   */
  readonly at?: { readonly operation: number; readonly when: When; readonly signal: "SIGKILL" | "SIGSTOP" };
}

/** When to end, relative to the operation; "half" stops a write in the middle of its bytes. */
export type When = "before" | "half" | "after";

const { runs, input, at } = JSON.parse(process.argv[2]) as KilledTask;
const real = { ...fs };
/** Paths of the open files that belong to the runs, by descriptor. */
const open = new Map<number, string>();
let count = 0;

/**
 * Names the file of an operation: "metrics.csv", "checkpoint.safetensors", ...; a temporary file has the name of the
 * file that it becomes.
 */
function fileOf(target: unknown): string | undefined {
  const path =
    typeof target === "number"
      ? open.get(target)
      : typeof target === "string" && target.startsWith(runs)
        ? target
        : undefined;
  return path === undefined
    ? undefined
    : path === runs || !basename(path).includes(".")
      ? "folder"
      : basename(path)
          .replace(/\.\d+\.[0-9a-f]{12}\.tmp$/, "")
          .replace(/^lease\.\d+$/, "lease");
}

function stop(signal: "SIGKILL" | "SIGSTOP"): void {
  process.kill(process.pid, signal);
  // The signal takes a moment, in which nothing else may happen. A process that is continued after SIGSTOP resumes at
  // this point.
  const end = performance.now() + (signal === "SIGKILL" ? 60_000 : 300);
  while (performance.now() < end);
}

/** Makes a function of node:fs end this process where the task says so. */
function watch(
  name: "openSync" | "writeFileSync" | "fsyncSync" | "closeSync" | "renameSync" | "linkSync" | "rmSync" | "mkdirSync",
): void {
  const call = real[name] as (...args: unknown[]) => unknown;
  (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]): unknown => {
    // Opening a file for reading does not change the disk.
    const file = name === "openSync" && (args[1] === "r" || args[1] === undefined) ? undefined : fileOf(args[0]);
    const now = file !== undefined && ++count === at?.operation;
    if (now) real.writeSync(1, `${name.replace("Sync", "")} ${file}\n`);
    if (now && at.when === "before") stop(at.signal);
    if (now && at.when === "half" && name === "writeFileSync") {
      const bytes = Buffer.from(args[1] as string | Uint8Array);
      call(args[0], bytes.subarray(0, bytes.length >> 1));
      stop(at.signal);
      call(args[0], bytes.subarray(bytes.length >> 1));
      return undefined;
    }
    const result = call(...args);
    if (name === "openSync" && typeof args[0] === "string" && args[0].startsWith(runs))
      open.set(result as number, args[0]);
    if (name === "closeSync") open.delete(args[0] as number);
    if (now && at.when !== "before") stop(at.signal);
    return result;
  };
}

for (const name of [
  "openSync",
  "writeFileSync",
  "fsyncSync",
  "closeSync",
  "renameSync",
  "linkSync",
  "rmSync",
  "mkdirSync",
] as const)
  watch(name);
syncBuiltinESMExports();

// It is imported only now, so that its calls of node:fs are watched from the first one on.
const { runOne } = await import("../../src/runs/run.js");
const { resolveConfig } = await import("../../src/config.js");
try {
  const { state } = await runOne(resolveConfig(input), { runs, checkpointEvery: -1 });
  real.writeSync(1, `${state} after ${count} operations\n`);
} catch (error) {
  real.writeSync(2, `${(error as Error).name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
