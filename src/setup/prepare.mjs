// Sets the project up from a fresh clone, and does nothing if it is set up: installs the packages of package-lock.json
// and compiles the sources. `node src/setup/prepare.mjs`, or `prepare()` at the start of a script.
import "./node-version.mjs";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "./alone.mjs";
import { npm, root } from "./npm.mjs";

/**
 * Installs packages and compiles sources if they are missing or outdated; prints what it does, and ends the process on
 * a failure. Of several commands that are started at once in a fresh clone one does it, and the others wait.
 */
export async function prepare() {
  if (isInstalled() && (await isReady())) return;
  const lock = join(root, ".cache/setup.lock");
  await alone(lock, prepareAlone, () =>
    console.error(`another command is setting the project up: waiting for it (if there is none, remove ${lock})`),
  );
}

async function isReady() {
  const { isLinked } = await import("./self.mjs");
  const { isBuilt } = await import("./build.mjs");
  return isLinked() && isBuilt();
}

async function prepareAlone() {
  if (!isInstalled()) install();
  // It is imported only now, because the build imports packages.
  const { isLinked, linkSelf } = await import("./self.mjs");
  if (!isLinked()) linkSelf();
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

/** Tells whether node_modules holds every package of the lock file, by npm's own record of it. */
function isInstalled() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const { packages: installed } = JSON.parse(readFileSync(record, "utf8"));
  const { packages: wanted } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const installedByUs = existsSync(stamp) && readFileSync(stamp, "utf8") === lockText();
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional, peer, os, cpu, libc }]) => {
    if (!path.startsWith("node_modules/")) return true;
    // Compiled programs for this machine (of esbuild and rollup, which the tests need) are optional, and
    // --omit=optional leaves them out. Packages that our own installation could not get are not tried again.
    const forThisMachine =
      os !== undefined &&
      matches(os, process.platform) &&
      matches(cpu, process.arch) &&
      matches(libc, musl() ? "musl" : "glibc");
    if (optional || devOptional) return installedByUs || !forThisMachine || existsSync(join(root, path));
    if (link) return existsSync(join(root, path));
    return installed[path] ? installed[path].version === version && existsSync(join(root, path)) : Boolean(peer);
  });
}

/** The file in which our installation stores the lock file that it followed. */
const stamp = join(root, "node_modules", ".mast-lock.json");
const lockText = () => readFileSync(join(root, "package-lock.json"), "utf8");

/**
 * Tells whether a list of a lock file, such as ["linux"] or ["!win32"], includes the value; without a list every value
 * is included.
 */
function matches(list, value) {
  if (list === undefined) return true;
  return list.includes(value) || (list.every((entry) => entry.startsWith("!")) && !list.includes(`!${value}`));
}

function musl() {
  return process.platform === "linux" && process.report.getReport().header.glibcVersionRuntime === undefined;
}

function install() {
  console.error("installing packages from the npm registry into node_modules (once, about a minute)");
  try {
    // All packages are installed, whatever NODE_ENV, npm_config_omit or a user's .npmrc leave out, because the compiler
    // and the tests are development packages.
    npm("ci", "--include=dev", "--include=optional", "--include=peer");
    writeFileSync(stamp, lockText());
  } catch (error) {
    console.error(
      `The packages cannot be installed. ${error.message}\nCheck the network and the disk, and run the same command again.`,
    );
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepare();
