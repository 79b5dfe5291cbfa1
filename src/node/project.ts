import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder: where its package.json lies, above src/ or dist/. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/**
 * The folder that runs and results are kept in: the clone's, or, of an installed package, the one in which the process was started. A package in
 * node_modules is replaced when it is updated, and everything in it with it.
 */
export function workFolder(): string {
  const root = packageRoot();
  return root.split(sep).includes("node_modules") ? process.cwd() : root;
}
