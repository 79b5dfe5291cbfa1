import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { LabError } from "../errors.js";
import { runName, runsDirectory } from "../runs/store.js";
import { keepStudy } from "../studies/shelf.js";
import { fromAnywhere, workIn } from "../studies/work.js";
import { interruptible } from "./interrupt.js";
import { findStudy } from "./study.js";
import { trainAll, type TrainingFlags } from "./train.js";

export interface WorkerFlags extends TrainingFlags {
  /** Files or names of the studies whose runs are trained. Default: all studies in the folder of runs. */
  readonly study?: readonly string[];
  /** Whether to wait for more runs when everything is complete. */
  readonly stay?: boolean;
}

/** Seconds between two searches for new studies. */
const LOOK = 30;

/**
 * Runs `mast worker`: trains the runs of a folder that no other worker trains, on this machine or others. It ends when
 * all runs are complete, unless it is to stay. Runs that failed in this process are not tried again.
 */
export async function workerCommand(flags: WorkerFlags): Promise<void> {
  const names = flags.study?.map((file) => {
    const found = findStudy(file, flags);
    return keepStudy(found, flags.runs).replace(/^.*[/\\]|\.json$/g, "");
  });
  const failed = new Set<string>();
  const said = new Set<string>();
  let trained = 0;
  for (let first = true; ; first = false) {
    const { configs, label, problems } = workIn(flags.runs, names);
    if (first) console.error(`Process ${process.pid} on ${hostname()} works in ${runsDirectory(flags.runs)}.`);
    for (const line of problems) if (!said.has(line)) process.stderr.write(`${line}\n`);
    problems.forEach((line) => said.add(line));
    const open = configs.filter((config) => !failed.has(runName(config)));
    if (open.length > 0) {
      const outcomes = await trainAll(fromAnywhere(open), flags, { label });
      for (const { state, name } of outcomes) if (state === "failed") failed.add(name);
      trained += outcomes.filter(({ state }) => state === "complete").length;
      if (outcomes.some(({ state }) => state === "stopped")) return;
    } else if (flags.stay === true) {
      if (!(await waitForMore())) return;
    } else {
      console.log(
        trained === 0 && failed.size === 0
          ? "All runs are complete: there is nothing to do."
          : `${failed.size === 0 ? "All runs are complete" : `${failed.size} runs failed, all others are complete`}.`,
      );
      if (failed.size > 0)
        throw new LabError(
          `Not complete: ${[...failed].slice(0, 5).join(", ")}${failed.size > 5 ? " and others" : ""}. Start a worker again to retry them.`,
        );
      return;
    }
  }
}

/** Waits; returns whether the time has passed without an interrupt. */
async function waitForMore(): Promise<boolean> {
  const interrupted = interruptible();
  try {
    await pause(1000 * LOOK, undefined, { signal: interrupted.signal });
    return true;
  } catch {
    return false;
  } finally {
    interrupted.end();
  }
}
