// Compiles the kernels to kernels.wasm beside this file; does nothing when that is newer than every source.
// `node src/networks/wasm/build.mjs`, or `await buildKernels()`.
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const assembly = join(here, "assembly");
const output = join(here, "kernels.wasm");

/** @returns {Promise<string>} the path of kernels.wasm */
export async function buildKernels() {
  const sources = readdirSync(assembly).map((file) => join(assembly, file));
  if (modified(output) > Math.max(...[fileURLToPath(import.meta.url), assembly, ...sources].map(modified))) return output;

  const { default: asc } = await import("assemblyscript/asc");
  // Two builds at once must not see each other's half-written file.
  const partial = `${output}.${process.pid}`;
  const { error, stderr } = await asc.main(
    // The compiler takes paths relative to baseDir only.
    [
      ...["assembly/index.ts", "--baseDir", here, "--outFile", relative(here, partial)],
      ...["-O3", "--runtime", "stub", "--importMemory", "--enable", "simd", "--noAssert"],
    ],
  );
  if (error) {
    rmSync(partial, { force: true });
    throw new Error(`The wasm kernels do not compile.\n${stderr.toString()}`);
  }
  renameSync(partial, output);
  return output;
}

/** @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildKernels());
