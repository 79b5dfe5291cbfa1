import type { TopologyRecord } from "../training/records.js";

/**
 * Encodes one topology evolution for a run's masks.bin: the length of the rest (4 bytes, little endian), followed by
 * deflated data: a line of JSON with step, evolution and the number of entries of each layer, and all masks one after
 * the other, eight entries in a byte.
 *
 * @param deflate compresses bytes by raw deflate, without a header, such as Node's `deflateRawSync`
 */
export function encodeMasks(
  { step, evolution, masks }: Pick<TopologyRecord, "step" | "evolution" | "masks">,
  deflate: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const layers = [...masks].map(([name, mask]) => [name, mask.length]);
  const entries = [...masks.values()].reduce((sum, mask) => sum + mask.length, 0);
  const line = new TextEncoder().encode(`${JSON.stringify({ step, evolution, layers })}\n`);
  const content = new Uint8Array(line.length + Math.ceil(entries / 8));
  content.set(line);
  const bits = content.subarray(line.length);
  let at = 0;
  for (const mask of masks.values()) {
    for (let i = 0; i < mask.length; i++, at++) if (mask[i] !== 0) bits[at >> 3] |= 1 << (at & 7);
  }
  const body = deflate(content);
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, 4);
  return frame;
}
