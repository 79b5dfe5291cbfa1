// JupyterLab for this project: where it is, and how to get it. Plain JavaScript, since it runs before anything is compiled.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const venv = join(root, ".venv");
const venvPython = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");

/** Prints where the extension is that draws Plotly figures, or fails when JupyterLab or nbclient is not there. */
const LOOK = `
import os, jupyterlab, nbclient
from jupyter_core.paths import jupyter_path
print(any(os.path.isdir(os.path.join(p, "jupyterlab-plotly")) for p in jupyter_path("labextensions")))
`;

/** @typedef {{ python: string, plotly: boolean }} Jupyter the Python that runs JupyterLab, and whether it draws Plotly figures */

/**
 * JupyterLab in the project's .venv, else one that is installed for `python3`; undefined where there is none.
 * @returns {Jupyter | undefined}
 */
export function findJupyter() {
  const found = [venvPython, ...pythons()].map(look).filter((jupyter) => jupyter !== undefined);
  return found.find((jupyter) => jupyter.plotly) ?? found[0];
}

function look(python) {
  if (python === venvPython && !existsSync(venvPython)) return undefined;
  const { status, stdout } = spawnSync(python, ["-c", LOOK], { encoding: "utf8" });
  return status === 0 ? { python, plotly: stdout.trim().endsWith("True") } : undefined;
}

function pythons() {
  return process.platform === "win32" ? ["python", "py"] : ["python3", "python"];
}

/**
 * JupyterLab, installed from PyPI into .venv if there is none that draws Plotly figures yet.
 * @returns {Jupyter}
 * @throws {Error} with one line that says what is missing and how to get it
 */
export function ensureJupyter(log = (line) => console.error(line)) {
  const found = findJupyter();
  if (found?.plotly) {
    keepCommonJs();
    return found;
  }
  try {
    install(log);
  } catch (error) {
    if (found === undefined) throw error;
    log(`${error.message}; using the JupyterLab that is installed, in which figures are pictures`);
    return found;
  }
  const installed = look(venvPython);
  if (installed === undefined) throw new Error("JupyterLab was installed into .venv but does not start; delete the folder .venv and try again");
  keepCommonJs();
  return installed;
}

/** JupyterLab runs CommonJS files of its own with node, which would take them for this project's kind of modules. */
function keepCommonJs() {
  const path = join(venv, "package.json");
  if (existsSync(venv) && !existsSync(path)) writeFileSync(path, '{ "type": "commonjs" }\n');
}

function install(log) {
  const python = pythons().find((name) => spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0);
  if (python === undefined) throw new Error("JupyterLab needs Python 3.9 or newer, and there is none: install it from python.org or your system's packages (training and `npm start` do without)");
  log("installing JupyterLab from PyPI into .venv (once, about a minute)");
  const made = spawnSync(python, ["-m", "venv", venv], { encoding: "utf8" });
  if (made.status !== 0 || spawnSync(venvPython, ["-m", "pip", "--version"]).status !== 0) {
    throw new Error("Python's venv module is missing or incomplete: install it (Debian, Ubuntu: `apt install python3-venv`), delete the folder .venv and try again");
  }
  const pip = spawnSync(venvPython, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", join(root, ".jupyter", "requirements.txt")], { encoding: "utf8" });
  if (pip.status !== 0) {
    const reason = (pip.stderr || pip.stdout).trim().split("\n").findLast((line) => /error/i.test(line)) ?? "pip failed";
    throw new Error(`JupyterLab could not be installed into .venv: ${reason.trim()}; check the network and try again`);
  }
}

/** The environment in which Jupyter finds the project's kernel and settings. */
export function jupyterEnvironment(environment = process.env) {
  const first = (path, more) => (more ? `${path}${delimiter}${more}` : path);
  return {
    ...environment,
    JUPYTER_PATH: first(join(root, ".jupyter"), environment.JUPYTER_PATH),
    JUPYTER_CONFIG_PATH: first(join(root, ".jupyter"), environment.JUPYTER_CONFIG_PATH),
  };
}
