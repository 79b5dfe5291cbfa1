import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunSummary } from "../results/store.js";
import type { EndRecord, TrainState } from "../training/records.js";

/** The numbers of a run that is over. */
export function summarise(end: Omit<EndRecord, "kind" | "state">, state: TrainState, seconds: number): RunSummary {
  const commit = currentCommit();
  return {
    score: end.score,
    winRates: state.progress.evaluations,
    steps: end.step,
    episodes: end.episode,
    updates: end.update,
    seconds,
    stepsPerSecond: end.step / seconds,
    parameters: countParameters(state),
    ...(commit === undefined ? {} : { commit }),
    finished: new Date().toISOString(),
  };
}

/** Parameters that are not pruned, of agents and mixer, biases included. */
function countParameters({ tensors, masks }: TrainState): number {
  let count = 0;
  tensors.forEach((values, key) => {
    if (!key.startsWith("online.")) return;
    const mask = masks.get(key.slice("online.".length));
    count += mask === undefined ? values.length : mask.reduce((sum, entry) => sum + entry, 0);
  });
  return count;
}

/** The commit of this code, with "+" when tracked files were changed since; undefined outside of git. */
function currentCommit(): string | undefined {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: dirname(fileURLToPath(import.meta.url)), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+");
  } catch {
    return undefined;
  }
}
