import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each caller names the fields that it looks at
const read = (file: string): any => JSON.parse(readFileSync(join(root, file), "utf8"));
/** TypeDoc takes seconds of a free core; a busy machine may take many times as long. */
const PATIENCE = 600_000;

let folder: string;
beforeAll(() => {
  mkdirSync(join(root, ".cache"), { recursive: true });
  folder = mkdtempSync(join(root, ".cache", "reference-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs TypeDoc as `npm run docs:api` does, without writing the reference. */
function typedoc(options = "typedoc.json"): Promise<{ readonly code: unknown; readonly problems: string[] }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["node_modules/typedoc/bin/typedoc", "--emit", "none", "--options", options],
      { cwd: root, env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" } },
      (error, stdout, stderr) => {
        resolve({
          code: error?.code ?? 0,
          problems: `${stdout}${stderr}`.split("\n").filter((line) => /\[(warning|error)\]/.test(line)),
        });
      },
    );
  });
}

it("covers every door of the package", () => {
  const doors = Object.values(
    read("package.json").exports as Record<string, string | { readonly types: string }>,
  ).flatMap((door) => (typeof door === "string" ? [] : [door.types]));
  expect(doors.length).toBeGreaterThan(0);
  expect([...read("typedoc.json").entryPoints].sort()).toEqual(
    doors.map((types) => types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts")).sort(),
  );
});

it(
  "documents every exported name and field, and every type that they refer to",
  async () => {
    expect(await typedoc()).toEqual({ code: 0, problems: [] });
  },
  PATIENCE,
);

it(
  "fails where a name or a field has no comment or a type is not exported, and names it",
  async () => {
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { target: "ES2022", module: "NodeNext", strict: true, types: [] },
        files: ["door.ts"],
      }),
    );
    writeFileSync(
      join(folder, "typedoc.json"),
      JSON.stringify({ extends: [join(root, "typedoc.json")], tsconfig: "tsconfig.json", entryPoints: ["door.ts"] }),
    );
    writeFileSync(
      join(folder, "door.ts"),
      [
        "/** Documented. */",
        "export interface Known {",
        "  field: Hidden;",
        "}",
        "/** Not exported. */",
        "interface Hidden {",
        "  /** Documented. */",
        "  size: number;",
        "}",
        "export const unsaid = 1;",
      ].join("\n"),
    );
    const { code, problems } = await typedoc(join(folder, "typedoc.json"));
    expect(code).not.toBe(0);
    expect(
      problems
        .map((line) => /\[warning\] ([\w.]+)/.exec(line)?.[1])
        .filter((name) => name !== "Found")
        .sort(),
    ).toEqual(["Hidden", "Known.field", "unsaid"]);
  },
  PATIENCE,
);
