// npm run lab: JupyterLab on the notebooks, with the TypeScript kernel ready. Arguments go to JupyterLab:
//   npm run lab -- --no-browser --port 8899
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { committedFiles } from "./committed.mjs";
import { ensureJupyter, jupyterEnvironment, root } from "./jupyter.mjs";

const { python, env } = prepare();

// Jupyter hides scripted outputs (the battle replays) of notebooks that it has not run itself. Notebooks of the project
// that are committed and unchanged are trusted to show them; other notebooks show them after they were run.
const notebooks = committedFiles(root, "notebooks", ".ipynb");
if (notebooks.length > 0) spawnSync(python, ["-m", "jupyter", "trust", ...notebooks], { env, stdio: "ignore" });

const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
const lab = spawn(
  python,
  [
    "-m",
    "jupyterlab",
    `--ServerApp.root_dir=${root}`,
    "--LabApp.default_url=/lab/tree/notebooks/00-quickstart.ipynb",
    ...asRoot,
    ...process.argv.slice(2),
  ],
  // Which notebooks are open is kept with the project, not in the home folder of whoever opens it. JupyterLab and
  // Notebook, which both answer for it where both are installed, read this variable; a flag would reach one of them.
  {
    cwd: root,
    env: { JUPYTERLAB_WORKSPACES_DIR: join(root, ".cache", "jupyterlab"), ...env },
    stdio: "inherit",
  },
);
// JupyterLab asks before it stops at Ctrl-C; this process waits for its decision.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => lab.kill("SIGTERM"));
lab.on("exit", (code) => process.exit(code ?? 1));

function prepare() {
  try {
    return { python: ensureJupyter(), env: jupyterEnvironment() };
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
