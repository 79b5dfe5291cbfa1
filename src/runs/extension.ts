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
 * The configuration of a run that goes on where another ended, with networks, masks, optimiser, replay buffers and
 * random streams as they were. It is a run of its own, whose identity names its ancestor. Schedules stay where they
 * ended: epsilon and T_0 are counted in steps from the ancestor's beginning, and zeta_t, which came to 0 at the
 * ancestor's end (T_end), stays 0 unless `topology.end` is given anew.
 *
 * @param run the complete run to go on with, by its name or as much of it as no other shares
 * @param changes `steps`, counted from the ancestor's beginning, and whatever else shall change from there on, such as
 *   a learning rate
 * @throws {ConfigError} in one line when the run is not complete, has no checkpoint, or ended later; and on a change of
 *   what it learned with: environment, algorithm, method, networks, seed
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
  // One that was begun has all that it needs.
  if (!hasCheckpoint(extension, options)) findAncestor(extension, options);
  return extension;
}

/** All of the ancestor's settings count as given: none follows the new number of steps. */
function extended(ancestor: Config, run: string, changes: ConfigInput): Config {
  const { topology, ...rest } = JSON.parse(JSON.stringify(ancestor)) as Config;
  const end = topology.grow === "none" ? {} : { end: topology.end ?? ancestor.steps };
  return resolveConfig(mergeConfig({ ...rest, topology: { ...topology, ...end }, extend: { run } }, changes));
}

/** An extension that was begun before its ancestor was removed: it has the settings of both. */
function extensionOfGone(run: string, changes: ConfigInput, options: { readonly runs?: string }): Config | undefined {
  if (existsSync(join(runsDirectory(options.runs), run)) || existsSync(run)) return undefined;
  const begun = listRuns(options).flatMap(({ config }) =>
    config?.extend !== undefined && config.extend.run === run ? config : [],
  );
  return begun
    .map((config) => resolveConfig(mergeConfig(JSON.parse(JSON.stringify(config)) as ConfigInput, changes)))
    .find((config) => hasCheckpoint(config, options) && existsSync(directoryOf(config, options)));
}

/** What a state of training depends on: it means nothing with others. */
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
 * The run that a configuration goes on with, or undefined for one that begins anew.
 * @throws {ConfigError} when it cannot be gone on with, and why
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
    refuse("which keeps no checkpoint, so that nothing is left to go on with: train a longer run instead");
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
