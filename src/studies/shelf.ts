import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config, ConfigInput } from "../config.js";
import { LabError } from "../errors.js";
import type { Profile } from "../experiments/experiment.js";
import { didYouMean, oneLine, show } from "../messages.js";
import { causeOf, writeNamed } from "../node/files.js";
import { replaceFile } from "../runs/disk.js";
import { inspectRun, directoryOf, runsDirectory } from "../runs/store.js";
import { declareStudy, type Study } from "./study.js";
import type { StudyInput } from "./schema.js";

/** A study to be trained, with a profile, a number of seeds, and changes of all of its runs. */
export interface KeptStudy {
  readonly study: Study;
  readonly profile: Profile;
  readonly seeds?: number;
  readonly changes: ConfigInput;
}

/**
 * Stores a study among the runs, where workers on every machine that shares the folder find it.
 *
 * @returns its path; an existing study of the same name is replaced
 * @throws {Error} in one line when it cannot be written
 */
export function keepStudy({ study, profile, seeds, changes }: KeptStudy, runs?: string): string {
  const path = pathOf(keptName({ study, profile }), runs);
  writeNamed(path, "choose another folder with --runs", () => {
    mkdirSync(join(path, ".."), { recursive: true });
    replaceFile(path, `${JSON.stringify({ study: study.file, profile, seeds, changes }, null, 2)}\n`);
  });
  return path;
}

/** Lists the studies that are kept among the runs by name; for those that cannot be read it says what is wrong. */
export function keptStudies(
  runs?: string,
): ((KeptStudy & { readonly name: string }) | { readonly name: string; readonly problem: string })[] {
  const folder = join(runsDirectory(runs), "studies");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
  return names.map((name) => {
    try {
      return { name, ...readKept(name, runs) };
    } catch (error) {
      return { name, problem: oneLine((error as Error).message) };
    }
  });
}

/**
 * Reads a study that is kept among the runs.
 * @throws {Error} when there is none of that name, or it cannot be read
 */
export function keptStudy(name: string, runs?: string): KeptStudy {
  const names = keptStudies(runs).map((kept) => kept.name);
  if (!names.includes(name))
    throw new LabError(
      `No study ${show(name)}: it is not a file, and ${runsDirectory(runs)} keeps ${names.length === 0 ? "no studies" : `others; ${didYouMean(name, names)}there are: ${names.join(", ")}`}.`,
    );
  return readKept(name, runs);
}

function readKept(name: string, runs?: string): KeptStudy {
  const path = pathOf(name, runs);
  let kept: {
    readonly study: StudyInput;
    readonly profile: Profile;
    readonly seeds?: number;
    readonly changes?: ConfigInput;
  };
  try {
    kept = JSON.parse(readFileSync(path, "utf8")) as typeof kept;
  } catch (error) {
    throw new LabError(
      `${path} cannot be used (${error instanceof SyntaxError ? "it is not valid JSON" : causeOf(error)}): keep the study again with \`mast study add\`.`,
    );
  }
  const { study, profile, seeds, changes = {} } = Object(kept) as typeof kept;
  return {
    study: declareStudy(study, { name: path, runs }),
    profile,
    seeds,
    changes,
  };
}

/** Lists all runs of a kept study. */
export function runsOf({ study, profile, seeds, changes }: KeptStudy): Config[] {
  return study.configs(profile, seeds, changes);
}

/** Progress of the runs of a study. */
export interface StudyProgress {
  readonly all: number;
  readonly complete: number;
  readonly running: number;
  readonly interrupted: number;
  readonly damaged: number;
}

/** Computes the progress of runs from the files on disk. */
export function studyProgress(configs: readonly Config[], runs?: string): StudyProgress {
  const states = configs.map((config) => {
    const directory = directoryOf(config, { runs });
    return existsSync(directory) ? inspectRun(directory).state : "absent";
  });
  const count = (state: string): number => states.filter((one) => one === state).length;
  return {
    all: configs.length,
    complete: count("complete"),
    running: count("running"),
    interrupted: count("interrupted"),
    damaged: count("damaged"),
  };
}

/**
 * Returns the name under which a study is kept. Profiles other than the default have a name of their own, so that both
 * can be kept.
 */
export function keptName({ study, profile }: Pick<KeptStudy, "study" | "profile">): string {
  return profile === study.profile ? study.id : `${study.id}-${profile}`;
}

function pathOf(name: string, runs?: string): string {
  return join(runsDirectory(runs), "studies", `${name}.json`);
}
