// Lets notebooks and a shell in this clone find the package by its own name. Node.js does so by itself for modules
// below package.json, but tslab's compiler searches node_modules only, and npx searches node_modules/.bin. Both get
// small files that point to dist/ and to the command. A link would not do, because npm would need it as a dependency of
// the package on itself.
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./npm.mjs";

/** Lists the files to write, by their path from the project's folder. */
function files() {
  const { name, version, exports: doors, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const package_ = join("node_modules", name);
  const written = {
    [join(package_, "package.json")]:
      `${JSON.stringify({ name, version, private: true, main: "./index.js", types: "./index.d.ts" }, null, 2)}\n`,
  };
  for (const [door, where] of Object.entries(doors)) {
    if (typeof where === "string") continue;
    const file = door === "." ? "index" : door.slice(2);
    const from = (path) => JSON.stringify(`../../${path.slice(2)}`);
    written[join(package_, `${file}.js`)] = `module.exports = require(${from(where.node ?? where.default)});\n`;
    written[join(package_, `${file}.d.ts`)] = `export * from ${from(where.types.replace(/\.d\.ts$/, ".js"))};\n`;
  }
  for (const [command, path] of Object.entries(bin)) {
    const target = `../../${path.slice(2)}`;
    written[join("node_modules", ".bin", command)] =
      `#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0")")/${target}" "$@"\n`;
    if (process.platform === "win32")
      written[join("node_modules", ".bin", `${command}.cmd`)] = `@node "%~dp0\\${target.replaceAll("/", "\\")}" %*\r\n`;
  }
  return written;
}

/** Tells whether all these files exist with the right content. */
export function isLinked() {
  if (links().length > 0) return false;
  return Object.entries(files()).every(
    ([path, text]) => existsSync(join(root, path)) && readFileSync(join(root, path), "utf8") === text,
  );
}

/**
 * Finds links in the place of these files: npm made them in earlier versions, and writing through one would change the
 * project's own files.
 */
function links() {
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const places = [join("node_modules", name), ...Object.keys(files()).filter((path) => path.includes(".bin"))].map(
    (path) => join(root, path),
  );
  return places.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink());
}

/** Writes the files. */
export function linkSelf() {
  for (const link of links()) rmSync(link);
  for (const [path, text] of Object.entries(files())) {
    const full = join(root, path);
    mkdirSync(join(full, ".."), { recursive: true });
    writeFileSync(full, text);
    if (path.includes(".bin")) chmodSync(full, 0o755);
  }
}
