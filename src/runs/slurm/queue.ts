import { execFileSync } from "node:child_process";
import { hostname } from "node:os";
import { LabError } from "../../errors.js";
import { didYouMean, plain, show } from "../../messages.js";
import { type SlurmSettings, slurmSeconds } from "./settings.js";

/** An element of an array in Slurm's queue. */
export interface Queued {
  /** Job of the array. */
  readonly job: string;
  readonly element: number;
  /** State in Slurm's words: "PENDING", "RUNNING", ... */
  readonly state: string;
  /** Name of the job. */
  readonly name: string;
  /** Why the element waits, in Slurm's words. */
  readonly reason: string;
}

/** Limits of a cluster. */
export interface Cluster {
  /** Largest size of an array: numbers of elements are smaller than this. */
  readonly arraySize: number;
  /** Whether the cluster has machines other than this one. */
  readonly elsewhere: boolean;
}

/**
 * Runs a command of Slurm and returns its output.
 * @throws {LabError} in one line when the command is not installed, or with its own message when it fails
 */
export function slurm(command: string, args: readonly string[], what: string): string {
  try {
    return execFileSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 2 ** 28,
      timeout: 120_000,
    });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === "ENOENT")
      throw new LabError(
        `${command} is not there: run this on a machine of a Slurm cluster (its login node), or leave out --on slurm.`,
      );
    if (code === "ETIMEDOUT")
      throw new LabError(
        `${what}: ${command} has not answered for two minutes: is the cluster's controller up? (\`scontrol ping\`)`,
      );
    throw new LabError(
      `${what}: ${plain((stderr ?? (error as Error).message).replace(/^\w+: (error: )?/gm, ""), 300) || `${command} failed`}`,
    );
  }
}

/**
 * Asks the cluster for its limits before anything is submitted.
 * @throws {LabError} when there is no Slurm or no such partition, or when the time exceeds the partition's limit
 */
export function checkCluster({ partition, time }: SlurmSettings): Cluster {
  const lines = slurm("sinfo", ["-h", "-o", "%R|%l|%D|%n"], "The cluster does not answer")
    .trim()
    .split("\n")
    .filter((line) => line !== "");
  const partitions = new Map(lines.map((line) => [line.split("|")[0], line.split("|")[1]]));
  if (partition !== undefined) {
    for (const name of partition.split(",")) {
      if (partitions.has(name)) continue;
      throw new LabError(
        `The cluster has no partition ${show(name)}; ${didYouMean(name, [...partitions.keys()])}there are: ${[...partitions.keys()].join(", ")}.`,
      );
    }
    const most = partition
      .split(",")
      .map((name) => partitions.get(name)!)
      .filter((limit) => /^\d/.test(limit))
      .map((limit) => [limit, slurmSeconds(limit)] as const)
      .sort((a, b) => b[1] - a[1])[0];
    if (
      time !== undefined &&
      most !== undefined &&
      partition.split(",").every((name) => /^\d/.test(partitions.get(name)!)) &&
      slurmSeconds(time) > most[1]
    ) {
      throw new LabError(
        `Partition ${partition} gives jobs at most ${most[0]}, and ${time} was asked for: give less time; runs go on in the next job.`,
      );
    }
  }
  const size = /^MaxArraySize\s*=\s*(\d+)/m.exec(
    slurm("scontrol", ["show", "config"], "The cluster does not answer"),
  )?.[1];
  const own = new Set([hostname(), hostname().split(".")[0], "localhost"]);
  return { arraySize: Number(size ?? 1001), elsewhere: lines.some((line) => !own.has(line.split("|")[3])) };
}

/**
 * Lists the user's elements in the queue, for display and to know which runs are queued already. The outcome of a run
 * is read from its files instead.
 */
export function queued(): Queued[] {
  const lines = slurm("squeue", ["-h", "-r", "--me", "-o", "%F|%K|%T|%j|%r"], "The queue cannot be read")
    .trim()
    .split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [job = "", element = "", state = "", name = "", reason = ""] = line.split("|");
      return { job, element: Number(element), state, name, reason };
    });
}
