// Fetches TensorFlow's C++ library with its headers from the wheel on PyPI. Nothing of it runs in Python, so it is put
// into a folder of its own, without the packages that TensorFlow needs in Python; JupyterLab's .venv does not change,
// and any Python with pip can fetch it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../npm.mjs";

/** The folder of the library, beside the NVIDIA libraries that it finds by relative paths. */
export const library = join(root, ".tensorflow", "python");

const STAMP = "requirements.txt";
const requirementsOf = (flavour) => readFileSync(join(root, "src", "setup", "tensorflow", `${flavour}.txt`), "utf8");

/** Tells which library is installed: "cpu", "cuda" (which computes on a processor as well) or undefined. */
export function installedFlavour() {
  const stamp = join(library, STAMP);
  if (!existsSync(stamp)) return undefined;
  const found = readFileSync(stamp, "utf8");
  return ["cuda", "cpu"].find((flavour) => requirementsOf(flavour) === found);
}

/**
 * Finds a Python with pip, which is made in the project's .venv if the system's Python has none.
 * @returns {string}
 * @throws {Error} with one line that says what is missing
 */
export function pythonWithPip() {
  const own = join(root, ".venv", "bin", "python");
  const hasPip = (python) => spawnSync(python, ["-m", "pip", "--version"]).status === 0;
  const found = [...(existsSync(own) ? [own] : []), "python3", "python"].find(hasPip);
  if (found !== undefined) return found;
  if (spawnSync("python3", ["--version"]).status !== 0)
    throw new Error(
      "Python is missing, whose pip fetches TensorFlow: install Python 3.9 or newer (Debian, Ubuntu: `apt install python3 python3-venv`)",
    );
  if (spawnSync("python3", ["-m", "venv", join(root, ".venv")]).status === 0 && hasPip(own)) return own;
  throw new Error(
    "Python has neither pip nor a complete venv module: install one (Debian, Ubuntu: `apt install python3-venv`), delete the folder .venv if there is one, and try again",
  );
}

/**
 * Fetches the library if it is missing.
 * @param {"cpu" | "cuda"} flavour
 * @param {string} python one that has pip
 * @throws {Error} with one line that says why it cannot be fetched; an older library stays in place
 */
export function installLibrary(flavour, python, log) {
  const installed = installedFlavour();
  if (installed === flavour || (flavour === "cpu" && installed === "cuda")) return;
  log(
    `fetching TensorFlow from PyPI into .tensorflow/python (once, ${flavour === "cuda" ? "a download of 3 GB that takes 6 GB of disk" : "a download of 270 MB that takes 1.3 GB of disk"})`,
  );
  const temporary = join(root, ".tensorflow", "tmp");
  const fresh = join(temporary, "python");
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  try {
    const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
    const platforms = ["manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux1"].flatMap((tag) => [
      "--platform",
      `${tag}_${machine}`,
    ]);
    // The C++ library is the same in the wheels of all Pythons: that of 3.12 serves where the Python at hand is too new
    // or too old for TensorFlow.
    const wheel = ["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.12", ...platforms];
    const { status, stderr, error } = spawnSync(
      python,
      [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "--no-deps",
        "--no-compile",
        ...wheel,
        "--target",
        fresh,
        "-r",
        join(root, "src", "setup", "tensorflow", `${flavour}.txt`),
      ],
      // The temporary folder for gigabytes is beside the final one, since /tmp is often small.
      { encoding: "utf8", env: { ...process.env, TMPDIR: temporary, PIP_ROOT_USER_ACTION: "ignore" } },
    );
    if (status !== 0) {
      const reason =
        error?.message ??
        (stderr ?? "")
          .trim()
          .split("\n")
          .findLast((line) => /error/i.test(line)) ??
        "pip failed";
      throw new Error(`TensorFlow could not be fetched: ${reason.trim()}; check network and disk and try again`);
    }
    writeFileSync(join(fresh, STAMP), requirementsOf(flavour));
    rmSync(library, { recursive: true, force: true });
    renameSync(fresh, library);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
