import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PartError } from "../../parts/registry.js";
import { show } from "../../messages.js";

/** Beginning of the names of environments that are written in Python. */
export const PREFIX = "python:";

/** The place of an environment in Python: a name in an installed module, or a function in a file. */
export type PythonSpec =
  { readonly module: string; readonly name: string } | { readonly file: string; readonly name: string };

/**
 * Reads the name of an environment: "python:MODULE/NAME" or "python:./FILE.py:FUNCTION".
 *
 * @throws {PartError} when it is neither
 * @example
 * parseSpec("python:mpe2/simple_spread_v3"); // { module: "mpe2", name: "simple_spread_v3" }
 */
export function parseSpec(environment: string): PythonSpec {
  const where = environment.slice(PREFIX.length);
  const [, file, factory] = /^(.+\.py):([A-Za-z_]\w*)$/.exec(where) ?? [];
  if (file !== undefined) return { file: resolve(file), name: factory };
  const [, module, name] = /^([A-Za-z_][\w.]*)\/([A-Za-z0-9_][\w./-]*)$/.exec(where) ?? [];
  if (module === undefined || /\.py$/.test(where)) {
    throw new PartError(
      `environment is ${show(environment)}; expected python:MODULE/NAME, such as python:mpe2/simple_spread_v3, or python:./FILE.py:FUNCTION`,
    );
  }
  return { module, name: name };
}

/**
 * Returns a Python file and the modules beside it that it imports, and that those import, sorted.
 * @throws {PartError} if one of them cannot be read, in words that follow the file's name
 */
export function pythonSources(file: string): string[] {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    for (const [, from, names] of readFileSync(path, "utf8").matchAll(
      /^\s*(?:from\s+(\.*[\w.]*)\s+)?import\s+([\w., ()*]+)/gm,
    )) {
      const folder = dirname(path);
      const modules =
        from === undefined
          ? names.split(",").map((name) => name.trim().split(/\s/)[0])
          : /^\.+$/.test(from)
            ? names.split(",").map((name) => name.trim())
            : [from.replace(/^\.+/, "")];
      for (const module of modules) {
        const base = join(folder, ...module.split("."));
        for (const candidate of [`${base}.py`, join(base, "__init__.py")])
          if (/^[\w.]+$/.test(module) && existsSync(candidate)) visit(candidate);
      }
    }
  };
  visit(file);
  return [...found].sort();
}
