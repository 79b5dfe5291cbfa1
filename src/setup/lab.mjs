// npm run lab: JupyterLab on the notebooks, with the TypeScript kernel ready. Arguments go to JupyterLab:
//   npm run lab -- --no-browser --port 8899
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureJupyter, jupyterEnvironment, root } from "./jupyter.mjs";

const python = prepare();
const env = jupyterEnvironment();

// Jupyter hides scripted outputs (the battle replays) of notebooks that it has not seen run; these came with the project.
const notebooks = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb")).map((name) => join(root, "notebooks", name));
spawnSync(python, ["-m", "jupyter", "trust", ...notebooks], { env, stdio: "ignore" });

const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
const lab = spawn(
  python,
  ["-m", "jupyterlab", `--ServerApp.root_dir=${root}`, "--LabApp.default_url=/lab/tree/notebooks/00-quickstart.ipynb", `--LabApp.workspaces_dir=${join(root, ".cache", "jupyterlab")}`, ...asRoot, ...process.argv.slice(2)],
  { cwd: root, env, stdio: "inherit" },
);
// JupyterLab asks before it stops at Ctrl-C; this process stays until it has decided.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => lab.kill("SIGTERM"));
lab.on("exit", (code) => process.exit(code ?? 1));

function prepare() {
  try {
    return ensureJupyter();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
