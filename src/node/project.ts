import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "../errors.js";

/**
 * Finds the project's folder, which holds its package.json, above src/ or dist/.
 * @throws {LabError} when no folder above has a package.json, as in a bundle that was written elsewhere
 */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder))
      throw new LabError(`No folder above ${start} has a package.json: keep mast-lab's files together.`);
  }
}

/**
 * Returns the folder in which runs and results are kept: that of the clone or, for an installed package, the one in
 * which the process was started, because a package in node_modules is replaced when it is updated.
 */
export function workFolder(): string {
  const root = packageRoot();
  return root.split(sep).includes("node_modules") ? process.cwd() : root;
}
