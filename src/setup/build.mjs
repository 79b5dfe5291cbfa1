// Compiles src/ to dist/: the wasm kernels, then TypeScript. `npm run build`, or `build()`.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./npm.mjs";

const dist = join(root, "dist");
const STAMP = ".sources";

/**
 * Compiles everything anew; the dist before stays in place until the new one is complete.
 * @throws {Error} with the compiler's messages
 */
export async function build() {
  const sources = hashOfSources();
  const { buildKernels } = await import("../networks/wasm/build.mjs");
  const kernels = await buildKernels();
  // Beside dist, and so as deep as it: modules find data/ and package.json from where they are.
  const fresh = join(root, `dist.${process.pid}.tmp`);
  try {
    // node_modules/.bin/tsc is the older compiler inside of tslab.
    const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript-native/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh], { cwd: root, encoding: "utf8" });
    if (tsc.status !== 0) throw new Error(`The sources do not compile.\n${tsc.stdout}${tsc.stderr}`.trim());
    mkdirSync(join(fresh, "networks/wasm"), { recursive: true });
    copyFileSync(kernels, join(fresh, "networks/wasm/kernels.wasm"));
    chmodSync(join(fresh, "cli.js"), 0o755);
    writeFileSync(join(fresh, STAMP), sources);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Whether dist was compiled from the sources as they are, and the kernels are there for tests, which run from the sources. */
export function isBuilt() {
  const stamp = join(dist, STAMP);
  return existsSync(stamp) && existsSync(join(root, "src/networks/wasm/kernels.wasm")) && readFileSync(stamp, "utf8") === hashOfSources();
}

function hashOfSources() {
  const hash = createHash("sha256");
  const files = readdirSync(join(root, "src"), { recursive: true }).map((name) => join("src", name));
  const sources = [...files.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")), "tsconfig.json", "tsconfig.build.json", "package-lock.json", "src/setup/build.mjs"];
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
