import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import { inspectRun, listRuns, runName, runsDirectory } from "../runs/store.js";
import { keptStudies, runsOf } from "./shelf.js";

/** The work that a folder of runs holds for anyone. */
export interface Work {
  /** Runs that are not complete, each once. */
  readonly configs: readonly Config[];
  /** How a person calls a run: by its study, its setting and its seed. */
  readonly label: (config: Config) => string;
  /** What cannot be used, in a line each. */
  readonly problems: readonly string[];
}

/**
 * What is to be done in a folder of runs: all runs of the studies that are kept there, and runs that were begun and not
 * completed.
 *
 * @param studies names of studies, when only theirs are wanted
 * @throws {Error} when the folder holds neither studies nor runs: then it is hardly the one that is shared
 */
export function workIn(runs: string | undefined, studies?: readonly string[]): Work {
  const directory = runsDirectory(runs);
  const kept = keptStudies(runs).filter(({ name }) => studies === undefined || studies.includes(name));
  const begun = studies === undefined ? listRuns(runs === undefined ? {} : { runs }) : [];
  if (kept.length === 0 && begun.length === 0) {
    throw new LabError(
      `${directory} ${existsSync(directory) ? "holds no studies and no runs" : "is not there"}: is it the folder that the other machines share? \`mast study add FILE --runs ${directory}\` puts a study there.`,
    );
  }
  const problems: string[] = [];
  const labels = new Map<string, string>();
  const configs = new Map<string, Config>();
  const add = (config: Config, label: string): void => {
    const name = runName(config);
    if (configs.has(name)) return;
    configs.set(name, config);
    labels.set(name, label);
  };
  for (const one of kept) {
    if ("problem" in one) problems.push(one.problem);
    else
      for (const config of runsOf(one)) add(config, `${one.study.id}, ${one.study.label(config)}, seed ${config.seed}`);
  }
  for (const run of begun) {
    if (run.state === "damaged") problems.push(`${run.name} is damaged and left alone: ${run.problem}`);
    // A folder that was renamed is not where its run would be looked for.
    else if (run.name === runName(run.config)) add(run.config, run.name);
  }
  const open = [...configs.values()].filter(
    (config) => inspectRun(join(directory, runName(config))).state !== "complete",
  );
  return { configs: open, label: (config) => labels.get(runName(config)) ?? runName(config), problems };
}

/**
 * The same configurations from a random place on: workers that start together then seldom ask for the same run. Which
 * run is trained when decides nothing about its result.
 */
export function fromAnywhere(configs: readonly Config[], random: () => number = Math.random): Config[] {
  const start = Math.floor(random() * configs.length);
  return [...configs.slice(start), ...configs.slice(0, start)];
}
