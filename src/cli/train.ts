import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { changeConfig, type Config } from "../config.js";
import { runAll, type RunAllOptions, type RunOutcome } from "../runs/run-all.js";
import { methodLabel } from "../figures/labels.js";
import { clock } from "../figures/table.js";
import { scoreStatistics, scoreText } from "../results/scores.js";
import { checkpointStep, type StoredRun } from "../runs/store.js";
import { interruptible } from "./interrupt.js";
import { progressDisplay } from "./progress.js";

/** Options of every command that trains. */
export interface TrainingFlags {
  readonly workers?: number;
  readonly runs?: string;
  readonly checkpointEvery?: number;
}

/**
 * Trains with progress on the terminal; Ctrl-C, SIGTERM and SIGHUP stop every run with a checkpoint, and a second one at once.
 * @returns the outcomes; the exit code is set when some are not complete
 */
export async function trainAll(configs: readonly Config[], flags: TrainingFlags, options: Pick<RunAllOptions, "label" | "seedOf" | "wait"> = {}): Promise<RunOutcome[]> {
  const display = progressDisplay(flags.workers ?? availableParallelism());
  const interrupted = interruptible();
  try {
    const outcomes = await runAll(configs, {
      signal: interrupted.signal,
      onProgress: display.update,
      onDevice: ({ name, passedOver }) => [`TensorFlow.js on ${name}`, ...passedOver.map((line) => `  ${line}`)].forEach(display.say),
      onNote: display.say,
      ...options,
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      ...(flags.runs === undefined ? {} : { runs: flags.runs }),
      ...(flags.checkpointEvery === undefined ? {} : { checkpointEvery: flags.checkpointEvery }),
    });
    display.stop();
    reportUnfinished(outcomes, interrupted.code(), options.label);
    return outcomes;
  } finally {
    display.stop();
    interrupted.end();
  }
}

/** One line for each run that did not come to its end, and an exit code: `code` when they were interrupted. */
function reportUnfinished(outcomes: readonly RunOutcome[], code: number, label?: RunAllOptions["label"]): void {
  for (const { state, name, config, error } of new Set(outcomes)) {
    if (state !== "failed") continue;
    const message = error!.message;
    process.stderr.write(`${label !== undefined ? `${label(config)}: ${message}` : message.includes(name) ? message : `${name}: ${message}`}\n`);
    if (process.env["MAST_DEBUG"]) process.stderr.write(`${error!.stack}\n`);
    process.exitCode = 1;
  }
  const stopped = outcomes.filter(({ state }) => state === "stopped");
  if (stopped.length === 0) return;
  // A run that was stopped before its first checkpoint begins anew.
  const steps = stopped.flatMap(({ run }) => (run === undefined ? [] : checkpointStep(run.directory) ?? []));
  const at = steps.length === 0 ? "before the first checkpoint" : `with a checkpoint at step ${steps.map((step) => step.toLocaleString("en")).join(" and ")}`;
  process.stderr.write(`Stopped ${at}. The same command goes on from there.\n`);
  process.exitCode = code;
}

/** `mast train`: prints what became of each run. */
export async function trainCommand(config: Config, flags: TrainingFlags & { readonly seeds?: number }): Promise<void> {
  const configs = Array.from({ length: flags.seeds ?? 1 }, (_, i) => changeConfig(config, { seed: config.seed + i }));
  // One that another process trains is refused at once; of several, the others are trained meanwhile.
  const outcomes = await trainAll(configs, flags, { seedOf: methodLabel, wait: configs.length > 1 });
  for (const { run } of outcomes) {
    if (run?.summary === undefined) continue;
    const { score, steps, seconds, stepsPerSecond } = run.summary;
    console.log(`${basename(run.directory)}: score ${(100 * score).toFixed(1)} % (${scoreText([run])}) after ${steps.toLocaleString("en")} steps, ${clock(seconds)} (${Math.round(stepsPerSecond).toLocaleString("en")} steps/s)`);
    console.log(`  ${run.directory}`);
  }
  const complete = outcomes.flatMap(({ run }) => (run?.summary === undefined ? [] : run));
  if (complete.length > 1) seedsLines(complete, configs.length).forEach((line) => console.log(line));
}

/** Mean, spread and interval of the seeds that are complete. */
function seedsLines(runs: readonly StoredRun[], all: number): string[] {
  const { mean, deviation, iqm, iqmLow, iqmHigh, seeds } = scoreStatistics(runs);
  const percent = (share: number): string => (100 * share).toFixed(1);
  return [
    `${seeds === all ? `${seeds} seeds` : `${seeds} of ${all} seeds`}: score ${percent(mean)} % ± ${percent(deviation)} (mean ± standard deviation)`,
    `  interquartile mean ${percent(iqm)} %, 95 % interval ${percent(iqmLow)} to ${percent(iqmHigh)} %`,
  ];
}
