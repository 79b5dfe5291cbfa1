import { describe, expect, it } from "vitest";
import { ConfigError, type ConfigInput, givenOf, resolveConfig } from "../config.js";
import { configFromText } from "./text.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const JSON_TEXT = '{\n  "environment": "2s3z",\n  "steps": 200000,\n  "returns": { "lambda": 0.6 }\n}\n';
const YAML_TEXT = "# a short run\nenvironment: 2s3z\nsteps: 200000 # of 2M\nreturns:\n  lambda: 0.6\n";
const INPUT = { environment: "2s3z", steps: 200_000, returns: { lambda: 0.6 } };

/** Encodes a text as UTF-16, with or without a byte-order mark. */
function utf16(text: string, { bigEndian = false, mark = true } = {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length + (mark ? 2 : 0)));
  const units = [...(mark ? [0xfeff] : []), ...Array.from(text, (_, i) => text.charCodeAt(i))];
  units.forEach((unit, i) => view.setUint16(2 * i, unit, !bigEndian));
  return new Uint8Array(view.buffer);
}

describe("a configuration file", () => {
  it.each<[string, Uint8Array, string]>([
    ["JSON", bytes(JSON_TEXT), "run.json"],
    ["YAML", bytes(YAML_TEXT), "run.yaml"],
    ["YAML named .yml", bytes(YAML_TEXT), "RUN.YML"],
    ["JSON under another name", bytes(JSON_TEXT), "settings"],
    ["YAML under another name", bytes(YAML_TEXT), "settings.conf"],
    ["with a byte-order mark", bytes(`\ufeff${JSON_TEXT}`), "run.json"],
    ["YAML with a byte-order mark", bytes(`\ufeff${YAML_TEXT}`), "run.yaml"],
    ["with CRLF", bytes(JSON_TEXT.replaceAll("\n", "\r\n")), "run.json"],
    ["YAML with CRLF", bytes(YAML_TEXT.replaceAll("\n", "\r\n")), "run.yaml"],
    ["in UTF-16", utf16(JSON_TEXT), "run.json"],
    ["in UTF-16, big end first", utf16(YAML_TEXT, { bigEndian: true }), "run.yaml"],
    ["in UTF-16 without a mark", utf16(JSON_TEXT, { mark: false }), "run.json"],
    ["in UTF-16, big end first, without a mark", utf16(YAML_TEXT, { bigEndian: true, mark: false }), "run.yaml"],
  ])("can be %s", (_, content, name) => {
    expect(configFromText(content, name)).toEqual(INPUT);
  });

  it("of a run gives what was given for it", () => {
    const config = resolveConfig(INPUT);
    expect(configFromText(bytes(JSON.stringify({ ...config, given: givenOf(config) })), "config.json")).toEqual(INPUT);
    // If a copy was changed by hand, its changes count as well.
    const changed = configFromText(
      bytes(
        JSON.stringify({
          ...config,
          method: "rigl",
          returns: { ...config.returns, burnIn: 5 },
          given: givenOf(config),
        }),
      ),
      "mine.json",
    );
    expect(changed).toEqual({ ...INPUT, method: "rigl", returns: { lambda: 0.6, burnIn: 5 } });
  });

  it.each<[string, string | Uint8Array, string, RegExp]>([
    ["is no JSON", '{ "seed": 1, }', "run.json", /run\.json is not valid JSON: /],
    ["is no YAML", "a: [1, 2\nb: 3", "run.yaml", /run\.yaml is not valid YAML: .* at line \d/],
    ["names a field twice", "seed: 1\nseed: 2\n", "run.yaml", /not valid YAML: Map keys must be unique/],
    ["holds two documents", "seed: 1\n---\nseed: 2\n", "run.yaml", /not valid YAML: /],
    ["holds a value of Python", "seed: !!python/tuple [1]\n", "run.yaml", /not valid YAML: /],
    [
      "multiplies itself",
      `${Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${Array.from({ length: 9 }, () => (i === 0 ? "1" : `*a${i - 1}`)).join(",")}]`).join("\n")}\n`,
      "run.yaml",
      /not valid YAML: /,
    ],
    ["is empty", "", "run.yaml", /run\.yaml holds nothing: expected fields/],
    ["holds a word", "3m\n", "run.yaml", /run\.yaml holds "3m": expected fields, for example environment: 3m/],
    [
      "holds no given values where a run has them",
      '{ "seed": 1, "given": 5 }',
      "config.json",
      /config\.json has 5 in its field "given"; expected an object/,
    ],
    ["is no text", Uint8Array.of(0x50, 0x4b, 3, 4, 0xff, 0xfe, 0x80), "run.json", /is not text in UTF-8 or UTF-16/],
    ["is a thousand times too long", new Uint8Array(1_000_001), "run.json", /has 1,000,001 bytes/],
    ["nests without end", "[".repeat(100_000), "run.json", /is not valid JSON|nested too deeply/],
    ["nests YAML without end", "[".repeat(100_000), "run.yaml", /not valid YAML/],
    ["has a name with a line break", "3", "run\n\u001b[31m.json", /^The config file run \\u001b\[31m\.json holds 3/],
  ])("that %s is refused in one short line", (_, content, name, message) => {
    let thrown: unknown;
    try {
      configFromText(typeof content === "string" ? bytes(content) : content, name);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).not.toMatch(/[\u0000-\u001f]/);
    expect((thrown as Error).message.length).toBeLessThan(400);
  });

  it("cannot reach into prototypes", () => {
    for (const [content, name] of [
      ['{ "__proto__": { "seed": 9 } }', "run.json"],
      ["__proto__:\n  seed: 9\n", "run.yaml"],
      ["returns:\n  constructor: 1\n", "run.yaml"],
    ] as const) {
      expect(() => resolveConfig(configFromText(bytes(content), name)), content).toThrow(
        /config: unknown key "(__proto__|constructor)"/,
      );
    }
    expect(({} as ConfigInput).seed).toBeUndefined();
  });
});
