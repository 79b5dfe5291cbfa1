// npm run notebooks [-- NAME...] [--profile smoke|classroom|paper] [--publish]: executes notebooks with the real
// kernel. The executed copies go to data/own/notebooks (MAST_RESULTS chooses another folder than data/own), and those
// of the profile "smoke" to .cache/notebooks; with --publish the committed notebooks, data/results and figures are
// replaced.
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve as resolvePath } from "node:path";
import { parseArgs } from "node:util";
import { ensureJupyter, jupyterEnvironment, root } from "./jupyter.mjs";

const PROFILES = ["smoke", "classroom", "paper"];
const folder = join(root, "notebooks");

try {
  process.exitCode = await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function run() {
  const { values, positionals } = parseArgs({
    options: { profile: { type: "string" }, publish: { type: "boolean" } },
    allowPositionals: true,
  });
  const { profile, publish = false } = values;
  if (publish && profile === "smoke") throw new Error("--publish is for real results: leave out --profile smoke");
  if (profile !== undefined && !PROFILES.includes(profile))
    throw new Error(`--profile is "${profile}"; allowed: ${PROFILES.join(", ")}`);
  const queue = choose(positionals);
  const python = ensureJupyter();
  const env = jupyterEnvironment({
    ...process.env,
    ...(profile !== undefined && { MAST_PROFILE: profile }),
    ...(publish && { MAST_PUBLISH: "1" }),
  });
  const target = publish
    ? folder
    : profile === "smoke"
      ? join(root, ".cache", "notebooks")
      : join(resolvePath(root, process.env.MAST_RESULTS || join("data", "own")), "notebooks");
  // In a smoke run one process mostly waits for another, so two notebooks at a time take half as long. They have
  // separate run stores, since no two processes work on one run. In the larger profiles a notebook uses every core by
  // itself.
  const lanes =
    profile === "smoke" && queue.length > 1 && availableParallelism() > 1
      ? [env, { ...env, MAST_RUNS: join(env.MAST_RUNS || join(root, "data", "runs"), "second") }]
      : [env];
  let failed = 0;
  const work = async (laneEnv) => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      if (!(await execute(python, name, profile, join(target, name), laneEnv, lanes.length === 1))) failed++;
    }
  };
  await Promise.all(lanes.map(work));
  return failed === 0 ? 0 : 1;
}

/**
 * Executes a notebook, reports how it went, and returns whether it succeeded. If several run at a time, the output of
 * each is printed at its end.
 */
async function execute(python, name, profile, target, env, alone) {
  const started = Date.now();
  console.log(`${name}: executing${profile === undefined ? "" : ` (${profile})`}`);
  const child = spawn(python, [join(root, "src", "setup", "execute_notebook.py"), join(folder, name), target, folder], {
    env,
    stdio: alone ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (said += data));
  const status = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  process.stderr.write(said);
  if (status !== 0) return false;
  const kilobytes = Math.round(statSync(target).size / 1000);
  console.log(
    `${name}: done in ${Math.round((Date.now() - started) / 1000)} s, ${kilobytes} kB, in ${target.startsWith(root) ? target.slice(root.length + 1) : target}`,
  );
  if (kilobytes > 400)
    console.error(`${name}: ${kilobytes} kB is too much to commit (400 kB): show fewer or smaller outputs`);
  return true;
}

/**
 * Finds the notebooks of an argument: "00-quickstart", "00-quickstart.ipynb", "notebooks/00-quickstart.ipynb" or "00".
 */
function choose(given) {
  const all = readdirSync(folder)
    .filter((name) => name.endsWith(".ipynb"))
    .sort();
  if (given.length === 0) return all;
  return given.map((text) => {
    const stem = basename(text, ".ipynb");
    const name =
      all.find((candidate) => candidate === `${stem}.ipynb`) ??
      all.find((candidate) => candidate.startsWith(`${stem}-`));
    if (name === undefined)
      throw new Error(
        `no notebook "${text}"; there are: ${all.map((candidate) => basename(candidate, ".ipynb")).join(", ")}`,
      );
    return name;
  });
}
