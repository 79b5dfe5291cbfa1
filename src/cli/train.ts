import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { changeConfig, type Config } from "../config.js";
import type { RunOptions } from "../runs/run.js";
import { runAll, type RunOutcome } from "../runs/run-all.js";
import { methodLabel } from "../figures/labels.js";
import { clock } from "../figures/table.js";
import { scoreText } from "../results/scores.js";
import { readRunCheckpoint } from "../runs/store.js";
import { progressDisplay } from "./progress.js";

/** Exit code of a process that SIGINT ended, by convention. */
export const INTERRUPTED = 130;

/** Options of every command that trains. */
export interface TrainingFlags {
  readonly workers?: number;
  readonly runs?: string;
  readonly checkpointEvery?: number;
}

/**
 * Trains with progress on the terminal; Ctrl-C stops every run with a checkpoint, and a second one at once.
 * @returns the outcomes; the exit code is set when some are not complete
 */
export async function trainAll(configs: readonly Config[], flags: TrainingFlags, names: Pick<RunOptions, "label" | "group"> = {}): Promise<RunOutcome[]> {
  const controller = new AbortController();
  const display = progressDisplay(flags.workers ?? availableParallelism());
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const outcomes = await runAll(configs, {
      signal: controller.signal,
      onProgress: display.update,
      onDevice: ({ name, passedOver }) => [`TensorFlow.js on ${name}`, ...passedOver.map((line) => `  ${line}`)].forEach(display.say),
      ...names,
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      ...(flags.runs === undefined ? {} : { runs: flags.runs }),
      ...(flags.checkpointEvery === undefined ? {} : { checkpointEvery: flags.checkpointEvery }),
    });
    display.stop();
    reportUnfinished(outcomes, names.label);
    return outcomes;
  } finally {
    display.stop();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** One line for each run that did not come to its end, and an exit code. */
function reportUnfinished(outcomes: readonly RunOutcome[], label?: RunOptions["label"]): void {
  for (const { state, name, config, error } of new Set(outcomes)) {
    if (state !== "failed") continue;
    const message = error!.message;
    process.stderr.write(`${label !== undefined ? `${label(config)}: ${message}` : message.includes(name) ? message : `${name}: ${message}`}\n`);
    if (process.env["MAST_DEBUG"]) process.stderr.write(`${error!.stack}\n`);
    process.exitCode = 1;
  }
  const stopped = outcomes.filter(({ state }) => state === "stopped");
  if (stopped.length === 0) return;
  const begun = stopped.filter(({ run }) => run !== undefined).map(({ run }) => readRunCheckpoint(run!.directory).state.progress.step.toLocaleString("en"));
  const at = begun.length === 0 ? "before the first step" : `with a checkpoint at step ${begun.join(" and ")}`;
  process.stderr.write(`Stopped ${at}. The same command goes on from there.\n`);
  process.exitCode = INTERRUPTED;
}

/** `mast train`: prints what became of each run. */
export async function trainCommand(config: Config, flags: TrainingFlags & { readonly seeds?: number }): Promise<void> {
  const configs = Array.from({ length: flags.seeds ?? 1 }, (_, i) => changeConfig(config, { seed: config.seed + i }));
  const outcomes = await trainAll(configs, flags, { group: methodLabel });
  for (const { run } of outcomes) {
    if (run?.summary === undefined) continue;
    const { score, steps, seconds, stepsPerSecond } = run.summary;
    console.log(`${basename(run.directory)}: score ${(100 * score).toFixed(1)} % (${scoreText([run])}) after ${steps.toLocaleString("en")} steps, ${clock(seconds)} (${Math.round(stepsPerSecond).toLocaleString("en")} steps/s)`);
    console.log(`  ${run.directory}`);
  }
}
