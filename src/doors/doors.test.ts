import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import type typescript from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../node/project.js";

// The compiler that tslab brings; it reads what it does not know, such as Float32Array<ArrayBuffer>, as any and says
// nothing.
const ts = createRequire(createRequire(import.meta.url).resolve("tslab/package.json"))(
  "@tslab/typescript-for-tslab",
) as typeof typescript;
const root = packageRoot();

/** The compiled declarations of each door, by the name under which a program imports it. */
const doors: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    (
      JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
        exports: Record<string, { types: string } | string>;
      }
    ).exports,
  ).flatMap(([door, where]) =>
    typeof where === "string" ? [] : [[`mast-lab${door.slice(1)}`, where.types.replace("./dist/", "")]],
  ),
);

let declarations: string;
let program: typescript.Program;
beforeAll(() => {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  declarations = mkdtempSync(join(cache, "declarations-"));
  execFileSync(
    process.execPath,
    [
      "node_modules/typescript-native/bin/tsc",
      "-p",
      "tsconfig.build.json",
      "--emitDeclarationOnly",
      "--declarationMap",
      "false",
      "--sourceMap",
      "false",
      "--outDir",
      declarations,
    ],
    { cwd: root, stdio: "pipe" },
  );
  program = ts.createProgram(
    Object.values(doors).map((path) => join(declarations, path)),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      moduleResolution: ts.ModuleResolutionKind.Node10,
      lib: ["lib.es2022.d.ts"],
      types: ["node"],
      strict: true,
      esModuleInterop: true,
    },
  );
});
afterAll(() => rmSync(declarations, { recursive: true, force: true }));

/** The names that a door exports, and whether each is a value. */
function exportsOf(door: string): { readonly name: string; readonly value: boolean; readonly lost: boolean }[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(join(declarations, doors[door]))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    // A class may be exported as a type alone.
    const specifier = symbol.declarations?.[0];
    const typeOnly =
      specifier !== undefined &&
      ts.isExportSpecifier(specifier) &&
      (specifier.isTypeOnly || specifier.parent.parent.isTypeOnly);
    const value = !typeOnly && Boolean(target.flags & ts.SymbolFlags.Value);
    const type = checker.getTypeOfSymbolAtLocation(target, file);
    const types = [
      type,
      ...type
        .getCallSignatures()
        .flatMap((signature) => [
          signature.getReturnType(),
          ...signature.getParameters().map((parameter) => checker.getTypeOfSymbolAtLocation(parameter, file)),
        ]),
    ];
    return { name: symbol.name, value, lost: value && types.some(({ flags }) => flags & ts.TypeFlags.Any) };
  });
}

/** The names that the notebooks, the README, the examples and the site import, as "door name". */
function imported(): Set<string> {
  const cells = (path: string): string =>
    (JSON.parse(readFileSync(path, "utf8")) as { cells: { source: string | string[] }[] }).cells
      .map(({ source }) => [source].flat().join(""))
      .join("\n");
  const inside = (folder: string, ending: RegExp): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => ending.test(name) && !name.includes("node_modules"))
      .map((name) => join(root, folder, name));
  const texts = [
    ...["README.md", "src/doors/README.md"].map((path) => readFileSync(join(root, path), "utf8")),
    ...inside("notebooks", /\.ipynb$/).map(cells),
    ...["examples", "site"].flatMap((folder) => inside(folder, /\.(ts|md)$/).map((path) => readFileSync(path, "utf8"))),
  ];
  const found = texts.flatMap((text) => [
    ...text.matchAll(/import\s*(?:type\s*)?\{([^}]*)\}\s*from\s*"(mast-lab[\w/-]*)"/g),
  ]);
  return new Set(
    found.flatMap(([, names, door]) =>
      names.split(",").map(
        (name) =>
          `${door} ${
            name
              .trim()
              .replace(/^type /, "")
              .split(" as ")[0]
          }`,
      ),
    ),
  );
}

it("has at most 80 names at the front door", () => {
  expect(exportsOf("mast-lab").length).toBeLessThanOrEqual(80);
});

describe.each(Object.keys(doors))("%s", (door) => {
  it("keeps its types in a notebook, whose TypeScript is 5.0", () => {
    expect(ts.version).toMatch(/^5\.0\./);
    expect(exportsOf(door).filter(({ lost }) => lost)).toEqual([]);
  });

  it("exports no function that nobody imports from it", () => {
    const used = imported();
    expect(
      exportsOf(door)
        .filter(({ name, value }) => value && !used.has(`${door} ${name}`))
        .map(({ name }) => name),
    ).toEqual([]);
  });
});

it("has declarations that TypeScript 5.0 reads without a complaint", () => {
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(declarations.replaceAll("\\", "/")));
  expect(ours.length).toBeGreaterThan(30);
  const problems = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  expect(
    problems.map(
      ({ file, messageText }) =>
        `${relative(declarations, file!.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    ),
  ).toEqual([]);
});
