// Runs npm, the same one that started this process if there is one.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Runs npm in the project's folder, quietly.
 * @param {string[]} args
 * @throws {Error} with npm's message
 */
export function npm(...args) {
  const path = process.env.npm_execpath;
  // On a terminal npm shows its progress.
  const options = {
    cwd: root,
    stdio: ["ignore", "ignore", process.stderr.isTTY ? "inherit" : "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 26,
  };
  const quietly = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr, error } =
    path && /\.c?js$/.test(path)
      ? spawnSync(process.execPath, [path, ...quietly], options)
      : spawnSync("npm", quietly, { ...options, shell: process.platform === "win32" });
  if (status !== 0)
    throw new Error(
      `npm ${args.join(" ")} failed:\n${
        error
          ? error.message
          : String(stderr || `exit code ${status}`)
              .trim()
              .split("\n")
              .slice(0, 8)
              .join("\n")
      }`,
    );
}
