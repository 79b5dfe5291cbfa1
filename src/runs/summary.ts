import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import type { Config } from "../config.js";
import type { NativeKernels } from "../host.js";
import type { RunSummary } from "./store.js";
import { kernelsName } from "../networks/sparse/kernels.js";
import { packageRoot } from "../node/project.js";
import { relativeCost } from "../sparse/flops.js";
import { countNonzeros } from "../sparse/mask.js";
import type { EndRecord, TrainState } from "../training/records.js";
import { scoreMeasure } from "../training/score.js";
import { networkPlan } from "../training/plan.js";

/**
 * How long training took, over all resumes: on the clock, and where the system tells it on the processor, in seconds.
 */
export type RunTimes = Pick<RunSummary, "seconds" | "processorSeconds">;

/**
 * The numbers of a run that is over.
 * @param computed.native the native kernels that computed it, null for those in WebAssembly
 * @param computed.device what computed its networks, if not the sparse engine
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
    ...(processorSeconds === undefined ? {} : { processorSeconds }),
    stepsPerSecond: end.step / seconds,
    parameters: countParameters(state),
    cost: runCost(config),
    ...(device === undefined ? {} : { device }),
    ...(config.engine === "sparse" ? { kernels: kernelsName(native) } : {}),
    ...(commit === undefined ? {} : { commit }),
    ...(state.progress.lost && { lost: state.progress.lost }),
    finished: new Date().toISOString(),
  };
}

/**
 * What its networks cost by the paper's equations, and relative to the dense ones of full width. Topology evolution
 * changes no count.
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

/** Parameters of the online networks that are not pruned, biases included. */
function countParameters({ tensors, masks }: TrainState): number {
  let count = 0;
  tensors.forEach((values, key) => {
    if (!key.startsWith("online.")) return;
    const mask = masks.get(key.slice("online.".length));
    count += mask === undefined ? values.length : countNonzeros(mask);
  });
  return count;
}

/** Results that were added to the committed ones change nothing that is trained. */
const RESULTS = [":(exclude)data/results", ":(exclude)figures"];

/**
 * The commit of this code, with "+" when tracked files but results were changed since; undefined where the project is
 * no repository of its own, as when it was installed into another one, whose commit says nothing about it.
 */
export function currentCommit(project = packageRoot()): string | undefined {
  // Hooks and tools set GIT_DIR and the like, which would name another repository.
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
