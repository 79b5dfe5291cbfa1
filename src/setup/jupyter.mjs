// JupyterLab for this project: where it is, and how to get it. Plain JavaScript, since it runs before anything is
// compiled.
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

/** The Python that has JupyterLab 4; undefined where there is none. */
export const findJupyter = find;

/**
 * The Python that has JupyterLab, installed from PyPI into .venv if there is none yet.
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

/** The environment in which Jupyter finds the project's kernel, settings and figure renderer. */
export function jupyterEnvironment(environment = process.env) {
  const plotly = createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
  const copy = join(root, ".jupyter", "labextensions", "mast-figures", "static", "plotly.min.js");
  // Whoever may not write to the project uses the copy of whoever set it up.
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
