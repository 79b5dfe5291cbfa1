import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import type { Config } from "../config.js";
import type { NativeKernels } from "../host.js";
import type { RunSummary } from "./summary-file.js";
import { kernelsName } from "../networks/sparse/kernels.js";
import { packageRoot } from "../node/project.js";
import { relativeCost } from "../sparse/flops.js";
import { countNonzeros } from "../sparse/mask.js";
import type { EndRecord, TrainState } from "../training/records.js";
import { scoreMeasure } from "../training/score.js";
import { networkPlan } from "../training/plan.js";

/**
 * Duration of training over all resumes in seconds, by the clock and, where the system reports it, by the processor.
 */
export type RunTimes = Pick<RunSummary, "seconds" | "processorSeconds">;

/**
 * Summarises a run that has ended.
 * @param computed.native the native kernels that computed the run, null for kernels in WebAssembly
 * @param computed.device the device that computed the networks, if it was not the sparse engine
 */
export function summarise(
  config: Config,
  end: Pick<EndRecord, "step" | "episode" | "update" | "score">,
  state: TrainState,
  { seconds, processorSeconds }: RunTimes,
  { native, device }: { readonly native: NativeKernels | null; readonly device?: string | undefined },
): RunSummary {
  const commit = currentCommit();
  return {
    score: end.score,
    ...(scoreMeasure(config) === "return"
      ? { returns: state.progress.evaluations }
      : { winRates: state.progress.evaluations }),
    steps: end.step,
    episodes: end.episode,
    updates: end.update,
    seconds,
    processorSeconds,
    stepsPerSecond: end.step / seconds,
    parameters: countParameters(state),
    cost: runCost(config),
    device,
    ...(config.engine === "sparse" ? { kernels: kernelsName(native) } : {}),
    commit,
    lost: state.progress.lost,
    finished: new Date().toISOString(),
  };
}

/**
 * Computes the cost of a configuration's networks by the paper's equations, and relative to dense networks of full
 * width. Topology evolution does not change it.
 */
export function runCost(config: Config): RunSummary["cost"] {
  const { cost, dense } = networkPlan(config);
  const { totalSize, trainFlops, inferenceFlops } = cost;
  const relative = relativeCost(cost, dense.cost);
  return {
    totalSize,
    trainFlops,
    inferenceFlops,
    relative: {
      totalSize: relative.totalSize,
      trainFlops: relative.trainFlops,
      inferenceFlops: relative.inferenceFlops,
    },
  };
}

/** Counts the parameters of the online networks that are not pruned, biases included. */
function countParameters({ tensors, masks }: TrainState): number {
  let count = 0;
  tensors.forEach((values, key) => {
    if (!key.startsWith("online.")) return;
    const mask = masks.get(key.slice("online.".length));
    count += mask === undefined ? values.length : countNonzeros(mask);
  });
  return count;
}

/** New results in these folders do not change what is trained. */
const RESULTS = [":(exclude)data/results", ":(exclude)figures"];

/**
 * Returns the commit of this code, with "+" when tracked files other than results have been changed since. It is
 * undefined where the project is not a repository of its own, as when it was installed into another one.
 */
export function currentCommit(project = packageRoot()): string | undefined {
  // Git hooks and tools set variables such as GIT_DIR, which may name another repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "core.fsmonitor=false", ...args], {
      cwd: project,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    if (realpathSync(git("rev-parse", "--show-toplevel")) !== realpathSync(project)) return undefined;
    return (
      git("rev-parse", "--short=12", "HEAD") +
      (git("status", "--porcelain", "--untracked-files=no", "--", ".", ...RESULTS) === "" ? "" : "+")
    );
  } catch {
    return undefined;
  }
}
