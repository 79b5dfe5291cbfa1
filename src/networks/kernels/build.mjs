// Compiles the kernels for every machine, from the C sources beside this file, into built/: `node
// src/networks/kernels/build.mjs`. `--check [NAME...]` compiles and compares with what is committed instead, all of it
// or what is named (wasm, linux-x64, ...): the same sources give the same bytes. `NAME...` compiles only some, while
// one works on the sources; tests want all of built/ to be of one source. The compiler is Zig's, of a fixed version,
// which comes from PyPI into .cache/zig; users need neither: built/ is committed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "built");
const ZIG = "0.15.1";

// No fused multiply-add: it would round otherwise than WebAssembly does.
const ALWAYS = [
  "-O3",
  "-std=gnu11",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-strict-aliasing",
  "-fno-sanitize=undefined",
  "-g0",
  "-fno-unwind-tables",
  "-fno-asynchronous-unwind-tables",
  "-Wall",
  "-Wextra",
  "-Wno-psabi",
  "-Wno-unused-function",
  "-Wno-unused-parameter",
  "-Werror",
];
const X64 = [
  { table: "avx2", name: "AVX2", width: 32, flags: ["-mcpu=x86_64_v3"] },
  { table: "avx512", name: "AVX-512", width: 64, flags: ["-mcpu=x86_64_v4", "-mprefer-vector-width=512"] },
];
const ARM64 = [{ table: "neon", name: "NEON", width: 16, flags: [] }];
// Addons for Linux ask for no library, so that one serves glibc and musl: what they call is in the process already.
const ELF = ["-shared", "-nostdlib", "-s", "-Wl,--build-id=none", "-Wl,--gc-sections"];

/** What is built: the addons by the platform and architecture that Node.js names. */
const ADDONS = {
  "linux-x64": { target: "x86_64-linux-gnu.2.17", tables: X64, pic: true, link: ELF },
  "linux-arm64": { target: "aarch64-linux-gnu.2.17", tables: ARM64, pic: true, link: ELF },
  "darwin-x64": {
    target: "x86_64-macos.11.0",
    tables: X64,
    pic: true,
    link: ["-shared", "-Wl,-undefined,dynamic_lookup", "-Wl,-x"],
  },
  "darwin-arm64": {
    target: "aarch64-macos.11.0",
    tables: ARM64,
    pic: true,
    link: ["-shared", "-Wl,-undefined,dynamic_lookup", "-Wl,-x"],
  },
  "win32-x64": {
    target: "x86_64-windows-gnu",
    tables: X64,
    pic: false,
    link: ["-shared", "-s"],
    importsOf: "node.exe",
  },
};
const WASM = [
  ...[
    "-target",
    "wasm32-freestanding",
    "-mcpu=generic+simd128+bulk_memory+sign_ext+nontrapping_fptoint",
    "-fno-delete-null-pointer-checks",
    "-nostdlib",
  ],
  ...["-Wl,--no-entry", "-Wl,--import-memory", "-Wl,-z,stack-size=32768", "-Wl,--strip-all"],
];

/** The compiler cannot be had: the exit code is then 3. */
class NoCompiler extends Error {}

/** The Python of a virtual environment that has the compiler. */
function ensureZig() {
  const folder = join(here, "../../../.cache/zig");
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const has = () =>
    existsSync(python) && spawnSync(python, ["-m", "ziglang", "version"], { encoding: "utf8" }).stdout?.trim() === ZIG;
  if (has()) return python;
  console.error(`installing ziglang ${ZIG} from PyPI into .cache/zig (once, about 400 MB)`);
  try {
    run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", folder]);
    run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", `ziglang==${ZIG}`]);
  } catch (error) {
    throw new NoCompiler(`ziglang ${ZIG} cannot be installed into .cache/zig: ${error.message}`);
  }
  if (!has()) throw new NoCompiler(`ziglang ${ZIG} cannot be run from .cache/zig.`);
  return python;
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: here, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")}\n${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trim());
}

/** The hash of everything that the kernels are made of. */
export function hashOfSources() {
  const hash = createHash("sha256");
  for (const name of readdirSync(here)
    .filter((name) => (/\.[ch]$/.test(name) && name !== "fuzz.c") || name === "build.mjs")
    .sort())
    hash.update(`${name}\n`).update(readFileSync(join(here, name), "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex");
}

const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const FILES = ["kernels.wasm", ...Object.keys(ADDONS).map((name) => `${name}.node`)];

/** Compiles one file of built/ into a folder. */
function compile(python, file, folder) {
  const zig = (...args) => run(python, ["-m", "ziglang", ...args]);
  if (file === "kernels.wasm") return zig("cc", ...ALWAYS, ...WASM, "wasm.c", "-o", join(folder, file));
  const name = file.slice(0, -".node".length);
  const { target, tables, pic, link, importsOf } = ADDONS[name];
  const object = (source, flags, to) => (
    zig(
      "cc",
      ...ALWAYS,
      "-target",
      target,
      ...(pic ? ["-fPIC"] : []),
      "-fvisibility=hidden",
      ...flags,
      "-c",
      source,
      "-o",
      join(folder, to),
    ),
    join(folder, to)
  );
  const objects = [
    object("addon.c", [`-DSOURCES="${hashOfSources()}"`], `${name}.addon.o`),
    ...tables.map(({ table, name: title, width, flags }) =>
      object("native.c", [...flags, `-DTABLE=${table}`, `-DNAME="${title}"`, `-DWIDTH=${width}`], `${name}.${table}.o`),
    ),
  ];
  if (importsOf) {
    const functions = [...readFileSync(join(here, "node-api.h"), "utf8").matchAll(/NAPI napi_status (\w+)\(/g)].map(
      ([, each]) => each,
    );
    writeFileSync(join(folder, "node.def"), `LIBRARY ${importsOf}\nEXPORTS\n${functions.join("\n")}\n`);
    zig("dlltool", "-d", join(folder, "node.def"), "-l", join(folder, "node.lib"), "-m", "i386:x86-64");
    objects.push(join(folder, "node.lib"));
  }
  zig("cc", "-O3", "-target", target, ...objects, ...link, "-o", join(folder, file));
}

function main(args) {
  const check = args[0] === "--check";
  const names = args.slice(check ? 1 : 0).map((name) => (name === "wasm" ? "kernels.wasm" : `${name}.node`));
  const files = names.length > 0 ? names : FILES;
  for (const file of files)
    if (!FILES.includes(file)) throw new Error(`There is no ${file}; there are ${FILES.join(", ")}.`);
  const before = existsSync(join(built, "manifest.json"))
    ? JSON.parse(readFileSync(join(built, "manifest.json"), "utf8"))
    : { files: {} };
  const manifest = check ? before : { sources: hashOfSources(), files: before.files };
  if (manifest.sources !== hashOfSources())
    throw new Error(
      "built/ was made from other sources: run node src/networks/kernels/build.mjs and commit what it makes.",
    );
  const python = ensureZig();
  const folder = mkdtempSync(join(tmpdir(), "mast-kernels-"));
  try {
    for (const file of files) {
      compile(python, file, folder);
      const hash = sha256(join(folder, file));
      if (check && hash !== manifest.files[file])
        throw new Error(
          `${file} compiles to other bytes than those committed: ${hash} instead of ${manifest.files[file]}.`,
        );
      if (check && hash !== sha256(join(built, file)))
        throw new Error(`built/${file} is not what the sources compile to.`);
      manifest.files[file] = hash;
      console.log(`${hash}  ${file}`);
    }
    if (check) return;
    mkdirSync(built, { recursive: true });
    // A process that has an addon open keeps the file that it opened: the new one takes its name, and not its place.
    const replace = (name, write) => {
      const beside = join(built, `.${name}.${process.pid}`);
      write(beside);
      renameSync(beside, join(built, name));
    };
    for (const file of files) replace(file, (beside) => copyFileSync(join(folder, file), beside));
    replace("manifest.json", (beside) => writeFileSync(beside, `${JSON.stringify(manifest, null, 2)}\n`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = error instanceof NoCompiler ? 3 : 1;
  }
}
