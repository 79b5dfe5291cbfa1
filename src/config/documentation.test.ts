import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "node:util";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { ALGORITHMS } from "../methods.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = existsSync(join(root, "dist/index.js"));
if (!built)
  console.warn("skipped: documentation of configurations in notebooks (dist/ is missing; `npm run build` makes it)");

/** Every section and field that any configuration has, as "replay.dynamic.drop". */
function everyField(): string[] {
  const fields = new Set(["short"]);
  const collect = (section: object, path: string): void => {
    for (const [key, value] of Object.entries(section)) {
      fields.add(`${path}${key}`);
      if (typeof value === "object" && value !== null) collect(value as object, `${path}${key}.`);
    }
  };
  for (const algorithm of ALGORITHMS) collect(resolveConfig({ algorithm, method: "rlx2", engine: "tensorflow" }), "");
  collect(resolveConfig({ ticket: { kind: "winning", source: "a-run" } }), "");
  return [...fields];
}

/** The last line that mentions a field, in the texts of what is given and of what is complete. */
const mentions: readonly [name: string, text: (field: string) => string][] = [
  ["ConfigInput", (field) => `given.${field.replaceAll(".", "!.")}`],
  ["Config", (field) => `complete.${field.replaceAll(".", "!.")}`],
];

describe("every field of a configuration is documented", () => {
  const fields = everyField();
  it("as many as there are", () => expect(fields.length).toBeGreaterThan(65));

  it("in an editor", { timeout: 60_000 }, () => {
    const file = join(root, "src/hover.ts");
    const lines = mentions.flatMap(([name, text]) =>
      fields.filter((field) => name === "ConfigInput" || field !== "short").map(text),
    );
    const source = [
      'import type { Config, ConfigInput } from "./config.js";',
      "declare const given: ConfigInput, complete: Config;",
      ...lines,
    ].join("\n");
    const service = ts.createLanguageService({
      getScriptFileNames: () => [file],
      getScriptVersion: () => "1",
      getScriptSnapshot: (name) =>
        name === file
          ? ts.ScriptSnapshot.fromString(source)
          : existsSync(name)
            ? ts.ScriptSnapshot.fromString(ts.sys.readFile(name)!)
            : undefined,
      getCurrentDirectory: () => root,
      getCompilationSettings: () => ({
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        strict: true,
        types: [],
      }),
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (name) => name === file || ts.sys.fileExists(name),
      readFile: ts.sys.readFile,
    });
    let end = source.indexOf("\n", source.indexOf("\n") + 1);
    for (const line of lines) {
      end += 1 + line.length;
      const documentation = ts.displayPartsToString(service.getQuickInfoAtPosition(file, end - 1)?.documentation);
      expect(documentation, line).toMatch(/\w+ \w+/);
    }
  });
});

describe.skipIf(!built)("in a notebook's cell", () => {
  const require = createRequire(import.meta.url);
  const { createConverter } = require("tslab/dist/converter.js") as {
    createConverter(options: object): { close(): void };
  };
  const { createExecutor } = require("tslab/dist/executor.js") as {
    createExecutor(folder: string, converters: object, console: object): Executor;
  };
  interface Executor {
    execute(code: string): Promise<boolean>;
    inspect(code: string, position: number): { documentation?: { text: string }[] } | null;
    close(): void;
  }
  const said: string[] = [];
  const node = createConverter({ isJS: false, isBrowser: false });
  const executor = createExecutor(
    join(root, "notebooks"),
    { node, close: () => node.close() },
    { log: () => undefined, error: (...what: unknown[]) => said.push(format(...what)) },
  );
  afterAll(() => executor.close());

  it("every field of a configuration is documented", { timeout: 120_000 }, () => {
    const lines = mentions.flatMap(([name, text]) =>
      everyField()
        .filter((field) => name === "ConfigInput" || field !== "short")
        .map(text),
    );
    const head = 'import { Config, ConfigInput } from "mast-lab";\nlet given: ConfigInput, complete: Config;';
    const code = [head, ...lines].join("\n");
    let end = head.length;
    for (const line of lines) {
      end += 1 + line.length;
      const documentation =
        executor
          .inspect(code, end - 1)
          ?.documentation?.map(({ text }) => text)
          .join("") ?? "";
      expect(documentation, line).toMatch(/\w+ \w+/);
    }
  });

  it("an error of mast-lab is one line, without a stack", { timeout: 60_000 }, async () => {
    expect(
      await executor.execute(
        'import { resolveConfig, findRun } from "mast-lab";\nresolveConfig({ sparsity: { level: 1.2 } });',
      ),
    ).toBe(false);
    expect(
      await executor.execute('import { createEnvironment } from "mast-lab";\ncreateEnvironment("3m").reset(1.5);'),
    ).toBe(false);
    expect(
      await executor.execute(
        'import { findRun } from "mast-lab";\nawait Promise.resolve().then(() => findRun("no-such-run"));',
      ),
    ).toBe(false);
    expect(said).toEqual([
      "config: sparsity.level is 1.2; allowed: a number from 0 to 0.999",
      "The seed is 1.5; it must be a whole number from 0 to 4,294,967,295.",
      expect.stringMatching(/^No run "no-such-run" in .*$/),
    ]);
  });
});
