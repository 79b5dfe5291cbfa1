// npm run kernel: installs the TypeScript kernel for this user, so that VS Code, Notebook 7 and every other Jupyter
// find it.
//   npm run kernel                      installs it as "tslab", the name that the notebooks ask for
//   npm run kernel -- --name mast-lab   under another name
//   npm run kernel -- --remove          takes it away
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { prepare } from "./prepare.mjs";
import { root } from "./npm.mjs";

/** Returns the folder in which Jupyter keeps a user's kernels, as `jupyter --data-dir` does. */
export function dataFolder(environment = process.env, platform = process.platform) {
  if (environment.JUPYTER_DATA_DIR) return environment.JUPYTER_DATA_DIR;
  if (platform === "darwin") return join(homedir(), "Library", "Jupyter");
  if (platform === "win32") return join(environment.APPDATA ?? join(homedir(), "AppData", "Roaming"), "jupyter");
  return join(environment.XDG_DATA_HOME || join(homedir(), ".local", "share"), "jupyter");
}

/** Makes the specification of the kernel: this Node.js runs the code of this folder. */
export function kernelSpec() {
  return {
    argv: [process.execPath, join(root, "src", "setup", "kernel.mjs"), "--config-path", "{connection_file}"],
    display_name: "TypeScript (mast-lab)",
    language: "typescript",
    // This entry identifies a kernel that this command installed.
    metadata: { "mast-lab": root },
  };
}

/** Finds a kernel's folder and its content: "none", "ours" or a "foreign" kernel. */
function look(name) {
  const folder = join(dataFolder(), "kernels", name);
  const file = join(folder, "kernel.json");
  if (!existsSync(folder)) return { folder, file, holds: "none" };
  try {
    return { folder, file, holds: JSON.parse(readFileSync(file, "utf8")).metadata?.["mast-lab"] ? "ours" : "foreign" };
  } catch {
    return { folder, file, holds: "foreign" };
  }
}

function fail(line) {
  console.error(line);
  process.exit(1);
}

function run() {
  let values;
  try {
    ({ values } = parseArgs({
      options: { name: { type: "string", default: "tslab" }, remove: { type: "boolean", default: false } },
    }));
  } catch (error) {
    fail(`${error.message.split(".")[0]}. Use npm run kernel -- [--name NAME] [--remove].`);
  }
  const { name, remove } = values;
  // Jupyter's own rule for names of kernels.
  if (!/^[a-z0-9._-]+$/i.test(name))
    fail(`A kernel cannot be called ${JSON.stringify(name)}: use letters, digits, ".", "-" and "_".`);
  const { folder, file, holds } = look(name);
  if (holds === "foreign")
    fail(
      `${folder} holds a kernel that mast-lab did not install, and stays as it is. ${
        remove ? "Remove it with: jupyter kernelspec remove" : "Install ours beside it: npm run kernel -- --name"
      } ${remove ? name : "mast-lab"}`,
    );
  if (remove) {
    if (holds === "none") return console.log(`There is no kernel ${name} in ${join(folder, "..")}.`);
    rmSync(folder, { recursive: true });
    return console.log(`Removed ${folder}.`);
  }
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify(kernelSpec(), null, 2)}\n`);
  } catch (error) {
    fail(`The kernel cannot be installed in ${folder} (${error.code}): make it writable, or set JUPYTER_DATA_DIR.`);
  }
  console.log(`Installed ${kernelSpec().display_name} in ${folder}.`);
  console.log("VS Code, Notebook 7 and JupyterLab of this user find it; site/docs/kernel.md says how.");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes("--remove")) await prepare();
  run();
}
