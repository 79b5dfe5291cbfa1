// Compiles the C files here into loops-wasm.ts: `node src/envs/starcraft/compiled/build.mjs`. `--check` compares with
// what is committed instead. The compiler is that of the networks' kernels: `node src/networks/kernels/build.mjs
// --check wasm` puts it into .cache/zig.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const compiled = join(here, "loops-wasm.ts");
const SOURCES = ["battle.h", "enemy.c", "fight.c", "ground.c", "motion.c", "observe.c", "play.c"];

// WebAssembly has no fused multiply-add, and without -ffast-math nothing is reordered: the code rounds as it is
// written.
const FLAGS = [
  ...["-O3", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing", "-fno-sanitize=undefined"],
  ...["-g0", "-Wall", "-Wextra", "-Werror", "-nostdlib"],
  ...["-target", "wasm32-freestanding", "-mcpu=generic+simd128+bulk_memory+sign_ext+nontrapping_fptoint"],
  ...["-Wl,--no-entry", "-Wl,--import-memory", "-Wl,-z,stack-size=4096", "-Wl,--strip-all"],
];

/** The hash of what loops-wasm.ts is made of. */
export function hashOfSources() {
  const hash = createHash("sha256");
  for (const name of [...SOURCES, "build.mjs"])
    hash.update(readFileSync(join(here, name), "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex");
}

/** The names of the members of a struct in battle.h, in their order and in camel case, as ../battle.ts names them. */
function membersOf(header, struct) {
  const end = header.indexOf(`} ${struct};`);
  const body = header.slice(header.lastIndexOf("typedef struct {", end), end).replaceAll(/\/\*[^]*?\*\//g, "");
  return [...body.matchAll(/(\w+)(?=[,;])/g)].map(([name]) =>
    name.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase()),
  );
}

/** Tells whether a WebAssembly module brings data of its own: whether it has a section of kind 11. */
export function hasData(code) {
  for (let at = 8; at < code.length;) {
    const kind = code[at++];
    let [size, shift, byte] = [0, 0, 0x80];
    for (; byte & 0x80; shift += 7) size |= ((byte = code[at++]) & 0x7f) << shift;
    if (kind === 11) return true;
    at += size;
  }
  return false;
}

/**
 * The text of loops-wasm.ts.
 * @param changed other texts of sources than what is in the files here, by name
 * @throws {Error} when there is no compiler, or it refuses
 */
export function compile(changed = {}) {
  const texts = Object.fromEntries(
    SOURCES.map((name) => [name, changed[name] ?? readFileSync(join(here, name), "utf8")]),
  );
  const bin = join(here, "../../../../.cache/zig", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (!existsSync(bin)) {
    throw new Error(
      "The compiler is not there: node src/networks/kernels/build.mjs --check wasm installs it into .cache/zig.",
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "mast-battles-"));
  try {
    const wasm = join(folder, "loops.wasm");
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
    // All sources are one unit, so that functions of one are put into the loops of another.
    const units = SOURCES.filter((name) => name.endsWith(".c"));
    writeFileSync(join(folder, "all.c"), units.map((name) => `#include "${name}"\n`).join(""));
    const { status, stdout, stderr } = spawnSync(bin, ["-m", "ziglang", "cc", ...FLAGS, "all.c", "-o", wasm], {
      cwd: folder,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`The battles do not compile:\n${stdout ?? ""}${stderr ?? ""}`);
    const code = readFileSync(wasm);
    // Data of the module lies from address 4096 on, where the memory of the battles begins, and would overwrite it.
    if (hasData(code)) throw new Error("The battles have static data: compute it, or pass it in `numbers`.");
    return [
      "// Compiled from the C files beside it by build.mjs.",
      `export const SOURCES = "${hashOfSources()}";`,
      ...["ground", "numbers", "battle", "view"].map((struct) => {
        const [name, members] = [struct.toUpperCase(), membersOf(texts["battle.h"], struct).join(" ")];
        const line = `export const ${name} = "${members}";`;
        return line.length <= 120 ? line : `export const ${name} =\n  "${members}";`;
      }),
      "export const LOOPS =",
      `  "${code.toString("base64")}";`,
      "",
    ].join("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const text = compile();
    if (!process.argv.includes("--check")) writeFileSync(compiled, text);
    else if (readFileSync(compiled, "utf8") !== text)
      throw new Error(
        "loops-wasm.ts is not what the C files compile to: run node src/envs/starcraft/compiled/build.mjs and commit it.",
      );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
