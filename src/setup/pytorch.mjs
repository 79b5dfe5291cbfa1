// PyTorch for the benchmarks and the oracle in bench/pytorch: where it is, and how to get it. Nothing else in the project needs it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./npm.mjs";

const venv = join(root, ".venv-pytorch");
const windows = process.platform === "win32";
const venvPython = windows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
const requirements = join(root, "bench", "pytorch", "requirements.txt");

/**
 * The Python that has PyTorch and what goes with it: the project's .venv-pytorch, else an installed one; undefined where there is none.
 * @returns {string | undefined}
 */
export function findPytorch() {
  const script = "import sys, importlib.util as u; sys.exit(any(u.find_spec(m) is None for m in ('torch', 'numpy', 'safetensors')))";
  return [...(existsSync(venvPython) ? [venvPython] : []), ...pythons()].find((python) => spawnSync(python, ["-c", script]).status === 0);
}

function pythons() {
  return windows ? ["python", "py"] : ["python3", "python"];
}

/**
 * The Python that has PyTorch, installed from PyPI into .venv-pytorch if there is none yet.
 * @returns {string}
 * @throws {Error} with one line that says what is missing and how to get it
 */
export function ensurePytorch(log = (line) => console.error(line)) {
  return findPytorch() ?? install(log);
}

function install(log) {
  const python = pythons().find((name) => spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0);
  if (python === undefined) throw new Error("PyTorch needs Python 3.9 or newer, and there is none: install it from python.org or your system's packages (only --pytorch needs it)");
  // PyPI's PyTorch for Linux on x86-64 is built for CUDA and does not load without CUDA's libraries, GPU or not.
  const size = process.platform === "linux" && process.arch === "x64" ? "a download of 3 GB that takes 5.4 GB of disk: on Linux PyPI has it with CUDA only" : "a download of about 200 MB";
  log(`installing PyTorch from PyPI into .venv-pytorch (once; ${size})`);
  const made = spawnSync(python, ["-m", "venv", venv], { encoding: "utf8" });
  if (made.status !== 0 || spawnSync(venvPython, ["-m", "pip", "--version"]).status !== 0) {
    throw new Error("Python's venv module is missing or incomplete: install it (Debian, Ubuntu: `apt install python3-venv`), delete the folder .venv-pytorch and try again");
  }
  // Without pip's cache: it would keep the 3 GB a second time.
  const pip = spawnSync(venvPython, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "-r", requirements], { encoding: "utf8" });
  if (pip.status !== 0) {
    const reason = (pip.stderr || pip.stdout || "").trim().split("\n").findLast((line) => /error/i.test(line)) ?? "pip failed";
    throw new Error(`PyTorch could not be installed into .venv-pytorch: ${reason.trim()}; check network and disk and try again`);
  }
  const loaded = spawnSync(venvPython, ["-c", "import torch, numpy, safetensors"], { encoding: "utf8" });
  if (loaded.status !== 0) {
    throw new Error(`PyTorch was installed into .venv-pytorch but does not load (${loaded.stderr.trim().split("\n").at(-1)}); delete the folder .venv-pytorch and try again`);
  }
  return venvPython;
}
