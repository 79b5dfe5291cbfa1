import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RunError, writeAtomically } from "./disk.js";

/**
 * Reads the tags that a person has given to a run, in alphabetical order. They are not part of its configuration.
 * @throws {RunError} when its tags.json is damaged
 */
export function tagsOf(directory: string): string[] {
  const path = join(directory, "tags.json");
  if (!existsSync(path)) return [];
  try {
    const tags: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) return tags;
  } catch {
    // Reported below.
  }
  throw new RunError(`${path} is not a list of words: put a good copy in its place, or remove it.`);
}

/**
 * Adds tags to a run and removes others.
 * @throws {RunError} on a tag with characters other than letters, digits, dots and dashes
 */
export function changeTags(
  directory: string,
  change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
): string[] {
  for (const tag of change.add ?? [])
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,59}$/u.test(tag))
      throw new RunError(
        `${JSON.stringify(tag)} cannot be a tag: expected letters, digits, dots and dashes, at most 60.`,
      );
  const tags = [...new Set([...tagsOf(directory), ...(change.add ?? [])])]
    .filter((tag) => !change.remove?.includes(tag))
    .sort();
  writeAtomically(join(directory, "tags.json"), `${JSON.stringify(tags)}\n`);
  return tags;
}
