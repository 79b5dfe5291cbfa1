import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, FormatError, type Tensor } from "./safetensors.js";

const tensors = new Map<string, Tensor>([
  ["mask", { shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ["weight", { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, Number.NaN) }],
  ["lengths", { shape: [2], data: Int32Array.of(-1, 70_000) }],
  ["empty", { shape: [0, 4], data: new Float32Array(0) }],
]);

/** A file put together byte by byte from the published description. */
function byHand(header: string, data: readonly number[]): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(json.length, 0);
  return Buffer.concat([length, json, Buffer.from(data)]);
}

describe("encodeSafetensors", () => {
  it("lays out the length, the header and the data as the format says", () => {
    const file = Buffer.from(encodeSafetensors(tensors, { made: "by a test" }));
    const headerLength = Number(file.readBigUInt64LE(0));
    expect((8 + headerLength) % 8).toBe(0);
    const header = JSON.parse(file.toString("utf8", 8, 8 + headerLength)) as unknown;
    expect(header).toEqual({
      __metadata__: { made: "by a test" },
      empty: { dtype: "F32", shape: [0, 4], data_offsets: [0, 0] },
      lengths: { dtype: "I32", shape: [2], data_offsets: [0, 8] },
      weight: { dtype: "F32", shape: [2, 2], data_offsets: [8, 24] },
      mask: { dtype: "U8", shape: [3], data_offsets: [24, 27] },
    });
    const data = file.subarray(8 + headerLength);
    expect(data.length).toBe(27);
    expect(data.readInt32LE(4)).toBe(70_000);
    expect(data.readFloatLE(12)).toBe(-2);
    expect([...data.subarray(24)]).toEqual([1, 0, 1]);
  });

  it("refuses data that does not fit its shape", () => {
    expect(() => encodeSafetensors(new Map([["a", { shape: [3], data: new Float32Array(2) }]]))).toThrow("tensor a of shape [3] needs 3 values, not 2");
  });
});

describe("decodeSafetensors", () => {
  it("reads back what was written, every bit", () => {
    const { tensors: back, metadata } = decodeSafetensors(encodeSafetensors(tensors, { a: "b" }));
    expect(metadata).toEqual({ a: "b" });
    expect([...back.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, tensor] of tensors) expect(back.get(name)).toEqual(tensor);
  });

  it("reads a file made by hand, without metadata and padding", () => {
    const file = byHand('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0x80, 0x3f]);
    expect(decodeSafetensors(file).tensors.get("x")?.data).toEqual(Float32Array.of(1));
  });

  it("refuses every truncation of a file", () => {
    const file = encodeSafetensors(tensors);
    for (let length = 0; length < file.length; length++) expect(() => decodeSafetensors(file.subarray(0, length))).toThrow(FormatError);
  });

  it.each([
    ["a text", Buffer.from("kind,step,episode,update,epsilon"), "not a safetensors file"],
    ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "not a safetensors file"],
    ["a header that is no JSON", byHand("{nonsense", []), "its header is not JSON"],
    ["an entry without offsets", byHand('{"x":{"dtype":"F32","shape":[1]}}', []), "its entry for x lacks"],
    ["a type that is not read", byHand('{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}', [0, 0]), "tensor x has type BF16; F32, I32, U8 can be read"],
    ["a shape that its bytes do not fit", byHand('{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}', [0, 0]), "needs 3 bytes and has 2"],
    ["bytes after its end", byHand('{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [0, 0]), "where its header describes"],
  ])("refuses %s", (_, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(message);
  });
});
