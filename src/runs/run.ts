import { LabError } from "../errors.js";
import "../node/host.js";
import type { Config } from "../config.js";
import type { NativeKernels } from "../host.js";
import type { OpenEngine } from "../networks/engine.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createTransitionEngine } from "../networks/sparse/transition-engine.js";
import type { OpenTransitionEngine } from "../networks/transition-engine.js";
import { nativeKernels } from "../node/kernels.js";
import type { Shapes } from "./checkpoint.js";
import { RunError } from "./disk.js";
import { clearStaleLease } from "./lease.js";
import type { RunProgress } from "./progress.js";
import { checkSeconds, checkThreads } from "./options.js";
import { findSource, needsSource, readSource } from "./beginning.js";
import { directoryOf, readRun, runName, runOf, type StoredRun } from "./store.js";
import { openRun, type OpenRun } from "./open-run.js";
import { measuredBy, scoreMeasure } from "../training/score.js";
import { networkPlan } from "../training/plan.js";
import { engineOf, transitionEngineOf } from "../training/networks.js";
import { train } from "../training/train.js";
import { tryAlgorithm } from "../training/try-algorithm.js";
import { summarise } from "./summary.js";
import { timeLeft } from "./time-left.js";

/** Options of a run: what reports its progress, where it is kept, and what stops it. */
export interface RunOptions {
  /** Stops the run at the end of the present episode, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Called with the progress of a run and, as its second argument, the progress of all runs. */
  readonly onProgress?: (progress: RunProgress, all: readonly RunProgress[]) => void;
  /** Name of a run in progress reports. Default: the name of its folder. */
  readonly label?: (config: Config) => string;
  /**
   * Name of the setting that a run is one seed of; progress bars average the win rates of its seeds. Default: each run
   * by itself.
   */
  readonly seedOf?: (config: Config) => string;
  /** The folder of runs. Default: see `runsDirectory`. */
  readonly runs?: string;
  /** Seconds between checkpoints. Default: 30. */
  readonly checkpointEvery?: number;
  /** Called with the device that computes, before the first vectorised run begins. */
  readonly onDevice?: (device: Device) => void;
  /**
   * Number of threads that share the computation of a run on the sparse engine's native kernels: 1, 2 or 4. They change
   * its duration, but no bit of its result. Default: 1.
   */
  readonly threads?: number;
  /**
   * Called with lines that a person should read during the run, such as how much memory it needs or what it waits for.
   */
  readonly onNote?: (line: string) => void;
}

/** The device that computes the networks of tensorflow runs. */
export interface Device {
  /** Name of the device, for example "webgpu: NVIDIA H200, 8 vectorised runs". */
  readonly name: string;
  /** With backend "auto": for each faster backend, a line that says why it was not chosen. */
  readonly passedOver: readonly string[];
}

/**
 * Trains one configuration to its end in this thread. It begins the run, resumes it where it was interrupted, or
 * returns a complete run at once.
 *
 * @param options.token see `acquireLease`
 * @param options.computing makes the engine and names its device, instead of the engine of the config; see
 *   `runVectorised`
 * @returns the run, "complete", or "interrupted" when the signal stopped it
 * @throws {ConfigError} before a folder is made, when its networks cannot be built or what it begins with (a ticket's
 *   source, weights, an ancestor) cannot be used
 * @throws {RunTakenError} when another process works on it
 * @throws {LeaseLostError} when another process has taken it over
 * @throws {RunError} when its files are damaged, or writing fails
 * @throws {Error} when training fails, naming the last good checkpoint
 * @example const { summary } = await runOne(resolveConfig({ environment: "3m", steps: 50_000 }));
 */
export async function runOne(
  config: Config,
  options: RunOptions & { readonly token?: string; readonly computing?: Computing } = {},
): Promise<StoredRun> {
  const name = options.label?.(config) ?? runName(config);
  const report = (progress: Omit<RunProgress, "name">) =>
    options.onProgress?.({ name, ...progress }, [{ name, ...progress }]);
  const store = { runs: options.runs };
  checkSeconds("checkpointEvery", options.checkpointEvery);
  checkThreads(options.threads);
  const already = runOf(config, store);
  if (already?.state === "complete") {
    // A process that was killed after it had written the summary left its lease behind.
    clearStaleLease(already.directory);
    report(progressOf(already));
    return already;
  }
  const shapes = parameterShapes(config);
  await tryAlgorithm(config);
  const native = config.engine === "sparse" ? kernelsFor(options) : null;
  const { ancestor } = needsSource(config, store) ? findSource(config, store) : {};
  const { token, signal, onNote } = options;
  let run: OpenRun;
  try {
    run = await openRun(config, {
      ...store,
      shapes,
      ancestor,
      token,
      signal,
      onWait: onNote,
    });
  } catch (error) {
    // The run was stopped while it waited for another lease to end.
    if (!signal?.aborted || error instanceof RunError) throw error;
    return {
      name: runName(config),
      directory: directoryOf(config, store),
      config,
      state: "interrupted",
      step: 0,
      metrics: [],
    };
  }
  try {
    // Another process may have completed it in the meantime.
    if (readRun(run.directory).summary === undefined) await follow(run, config, report, { ...options, native });
  } finally {
    run.close();
  }
  const stored = readRun(run.directory);
  report(progressOf(stored));
  return stored;
}

/** The engine of a run's networks and its device. */
export interface Computing {
  /** Makes the engine that runs the networks. */
  readonly open: OpenEngine;
  /** Name of the device, for the run's summary. */
  readonly device: string;
}

/** Trains from the present state of the run and stores the records. */
async function follow(
  run: OpenRun,
  config: Config,
  report: (progress: Omit<RunProgress, "name">) => void,
  {
    signal,
    checkpointEvery,
    runs,
    computing,
    native,
    onNote,
  }: RunOptions & { readonly computing?: Computing; readonly native: NativeKernels | null },
): Promise<void> {
  const { resume, end } = run;
  // TensorFlow.js computes in threads of its own, and vectorised runs share this one.
  const times = () => ({
    seconds: run.seconds(),
    processorSeconds: config.engine === "sparse" ? run.processorSeconds() : undefined,
  });
  if (end !== undefined && resume !== undefined)
    return run.finish(summarise(config, end, resume, times(), { native, device: computing?.device }));
  let step = resume?.progress.step ?? 0;
  const measure = scoreMeasure(config);
  let last = resume?.progress.evaluations.at(-1);
  let checkpoint = resume === undefined ? undefined : step;
  // A checkpoint holds the weights and the topology of its run already.
  const source = resume === undefined ? readSource(config, { runs }, onNote) : {};
  const left = timeLeft(config.steps, step);
  const tell = (training = true) => {
    const seconds = run.seconds();
    const secondsLeft = training ? left(step, seconds) : undefined;
    report({
      step,
      steps: config.steps,
      state: "running",
      seconds,
      [measure === "return" ? "episodeReturn" : "winRate"]: last,
      secondsLeft,
    });
  };
  // A resumed run fills its buffers first, which must not count in the speed of its steps.
  tell(resume === undefined);
  try {
    const from = {
      resume,
      ...source,
      open: computing?.open ?? openWith(config, native),
      openTransitions: openTransitionsWith(config, native),
    };
    for await (const record of train(config, {
      ...from,
      signal,
      checkpointEvery,
    })) {
      run.write(record);
      if (record.kind === "checkpoint") checkpoint = record.step;
      if (record.kind === "end")
        run.finish(summarise(config, record, record.state, times(), { native, device: computing?.device }));
      if (record.kind === "evaluation") last = measuredBy(measure, record);
      if (record.kind === "train") step = record.step;
      if (record.kind === "train" || record.kind === "evaluation") tell();
    }
  } catch (error) {
    if (error instanceof RunError) throw error;
    const last =
      checkpoint === undefined
        ? "There is no checkpoint yet."
        : `The last good checkpoint, of step ${checkpoint}, is in ${run.directory}.`;
    throw new LabError(`${run.name}: ${(error as Error).message} ${last}`, { cause: error });
  }
}

/**
 * Finds the native kernels for a run, null where there are none. It notes when fewer threads than requested share the
 * run.
 */
function kernelsFor({ threads = 1, onNote }: RunOptions): NativeKernels | null {
  const native = nativeKernels(threads) ?? null;
  const number = native?.threads ?? 1;
  if (number < threads)
    onNote?.(
      native === null
        ? `One thread computes instead of ${threads}: only native kernels can share threads, and this run uses kernels in WebAssembly.`
        : `One thread computes instead of ${threads}: the system refuses to start more threads.`,
    );
  return native;
}

/**
 * Returns the function that makes the engine which the configuration names; the sparse engine uses the given kernels.
 */
function openWith(config: Config, native: NativeKernels | null): OpenEngine {
  if (config.engine !== "sparse") return engineOf(config);
  return (shape, parameters, masks) => createSparseEngine(shape, parameters, masks, { native });
}

function openTransitionsWith(config: Config, native: NativeKernels | null): OpenTransitionEngine {
  if (config.engine !== "sparse") return transitionEngineOf(config);
  return (shape, parameters, masks) => createTransitionEngine(shape, parameters, masks, { native });
}

/** Reads from the disk how far a run has come. */
export function progressOf({
  config,
  state,
  step,
  winRate,
  episodeReturn,
  summary,
}: StoredRun): Omit<RunProgress, "name"> {
  return {
    step,
    steps: config.steps,
    state: state === "complete" ? "done" : "stopped",
    winRate,
    episodeReturn,
    score: summary?.score,
    seconds: summary?.seconds,
  };
}

/**
 * Computes the shapes of a configuration's parameters, by name.
 * @throws {ConfigError} when its networks cannot be built
 */
export function parameterShapes(config: Config): Shapes {
  return new Map(networkPlan(config).parameters.map(({ name, shape }) => [name, shape]));
}
