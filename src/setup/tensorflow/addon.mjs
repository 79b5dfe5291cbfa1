// Compiles the addon of tfjs-node-gpu against the TensorFlow in .tensorflow/python. It needs TensorFlow's C interface,
// which stays the same from version to version, so the newest TensorFlow serves a package of 2024.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * Finds the C++ compiler.
 * @throws {Error} with one line if there is none
 */
export function findCompiler() {
  const found = [process.env.CXX, "g++", "clang++", "c++"].find(
    (name) => name && spawnSync(name, ["--version"]).status === 0,
  );
  if (found === undefined)
    throw new Error(
      "a C++ compiler is missing, which builds the addon: install g++ (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`)",
    );
  return found;
}

/**
 * Compiles the addon if it is missing or was compiled against another library.
 * @param {string} packages the folder with the npm packages
 * @param {string} library the folder with TensorFlow
 * @throws {Error} with the compiler's first message
 */
export function buildAddon(packages, library, compiler, log) {
  const home = join(packages, "node_modules", "@tensorflow", "tfjs-node-gpu");
  const target = join(home, "lib", "napi-v8", "tfjs_binding.node");
  const stamp = `${target}.library`;
  const wanted = readFileSync(join(library, "requirements.txt"), "utf8");
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  log("compiling the addon (10 seconds)");
  mkdirSync(dirname(target), { recursive: true });
  const tensorflow = join(library, "tensorflow");
  const sources = readdirSync(join(home, "binding"))
    .filter((name) => name.endsWith(".cc"))
    .map((name) => join(home, "binding", name));
  const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"].map((name) => join(tensorflow, name));
  const { status, stderr, error } = spawnSync(
    compiler,
    [
      "-O2",
      "-std=c++17",
      "-fPIC",
      "-shared",
      "-DNAPI_VERSION=8",
      "-I",
      join(packages, "node_modules", "node-api-headers", "include"),
      "-I",
      join(tensorflow, "include"),
      ...sources,
      "-o",
      `${target}.tmp`,
      ...libraries,
      // The library is found relative to the addon, so that the project can be moved; and all symbols are looked up at
      // once, so that a wrong library fails when it is loaded.
      `-Wl,-rpath,$ORIGIN/${relative(dirname(target), tensorflow)}`,
      "-Wl,-z,now",
    ],
    { encoding: "utf8" },
  );
  if (status !== 0)
    throw new Error(
      `the addon does not compile with ${compiler}: ${error?.message ?? stderr.split("\n").find((line) => line.includes("error")) ?? stderr.split("\n")[0]}`,
    );
  renameSync(`${target}.tmp`, target);
  writeFileSync(stamp, wanted);
}
