import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, relative, sep } from "node:path";

/** Computes the beginning of the SHA-256 of files, from their content and their paths relative to the first. */
export function contentHash(file: string, inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    const bytes = readFileSync(input);
    hash.update(`${relative(dirname(file), input).split(sep).join("/")} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}
