import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../node/project.js";

const root = packageRoot();
const built = existsSync(join(root, "dist/index.js"));
if (!built) console.warn("skipped: the code of the documentation (dist/ is missing; `npm run build` makes it)");

/** Runs in the project's folder, with runs and results in a folder of their own. */
function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const own = mkdtempSync(join(tmpdir(), "mast-lab-documents-"));
  try {
    return spawnSync(process.execPath, args, {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, MAST_RUNS: join(own, "runs"), MAST_RESULTS: own, ...environment },
    });
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

describe.skipIf(!built)("the code of the documentation", () => {
  it("runs, block by block, in the executor of notebooks: the library", () => {
    const { status, stdout, stderr } = run(["src/setup/run-blocks.mjs", "src/doors/README.md"]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    // The page promises both methods in the frame, and errors of one line each.
    expect(stdout).toMatch(/mast.*\n.*\n.*dense/);
    expect(stdout).toContain('true No run "no-such-run"');
  });

  it("runs, block by block, in the executor of notebooks: the README", () => {
    // A training of 100,000 steps belongs on the page and not in a test.
    const text = readFileSync(join(root, "README.md"), "utf8");
    expect(text).toContain("steps: 100_000");
    const { status, stdout, stderr } = run(["src/setup/run-blocks.mjs", "README.md"], {
      RUN_BLOCKS_REPLACE: JSON.stringify([["steps: 100_000", "steps: 2_000"]]),
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^0 0/m);
  });

  it("fails, naming the block, where a block does not run", () => {
    const { status, stderr } = run(["src/setup/run-blocks.mjs", "src/doors/README.md"], {
      RUN_BLOCKS_REPLACE: JSON.stringify([["countNonzeros(mask)", "countNonzeros(noMask)"]]),
    });
    expect(status).toBe(1);
    expect(stderr).toContain('src/doors/README.md: block 1 under "The components of MAST" failed');
  });

  it("trains by hand", () => {
    const { status, stdout, stderr } = run(["--import", "tsx", "examples/by-hand.ts"], { STEPS: "1500" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^15\d\d steps: \d+ % of 32 battles won, return \d/);
  });
});
