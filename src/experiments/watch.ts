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

/** How runs are started and shown while they train. */
export interface WatchOptions {
  /** Title of the live curve. */
  readonly title?: string;
  /**
   * What curves average over: runs with the same label are one method's seeds. Default: the method, and what sets it
   * apart.
   */
  readonly label?: (config: Config) => string;
  /** See `Experiment.place`. */
  readonly place?: (config: Config) => {
    /** Title of the small picture in which the run's curve is drawn. */
    readonly panel: string;
    /** Name of its curve there; runs with the same label are averaged. */
    readonly label: string;
  };
  /** Threads; default: one for each core. */
  readonly workers?: number;
  /** Where runs are kept, if not in data/runs. */
  readonly runs?: string;
}

/**
 * Trains configurations on worker threads under the eyes of the notebook: progress and a live curve below the cell. An
 * interrupt stops the runs with a checkpoint; calling it again resumes what was interrupted and repeats nothing.
 *
 * @returns the runs, in the order of the configurations; those that an interrupt stopped are not complete, those it
 *   kept from beginning absent
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
  const store = runs === undefined ? {} : { runs };
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
        ...(title === undefined ? {} : { title }),
        value,
        share,
        steps: Math.max(...configs.map((config) => config.steps)),
      },
    );
  const progress = showProgress({ threads: workers ?? availableParallelism() });
  const live = liveFigure();
  const interrupt = interruptSignal();
  // At the stop button the kernel ends the cell, and JupyterLab passes over what it is sent later: the last evaluation
  // has to be drawn before.
  interrupt.signal.addEventListener("abort", () => {
    try {
      live.show(curve());
    } catch {
      // What is wrong with a run is said by what reads it next; here it may only stop.
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
 * Measures under the eyes of the notebook: what is being done, which share is done and how long the rest takes, below
 * the cell. An interrupt stops it; unlike runs, a measurement begins anew the next time.
 *
 * @throws {Error} when an interrupt stopped it, or what it measured failed
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
