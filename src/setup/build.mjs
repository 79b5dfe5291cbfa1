// Compiles the TypeScript of src/ to dist/, beside the kernels, which are compiled already. `npm run build`, or
// `build()`.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./npm.mjs";

const dist = join(root, "dist");
const STAMP = ".sources";
const KERNELS = "src/networks/kernels/built";

/**
 * Compiles everything; the old dist stays in place until the new one is complete.
 * @throws {Error} with the compiler's messages
 */
export async function build() {
  const sources = hashOfSources();
  // The new folder is beside dist, at the same depth, because modules find data/ and package.json by relative paths.
  const fresh = join(root, `dist.${process.pid}.tmp`);
  try {
    // node_modules/.bin/tsc is the older compiler inside of tslab.
    const tsc = spawnSync(
      process.execPath,
      [join(root, "node_modules/typescript-native/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh],
      { cwd: root, encoding: "utf8" },
    );
    if (tsc.status !== 0) throw new Error(`The sources do not compile.\n${tsc.stdout}${tsc.stderr}`.trim());
    cpSync(join(root, KERNELS), join(fresh, "networks/kernels/built"), { recursive: true });
    chmodSync(join(fresh, "cli.js"), 0o755);
    writeFileSync(join(fresh, STAMP), sources);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Tells whether dist was compiled from the present sources. */
export function isBuilt() {
  const stamp = join(dist, STAMP);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hashOfSources();
}

function hashOfSources() {
  const hash = createHash("sha256");
  const files = readdirSync(join(root, "src"), { recursive: true }).map((name) => join("src", name));
  const sources = [
    ...files.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")),
    "tsconfig.json",
    "tsconfig.build.json",
    "package-lock.json",
    "src/setup/build.mjs",
    `${KERNELS}/manifest.json`,
  ];
  for (const name of sources.sort()) hash.update(`${name}\n`).update(readFileSync(join(root, name)));
  return hash.digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
