import { transformSync } from "esbuild";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import type { Mujoco } from "../envs/mujoco/mujoco.js";
import { LabError } from "../errors.js";

const require = createRequire(import.meta.url);
let loaded: Mujoco | undefined;

/**
 * Loads MuJoCo in WebAssembly for this thread, which takes half a second and 40 MB at the first call.
 *
 * The package is returned by a promise, but an environment is made synchronously. Everything that the promise waits for
 * is available at once, so it runs in a context with a promise queue of its own, which is empty when the call returns.
 *
 * @throws {LabError} when the package is not installed
 */
export function loadMujoco(): Mujoco {
  if (loaded !== undefined) return loaded;
  const [script, binary] = ["@mujoco/mujoco", "@mujoco/mujoco/mujoco.wasm"].map(find);
  const { code } = transformSync(readFileSync(script, "utf8"), {
    format: "cjs",
    platform: "node",
    target: "node20",
    supported: { "dynamic-import": false },
    define: { "import.meta.url": JSON.stringify(pathToFileURL(script).href) },
  });
  const context = createContext(
    {
      ...{ require, process, performance, TextDecoder, TextEncoder, Buffer },
      module: { exports: {} },
      bytes: readFileSync(binary),
      loaded: undefined,
      failed: undefined,
    },
    { microtaskMode: "afterEvaluate" },
  );
  runInContext(code, context, { filename: script });
  runInContext(START, context);
  if (context["loaded"] === undefined)
    throw new LabError(`MuJoCo cannot be started (${String(context["failed"] ?? "it waits for something")}).`);
  return (loaded = context["loaded"] as Mujoco);
}

/** MuJoCo prints warnings of diverging simulations only, which its environments report themselves. */
const START = `module.exports.default({
  print() {},
  printErr() {},
  instantiateWasm(imports, done) {
    const compiled = new WebAssembly.Module(bytes);
    done(new WebAssembly.Instance(compiled, imports), compiled);
    return {};
  },
}).then((mujoco) => { loaded = mujoco; }, (error) => { failed = error; })`;

function find(file: string): string {
  try {
    return require.resolve(file);
  } catch (error) {
    throw new LabError(
      "MuJoCo is not installed: run npm install without --omit=optional, which brings @mujoco/mujoco.",
      {
        cause: error,
      },
    );
  }
}
