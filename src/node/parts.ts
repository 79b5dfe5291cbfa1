import { buildSync, type BuildFailure } from "esbuild";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { plain, show } from "../messages.js";
import * as door from "../parts/index.js";
import { contentHash } from "./content.js";
import { PartError, type PartFile, registerParts, setPartLoader } from "../parts/registry.js";
import { pythonSources } from "./python/spec.js";

// Importing this module lets this thread load files of parts.
setPartLoader(loadFile);

/** The result of the last load of each path, valid as long as none of its files changes. */
const known = new Map<
  string,
  { readonly stamp: string; readonly inputs: readonly string[]; readonly part: PartFile }
>();

/**
 * Loads a file of parts: TypeScript, JavaScript or JSON. Modules that it imports by relative paths are bundled with it
 * by esbuild and count as its content; packages are resolved from the file's folder; "mast-lab/parts" is this running
 * library. A Python file holds an environment and no parts: only its content is hashed, with that of the modules beside
 * it that it imports.
 *
 * @param expected the hash that the content must have to be run
 * @throws {PartError} in words that follow the file's name
 */
function loadFile(given: string, expected?: string): PartFile {
  const file = resolve(given);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new PartError("is not there");
  if (!stats.isFile()) throw new PartError("is not a file");
  if (file.endsWith(".py")) return { file, sha256: contentHash(file, pythonSources(file)) };
  if (!/\.(ts|mts|js|mjs|json)$/.test(file)) throw new PartError("does not end in .ts, .mts, .js, .mjs, .json or .py");
  const before = known.get(file);
  if (before !== undefined && stampOf(before.inputs) === before.stamp) return before.part;
  const { code, inputs } = file.endsWith(".json") ? { code: "", inputs: [file] } : build(file);
  const part = { file, sha256: contentHash(file, inputs) };
  if (expected !== undefined && expected !== part.sha256) return part;
  if (before?.part.sha256 !== part.sha256) registerParts(tableOf(file, code), { sha256: part.sha256 });
  known.set(file, { stamp: stampOf(inputs), inputs, part });
  return part;
}

/** Bundles a file with everything that it imports by relative paths, and lists those files. */
function build(file: string): { code: string; inputs: string[] } {
  try {
    const { outputFiles, metafile } = buildSync({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      bundle: true,
      write: false,
      metafile: true,
      logLevel: "silent",
      platform: "node",
      target: "node20",
      format: "cjs",
      packages: "external",
      supported: { "dynamic-import": false },
      define: { "import.meta.url": "partUrl" },
      tsconfigRaw: {},
    });
    return {
      code: outputFiles[0].text,
      inputs: Object.keys(metafile.inputs)
        .map((input) => resolve(dirname(file), input))
        .sort(),
    };
  } catch (error) {
    const [first] = (error as BuildFailure).errors ?? [];
    if (first === undefined) throw error;
    const { location } = first;
    const where = location === null ? "" : ` (${location.file}, line ${location.line})`;
    throw new PartError(`cannot be read: ${plain(first.text)}${where}`, { cause: error });
  }
}

/** Runs a script and returns its default export; for JSON its content. */
function tableOf(file: string, code: string): door.PartTable {
  if (file.endsWith(".json")) return parseJson(file);
  const require = createRequire(file);
  const own = (name: string): unknown => (name === "mast-lab" || name === "mast-lab/parts" ? door : require(name));
  const module: { exports: unknown } = { exports: {} };
  try {
    const run = compileFunction(code, ["exports", "require", "module", "partUrl"], { filename: file });
    run(module.exports, own, module, pathToFileURL(file).href);
  } catch (error) {
    throw new PartError(`fails when it is loaded: ${plain((error as Error)?.message ?? show(error))}`, {
      cause: error,
    });
  }
  const table = (module.exports as { readonly default?: unknown } | undefined)?.default;
  if (table === undefined)
    throw new PartError(
      "has no default export; expected export default { environments: { ... } }, or another kind of parts",
    );
  return table as door.PartTable;
}

function parseJson(file: string): door.PartTable {
  try {
    return JSON.parse(readFileSync(file, "utf8").replace(/^\ufeff/, "")) as door.PartTable;
  } catch (error) {
    throw new PartError(`is not valid JSON: ${plain((error as Error).message)}`, { cause: error });
  }
}

/** Makes a stamp that changes whenever one of the files does. */
function stampOf(inputs: readonly string[]): string {
  return inputs
    .map((input) => {
      const stats = statSync(input, { throwIfNoEntry: false, bigint: true });
      return `${input} ${stats?.size} ${stats?.mtimeNs} ${stats?.ino}`;
    })
    .join("\n");
}
