import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig, restoreConfig } from "../config.js";
import { environmentOf } from "../envs/index.js";
import { methodTitle } from "../methods.js";
import { runName } from "../runs/store.js";
import { operatorOf } from "../targets/operators.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mast-parts-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file and returns its path. */
function file(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}
const operator = (value: string) =>
  `export default { operators: { mine: { evaluate: (values: Float64Array, count: number, max: number): number => ${value} } } };`;
const using = (...parts: string[]): ConfigInput => ({ parts, method: "rigl", operator: { kind: "mine" } });
const valueOf = (input: ConfigInput) => {
  const { part } = operatorOf(resolveConfig(input));
  return part.evaluate(Float64Array.of(1, 2, 3), 3, 3, {});
};

describe("a file of parts", () => {
  it("is TypeScript, JavaScript or JSON, with what it imports by relative paths", () => {
    file("lib/double.ts", "export const double = (x: number): number => 2 * x;");
    expect(valueOf(using(file("a.ts", `import { double } from "./lib/double.js";\n${operator("double(max)")}`)))).toBe(
      6,
    );
    expect(valueOf(using(file("b.ts", `import { double } from "./lib/double";\n${operator("double(max) + 1")}`)))).toBe(
      7,
    );
    expect(
      valueOf(
        using(file("c.mjs", "export default { operators: { mine: { evaluate: (values, count, max) => max } } };")),
      ),
    ).toBe(3);
    expect(valueOf(using(file("d.js", "export default { operators: { mine: { evaluate: () => 5 } } };")))).toBe(5);
  });

  it("may use this library, packages and its own address", () => {
    const path = file(
      "lib.ts",
      `import { applyOperator } from "mast-lab/parts";\nimport { join } from "node:path";\n${operator('applyOperator({ kind: "max" }, values) + join("a", "b").length + (import.meta.url.endsWith("lib.ts") ? 10 : 0)')}`,
    );
    expect(valueOf(using(path))).toBe(3 + 3 + 10);
  });

  it("can be a map of the battle simulator as JSON, which plays", () => {
    const map = {
      maps: {
        "8m_vs_1m1z": { title: "Eight", episodeLimit: 40, allies: { marine: 8 }, enemies: { marine: 1, zealot: 1 } },
      },
    };
    const config = resolveConfig({
      parts: [file("map.json", JSON.stringify(map))],
      environment: "8m_vs_1m1z",
      rules: "smaclite",
    });
    const env = environmentOf(config);
    // There are six actions and two enemies, two types of units, and shields of the enemy's zealot.
    expect(env.sizes).toMatchObject({ agents: 8, actions: 8, episodeLimit: 40 });
    env.reset(1);
    let steps = 0;
    while (!env.ended) {
      env.step(
        [...Array(8).keys()].map(
          (agent) => [7, 6, 4, 1].find((action) => env.availableActions[agent * 8 + action] === 1) ?? 0,
        ),
      );
      steps++;
    }
    expect(env.won).toBe(true);
    expect(steps).toBeLessThan(40);
  });

  it("is part of the run's identity by all that it holds, wherever it lies", () => {
    file("lib/value.ts", "export const value = 1;");
    const path = file("a.ts", `import { value } from "./lib/value.js";\n${operator("value")}`);
    const first = resolveConfig(using(path));
    const elsewhere = join(folder, "elsewhere");
    cpSync(path, join(elsewhere, "a.ts"));
    cpSync(join(folder, "lib"), join(elsewhere, "lib"), { recursive: true });
    const moved = resolveConfig(using(join(elsewhere, "a.ts")));
    expect(runName(moved)).toBe(runName(first));
    expect(runName(resolveConfig({ method: "rigl", operator: { kind: "max" } }))).not.toBe(runName(first));

    file("lib/value.ts", "export const value = 2;");
    const changed = resolveConfig(using(path));
    expect([valueOf(using(path)), operatorOf(first).part.evaluate(new Float64Array(), 0, 0, {})]).toEqual([2, 1]);
    expect(runName(changed)).not.toBe(runName(first));
  });

  it("is looked for by a configuration out of another process, and must hold the same still", () => {
    const path = file("a.ts", operator("41"));
    const { sha256 } = resolveConfig(using(path)).parts![0];
    const config = JSON.parse(JSON.stringify(resolveConfig(using(path)))) as object;
    expect(operatorOf(restoreConfig(using(path), config)).part.evaluate(new Float64Array(), 0, 0, {})).toBe(41);
    const other = { ...config, parts: [{ file: path, sha256: "0123456789abcdef" }] };
    expect(() => operatorOf(restoreConfig(using(path), other))).toThrow(
      `${path} has changed since this configuration was made (its content was 0123456789abcdef and is ${sha256})`,
    );
    // Nothing of a file with another content is run.
    const mark = "partsTestRan";
    file("a.ts", `(globalThis as Record<string, unknown>)["${mark}"] = true;\n${operator("42")}`);
    const expected = { ...config, parts: [{ file: path, sha256: "fedcba9876543210" }] };
    expect(() => operatorOf(restoreConfig(using(path), expected))).toThrow(
      "has changed since this configuration was made",
    );
    expect(mark in globalThis).toBe(false);
    resolveConfig(using(path));
    expect(mark in globalThis).toBe(true);
    // Reading a run needs none of its parts.
    expect(methodTitle("not-there", [{ file: join(folder, "gone.ts"), sha256: "0123456789abcdef" }])).toBe("not-there");
  });

  it("gives a method its defaults, and settings to its parts", () => {
    const path = file(
      "a.ts",
      `export default { methods: { calm: { title: "Calm", networks: "dense", defaults: { sparsity: { level: 0 }, topology: { grow: "none" }, targetInterval: 77 } } }, operators: { mine: { options: { weight: 0.5 }, evaluate: (values, count, max, { weight }) => weight * max } } };`,
    );
    const config = resolveConfig({
      parts: [path],
      method: "calm",
      operator: { kind: "mine" },
      options: { operator: { weight: 0.25 } },
    });
    expect(config).toMatchObject({
      targetInterval: 77,
      sparsity: { level: 0 },
      options: { operator: { weight: 0.25 } },
    });
    expect(methodTitle("calm", config.parts)).toBe("Calm");
    expect(runName(config)).not.toBe(
      runName(resolveConfig({ parts: [path], method: "calm", operator: { kind: "mine" } })),
    );
    expect(resolveConfig(config)).toEqual(config);
    // Of the file only those parts are seen that the configuration names.
    expect(() => resolveConfig({ method: "calm" })).toThrow('config: method is "calm"; allowed: "dense"');
  });
});

describe("a file of parts that cannot be used is refused in one line that names it", () => {
  it.each<[string, string | undefined, string, string]>([
    ["is not there", undefined, "gone.ts", "is not there"],
    ["has another ending", "x", "parts.rs", "does not end in .ts, .mts, .js, .mjs, .json or .py"],
    ["is no TypeScript", "export default {", "a.ts", "cannot be read: "],
    [
      "imports what is not there",
      'import "./nowhere.js"; export default {};',
      "a.ts",
      'cannot be read: Could not resolve "./nowhere.js" (a.ts, line 1)',
    ],
    [
      "imports a package that is not there",
      'import x from "no-such-package-here"; export default { x };',
      "a.ts",
      "fails when it is loaded: Cannot find module 'no-such-package-here'",
    ],
    ["throws", 'throw new Error("no\\ncheese"); export default {};', "a.ts", "fails when it is loaded: no cheese"],
    ["exports nothing", "export const a = 1;", "a.ts", "has no default export"],
    ["exports no object", "export default 3;", "a.ts", "gives 3; expected an object"],
    ["is no JSON", "{", "a.json", "is not valid JSON"],
    ["holds an unknown kind", '{ "envs": {} }', "a.json", 'has a key "envs"'],
    [
      "holds a part that is none",
      '{ "maps": { "m": { "episodeLimit": 9, "allies": { "marine": 0 }, "enemies": { "marine": 1 } } } }',
      "a.json",
      'environment "m" has 0 allies of type marine',
    ],
    [
      "has the name of a built-in part",
      "export default { methods: { mast: { defaults: {} } } };",
      "a.ts",
      'method "mast" has the name of one that is built in',
    ],
    ["has an operator that gives NaN", operator("NaN"), "a.ts", ""],
  ])("%s", (_, content, name, message) => {
    const path = content === undefined ? join(folder, name) : file(name, content);
    let said = "";
    try {
      resolveConfig(using(path));
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toContain(
      message === ""
        ? 'config: operator "mine" values actions of 1, -2 and 3 with NaN; expected a finite number'
        : `config: parts: ${path} ${message}`,
    );
    expect(said).not.toContain("\n");
  });

  it("and so are two files that give one name to two parts", () => {
    const [a, b] = [file("a.ts", operator("1")), file("b.ts", operator("2"))];
    expect(() => resolveConfig(using(a, b))).toThrow(
      `config: parts: operator "mine" is in more than one of ${a}, ${b}`,
    );
    expect(() => resolveConfig({ ...using(a), algorithm: "mine" })).toThrow(
      'config: algorithm is "mine"; allowed: "qmix"',
    );
  });
});
