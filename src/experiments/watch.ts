import { availableParallelism } from "node:os";
import type { Config } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import type { Measured, Measurement, Profile } from "./experiment.js";
import { runAll, type RunOutcome } from "../runs/run-all.js";
import { networkParameters } from "../networks/parameters.js";
import type { MetricsRow } from "../runs/metrics.js";
import { readMasks, readRunCheckpoint, runName, runOf, type StoredRun } from "../runs/store.js";
import { greedyPolicy } from "../training/rollout.js";
import { networkShape, restoreNetworks } from "../training/networks.js";
import { trainingCurves, type RunCurve } from "../figures/curves.js";
import { shortSteps } from "../figures/figure.js";
import { methodLabel, runLabels } from "../figures/labels.js";
import type { MaskSnapshot } from "../figures/masks.js";
import { inNotebook, interruptSignal, liveFigure, showProgress, showShare } from "../display/notebook.js";
import { recordEpisode, type EpisodeRecording } from "../figures/recording.js";

export interface WatchOptions {
  /** Title of the live curve. */
  readonly title?: string;
  /** What curves average over: runs with the same label are one method's seeds. Default: the method, and what sets it apart. */
  readonly label?: (config: Config) => string;
  /** See `Experiment.place`. */
  readonly place?: (config: Config) => { readonly panel: string; readonly label: string };
  /** Threads; default: one for each core. */
  readonly workers?: number;
  /** Where runs are kept, if not in data/runs. */
  readonly runs?: string;
}

/**
 * Trains configurations on worker threads under the eyes of the notebook: progress and a live curve below the cell. An
 * interrupt stops the runs with a checkpoint; calling it again resumes what was interrupted and repeats nothing.
 *
 * @returns the runs, in the order of the configurations; those that an interrupt stopped are not complete, those it kept from beginning absent
 * @throws {Error} naming the runs that failed and why, after the others have ended
 * @example
 * const runs = await watchRuns(lambda.configs("classroom"), lambda);
 * const others = await watchRuns(["dense", "mast"].map((method) => resolveConfig({ environment: "3m", method, steps: 100_000 })));
 */
export async function watchRuns(configs: readonly Config[], options: WatchOptions = {}): Promise<StoredRun[]> {
  const { title, workers, runs } = options;
  const labels = new Map(configs.map((config, i) => [runName(config), options.label?.(config) ?? runLabels(configs)[i]!]));
  const label = (config: Config): string => labels.get(runName(config))!;
  const store = runs === undefined ? {} : { runs };
  const severalSeeds = new Set(configs.map((config) => config.seed)).size > 1;
  const name = (config: Config): string => (severalSeeds ? `${label(config)}, seed ${config.seed}` : label(config));
  const curve = () =>
    trainingCurves(
      configs.flatMap((config) => {
        const run = runOf(config, store);
        if (run === undefined) return [];
        const place = options.place?.(config);
        return [place === undefined ? winRateCurve(run, label(config)) : { ...winRateCurve(run, place.label), panel: place.panel }];
      }),
      { ...(title === undefined ? {} : { title }), steps: Math.max(...configs.map((config) => config.steps)) },
    );
  const progress = showProgress({ threads: workers ?? availableParallelism() });
  const live = liveFigure();
  const interrupt = interruptSignal();
  let said = "";
  const sayOnce = (text: string): void => {
    if (text !== said) console.log(text);
    said = text;
  };
  let outcomes: RunOutcome[];
  try {
    outcomes = await runAll(configs, {
      ...store,
      signal: interrupt.signal,
      label: name,
      group: label,
      ...(workers === undefined ? {} : { workers }),
      onDevice: ({ name, passedOver }) => sayOnce([`TensorFlow.js on ${name}`, ...passedOver].join("\n  ")),
      onProgress: (_, all) => {
        progress.update(all);
        live.update(curve);
      },
    });
  } finally {
    interrupt.release();
  }
  if (interrupt.signal.aborted) console.log(`Stopped; what was trained is kept. Run ${inNotebook() ? "the cell" : "it"} again to continue.`);
  await live.finish(curve());
  const failed = outcomes.filter(({ state }) => state === "failed");
  if (failed.length > 0) throw new Error(`${failed.length} of ${outcomes.length} runs failed: ${failed.map(({ config, error }) => `${name(config)}: ${error!.message}`).join("; ")}`);
  return outcomes.flatMap(({ run }) => run ?? []);
}

/**
 * Measures under the eyes of the notebook: what is being done, which share is done and how long the rest takes, below the cell. An interrupt stops it; unlike
 * runs, a measurement begins anew the next time.
 *
 * @throws {Error} when an interrupt stopped it, or what it measured failed
 * @example
 * const { table, figure } = await publishMeasurement(wallClock, "classroom", await watchMeasurement(wallClock, "classroom"));
 */
export async function watchMeasurement(measurement: Measurement, profile: Profile): Promise<Measured> {
  const progress = showShare(measurement.title);
  const interrupt = interruptSignal();
  try {
    const measured = await measurement.measure(profile, { signal: interrupt.signal, onProgress: (share, what) => progress.update({ share, what }) });
    progress.update({ share: 1, what: "done" });
    return measured;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new Error(`${measurement.title}: stopped before it had measured everything. Run ${inNotebook() ? "the cell" : "it"} again to measure anew.`);
  } finally {
    interrupt.release();
  }
}

/** Test win rates of a run over its training. */
export function winRateCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ winRate }) => winRate);
}

/**
 * How far a run overestimates over its training: mean Q_tot of what its evaluations play, less the mean discounted return that followed.
 * Figures 5 and 12 show it.
 */
export function overestimationCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ estimatedValue, trueValue }) => estimatedValue - trueValue);
}

/** Mean Q_tot of what a run's evaluations play, over its training: the estimated values of Figures 5, 12 and 16. */
export function estimatedValueCurve(run: StoredRun, label = methodLabel(run.config)): RunCurve {
  return evaluationCurve(run, label, ({ estimatedValue }) => estimatedValue);
}

function evaluationCurve({ metrics }: StoredRun, label: string, value: (row: MetricsRow) => number): RunCurve {
  const rows = metrics.filter(({ kind }) => kind === "evaluation");
  return { label, steps: rows.map(({ step }) => step), values: rows.map(value) };
}

/**
 * A run's masks of one weight at `moments` (shares of the training so far), for `maskImage` and `connectionCounts`.
 *
 * @throws {Error} when the run has no such mask: its name, and the names there are
 * @example
 * maskSnapshots(run, "agent.fc1.weight"); // at the start, after a quarter, half, and at the end, as the paper's Figure 11
 */
export function maskSnapshots(run: StoredRun, weight: string, moments: readonly number[] = [0, 0.25, 0.5, 1]): MaskSnapshot[] {
  const history = readMasks(run.directory);
  const known = [...(history[0]?.masks.keys() ?? [])];
  if (!known.includes(weight)) throw new Error(`${run.name} has no mask "${weight}"; ${known.length === 0 ? "it has not begun" : `there are ${known.join(", ")}`}`);
  const last = history.at(-1)!.step;
  const chosen = new Set(moments.map((moment) => history.reduce((a, b) => (Math.abs(b.step - moment * last) < Math.abs(a.step - moment * last) ? b : a))));
  const [outputs, inputs] = weightShape(run, weight);
  return [...chosen].map(({ step, masks }) => ({ label: `step ${shortSteps(Math.round(step / 100) * 100)}`, outputs, inputs, mask: masks.get(weight)! }));
}

function weightShape({ config }: StoredRun, weight: string): [outputs: number, inputs: number] {
  const { sizes } = createEnvironment(config.environment, { rules: config.rules });
  const [outputs, inputs] = networkParameters(networkShape(config, sizes)).find(({ name }) => name === weight)!.shape;
  return [outputs!, inputs!];
}

/**
 * Lets a trained team play one episode greedily, from the last checkpoint of its run, and keeps it for a replay.
 *
 * @throws {RunError} when the run has no checkpoint yet
 * @example
 * showReplay(playTrained(run, 7));
 */
export function playTrained(run: StoredRun, seed: number): EpisodeRecording {
  const { config, directory } = run;
  const { state } = readRunCheckpoint(directory);
  const env = createEnvironment(config.environment, { rules: config.rules });
  const engine = restoreNetworks(config, env.sizes, state);
  try {
    return recordEpisode(env, greedyPolicy(engine.createActor(1)), seed);
  } finally {
    engine.dispose();
  }
}
