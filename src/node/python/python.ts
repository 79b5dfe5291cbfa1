import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PartError } from "../../parts/registry.js";
import { plain } from "../../messages.js";
import { packageRoot } from "../project.js";

/** The oldest Python that the environments' server runs on. */
const OLDEST = [3, 9] as const;

/** A program that Python 2 runs as well, and prints "3 11". */
const VERSION = "import sys; print('%d %d' % sys.version_info[:2])";

const checked = new Set<string>();

/**
 * Returns the Python that plays environments: MAST_PYTHON, else the project's .venv, else python3.
 *
 * @throws {PartError} when there is none or it is too old, in one line that says what to do
 */
export function findPython(): string {
  const own = join(packageRoot(), ".venv", "bin", "python");
  const python = process.env["MAST_PYTHON"] || (existsSync(own) ? own : "python3");
  if (checked.has(python)) return python;
  const advice = "set MAST_PYTHON to the Python that has your environment, or run npm run setup:python -- pettingzoo";
  if (process.platform === "win32")
    throw new PartError("environments in Python need Linux or macOS: on Windows, work in WSL");
  const { status, stdout, stderr, error } = spawnSync(python, ["-c", VERSION], {
    encoding: "utf8",
    timeout: 60_000,
  });
  if (error !== undefined || status !== 0) {
    const why =
      error === undefined
        ? `ends with exit code ${status}${stderr.trim() === "" ? "" : `: ${plain(stderr.trim().split("\n").at(-1)!, 200)}`}`
        : (error as NodeJS.ErrnoException).code === "ENOENT"
          ? "is not there"
          : `cannot be run (${(error as NodeJS.ErrnoException).code ?? error.message})`;
    throw new PartError(`environments in Python need Python, but ${python} ${why}: ${advice}`);
  }
  const [, major, minor] = (/^(\d+) (\d+)$/.exec(stdout.trim()) ?? []).map(Number);
  if (major === undefined)
    throw new PartError(
      `environments in Python need Python, but ${python} is not one: it does not say its version: ${advice}`,
    );
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new PartError(
      `environments in Python need Python ${OLDEST.join(".")} or newer, but ${python} is ${major}.${minor}: ${advice}`,
    );
  checked.add(python);
  return python;
}
