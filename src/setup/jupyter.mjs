// JupyterLab for this project: where it is, and how to get it. Plain JavaScript, since it runs before anything is compiled.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const venv = join(root, ".venv");
const venvPython = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");

/**
 * The Python that has JupyterLab 4: the project's .venv, else an installed one; undefined where there is none.
 * @returns {string | undefined}
 */
export function findJupyter() {
  const candidates = existsSync(venvPython) ? [venvPython, ...pythons()] : pythons();
  return candidates.find((python) => spawnSync(python, ["-c", "import sys, jupyterlab, nbclient; sys.exit(int(jupyterlab.__version__.split('.')[0]) < 4)"]).status === 0);
}

function pythons() {
  return process.platform === "win32" ? ["python", "py"] : ["python3", "python"];
}

/**
 * The Python that has JupyterLab, installed from PyPI into .venv if there is none yet.
 * @returns {string}
 * @throws {Error} with one line that says what is missing and how to get it
 */
export function ensureJupyter(log = (line) => console.error(line)) {
  const python = findJupyter() ?? install(log);
  // JupyterLab runs CommonJS files of its own with node, which would take them for this project's kind of modules.
  const kind = join(venv, "package.json");
  if (existsSync(venv) && !existsSync(kind)) writeFileSync(kind, '{ "type": "commonjs" }\n');
  return python;
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
  if (findJupyter() !== venvPython) throw new Error("JupyterLab was installed into .venv but does not start; delete the folder .venv and try again");
  return venvPython;
}

/** The environment in which Jupyter finds the project's kernel, settings and figure renderer. */
export function jupyterEnvironment(environment = process.env) {
  const plotly = createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
  copyFileSync(plotly, join(root, ".jupyter", "labextensions", "mast-figures", "static", "plotly.min.js"));
  const first = (path, more) => (more ? `${path}${delimiter}${more}` : path);
  return {
    ...environment,
    JUPYTER_PATH: first(join(root, ".jupyter"), environment.JUPYTER_PATH),
    JUPYTER_CONFIG_PATH: first(join(root, ".jupyter"), environment.JUPYTER_CONFIG_PATH),
  };
}
