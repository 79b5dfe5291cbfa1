import { deflateRawSync, inflateRawSync } from "node:zlib";
import { maskMomentSchema } from "./schemas.js";
import type { TopologyRecord } from "../training/records.js";

/** The masks of a run after one topology evolution. */
export interface MaskMoment {
  /** Environment steps that the run had made at the evolution. */
  readonly step: number;
  /** Number of the evolution, from 1; 0 is the initial topology. */
  readonly evolution: number;
  /** By weight name: [out, in] row-major, 1 where the connection is. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/**
 * One moment as it is appended to a run's masks.bin: the length of the rest (4 bytes, little endian), then, deflated, a line of JSON
 * with step, evolution and the entries of each layer, and all masks one after the other, eight entries a byte.
 */
export function encodeMasks({
  step,
  evolution,
  masks,
}: Pick<TopologyRecord, "step" | "evolution" | "masks">): Uint8Array {
  const layers = [...masks].map(([name, mask]) => [name, mask.length]);
  const entries = [...masks.values()].reduce((sum, mask) => sum + mask.length, 0);
  const bits = new Uint8Array(Math.ceil(entries / 8));
  let at = 0;
  for (const mask of masks.values()) {
    for (let i = 0; i < mask.length; i++, at++) if (mask[i] !== 0) bits[at >> 3]! |= 1 << (at & 7);
  }
  const body = deflateRawSync(Buffer.concat([Buffer.from(`${JSON.stringify({ step, evolution, layers })}\n`), bits]));
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32LE(body.length);
  frame.set(body, 4);
  return frame;
}

/**
 * All moments of a masks.bin, oldest first; one that is being written right now is left out.
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
    for (let i = 0; i < entries; i++, at++) mask[i] = (bits[at >> 3]! >> (at & 7)) & 1;
    masks.set(name, mask);
  }
  return { step, evolution, masks };
}
