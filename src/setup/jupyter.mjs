// Finds or installs JupyterLab for this project. It is plain JavaScript, since it runs before anything is compiled.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python.mjs";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const { venv, find, ensure } = pythonEnvironment({
  title: "JupyterLab",
  folder: ".venv",
  requirements: join(root, ".jupyter", "requirements.txt"),
  check: "import sys, jupyterlab, nbclient; sys.exit(int(jupyterlab.__version__.split('.')[0]) < 4)",
  cost: "about a minute",
  without: "training and `npm start` do without",
});

/** Finds the Python that has JupyterLab 4; undefined if there is none. */
export const findJupyter = find;

/**
 * Finds the Python that has JupyterLab, which is installed from PyPI into .venv if it is missing.
 * @returns {string}
 * @throws {Error} with one line that says what is missing and how to get it
 */
export function ensureJupyter(log = (line) => console.error(line)) {
  const python = ensure(log);
  // JupyterLab runs CommonJS files of its own with node, which would take them for this project's kind of modules.
  const kind = join(venv, "package.json");
  if (existsSync(venv) && !existsSync(kind)) writeFileSync(kind, '{ "type": "commonjs" }\n');
  return python;
}

/** Makes the environment variables by which Jupyter finds the project's kernel, settings and figure renderer. */
export function jupyterEnvironment(environment = process.env) {
  const plotly = createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
  const copy = join(root, ".jupyter", "labextensions", "mast-figures", "static", "plotly.min.js");
  // A user without write access to the project uses the copy made at its set-up.
  if (!existsSync(copy) || !readFileSync(copy).equals(readFileSync(plotly))) {
    try {
      copyFileSync(plotly, copy);
    } catch (error) {
      throw new Error(
        `Plotly cannot be copied to ${copy} (${error.code}): run this once as somebody who may write to the project`,
        { cause: error },
      );
    }
  }
  const first = (path, more) => (more ? `${path}${delimiter}${more}` : path);
  return {
    ...environment,
    JUPYTER_PATH: first(join(root, ".jupyter"), environment.JUPYTER_PATH),
    JUPYTER_CONFIG_PATH: first(join(root, ".jupyter"), environment.JUPYTER_CONFIG_PATH),
  };
}
