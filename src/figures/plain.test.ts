import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { plainJson, scriptJson } from "./plain.js";

describe("plainJson", () => {
  it.each<[string, unknown]>([
    ["Float32Array", Float32Array.of(0.5, 1, 2)],
    ["Float64Array", Float64Array.of(0.5, 1, 2)],
    ["a set", new Set([0.5, 1, 2])],
    [
      "an iterator",
      new Map([
        ["a", 0.5],
        ["b", 1],
        ["c", 2],
      ]).values(),
    ],
    [
      "a generator",
      (function* () {
        yield* [0.5, 1, 2];
      })(),
    ],
    ["an array of another realm", runInContext("Float32Array.of(0.5, 1, 2)", createContext({}))],
  ])("makes an array of %s", (_, values) => {
    expect(JSON.stringify(plainJson({ data: [{ y: values }] }, ""))).toBe('{"data":[{"y":[0.5,1,2]}]}');
  });

  it("keeps what JSON knows, and turns big integers into numbers", () => {
    const plain = { a: [1, "x", null, true], b: { c: [] }, date: new Date(0), text: new String("s") };
    expect(JSON.stringify(plainJson(plain, ""))).toBe(JSON.stringify(plain));
    expect(plainJson([BigInt64Array.of(3n), 4n, Uint8ClampedArray.of(5)], "")).toEqual([[3], 4, [5]]);
    expect(JSON.stringify(plainJson({ y: Float32Array.of(NaN, Infinity, -Infinity, 1), z: undefined }, ""))).toBe(
      '{"y":[null,null,null,1]}',
    );
    const own = runInContext("({ x: [1, 2], title: { text: 'cell' } })", createContext({})) as object;
    expect(plainJson(own, "")).toEqual({ x: [1, 2], title: { text: "cell" } });
    const shared = [1];
    expect(plainJson([shared, shared], "")).toEqual([[1], [1]]);
  });

  it.each<[string, unknown, string]>([
    ["a map", new Map([[1, 2]]), "Map"],
    ["raw bytes", new ArrayBuffer(8), "ArrayBuffer"],
    ["a view of bytes", new DataView(new ArrayBuffer(8)), "DataView"],
    [
      "a class",
      new (class Series {
        values = [1, 2];
      })(),
      "Series",
    ],
    ["a promise", Promise.resolve([1]), "Promise"],
    ["a map of another realm", runInContext("new Map([[1, 2]])", createContext({})), "Map"],
  ])("refuses %s, naming where it stands", (_, value, kind) => {
    expect(() => plainJson({ data: [{}, { y: value }] }, "")).toThrow(
      `The figure's data[1].y is of the kind ${kind}, which a figure cannot hold: give an array of numbers or texts.`,
    );
  });

  it("refuses what contains itself", () => {
    const layout: { shapes: unknown[] } = { shapes: [] };
    layout.shapes.push(layout);
    expect(() => plainJson(layout, "layout")).toThrow("The figure's layout.shapes[0] contains itself");
  });
});

it("scriptJson writes nothing that a page takes for markup, and the same value", () => {
  for (const text of ["</script>", "<!--<script>", "<!--", "<SCRIPT", "]]>", "\u2028\u2029", "<\\/script>", "a < b"]) {
    expect(scriptJson({ text })).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(scriptJson({ text }))).toEqual({ text });
  }
});
