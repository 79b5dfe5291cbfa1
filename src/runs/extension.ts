import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { type Config, ConfigError, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { show } from "../messages.js";
import { scoreMeasure } from "../training/score.js";
import {
  checkpointPath,
  directoryOf,
  findRun,
  hasCheckpoint,
  listRuns,
  readRun,
  runsDirectory,
  type StoredRun,
} from "./store.js";

/**
 * Makes the configuration of a run that continues where another (its ancestor) ended, with the same networks, masks,
 * optimiser, replay buffers and random streams. It is a new run, whose identity includes its ancestor. Schedules
 * continue: epsilon and T_0 count steps from the ancestor's beginning, and zeta_t, which is 0 from the ancestor's end
 * (T_end) on, stays 0 unless `topology.end` is given again.
 *
 * @param run the complete run to continue: its name, or a unique beginning of it
 * @param changes `steps`, counted from the ancestor's beginning, and other settings to change from there on, such as a
 *   learning rate
 * @throws {ConfigError} in one line when the run is not complete, has no checkpoint or ended later, or when a change
 *   concerns a setting that its state depends on: environment, algorithm, method, networks or seed
 * @example const longer = extendRun("3m-qmix-mast-95-100k-seed1", { steps: 300_000 }); await runOne(longer);
 */
export function extendRun(
  run: string,
  changes: ConfigInput & {
    /** Environment steps, counted from the ancestor's beginning. */
    readonly steps: number;
  },
  options: { readonly runs?: string } = {},
): Config {
  const remembered = extensionOfGone(run, changes, options);
  if (remembered !== undefined) return remembered;
  const directory = findRun(run, options);
  const { config } = readRun(directory);
  const extension = extended(config, basename(directory), changes);
  // An extension that was already begun has all that it needs.
  if (!hasCheckpoint(extension, options)) findAncestor(extension, options);
  return extension;
}

/**
 * Extends a configuration. All settings of the ancestor count as given, so that none changes with the number of steps.
 */
function extended(ancestor: Config, run: string, changes: ConfigInput): Config {
  const { topology, ...rest } = JSON.parse(JSON.stringify(ancestor)) as Config;
  const end = topology.grow === "none" ? {} : { end: topology.end ?? ancestor.steps };
  return resolveConfig(mergeConfig({ ...rest, topology: { ...topology, ...end }, extend: { run } }, changes));
}

/** Finds an extension that was begun before its ancestor was removed, and which holds the settings of both. */
function extensionOfGone(run: string, changes: ConfigInput, options: { readonly runs?: string }): Config | undefined {
  if (existsSync(join(runsDirectory(options.runs), run)) || existsSync(run)) return undefined;
  const begun = listRuns(options).flatMap(({ config }) =>
    config?.extend !== undefined && config.extend.run === run ? config : [],
  );
  return begun
    .map((config) => resolveConfig(mergeConfig(JSON.parse(JSON.stringify(config)) as ConfigInput, changes)))
    .find((config) => hasCheckpoint(config, options) && existsSync(directoryOf(config, options)));
}

/** The settings that a state of training depends on: with others it cannot be used. */
const KEPT = [
  "environment",
  "rules",
  "algorithm",
  "method",
  "seed",
  "sparsity",
  "network",
  "ticket",
  "options",
] as const;

/**
 * Finds the run that a configuration continues; undefined for a run that starts from the beginning.
 * @throws {ConfigError} saying why the run cannot be continued
 */
export function findAncestor(config: Config, options: { readonly runs?: string } = {}): StoredRun | undefined {
  const name = config.extend?.run;
  if (name === undefined) return undefined;
  const refuse = (why: string): never => {
    throw new ConfigError(`config: extend.run is "${name}", ${why}`);
  };
  let run: StoredRun;
  try {
    run = readRun(findRun(name, options));
  } catch (error) {
    return refuse(`which cannot be read: ${(error as Error).message}`);
  }
  const { state, step, summary } = run;
  const steps = run.config.steps.toLocaleString("en");
  if (run.name !== name) refuse(`which is short for ${run.name}: give the whole name`);
  if (state !== "complete" || summary === undefined)
    return refuse(`which is ${state} at step ${step.toLocaleString("en")} of ${steps}: train it to its end first`);
  if (config.steps <= summary.steps)
    refuse(
      `which ended at step ${summary.steps.toLocaleString("en")}: steps count from its beginning, and ${config.steps.toLocaleString("en")} leave nothing to train`,
    );
  try {
    checkpointPath(run.directory);
  } catch {
    refuse("which has no checkpoint and cannot be continued: train a longer run instead");
  }
  const text = (one: Config, field: (typeof KEPT)[number]): string => JSON.stringify(one[field]) ?? "none";
  const sums = ({ parts }: Config): string => JSON.stringify(parts?.map(({ sha256 }) => sha256)) ?? "none";
  for (const field of KEPT)
    if (text(config, field) !== text(run.config, field))
      refuse(
        `which was trained with ${field} ${show(run.config[field])}, not ${show(config[field])}: what it learned belongs to it. --from starts another run with its weights`,
      );
  if (scoreMeasure(config) !== scoreMeasure(run.config))
    refuse(
      `whose scores are means of a ${scoreMeasure(run.config)}, not of a ${scoreMeasure(config)}: leave evaluation.score out`,
    );
  if (sums(config) !== sums(run.config)) refuse("which was trained with other files of parts: both must be the same");
  return run;
}
