import { createHash } from "node:crypto";
import type { Checksum } from "./checksum.js";

/** Starts a SHA-256, by Node.js. */
export function sha256(): Checksum {
  const hash = createHash("sha256");
  return { add: (content) => void hash.update(content), hex: () => hash.copy().digest("hex") };
}
