import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { LabError } from "./errors.js";
import { closest, oneLine, plain, show } from "./messages.js";

describe("a value in a message", () => {
  it.each<[unknown, string]>([
    ["3m", '"3m"'],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [-0, "-0"],
    [10n, "10n"],
    [null, "null"],
    [undefined, "undefined"],
    [{ alpha: 0.2, name: "x" }, '{"alpha":0.2,"name":"x"}'],
    [[1, [2]], "[1,[2]]"],
    [new Map(), "a Map"],
    [() => 1, "a function"],
    ["a\nb\u001b[31m\u202e\u0085", '"a\\nb\\u001b[31m\\u202e\\u0085"'],
  ])("is shown like JSON on one line: %s", (value, text) => {
    expect(show(value)).toBe(text);
  });

  it("is short and harmless, whatever it is", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    const values = [
      "x".repeat(1e6),
      "\u0000".repeat(500),
      "😀".repeat(200),
      Array.from({ length: 1e5 }, (_, i) => i),
      circular,
      deep,
      hostile,
      { toString: 1 },
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
      Object.create(null),
      Symbol("s"),
      "\ud800",
    ];
    for (const value of values) {
      const text = show(value);
      expect(text.length).toBeLessThan(80);
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\ud800-\udbff](?![\udc00-\udfff])/);
    }
  });

  it("is harmless in a whole message, which is one line", () => {
    expect(oneLine("No run \u001b[2J\u202e.\n  Give another.\r\n")).toBe("No run \\u001b[2J\\u202e. Give another.");
    expect(oneLine("x".repeat(1e5)).length).toBeLessThan(2_010);
  });

  it("of a parser keeps to a line", () => {
    expect(plain('Unexpected token "\u001b"\n at line 2')).toBe('Unexpected token "\\u001b" at line 2');
    expect(plain("x".repeat(1000)).length).toBeLessThan(210);
  });
});

it("suggests a name only when it is close", () => {
  const known = ["3m", "8m", "2s3z", "MMM", "two-step", "climbing"];
  const pairs = [
    ["3mm", "3m"],
    ["2S3Z", "2s3z"],
    ["mmm", "MMM"],
    ["twostep", "two-step"],
    ["climbng", "climbing"],
    ["mine", undefined],
    ["", undefined],
    ["9m", undefined],
    ["x".repeat(1e6), undefined],
  ] as const;
  for (const [given, suggestion] of pairs) expect(closest(given, known), given.slice(0, 9)).toBe(suggestion);
});

it("prints an error of the lab as its line, without a stack", () => {
  const error = new LabError("What was wrong.\n  What to do.");
  expect(inspect(error)).toBe("What was wrong. What to do.");
  expect(error.stack).toContain("messages.test");
});
