import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { packageRoot } from "../node/project.js";

const root = packageRoot();

/** Returns what the rules of .dependency-cruiser.mjs say about a house with these files. */
function judge(files: Readonly<Record<string, string>>): { readonly status: number | null; readonly said: string } {
  const house = mkdtempSync(join(tmpdir(), "mast-house-"));
  try {
    for (const name of [".dependency-cruiser.mjs", "tsconfig.json"]) copyFileSync(join(root, name), join(house, name));
    symlinkSync(join(root, "node_modules"), join(house, "node_modules"), "junction");
    for (const [name, text] of Object.entries(files)) {
      const path = join(house, "src", name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
        "src",
        "--config",
        ".dependency-cruiser.mjs",
      ],
      { cwd: house, encoding: "utf8" },
    );
    return { status, said: stdout + stderr };
  } finally {
    rmSync(house, { recursive: true, force: true });
  }
}

const imports = (...paths: string[]) =>
  `${paths.map((path, i) => `import type * as i${i} from "${path}";`).join("\n")}\nexport type Use = [${paths.map((_, i) => `typeof i${i}`).join()}];\n`;
const leaf = "export const leaf = 1;\n";

it("allows imports downwards, of Node.js above the core, and anything in tests", () => {
  const { status, said } = judge({
    "cli/train.ts": imports("../runs/run.js"),
    "runs/run.ts": imports("node:fs", "../training/train.js"),
    "training/train.ts": imports("../config.js"),
    "config.ts": leaf,
    "replay/buffer.test.ts": imports("../runs/run.js", "node:fs"),
  });
  expect(said).toContain("no dependency violations");
  expect(status).toBe(0);
});

/** Each of these breaks one rule, by the file and the import that it names. */
const BROKEN: readonly (readonly [what: string, rule: string, from: string, to: string])[] = [
  ["upwards", "replay-looks-down-only", "replay/upwards.ts", "../training/train.js"],
  ["of a room on the same floor", "display-looks-down-only", "display/sideways.ts", "../timing/laws.js"],
  ["of an experiment by what shows", "display-looks-down-only", "display/experiment.ts", "../experiments/grid.js"],
  ["of a Node module by the core", "core-without-node", "envs/disk.ts", "node:fs"],
  ["of a package that is Node's by the core", "core-packages", "networks/threads.ts", "piscina"],
  ["of a Node module by a figure", "figures-are-pure", "figures/disk.ts", "node:fs"],
  ["of a file without a room", "envs-looks-down-only", "envs/stray.ts", "../stray.js"],
  ["by a file without a room", "every-file-has-a-room", "attic/box.ts", "../envs/map.js"],
  ["of a test's fixtures by what is not a test", "tests-are-for-tests", "runs/fixture.ts", "./fixtures.js"],
  ["of nothing", "resolvable", "runs/nothing.ts", "./gone.js"],
];

let bad: ReturnType<typeof judge>;
beforeAll(() => {
  const there = [
    "training/train.ts",
    "timing/laws.ts",
    "experiments/grid.ts",
    "stray.ts",
    "envs/map.ts",
    "runs/fixtures.ts",
  ].map((name) => [name, leaf]);
  const circle = {
    "figures/a.ts": imports("./b.js"),
    "figures/b.ts": imports("./c.js"),
    "figures/c.ts": imports("./a.js"),
  };
  bad = judge({ ...Object.fromEntries([...there, ...BROKEN.map(([, , from, to]) => [from, imports(to)])]), ...circle });
});

it.each(BROKEN)("refuses an import %s", (_, rule, from) => {
  expect(bad.said).toContain(`error ${rule}: src/${from} `);
});

it("refuses a circle, also of types and through others", () => {
  expect(bad.said).toMatch(/error no-circles: src\/figures\/a\.ts →/);
});

it("ends with an error, and finds nothing else", () => {
  expect(bad.status).toBeGreaterThan(0);
  expect(
    new Set([...bad.said.matchAll(/error (\S+): src\/(\S+)/g)].map(([, rule, from]) => `${rule} ${from}`)),
  ).toEqual(new Set([...BROKEN.map(([, rule, from]) => `${rule} ${from}`), "no-circles figures/a.ts"]));
});
