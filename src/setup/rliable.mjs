// rliable for `npm run bench -- --rliable`: where it is, and how to get it. Nothing else in the project needs it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./npm.mjs";

const venv = join(root, ".venv-rliable");
const windows = process.platform === "win32";
const venvPython = windows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
const requirements = join(root, "bench", "rliable", "requirements.txt");

// Not only whether it is there: it loads with some releases of what it needs alone.
const load = ["-c", "from rliable import library, metrics"];

/**
 * The Python that has rliable: the project's .venv-rliable, else an installed one; undefined where there is none.
 * @returns {string | undefined}
 */
export function findRliable() {
  return [...(existsSync(venvPython) ? [venvPython] : []), ...pythons()].find((python) => spawnSync(python, load).status === 0);
}

function pythons() {
  return windows ? ["python", "py"] : ["python3", "python"];
}

/**
 * The Python that has rliable, installed from PyPI into .venv-rliable if there is none yet.
 * @returns {string}
 * @throws {Error} with one line that says what is missing and how to get it
 */
export function ensureRliable(log = (line) => console.error(line)) {
  return findRliable() ?? install(log);
}

function install(log) {
  const python = pythons().find((name) => spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0);
  if (python === undefined) throw new Error("rliable needs Python 3.9 or newer, and there is none: install it from python.org or your system's packages (only --rliable needs it)");
  log("installing rliable from PyPI into .venv-rliable (once; a download of 100 MB that takes 0.5 GB of disk)");
  const made = spawnSync(python, ["-m", "venv", venv], { encoding: "utf8" });
  if (made.status !== 0 || spawnSync(venvPython, ["-m", "pip", "--version"]).status !== 0) {
    throw new Error("Python's venv module is missing or incomplete: install it (Debian, Ubuntu: `apt install python3-venv`), delete the folder .venv-rliable and try again");
  }
  const pip = spawnSync(venvPython, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], { encoding: "utf8" });
  if (pip.status !== 0) {
    const reason = (pip.stderr || pip.stdout || "").trim().split("\n").findLast((line) => /error/i.test(line)) ?? "pip failed";
    throw new Error(`rliable could not be installed into .venv-rliable: ${reason.trim()}; check network and disk and try again`);
  }
  const loaded = spawnSync(venvPython, load, { encoding: "utf8" });
  if (loaded.status !== 0) {
    throw new Error(`rliable was installed into .venv-rliable but does not load (${loaded.stderr.trim().split("\n").at(-1)}); delete the folder .venv-rliable and try again`);
  }
  return venvPython;
}
