// Finds or makes Python environments of the project: for JupyterLab, and for packages that only benchmarks need. It is
// plain JavaScript, since it runs before anything is compiled.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const windows = process.platform === "win32";

/**
 * Describes packages from PyPI in a virtual environment of their own, which is made when they are first needed.
 *
 * @param {object} what
 * @param {string} what.title name for messages: "JupyterLab"
 * @param {string} what.folder the environment's folder in the project: ".venv"
 * @param {string} what.requirements path of the pip requirements
 * @param {string} what.check Python program that fails if the packages are missing or do not load
 * @param {string} what.cost cost of an installation: "about a minute"
 * @param {string} what.without what works without it
 * @param {readonly string[]} [what.pip] further options of pip
 */
export function pythonEnvironment({ title, folder, requirements, check, cost, without, pip = [] }) {
  const venv = join(root, folder);
  const own = windows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  const pythons = windows ? ["python", "py"] : ["python3", "python"];
  const run = (python, ...args) => spawnSync(python, args, { encoding: "utf8" });

  /** Finds the Python that has the packages, the project's own or an installed one; undefined if there is none. */
  const find = () =>
    [...(existsSync(own) ? [own] : []), ...pythons].find((python) => run(python, "-c", check).status === 0);

  /**
   * Finds the Python that has the packages, and installs them if they are missing.
   * @throws {Error} with one line that says what is missing and how to get it
   */
  const ensure = (log = (line) => console.error(line)) => find() ?? install(log);

  function install(log) {
    const python = pythons.find(
      (name) => run(name, "-c", "import sys; sys.exit(sys.version_info < (3, 9))").status === 0,
    );
    if (python === undefined)
      throw new Error(
        `${title} needs Python 3.9 or newer, and there is none: install it from python.org or your system's packages (${without})`,
      );
    log(`installing ${title} from PyPI into ${folder} (once, ${cost})`);
    if (run(python, "-m", "venv", venv).status !== 0 || run(own, "-m", "pip", "--version").status !== 0) {
      throw new Error(
        `Python's venv module is missing or incomplete: install it (Debian, Ubuntu: \`apt install python3-venv\`), delete the folder ${folder} and try again`,
      );
    }
    const installed = run(
      own,
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      ...pip,
      "-r",
      requirements,
    );
    if (installed.status !== 0) {
      const reason =
        (installed.stderr || installed.stdout || "")
          .trim()
          .split("\n")
          .findLast((line) => /error/i.test(line)) ?? "pip failed";
      throw new Error(
        `${title} could not be installed into ${folder}: ${reason.trim()}; check network and disk and try again`,
      );
    }
    const loaded = run(own, "-c", check);
    if (loaded.status !== 0) {
      throw new Error(
        `${title} was installed into ${folder} but does not load (${(loaded.stderr || "no reason given").trim().split("\n").at(-1)}); delete the folder ${folder} and try again`,
      );
    }
    return own;
  }

  return { venv, find, ensure };
}
