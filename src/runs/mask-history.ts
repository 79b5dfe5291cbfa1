import { inflateRawSync } from "node:zlib";
import { maskMomentSchema } from "./schemas.js";

/** The masks of a run after one topology evolution. */
export interface MaskMoment {
  /** Environment steps that the run had made at the evolution. */
  readonly step: number;
  /** Number of the evolution, from 1; 0 is the initial topology. */
  readonly evolution: number;
  /** Masks by weight name: [out, in] row-major, 1 where the connection is. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/**
 * Decodes all topology evolutions in a masks.bin, oldest first, without one that is still being written.
 * @throws {Error} when one is damaged
 */
export function decodeMasks(file: Uint8Array): MaskMoment[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const moments: MaskMoment[] = [];
  for (let start = 0; start + 4 <= file.length;) {
    const end = start + 4 + view.getUint32(start, true);
    if (end > file.length) break;
    moments.push(decodeMoment(inflateRawSync(file.subarray(start + 4, end))));
    start = end;
  }
  return moments;
}

function decodeMoment(content: Buffer): MaskMoment {
  const newline = content.indexOf("\n");
  const { step, evolution, layers } = maskMomentSchema.parse(JSON.parse(content.toString("utf8", 0, newline)));
  const bits = content.subarray(newline + 1);
  const entries = layers.reduce((sum, [, size]) => sum + size, 0);
  if (bits.length !== Math.ceil(entries / 8)) throw new RangeError(`${bits.length} bytes for ${entries} entries`);
  const masks = new Map<string, Uint8Array>();
  let at = 0;
  for (const [name, entries] of layers) {
    const mask = new Uint8Array(entries);
    for (let i = 0; i < entries; i++, at++) mask[i] = (bits[at >> 3] >> (at & 7)) & 1;
    masks.set(name, mask);
  }
  return { step, evolution, masks };
}
