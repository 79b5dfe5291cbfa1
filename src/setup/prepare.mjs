// Makes the project ready to run from a fresh clone, and does nothing when it is: installs the packages of package-lock.json and
// compiles the sources. `node src/setup/prepare.mjs`, or `prepare()` at the start of a script.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Installs and compiles what is missing or older than its source; says what it does, and ends the process when it cannot. */
export async function prepare() {
  if (!isInstalled()) install();
  // Only now: the build imports packages.
  const { build, isBuilt } = await import("./build.mjs");
  if (isBuilt()) return;
  console.error("compiling (a few seconds)");
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** Whether node_modules holds every package that the lock file asks for, as npm's own record of it says. */
function isInstalled() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const { packages: installed } = JSON.parse(readFileSync(record, "utf8"));
  const { packages: wanted } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional, peer }]) => {
    if (!path.startsWith("node_modules/") || optional || devOptional) return true;
    if (link) return existsSync(join(root, path));
    return installed[path] ? installed[path].version === version && existsSync(join(root, path)) : Boolean(peer);
  });
}

function install() {
  console.error("installing packages from the npm registry into node_modules (once, under a minute)");
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", maxBuffer: 1 << 26 };
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr, error } = npm && /\.c?js$/.test(npm) ? spawnSync(process.execPath, [npm, ...args], options) : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (status === 0) return;
  const why = error ? error.message : String(stderr).trim().split("\n").slice(0, 8).join("\n");
  console.error(`The packages cannot be installed (npm ci):\n${why}\nCheck the network and the disk, and run the same command again.`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepare();
