import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.js";
import { readJson, RunError, writeAtomically } from "./disk.js";
import type { Part } from "./growing-file.js";
import { canonical } from "./run-files.js";
import { firstFault, summarySchema } from "./schemas.js";

/** Name of the file with a complete run's summary. */
export const SUMMARY = "summary.json";

/** Summary of a complete run, its summary.json. */
export interface RunSummary {
  /**
   * The paper's score: the mean win rate of the last `evaluation.window` evaluations, 0..1, or their mean return where
   * `evaluation.score` is "return".
   */
  readonly score: number;
  /** Win rate of each evaluation, oldest first; absent where the score is a return. */
  readonly winRates?: readonly number[];
  /** Mean return of each evaluation, oldest first; only where the score is a return. */
  readonly returns?: readonly number[];
  /** Environment steps of training; the last episode may have gone beyond `config.steps`. */
  readonly steps: number;
  /** Training episodes. */
  readonly episodes: number;
  /** Gradient updates. */
  readonly updates: number;
  /**
   * Wall-clock seconds of training over all resumes, including time that the machine spent on other work. In a run that
   * continues another they count, like steps and updates, from the other's beginning.
   */
  readonly seconds: number;
  /**
   * Processor seconds of the training thread over all resumes; absent for vectorised runs and where the system does not
   * report them.
   */
  readonly processorSeconds?: number;
  /** Environment steps a second, training and evaluation included. */
  readonly stepsPerSecond: number;
  /** Parameters of the online networks that are not pruned, biases included. */
  readonly parameters: number;
  /**
   * Cost of the networks by the paper's equations 8 to 24: weights and biases that training holds, and floating point
   * operations of one update and of one step of acting.
   */
  readonly cost: RunCost & {
    /** The same figures divided by those of the dense networks. */
    readonly relative: RunCost;
  };
  /** The device that computed the networks and the number of vectorised runs; absent for the sparse engine. */
  readonly device?: string;
  /**
   * The kernels of the sparse engine at the end of the run, for example "native, AVX2"; all kernels give the same
   * numbers. Absent in runs of older versions.
   */
  readonly kernels?: string;
  /**
   * Episodes of training and evaluations that were discarded because the environment failed, and its last failure;
   * absent where there were none.
   */
  readonly lost?: {
    /** Number of these episodes. */
    readonly episodes: number;
    /** Message of the last failure. */
    readonly last: string;
  };
  /** Commit of the code that finished the run, with "+" when files had been changed; absent without git. */
  readonly commit?: string;
  /** Time at which the run was completed, ISO 8601. */
  readonly finished: string;
  /** Length and checksum of each growing file, by which a complete run is checked; absent in runs of older versions. */
  readonly files?: Readonly<Record<string, Part>>;
  /** SHA-256 of the configuration and of everything else in this summary. */
  readonly sha256?: string;
}

/** The columns of the paper's Table 1. */
export interface RunCost {
  /** Weights and biases that training holds, target networks included: column "Total Size". */
  readonly totalSize: number;
  /** Floating point operations of one update: column "FLOPs (Train)". */
  readonly trainFlops: number;
  /** Floating point operations of one step of acting: column "FLOPs (Test)". */
  readonly inferenceFlops: number;
}

/**
 * Returns the series from which a complete run's score is computed: the win rate of each evaluation, or its mean return
 * where `evaluation.score` is "return", oldest first.
 */
export function scoredSeries({ winRates, returns }: Pick<RunSummary, "winRates" | "returns">): readonly number[] {
  return returns ?? winRates ?? [];
}

/**
 * Writes the summary of a run, which is complete from then on.
 * @param held called before the file is put in its place; it throws when this process has lost the run
 */
export function writeSummary(directory: string, summary: RunSummary, config: Config, held: () => void): void {
  const whole = { ...summary, sha256: summaryDigest(summary, config) };
  writeAtomically(join(directory, SUMMARY), `${JSON.stringify(whole, null, 2)}\n`, held);
}

/**
 * Reads the summary of a complete run; undefined for any other.
 * @throws {RunError} when it is damaged
 */
export function readSummary(directory: string, config: Config): RunSummary | undefined {
  const path = join(directory, SUMMARY);
  if (!existsSync(path)) return undefined;
  const read = summarySchema.safeParse(readJson(path));
  const refuse = (why: string): never => {
    throw new RunError(
      `${path} ${why}: put a good copy in its place, or remove it, and the same command completes the run again.`,
    );
  };
  if (!read.success) return refuse(`is not a summary of a run (${firstFault(read.error)})`);
  const summary: RunSummary = read.data;
  if (summary.sha256 !== undefined && summary.sha256 !== summaryDigest(summary, config))
    return refuse("is not what the run ended with: it, or the config.json beside it, was changed");
  return summary;
}

/** The digest covers the configuration too, so that neither file can be changed or exchanged alone. */
function summaryDigest(summary: object, config: Config): string {
  return createHash("sha256")
    .update(canonical({ config, summary: { ...summary, sha256: undefined } }))
    .digest("hex");
}
