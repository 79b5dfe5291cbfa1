import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Config, restoreConfig } from "../config.js";
import { environmentVersion } from "../envs/index.js";
import { oneLine, readJson, RunError, writeAtomically } from "./disk.js";
import { canonical, CONFIG, configText, identityOf } from "./run-files.js";

/** Writes the configuration of a new run. The configuration of an existing run must not have changed. */
export function keepConfig(directory: string, config: Config, held: () => void): void {
  const path = join(directory, CONFIG);
  if (!existsSync(path)) return writeAtomically(path, configText(config), held);
  if (canonical(identityOf(readConfig(directory))) !== canonical(identityOf(config))) {
    throw new RunError(
      `${path} is not the configuration that its folder is named after: it was changed. Restore it, or move the folder away to start this run anew.`,
    );
  }
}

/**
 * Reads the configuration of a run with the values that were given for it.
 * @throws {RunError} when its config.json is damaged, or from a version of mast-lab that kept no given values
 */
export function readConfig(directory: string): Config {
  const path = join(directory, CONFIG);
  if (!existsSync(path))
    throw new RunError(`${path} is not there: put a good copy in its place, or move its folder away.`);
  const kept = readJson(path);
  const {
    given,
    environmentVersion: version,
    ...complete
  } = Object(kept) as { readonly given?: unknown; readonly environmentVersion?: unknown };
  if (given === undefined) {
    throw new RunError(
      `${path} has no field "given" for the settings of its run: it was changed, or an earlier version of mast-lab or another program wrote it. Move its folder away.`,
    );
  }
  let config: Config;
  try {
    config = restoreConfig(given, complete);
  } catch (error) {
    // A file of unknown origin may hold anything; an error in it must not affect other runs.
    throw new RunError(
      `${path} cannot be used: ${oneLine((error as Error).message)}. Restore it, or move its folder away.`,
      { cause: error },
    );
  }
  const now = environmentVersion(config);
  if (version !== now) {
    throw new RunError(
      `${path} is of a run under version ${String(version ?? 1)} of the rules of ${config.environment}, and this mast-lab plays version ${now ?? 1}: move its folder away and train it again.`,
    );
  }
  return config;
}
