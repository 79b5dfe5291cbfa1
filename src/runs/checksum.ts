/**
 * A checksum of all that was added so far; more may be added after it was asked for. Node.js and browsers bring
 * different ones.
 */
export interface Checksum {
  /** Adds bytes, or text as UTF-8. */
  add(content: Uint8Array | string): void;
  /** The checksum in hexadecimal. */
  hex(): string;
}
