import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { changeConfig, type Config, type ConfigInput, resolveConfig } from "../config.js";
import { LabError } from "../errors.js";
import { runAll, type RunAllOptions, type RunOutcome } from "../runs/run-all.js";
import { methodLabel } from "../figures/labels.js";
import { clock, tableText } from "../figures/table.js";
import { declareStudy } from "../studies/study.js";
import type { AskedFor } from "./config-options.js";
import { MEASURES, measureOf } from "../results/measure.js";
import { scoreStatistics, scoreText } from "../results/scores.js";
import { checkpointStep, type StoredRun } from "../runs/store.js";
import { refuseSlurmOptions, type SlurmFlags, slurmSettings, trainOnSlurm } from "./slurm.js";
import { interruptible } from "./interrupt.js";
import { networkPlan } from "../training/plan.js";
import { algorithmOf } from "../parts/algorithm.js";
import { algorithmTitle } from "../methods.js";
import { progressDisplay } from "./progress.js";
import { scoreMeasure } from "../training/score.js";

/** Options of every command that trains. */
export interface TrainingFlags {
  readonly workers?: number;
  readonly runs?: string;
  readonly checkpointEvery?: number;
  readonly threads?: number;
}

/**
 * Trains with progress on the terminal. Ctrl-C, SIGTERM and SIGHUP stop every run with a checkpoint; a second signal
 * ends the process at once.
 * @returns the outcomes; the exit code is set when some are not complete
 */
export async function trainAll(
  configs: readonly Config[],
  flags: TrainingFlags,
  options: Pick<RunAllOptions, "label" | "seedOf" | "wait"> = {},
): Promise<RunOutcome[]> {
  sayKept(configs);
  const display = progressDisplay(
    flags.workers ?? Math.max(1, Math.floor(availableParallelism() / (flags.threads ?? 1))),
  );
  const interrupted = interruptible();
  try {
    const outcomes = await runAll(configs, {
      signal: interrupted.signal,
      onProgress: display.update,
      onDevice: ({ name, passedOver }) =>
        [`TensorFlow.js on ${name}`, ...passedOver.map((line) => `  ${line}`)].forEach(display.say),
      onNote: display.say,
      ...options,
      workers: flags.workers,
      runs: flags.runs,
      checkpointEvery: flags.checkpointEvery,
      threads: flags.threads,
    });
    display.stop();
    reportUnfinished(outcomes, interrupted.code(), options.label);
    return outcomes;
  } finally {
    display.stop();
    interrupted.end();
  }
}

/** Prints a line for each run that did not reach its end, and sets the exit code: `code` if they were interrupted. */
function reportUnfinished(outcomes: readonly RunOutcome[], code: number, label?: RunAllOptions["label"]): void {
  for (const { state, name, config, error } of new Set(outcomes)) {
    if (state !== "failed") continue;
    const message = error!.message;
    process.stderr.write(
      `${label !== undefined ? `${label(config)}: ${message}` : message.includes(name) ? message : `${name}: ${message}`}\n`,
    );
    if (process.env["MAST_DEBUG"]) process.stderr.write(`${error!.stack}\n`);
    process.exitCode = 1;
  }
  const stopped = outcomes.filter(({ state }) => state === "stopped");
  if (stopped.length === 0) return;
  // A run that was stopped before its first checkpoint starts from the beginning.
  const steps = stopped.flatMap(({ run }) => (run === undefined ? [] : (checkpointStep(run.directory) ?? [])));
  const at =
    steps.length === 0
      ? "before the first checkpoint"
      : `with a checkpoint at step ${steps.map((step) => step.toLocaleString("en")).join(" and ")}`;
  process.stderr.write(`Stopped ${at}. The same command continues from there.\n`);
  process.exitCode = code;
}

/** Runs `mast train`: prints the outcome of each run, and for several settings a table. */
export async function trainCommand(
  { base, grid }: AskedFor,
  flags: TrainingFlags & SlurmFlags & { readonly seeds?: number },
): Promise<void> {
  if (flags.on !== "slurm") refuseSlurmOptions(flags);
  else if (flags.threads !== undefined)
    throw new LabError("--threads is for runs of this machine: each element of a job array computes on one core.");
  const { seed: given, ...varied } = grid;
  if (given !== undefined && flags.seeds !== undefined)
    throw new LabError("--seed names the seeds and --seeds counts them: give one of the two.");
  if (Object.keys(varied).length > 0) return trainGrid(base, varied, given ?? flags.seeds, flags);
  const config = resolveConfig({ ...base, seed: (given?.[0] as number | undefined) ?? base.seed });
  const configs =
    given === undefined
      ? Array.from({ length: flags.seeds ?? 1 }, (_, i) => changeConfig(config, { seed: config.seed + i }))
      : given.map((seed) => changeConfig(config, { seed: seed as number }));
  if (flags.on === "slurm") return submitRuns(configs, methodLabel, flags);
  // A single run that another process trains is refused at once; with several runs the others are trained meanwhile.
  const outcomes = await trainAll(configs, flags, { seedOf: methodLabel, wait: configs.length > 1 });
  sayWhatBecame(outcomes);
  const complete = outcomes.flatMap(({ run }) => (run?.summary === undefined ? [] : run));
  if (complete.length > 1) seedsLines(complete, configs.length).forEach((line) => console.log(line));
}

/** Trains every combination of fields with several values, and prints a comparison. */
async function trainGrid(
  base: ConfigInput,
  grid: AskedFor["grid"],
  seeds: number | readonly unknown[] | undefined,
  flags: TrainingFlags & SlurmFlags,
): Promise<void> {
  const study = declareStudy(
    {
      id: "train",
      title: "Trained",
      base: base as Record<string, unknown>,
      grid: grid as Record<string, unknown[]>,
      seeds: seeds as number | number[],
    },
    { name: "mast train", runs: flags.runs },
  );
  const configs = study.configs(study.profile);
  if (flags.on === "slurm") return submitRuns(configs, study.label, flags);
  const severalSeeds = new Set(configs.map(({ seed }) => seed)).size > 1;
  const outcomes = await trainAll(configs, flags, {
    label: (config) => (severalSeeds ? `${study.label(config)} seed ${config.seed}` : study.label(config)),
    seedOf: study.label,
  });
  sayWhatBecame(outcomes);
  const complete = outcomes.flatMap(({ run }) => (run?.summary === undefined ? [] : run));
  if (complete.length > 0) console.log(`\n${tableText(study.reduce(complete).table)}`);
}

/** Submits runs as a job array; `mast runs` shows their progress. */
export function submitRuns(
  configs: readonly Config[],
  label: (config: Config) => string,
  flags: TrainingFlags & SlurmFlags,
): void {
  trainOnSlurm(
    {
      name: "train",
      configs,
      label,
      settings: slurmSettings({}, flags),
      runs: flags.runs,
    },
    flags,
  );
}

/** Prints a line for each complete run, and its folder. */
export function sayWhatBecame(outcomes: readonly RunOutcome[]): void {
  for (const { run } of outcomes) {
    if (run?.summary === undefined) continue;
    const { score, steps, seconds, stepsPerSecond } = run.summary;
    const { text, share, name } = MEASURES[scoreMeasure(run.config)];
    console.log(
      `${basename(run.directory)}: ${share ? "score" : name} ${text(score)} (${scoreText([run])}) after ${steps.toLocaleString("en")} steps, ${clock(seconds)} (${Math.round(stepsPerSecond).toLocaleString("en")} steps/s)`,
    );
    console.log(`  ${run.directory}`);
  }
}

/** Makes lines with mean, spread and interval of the complete seeds. */
function seedsLines(runs: readonly StoredRun[], all: number): string[] {
  const { mean, deviation, iqm, iqmLow, iqmHigh, seeds } = scoreStatistics(runs);
  const { text, number, share, name } = MEASURES[measureOf(runs)];
  return [
    `${seeds === all ? `${seeds} seeds` : `${seeds} of ${all} seeds`}: ${share ? "score" : name} ${text(mean)} ± ${number(deviation)} (mean ± standard deviation)`,
    `  interquartile mean ${text(iqm)}, 95 % interval ${number(iqmLow)} to ${text(iqmHigh)}`,
  ];
}

/** Checkpoints from this size on, in bytes, are announced. */
const LARGE_CHECKPOINT = 100_000_000;

/** Announces how large checkpoints can become if they contain the episodes themselves. */
function sayKept(configs: readonly Config[]): void {
  for (const environment of new Set(configs.map((config) => config.environment))) {
    const most = Math.max(
      ...configs.filter((config) => config.environment === environment).map((config) => networkPlan(config).keptBytes),
    );
    if (most === 0) continue;
    const config = configs.find((one) => one.environment === environment)!;
    const [deterministic, transitions] = [
      networkPlan(config).deterministic,
      algorithmOf(config).learnsFrom === "transitions",
    ];
    if (!deterministic)
      process.stderr.write(`${environment} is not deterministic: the same command may train a different team.\n`);
    if (most < LARGE_CHECKPOINT) continue;
    const why = transitions
      ? `${algorithmTitle(config.algorithm, config.parts)} learns from transitions: these`
      : `${environment} is not deterministic: its episodes`;
    process.stderr.write(
      `${why} take memory and are part of each checkpoint, up to ${Math.round(most / 1e6).toLocaleString("en")} MB; a smaller replay.offlineCapacity keeps fewer.\n`,
    );
  }
}
