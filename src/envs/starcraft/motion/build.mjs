// Compiles motion.c into motion-wasm.ts: `node src/envs/starcraft/motion/build.mjs`. `--check` compares with what is committed instead.
// The compiler is that of the networks' kernels: `node src/networks/kernels/build.mjs --check wasm` puts it into .cache/zig.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const compiled = join(here, "motion-wasm.ts");

// WebAssembly has no fused multiply-add, and without -ffast-math nothing is reordered: the code rounds as it is written.
const FLAGS = [
  ...["-O3", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing", "-fno-sanitize=undefined"],
  ...["-g0", "-Wall", "-Wextra", "-Werror", "-nostdlib"],
  ...["-target", "wasm32-freestanding", "-mcpu=generic+simd128+bulk_memory+sign_ext+nontrapping_fptoint"],
  ...["-Wl,--no-entry", "-Wl,--import-memory", "-Wl,-z,stack-size=4096", "-Wl,--strip-all"],
];

/** The hash of what motion-wasm.ts is made of. */
export function hashOfSources() {
  const hash = createHash("sha256");
  for (const name of ["motion.c", "build.mjs"])
    hash.update(readFileSync(join(here, name), "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex");
}

/**
 * The text of motion-wasm.ts for a source like motion.c.
 * @throws {Error} when there is no compiler, or it refuses
 */
export function compile(source) {
  const bin = join(here, "../../../../.cache/zig", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (!existsSync(bin)) {
    throw new Error(
      "The compiler is not there: node src/networks/kernels/build.mjs --check wasm installs it into .cache/zig.",
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "mast-motion-"));
  try {
    const wasm = join(folder, "motion.wasm");
    writeFileSync(join(folder, "motion.c"), source);
    const { status, stdout, stderr } = spawnSync(bin, ["-m", "ziglang", "cc", ...FLAGS, "motion.c", "-o", wasm], {
      cwd: folder,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`motion.c does not compile:\n${stdout ?? ""}${stderr ?? ""}`);
    return [
      "// Compiled from motion.c by build.mjs.",
      `export const SOURCES = "${hashOfSources()}";`,
      "export const MOTION =",
      `  "${readFileSync(wasm).toString("base64")}";`,
      "",
    ].join("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const text = compile(readFileSync(join(here, "motion.c"), "utf8"));
    if (!process.argv.includes("--check")) writeFileSync(compiled, text);
    else if (readFileSync(compiled, "utf8") !== text)
      throw new Error(
        "motion-wasm.ts is not what motion.c compiles to: run node src/envs/starcraft/motion/build.mjs and commit it.",
      );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
