import type { ConfigInput } from "./config.js";
import { plain, show } from "../messages.js";
import { ConfigError } from "./error.js";

/** Values by field, section by section. */
export type Tree = { readonly [key: string]: unknown };

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Merges two parts of a configuration field by field, where `above` wins. A field that is undefined counts as left out.
 */
export function mergeConfig(below: ConfigInput, above: ConfigInput): ConfigInput {
  return merge(below as Tree, above as Tree);
}

/** Merges given values into the defaults, section by section; given values win. */
export function merge(defaults: Tree, given: Tree): Tree {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || INHERITED.has(key)) continue;
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return merged;
}

/** Keys that would reach into an object's prototype. No field has such a name. */
export const INHERITED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Fields are at most 3 levels deep; a few more levels are read so that a message can name what is wrong. */
const DEEPEST = 8;

/**
 * Copies given values as plain data: without undefined fields, inherited properties or cycles.
 *
 * @param refuse called with a key that no configuration may have, and its path
 * @throws {ConfigError} when it holds something that JSON cannot hold, or is nested too deeply
 */
export function plainCopy(given: Tree, refuse: (path: readonly string[], key: string) => never): Tree {
  const copy = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (path.length > DEEPEST)
      throw new ConfigError(`config: ${plain(path[0], 60)} is nested too deeply; no field is more than 3 levels deep`);
    if (Array.isArray(value)) return value.map((entry) => copy(entry, [...path, "[]"]));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      const where = path.length === 0 ? "given" : `${plain(path.join("."), 60)} is`;
      throw new ConfigError(
        `config: ${where} ${show(value)}, an object that inherits from another; expected an object with fields of its own, such as { "environment": "3m" }`,
      );
    }
    const fields: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      if (INHERITED.has(key)) refuse(path, key);
      if (entry !== undefined) fields[key] = copy(entry, [...path, key]);
    }
    return fields;
  };
  return copy(given, []) as Tree;
}
