// Python environments of the project: JupyterLab, and what only benchmarks compare with. Plain JavaScript, since it
// runs before anything is compiled.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const windows = process.platform === "win32";

/**
 * Packages from PyPI in a virtual environment of their own, made when they are first needed.
 *
 * @param {object} what
 * @param {string} what.title what a person calls it: "JupyterLab"
 * @param {string} what.folder the environment's folder in the project: ".venv"
 * @param {string} what.requirements path of the pip requirements
 * @param {string} what.check Python that fails where the packages are not there, or do not load
 * @param {string} what.cost what an installation takes: "about a minute"
 * @param {string} what.without who can do without it
 * @param {readonly string[]} [what.pip] further options of pip
 */
export function pythonEnvironment({ title, folder, requirements, check, cost, without, pip = [] }) {
  const venv = join(root, folder);
  const own = windows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  const pythons = windows ? ["python", "py"] : ["python3", "python"];
  const run = (python, ...args) => spawnSync(python, args, { encoding: "utf8" });

  /** The Python that has the packages: the project's own, else an installed one; undefined where there is none. */
  const find = () =>
    [...(existsSync(own) ? [own] : []), ...pythons].find((python) => run(python, "-c", check).status === 0);

  /**
   * The Python that has the packages, installed if there is none yet.
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
