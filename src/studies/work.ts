import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import { inspectRun, listRuns, runName, runsDirectory } from "../runs/store.js";
import { keptStudies, runsOf } from "./shelf.js";

/** The work that is left in a folder of runs. */
export interface Work {
  /** Runs that are not complete, each once. */
  readonly configs: readonly Config[];
  /** Label of a run: its study, its setting and its seed. */
  readonly label: (config: Config) => string;
  /** A line for each study or run that cannot be used. */
  readonly problems: readonly string[];
}

/**
 * Lists the work in a folder of runs: all incomplete runs of the studies in it, and runs that were begun but not
 * completed.
 *
 * @param studies names of studies, to list only their runs
 * @throws {Error} when the folder holds neither studies nor runs, so that it is probably not the shared folder
 */
export function workIn(runs: string | undefined, studies?: readonly string[]): Work {
  const directory = runsDirectory(runs);
  const kept = keptStudies(runs).filter(({ name }) => studies === undefined || studies.includes(name));
  const begun = studies === undefined ? listRuns({ runs }) : [];
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
    // A run in a renamed folder would not be found under its name.
    else if (run.name === runName(run.config)) add(run.config, run.name);
  }
  const open = [...configs.values()].filter(
    (config) => inspectRun(join(directory, runName(config))).state !== "complete",
  );
  return { configs: open, label: (config) => labels.get(runName(config)) ?? runName(config), problems };
}

/**
 * Rotates configurations to a random start, so that workers that start together seldom try the same run. The order does
 * not change the result of a run.
 */
export function fromAnywhere(configs: readonly Config[], random: () => number = Math.random): Config[] {
  const start = Math.floor(random() * configs.length);
  return [...configs.slice(start), ...configs.slice(0, start)];
}
