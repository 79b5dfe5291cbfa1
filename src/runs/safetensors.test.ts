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

  it.each<[string, string, Tensor, Record<string, string>, string]>([
    [
      "metadata that is no text",
      "a",
      { shape: [1], data: new Uint8Array(1) },
      { epochs: 3 } as unknown as Record<string, string>,
      'its metadata "epochs" is 3; metadata is text',
    ],
    [
      "metadata that is not valid Unicode",
      "a",
      { shape: [1], data: new Uint8Array(1) },
      { a: "\ud800" },
      "not valid Unicode",
    ],
    [
      "a tensor in the place of metadata",
      "__metadata__",
      { shape: [1], data: new Uint8Array(1) },
      {},
      "a tensor cannot be named __metadata__",
    ],
    ["a name that is not valid Unicode", "\udfff", { shape: [1], data: new Uint8Array(1) }, {}, "not valid Unicode"],
    ["a shape of negative sizes", "a", { shape: [-1, -1], data: new Uint8Array(1) }, {}, "tensor a has shape [-1,-1]"],
    ["a shape of fractions", "a", { shape: [0.5, 2], data: new Uint8Array(1) }, {}, "tensor a has shape [0.5,2]"],
    [
      "what is no typed array",
      "a",
      { shape: [1], data: [1] as unknown as Uint8Array },
      {},
      "tensor a holds no typed array",
    ],
    [
      "typed arrays without a type in the format",
      "a",
      { shape: [1], data: new Uint8ClampedArray(1) as unknown as Uint8Array },
      {},
      "tensor a holds no typed array",
    ],
  ])("refuses %s", (_, name, tensor, metadata, message) => {
    expect(() => encodeSafetensors(new Map([[name, tensor]]), metadata)).toThrow(message);
  });

  it("writes every type that has a typed array, and any name", () => {
    const all = new Map<string, Tensor>(
      [
        Float64Array.of(1 / 3),
        Float32Array.of(-0),
        BigInt64Array.of(-(2n ** 63n)),
        Int32Array.of(-1),
        Int16Array.of(-2),
        Int8Array.of(-3),
        BigUint64Array.of(2n ** 64n - 1n),
        Uint32Array.of(4e9),
        Uint16Array.of(65_535),
        Uint8Array.of(255),
      ].map((data) => [data.constructor.name, { shape: [1], data }]),
    );
    for (const name of ["__proto__", "7", "", "constructor", "\u{1f642}"])
      all.set(name, { shape: [], data: Float32Array.of(name.length) });
    const { tensors: back } = decodeSafetensors(encodeSafetensors(all));
    expect([...back.keys()].sort()).toEqual([...all.keys()].sort());
    for (const [name, tensor] of all) expect(back.get(name), name).toEqual(tensor);
  });

  it("refuses data that does not fit its shape", () => {
    expect(() => encodeSafetensors(new Map([["a", { shape: [3], data: new Float32Array(2) }]]))).toThrow(
      "tensor a of shape [3] needs 3 values, not 2",
    );
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
    for (let length = 0; length < file.length; length++)
      expect(() => decodeSafetensors(file.subarray(0, length))).toThrow(FormatError);
  });

  it.each([
    ["a text", Buffer.from("kind,step,episode,update,epsilon"), "not a safetensors file"],
    ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "not a safetensors file"],
    ["a header that is no JSON", byHand("{nonsense", []), "its header is not JSON"],
    ["an entry without offsets", byHand('{"x":{"dtype":"F32","shape":[1]}}', []), "its entry for x lacks"],
    [
      "a type that is not read",
      byHand('{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', [0]),
      "tensor x has type F8_E4M3; F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL can be read",
    ],
    [
      "a type that is the name of something else",
      byHand('{"x":{"dtype":"constructor","shape":[1],"data_offsets":[0,1]}}', [0]),
      "tensor x has type constructor",
    ],
    // The official reader takes the last of two equal names; which one a person meant nobody knows.
    [
      "a name that is there twice",
      byHand(
        '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        [0],
      ),
      'its header holds "x" twice',
    ],
    // The description of the format asks for the brace at once; readers differ.
    ["a space before the header", byHand(" {}", []), "not a safetensors file"],
    [
      "a shape that its bytes do not fit",
      byHand('{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}', [0, 0]),
      "needs 3 bytes and has 2",
    ],
    [
      "bytes after its end",
      byHand('{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [0, 0]),
      "where its header describes",
    ],
  ])("refuses %s", (_, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(message);
  });
});

describe("beside the official reader, safetensors 0.8.0 of Python", () => {
  it.each<[string, string, number, boolean]>([
    ["one tensor", '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4, true],
    ["no tensor", "{}", 0, true],
    ["an empty tensor", '{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', 0, true],
    ["a scalar", '{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4, true],
    [
      "two tensors in another order than in the file",
      '{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      2,
      true,
    ],
    [
      "an empty tensor between others",
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      2,
      true,
    ],
    ["metadata", '{"__metadata__":{"a":"b"},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1, true],
    ["metadata that is null", '{"__metadata__":null,"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1, true],
    ["spaces behind the header", '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   ', 1, true],
    ["the name __proto__", '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1, true],
    ["an unpadded header before wide data", '{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}} ', 8, true],
    [
      "tensors that overlap",
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      3,
      false,
    ],
    [
      "tensors of the same bytes",
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
      2,
      false,
    ],
    [
      "a hole between tensors",
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}',
      3,
      false,
    ],
    ["a hole before the first", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2, false],
    ["bytes behind the last", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 2, false],
    ["bytes and no tensor", "{}", 1, false],
    [
      "an empty tensor in a gap",
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e":{"dtype":"U8","shape":[0],"data_offsets":[5,5]}}',
      1,
      false,
    ],
    [
      "a name twice, once escaped",
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      2,
      false,
    ],
    ["a type twice", '{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1, false],
    ["metadata twice", '{"__metadata__":{"a":"b"},"__metadata__":{"a":"c"}}', 0, false],
    ["numeric metadata", '{"__metadata__":{"a":1}}', 0, false],
    ["metadata that is a list", '{"__metadata__":["a"]}', 0, false],
    ["metadata with an object in it", '{"__metadata__":{"a":{}}}', 0, false],
    ["metadata with null in it", '{"__metadata__":{"a":null}}', 0, false],
    ["a shape of fractions", '{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', 1, false],
    ["a shape with an exponent", '{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', 1, false],
    ["a negative shape", '{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}', 1, false],
    [
      "a shape beyond all numbers",
      '{"a":{"dtype":"U8","shape":[4294967296,4294967296,4294967296,0],"data_offsets":[0,0]}}',
      0,
      false,
    ],
    ["offsets in the wrong order", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}', 1, false],
    ["three offsets", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', 1, false],
    ["no shape", '{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1, false],
    ["a type in small letters", '{"a":{"dtype":"u8","shape":[1],"data_offsets":[0,1]}}', 1, false],
    ["an unknown type", '{"a":{"dtype":"X8","shape":[1],"data_offsets":[0,1]}}', 1, false],
    ["a name that is half a surrogate pair", '{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1, false],
    ["a list", "[]", 0, false],
    ["text behind the header", "{}x", 0, false],
    ["an entry that is null", '{"a":null}', 0, false],
  ])("%s is read, or refused, as there", (_, header, bytes, read) => {
    const file = byHand(
      header,
      Array.from({ length: bytes }, (_, i) => i + 1),
    );
    if (read) expect(decodeSafetensors(file).tensors).toBeInstanceOf(Map);
    else expect(() => decodeSafetensors(file)).toThrow(FormatError);
  });

  it("what its writer makes of NumPy's types has the values that it had there", () => {
    const file = Buffer.from(
      "IAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgdGhlIG9mZmljaWFsIHdyaXRlciJ9LCJ1Ijp7ImR0eXBlIjoiVTY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sImkiOnsiZHR5cGUiOiJJNjQiLCJz" +
        "aGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls4LDMyXX0sImQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlszMiw1Nl19LCJ2Ijp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZz" +
        "ZXRzIjpbNTYsNjBdfSwiaCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMTBdLCJkYXRhX29mZnNldHMiOls2MCw4MF19LCJ3Ijp7ImR0eXBlIjoiVTE2Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbODAsODJdfSwicyI6" +
        "eyJkdHlwZSI6IkkxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzgyLDg2XX0sInQiOnsiZHR5cGUiOiJJOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6Wzg2LDg4XX0sImIiOnsiZHR5cGUiOiJCT09MIiwic2hh" +
        "cGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbODgsOTBdfX0g//////////8AAAAAAAAAgAEAAAAAACAABwAAAAAAAABVVVVVVVXVPwAAAAAAAACAnHUAiDzkN37/////AAAAgAA8AMH/ewEA/wMAfAD8VDX//wCABwCABwEA",
      "base64",
    );
    const { tensors: read, metadata } = decodeSafetensors(file);
    expect(metadata).toEqual({ made: "by the official writer" });
    expect(Object.fromEntries([...read].map(([name, { data }]) => [name, [...data]]))).toEqual({
      h: [0, -0, 1, -2.5, 65504, 5.960464477539063e-8, 6.097555160522461e-5, Infinity, -Infinity, 0.3330078125],
      i: [-(2n ** 63n), 2n ** 53n + 1n, 7n],
      d: [1 / 3, -0, 1e300],
      b: [1, 0],
      s: [-32768, 7],
      t: [-128, 7],
      u: [2n ** 64n - 1n],
      v: [4294967295],
      w: [65535],
    });
  });

  it("BF16 has the upper half of a float's bits", () => {
    // The bytes of 1, -3.140625, infinity and the smallest positive number were worked out by hand.
    const file = byHand(
      '{"x":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}',
      [0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f, 0x01, 0x00],
    );
    expect(decodeSafetensors(file).tensors.get("x")).toEqual({
      shape: [4],
      data: Float32Array.of(1, -3.140625, Infinity, 2 ** -133),
    });
  });
});
