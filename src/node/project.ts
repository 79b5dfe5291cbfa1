import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "../errors.js";

/**
 * The project's folder: where its package.json lies, above src/ or dist/.
 * @throws {LabError} when no folder above has one, as in a bundle that was written elsewhere
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
 * The folder that runs and results are kept in: the clone's, or, of an installed package, the one in which the process
 * was started. A package in node_modules is replaced when it is updated, and everything in it with it.
 */
export function workFolder(): string {
  const root = packageRoot();
  return root.split(sep).includes("node_modules") ? process.cwd() : root;
}
