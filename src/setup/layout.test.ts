import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { packageRoot } from "../node/project.js";

const root = packageRoot();
let house: string | undefined;
afterEach(() => house !== undefined && rmSync(house, { recursive: true, force: true }));

/** What the rules of .dependency-cruiser.mjs say of a house with these files. */
function judge(files: Readonly<Record<string, string>>): { status: number | null; said: string } {
  house = mkdtempSync(join(tmpdir(), "mast-house-"));
  for (const name of [".dependency-cruiser.mjs", "tsconfig.json"]) copyFileSync(join(root, name), join(house, name));
  symlinkSync(join(root, "node_modules"), join(house, "node_modules"), "junction");
  for (const [name, text] of Object.entries(files)) {
    const path = join(house, "src", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"), "src", "--config", ".dependency-cruiser.mjs"], { cwd: house, encoding: "utf8" });
  return { status, said: stdout + stderr };
}

const imports = (...paths: string[]) => `${paths.map((path, i) => `import type * as i${i} from "${path}";`).join("\n")}\nexport type Use = [${paths.map((_, i) => `typeof i${i}`).join()}];\n`;
const leaf = "export const leaf = 1;\n";

it("allows imports downwards, of Node.js above the core, and anything in tests", () => {
  const { status, said } = judge({
    "cli/train.ts": imports("../runs/run.js"), "runs/run.ts": imports("node:fs", "../training/train.js"), "training/train.ts": imports("../config.js"), "config.ts": leaf,
    "replay/buffer.test.ts": imports("../runs/run.js", "node:fs"),
  });
  expect(said).toContain("no dependency violations");
  expect(status).toBe(0);
});

it.each([
  ["upwards", "replay-looks-down-only", { "replay/buffer.ts": imports("../training/train.js"), "training/train.ts": leaf }],
  ["of a room on the same floor", "display-looks-down-only", { "display/page.ts": imports("../timing/laws.js"), "timing/laws.ts": leaf }],
  ["of an experiment by what shows", "display-looks-down-only", { "display/page.ts": imports("../experiments/grid.js"), "experiments/grid.ts": leaf }],
  ["in a circle", "no-circles", { "figures/a.ts": imports("./b.js"), "figures/b.ts": imports("./c.js"), "figures/c.ts": imports("./a.js") }],
  ["of a Node module by the core", "core-without-node", { "envs/map.ts": imports("node:fs") }],
  ["of a package that is Node's by the core", "core-packages", { "networks/engine.ts": imports("piscina") }],
  ["of a file without a room", "config-looks-down-only|envs-looks-down-only", { "envs/map.ts": imports("../stray.js"), "stray.ts": leaf }],
  ["by a file without a room", "every-file-has-a-room", { "attic/box.ts": imports("../config.js"), "config.ts": leaf }],
  ["of a test's fixtures by what is not a test", "tests-are-for-tests", { "runs/run.ts": imports("./fixtures.js"), "runs/fixtures.ts": leaf }],
  ["of nothing", "resolvable", { "runs/run.ts": imports("./gone.js") }],
])("refuses an import %s", (_, rule, files) => {
  const { status, said } = judge(files);
  expect(said).toMatch(new RegExp(`error (${rule}): `));
  expect(status).toBeGreaterThan(0);
});
