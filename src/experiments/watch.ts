import { LabError } from "../errors.js";
import { availableParallelism } from "node:os";
import type { Config } from "../config.js";
import type { Measured, Measurement, Profile } from "./experiment.js";
import { measuresText } from "../results/measure.js";
import { runAll, type RunOutcome } from "../runs/run-all.js";
import { runName, runOf, type StoredRun } from "../runs/store.js";
import { scoreCurve } from "../analysis/curves.js";
import { trainingCurves } from "../figures/curves.js";
import { runLabels } from "../figures/labels.js";
import { inNotebook, interruptSignal, liveFigure, showProgress, showShare } from "../display/notebook.js";

/** Options for starting runs and showing them while they train. */
export interface WatchOptions {
  /** Title of the live curve. */
  readonly title?: string;
  /**
   * Label of a run's curve; runs with the same label are averaged. Default: the method and the settings in which it
   * differs.
   */
  readonly label?: (config: Config) => string;
  /** See `Experiment.place`. */
  readonly place?: (config: Config) => {
    /** Title of the panel in which the run's curve is drawn. */
    readonly panel: string;
    /** Name of the curve in that panel; runs with the same label are averaged. */
    readonly label: string;
  };
  /** Number of threads. Default: one for each core. */
  readonly workers?: number;
  /** The folder of runs. Default: see `runsDirectory`. */
  readonly runs?: string;
}

/**
 * Trains configurations on worker threads, with progress and a live curve below the notebook's cell. An interrupt stops
 * the runs with a checkpoint; calling it again resumes interrupted runs and repeats nothing.
 *
 * @returns the runs, in the order of the configurations. After an interrupt, stopped runs are not complete, and runs
 *   that had not begun are absent
 * @throws {Error} naming the runs that failed and why, after the others have ended
 * @example
 * const runs = await watchRuns(lambda.configs("classroom"), lambda);
 * const others = await watchRuns(
 *   ["dense", "mast"].map((method) => resolveConfig({ environment: "3m", method, steps: 100_000 })),
 * );
 */
export async function watchRuns(configs: readonly Config[], options: WatchOptions = {}): Promise<StoredRun[]> {
  const { title, workers, runs } = options;
  const labels = new Map(
    configs.map((config, i) => [runName(config), options.label?.(config) ?? runLabels(configs)[i]]),
  );
  const label = (config: Config): string => labels.get(runName(config))!;
  const store = { runs };
  const severalSeeds = new Set(configs.map((config) => config.seed)).size > 1;
  const name = (config: Config): string => (severalSeeds ? `${label(config)}, seed ${config.seed}` : label(config));
  const { axis: value, share } = measuresText(configs);
  const curve = () =>
    trainingCurves(
      configs.flatMap((config) => {
        const run = runOf(config, store);
        if (run === undefined) return [];
        const place = options.place?.(config);
        return [
          place === undefined
            ? scoreCurve(run, label(config))
            : { ...scoreCurve(run, place.label), panel: place.panel },
        ];
      }),
      {
        title,
        value,
        share,
        steps: Math.max(...configs.map((config) => config.steps)),
      },
    );
  const progress = showProgress({ threads: workers ?? availableParallelism() });
  const live = liveFigure();
  const interrupt = interruptSignal();
  // When a person presses the stop button, the kernel ends the cell and JupyterLab ignores later output, so the last
  // evaluation has to be drawn before.
  interrupt.signal.addEventListener("abort", () => {
    try {
      live.show(curve());
    } catch {
      // A damaged run is reported when it is read next; the live curve only stops.
    }
  });
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
      seedOf: label,
      workers,
      onDevice: ({ name, passedOver }) => sayOnce([`TensorFlow.js on ${name}`, ...passedOver].join("\n  ")),
      onProgress: (_, all) => {
        progress.update(all);
        live.update(curve);
      },
    });
  } finally {
    interrupt.release();
  }
  if (interrupt.signal.aborted)
    console.log(`Stopped; what was trained is kept. Run ${inNotebook() ? "the cell" : "it"} again to continue.`);
  await live.finish(curve());
  const failed = outcomes.filter(({ state }) => state === "failed");
  if (failed.length > 0)
    throw new LabError(
      `${failed.length} of ${outcomes.length} runs failed: ${failed.map(({ config, error }) => `${name(config)}: ${error!.message}`).join("; ")}`,
    );
  return outcomes.flatMap(({ run }) => run ?? []);
}

/**
 * Takes a measurement and shows below the notebook's cell what is being measured, the share that is done, and the time
 * left. An interrupt stops it; unlike runs, a measurement starts from the beginning the next time.
 *
 * @throws {Error} when an interrupt stopped it, or the measurement failed
 * @example
 * const { table, figure } = await publishMeasurement(
 *   wallClock,
 *   "classroom",
 *   await watchMeasurement(wallClock, "classroom"),
 * );
 */
export async function watchMeasurement(measurement: Measurement, profile: Profile): Promise<Measured> {
  const progress = showShare(measurement.title);
  const interrupt = interruptSignal();
  try {
    const measured = await measurement.measure(profile, {
      signal: interrupt.signal,
      onProgress: (share, what) => progress.update({ share, what }),
    });
    progress.update({ share: 1, what: "done" });
    return measured;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new LabError(
      `${measurement.title}: stopped before it had measured everything. Run ${inNotebook() ? "the cell" : "it"} again to measure anew.`,
    );
  } finally {
    interrupt.release();
  }
}
