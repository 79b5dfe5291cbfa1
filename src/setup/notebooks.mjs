// npm run notebooks [-- NAME...] [--profile smoke|classroom|paper]: executes notebooks with the real kernel, in place.
// With the profile "smoke" the committed notebook stays as it is and the executed copy goes to .cache/notebooks/.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { ensureJupyter, jupyterEnvironment, root } from "./jupyter.mjs";

const PROFILES = ["smoke", "classroom", "paper"];
const folder = join(root, "notebooks");

try {
  process.exitCode = run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function run() {
  const { values, positionals } = parseArgs({ options: { profile: { type: "string" } }, allowPositionals: true });
  if (values.profile !== undefined && !PROFILES.includes(values.profile)) throw new Error(`--profile is "${values.profile}"; allowed: ${PROFILES.join(", ")}`);
  const names = choose(positionals);
  const python = ensureJupyter();
  const env = jupyterEnvironment(values.profile === undefined ? process.env : { ...process.env, MAST_PROFILE: values.profile });
  let failed = 0;
  for (const name of names) {
    const target = values.profile === "smoke" ? join(root, ".cache", "notebooks", name) : join(folder, name);
    const started = Date.now();
    console.log(`${name}: executing${values.profile === undefined ? "" : ` (${values.profile})`}`);
    const { status } = spawnSync(python, [join(root, "src", "setup", "execute_notebook.py"), join(folder, name), target, folder], { env, stdio: "inherit" });
    if (status !== 0) {
      failed++;
      continue;
    }
    const kilobytes = Math.round(statSync(target).size / 1000);
    console.log(`${name}: done in ${Math.round((Date.now() - started) / 1000)} s, ${kilobytes} kB, in ${target.slice(root.length + 1)}`);
    if (kilobytes > 400) console.error(`${name}: ${kilobytes} kB is too much to commit (400 kB): show fewer or smaller outputs`);
  }
  return failed === 0 ? 0 : 1;
}

/** The notebooks that are meant by what was typed: "00-quickstart", "00-quickstart.ipynb", "notebooks/00-quickstart.ipynb" or "00". */
function choose(given) {
  const all = readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort();
  if (given.length === 0) return all;
  return given.map((text) => {
    const stem = basename(text, ".ipynb");
    const name = all.find((candidate) => candidate === `${stem}.ipynb`) ?? all.find((candidate) => candidate.startsWith(`${stem}-`));
    if (name === undefined) throw new Error(`no notebook "${text}"; there are: ${all.map((candidate) => basename(candidate, ".ipynb")).join(", ")}`);
    return name;
  });
}
