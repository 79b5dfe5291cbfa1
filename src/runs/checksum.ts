/**
 * A checksum of everything added so far; more can be added after it has been read. Node.js and browsers have different
 * implementations.
 */
export interface Checksum {
  /** Adds bytes, or text as UTF-8. */
  add(content: Uint8Array | string): void;
  /** Returns the checksum in hexadecimal. */
  hex(): string;
}
