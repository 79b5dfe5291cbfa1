// npm packages that only some machines want, in folders of .tensorflow/ that survive npm ci, each with a lock file
// beside this one. Their TensorFlow.js is the project's own: a second copy would take 140 MB, and would be another
// TensorFlow.js than the engine's.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "../npm.mjs";

/**
 * Installs the packages of `src/setup/tensorflow/<name>` into `.tensorflow/<name>` if they are not there, and gives
 * that folder.
 * @param {"node" | "webgpu"} name
 * @throws {Error} with what npm said
 */
export function installPackages(name, cost, log) {
  const source = join(root, "src", "setup", "tensorflow", name);
  const folder = join(root, ".tensorflow", name);
  const files = ["package.json", "package-lock.json"];
  const same = (file) =>
    existsSync(join(folder, file)) &&
    readFileSync(join(folder, file), "utf8") === readFileSync(join(source, file), "utf8");
  // npm writes its record last.
  if (files.every(same) && existsSync(join(folder, "node_modules", ".package-lock.json"))) return folder;
  log(`fetching packages from the npm registry into .tensorflow/${name} (once, ${cost})`);
  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(join(source, file), join(folder, file));
  // No scripts: tfjs-node-gpu's downloads a TensorFlow of 2022. No peers: they are the project's own.
  npm("ci", "--prefix", folder, "--ignore-scripts", "--legacy-peer-deps");
  return folder;
}
